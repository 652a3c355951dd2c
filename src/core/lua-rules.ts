/** Rules in Lua, by the helper `archon.rules`: what the config says, and what PID 1 and the helper say to each other. */
import type {UserSpec} from './command.ts';
import type {Millis} from './time.ts';

export interface LuaRules {
	/** Absolute paths; the last name of one may have `*` in it. */
	readonly files: readonly string[];
	/** Of the processor's time, for what one event makes one rule do. */
	readonly deadline: Millis;
	/** For all rules together, in bytes. */
	readonly memory: number;
	/** As whom all commands of rules run; null: as their services' users, where these are not root, and else as the helper's. */
	readonly runAs: UserSpec | null;
}

/** The user of the helper where archon is root: by a number that no other user has. */
export const RULES_USER: UserSpec = {user: '65523', group: '65523'};

/** How often all rules together may ask for something at once, and in a second after that: their names may be invented. */
export const [ASKED_AT_ONCE, ASKED_EACH_SECOND] = [200, 20];

/** How often in a row a rule may fail before it is disabled. */
export const FAILURES_MAX = 5;
/** Bytes of a file, and files together. */
export const [RULE_FILE_MAX, RULE_FILES_MAX] = [256 << 10, 64];

/**
 * To the helper: values that rules have kept, and that it may begin; an event; read the files again (number 0: where they differ, and
 * without an answer); tell of all rules; try rules with an event.
 */
export const [KEPT, START, EVENT, LOAD, LIST, TRY] = ['k', 's', 'E', 'L', 'l', 't'];
/** From it: what rules want to hear of; an event is done; it works; what a rule asks for, and keeps; a row of an answer, and its end. */
export const [WANTS, DONE, ALIVE, ASKS, KEEPS, ROW, ANSWER, DISABLED] = ['W', 'd', 'p', 'C', 'K', 'r', 'A', 'D'];

/** A value that a rule keeps, as texts: its key, its kind (`nil`: not any more), and the value. */
export type KeptValue = readonly [key: string, kind: string, text: string];

/** A rule as `archonctl rules list` shows it. */
export interface RuleReport {
	readonly name: string;
	readonly file: string;
	/** Patterns, with spaces between. */
	readonly event: string;
	readonly match: string;
	/** `broken`: its file was not loaded, and the name is empty. */
	readonly state: 'enabled' | 'disabled' | 'broken';
	/** How often its action was done, how often it has failed, and how often in a row. */
	readonly done: number;
	readonly failed: number;
	readonly row: number;
	/** The last error, in one line; empty: there was none. */
	readonly error: string;
}

/** What came of a rule that was tried: in words, and what it would have asked for. */
export interface Tried {
	readonly name: string;
	readonly outcome: string;
	readonly asks: readonly string[];
}
