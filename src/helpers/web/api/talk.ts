/** How handlers of the API ask archon: each question has an end and a bound, and what is refused is told in the words of HTTP. */
import type {Verb} from '../../../control/client.ts';
import type {Millis} from '../../../core/time.ts';
import {after} from '../../../os/clock.ts';
import {fail, JSON_TYPE} from '../failure.ts';
import type {Answer, Request} from '../http/message.ts';

export type Rows = readonly (readonly string[])[];

/** How long archon may take to answer what it answers at once; it does not while it is re-executed. */
const PATIENCE: Millis = 10_000;

/** Rows of one answer that are kept: more than ten thousand services have. */
const ROWS_MAX = 500_000;

/** What a failed question is answered with. */
export interface Failure {
	readonly status: number;
	readonly why: string;
}

/** One request to the API, from its first question to its answer. */
export interface Talk {
	readonly request: Request;
	/** Asks, and gives the rows of an answer that ends well; else it answers with `refused`, or says that archon does not. */
	ask(request: Verb, fields: readonly string[], told: (rows: Rows) => void, refused?: (reason: string) => Failure): void;
	json(value: unknown, status?: number): void;
	fail(status: number, why: string): void;
	/** Is called when the talk is over. */
	holds(cancel: () => void): void;
	/** For a handler to hand back: the client is gone. */
	readonly end: () => void;
}

export function talk(request: Request, answer: Answer): Talk {
	let [isOver, giveUp] = [false, (): void => {}];
	const end = (): void => {
		isOver = true;
		giveUp();
	};
	/** What is answered is the end of the talk. */
	const last = (act: () => void): void => {
		if (!isOver) act();
		end();
	};
	const talk: Talk = {
		request, end,
		holds(cancel) {
			giveUp = cancel;
		},
		json: (value, status = 200) => last(() => answer.whole(status, {'content-type': JSON_TYPE}, `${JSON.stringify(value)}\n`)),
		fail: (status, why) => last(() => fail(request, answer, status, why, status === 503 ? {'retry-after': '1'} : {})),
		ask(verb, fields, told, refused = refusalOf) {
			if (isOver) return;
			const rows: (readonly string[])[] = [];
			const cancel = request.visitor.ask(verb, fields, {
				rows(more) {
					for (const row of more) rows.push(row);
					if (rows.length > ROWS_MAX) talk.fail(503, `the answer has more than ${ROWS_MAX} rows: ask for fewer services, with ?service=NAME`);
				},
				done(result) {
					stop();
					giveUp = () => {};
					if (isOver) return;
					if (!result.ok) return troubled(talk, result.error.kind === 'unsent', result.error.reason);
					if (result.value.kind === 'Ok') return told(rows);
					const {status, why} = refused('reason' in result.value ? result.value.reason : '');
					talk.fail(status, why);
				},
			});
			const stop = after(PATIENCE, () => talk.fail(503, 'archon does not answer: it may be under load or be re-executed; try again'));
			giveUp = () => {
				giveUp = () => {};
				stop();
				cancel();
			};
		},
	};
	return talk;
}

function troubled(talk: Talk, isUnsent: boolean, reason: string): void {
	talk.fail(isUnsent ? 400 : 503, isUnsent ? `this cannot be asked: ${reason}` : `archon cannot be asked: ${reason}; try again`);
}

/** Rights are PID 1's business, and it says so by these words; all else is about the state of things. */
export const isOfRights = (reason: string): boolean => reason.startsWith('request refused: ');

export const refusalOf = (why: string): Failure => ({status: isOfRights(why) ? 403 : 409, why});

/** What is there and may not be seen is as what is not there. */
export const unseen = (names: readonly string[]) => (reason: string): Failure => ({
	status: 404,
	why: `${isOfRights(reason) || reason === '' ? `there is no service ${names.join(' or ')}, or this token may not see it` : reason}`
		+ '; GET /api/v1/status lists all that there are',
});

/** All values of a name in the query, each of which may hold several with commas between them; null: one is nothing that a name can be. */
export function listOf({pairs}: Request, name: string): readonly string[] | null {
	const values = pairs.filter(([key]) => key === name).flatMap(([, value]) => value.split(','));
	return values.every(value => /^[\w.:*?@-]{1,256}$/.test(value)) ? values : null;
}

export const NOT_NAMES = 'service is the name of a service or a group, or a pattern with * and ?: ?service=web&service=worker-*';
