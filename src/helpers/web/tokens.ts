/** Who shows a token: which grants it has, by tokens that were just read, and how long who guesses waits for the answer. */
import type {Grant} from '../../core/access.ts';
import type {Instant, Millis} from '../../core/time.ts';
import {isSame} from '../../core/token.ts';
import type {WebDoor} from '../../core/web.ts';
import {createAttempts, TOO_MANY} from '../gate/attempts.ts';

export interface Tokens {
	/** The doors that there are now, with tokens as they are now. */
	set(doors: readonly WebDoor[]): void;
	/** The first grant of a token; null: it is a wrong one. Compares with all of them. */
	grantOf(token: string): Grant | null;
	/**
	 * Judges what a stranger shows. What is right is told at once; what is wrong after the others from there: `wait`, if they are too many.
	 * `late`: it is wrong, and that is told later. The result gives it up.
	 */
	judge(token: string, address: string, judged: (grant: Grant | null | 'wait') => void, late?: () => void): () => void;
}

export interface TokenParts {
	readonly now: () => Instant;
	readonly after: (millis: Millis, callback: () => void) => () => void;
	/** Asks for tokens as they are now; `set` is called then. */
	readonly renew: () => void;
	/** A wrong one was shown, the `count`th time in a row. */
	readonly failed: (address: string, count: number) => void;
}

/** How long tokens that were read are good for; and how long new ones are waited for. */
const [FRESH, PATIENCE]: readonly [Millis, Millis] = [1000, 5000];

export function createTokens({now, after, renew, failed}: TokenParts): Tokens {
	const attempts = createAttempts();
	let doors: readonly WebDoor[] = [];
	let renewedAt = -Infinity;
	let waiting: (() => void)[] = [];
	let cancel = (): void => {};

	function renewed(): void {
		cancel();
		const all = waiting;
		waiting = [];
		for (const each of all) each();
	}

	function grantOf(token: string): Grant | null {
		let found: Grant | null = null;
		// All are compared, whichever it is.
		for (const {role, services, tokens} of doors) for (const each of tokens) if (isSame(each, token)) found ??= {role, services};
		return found;
	}

	/** With tokens that are fresh. */
	function freshly(act: () => void): void {
		if (now() - renewedAt <= FRESH) return act();
		waiting.push(act);
		if (waiting.length > 1) return;
		renew();
		// Without an answer those of before hold.
		cancel = after(PATIENCE, renewed);
	}

	return {
		set(next) {
			doors = next;
			renewedAt = now();
			renewed();
		},
		grantOf,
		judge(token, address, judged, late) {
			let isOver = false;
			let cancel = (): void => {};
			freshly(() => {
				if (isOver) return;
				const grant = grantOf(token);
				if (grant) return judged(grant);
				const {wait, count} = attempts.failed(address, now());
				if (wait !== null) failed(address, count);
				if (wait === 0) return judged(null);
				late?.();
				cancel = after(wait ?? TOO_MANY, () => judged(wait === null ? 'wait' : null));
			});
			return () => {
				isOver = true;
				cancel();
			};
		},
	};
}
