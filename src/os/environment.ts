/** The variables that archon was started with. */
import {sys} from './sys.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The descriptor of what the last life of archon left (guard.ts); in the environment of a life that goes on from it. */
const LEDGER = 'ARCHON_LEDGER';

let variables: Environment | undefined;
let ledger: string | undefined;

/**
 * Of a name that comes twice the first counts, as for getenv(3). What archon tells its own next life is left out:
 * services must not inherit it.
 */
export function env(): Environment {
	if (variables) return variables;
	// Without a prototype: no variable is there because of its name.
	const found: Record<string, string | undefined> = Object.create(null);
	for (const entry of sys.environment()) {
		const end = entry.indexOf('=');
		if (end <= 0) continue;
		const name = entry.slice(0, end);
		if (name === LEDGER) ledger ??= entry.slice(end + 1);
		else found[name] ??= entry.slice(end + 1);
	}
	variables = found;
	return found;
}

/** Whether archon goes on from a last life. */
export const isReexecuted = (): boolean => ledgerFd() !== null;

/** The descriptor of what that one left; null where this is the first life, and NaN where the variable says something else. */
export function ledgerFd(): number | null {
	env();
	return ledger === undefined ? null : Number(ledger);
}
