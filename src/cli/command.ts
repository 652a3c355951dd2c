/** What a command of `archonctl` is: parsing, help and dispatch go by it. */
import type {Client} from '../control/client.ts';
import type {Live, LiveState} from '../control/live-client.ts';
import type {Connect} from '../control/transport.ts';
import type {Result} from '../core/result.ts';

/** What one call of `archonctl` has of the machine. */
export interface Io {
	readonly connect: Connect;
	/** Does nothing for a time. */
	rest(millis: number): void;
	stdout(text: string): void;
	stderr(text: string): void;
	/** Reads all of it. */
	stdin(): string;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Whether stdout is a terminal. */
	readonly isTty: boolean;
	readonly uid: number;
	readonly version: string;
	/** Whether problems are told as JSON as well (`--json`). */
	readonly isJson?: boolean;
	/** Whether long output may go to a pager: it is a command line of its own, and not one of a shell's. */
	readonly mayPage?: boolean;
}

/** Exit statuses of `archonctl`. `run` adds those of the command that it runs. */
export const EXIT = {ok: 0, refused: 1, notRunning: 3, usage: 100, unreachable: 111} as const;

export interface Option {
	/** The long form is the one that `Arguments` knows it by: `['--env', '-e']`. */
	readonly names: readonly [string, ...string[]];
	/** What its value is, for the help; null if it takes none. */
	readonly value: string | null;
	readonly help: string;
}

export interface Arguments {
	/** The values of an option, in order; none if it was not given. */
	values(name: string): readonly string[];
	/** Whether an option was given at all. */
	has(name: string): boolean;
	readonly operands: readonly string[];
}

export interface Command {
	readonly name: string;
	/** What follows the name: `[--json] [NAME...]`. */
	readonly usage: string;
	/** One line, a verb first. */
	readonly summary: string;
	/** Further lines for its own help. */
	readonly details: readonly string[];
	readonly options: readonly Option[];
	readonly least: number;
	readonly most: number;
	/** Whether the first operand ends the options, as with a command line of its own. */
	readonly endsOptions: boolean;
	readonly examples: readonly string[];
	/** It says nothing when all went well, or one thing with `--json`, which is then an option of it. */
	readonly isQuiet?: true;
	/** What it prints may be longer than a screen, and is for reading, but for what follows (`--follow`). */
	readonly isLong?: true;
	/** It hands its own descriptors to archon, which only a socket of the same machine can carry. */
	readonly passesStreams?: (args: Arguments) => boolean;
	/** Its part in being asked of several hosts; without it what it prints is told line by line, behind the name of the host. */
	readonly onHosts?: OnHosts;
	/** Gives the exit status. */
	readonly run: (
		args: Arguments, io: Io, reach: Reach, reachLive: ReachLive, reachBy: ReachBy, again: Again,
	) => number | Promise<number>;
}

/** One host's answer with `--json`: the values in it. */
export interface Answered {
	readonly host: string;
	readonly values: readonly unknown[];
}

/** What a command has to say to several hosts at once. */
export interface OnHosts {
	/** Why it is for one host only; null: with these arguments it is not. */
	readonly refuses?: (args: Arguments) => string | null;
	/** It asks no archon, whatever hosts are named. */
	readonly isLocal?: (args: Arguments) => boolean;
	/** What is said of each host that has done it. */
	readonly acknowledges?: string;
	/** With `--json` it prints an object in each line, as they come. */
	readonly printsLines?: true;
	/** How the answers of all hosts with `--json` are shown together, where it is not asked for; null: not with these arguments. */
	readonly together?: (args: Arguments) => ((answers: readonly Answered[], io: Io) => string) | null;
}

/** Lets a command talk to archon; gives the exit status, its own if archon cannot be reached. */
export type Reach = (talk: (client: Client) => number) => number;

/**
 * The same for a command that shows a screen: a connection that never waits, in archon's event loop (`os/reactor.ts`), and what
 * becomes of it is told. The error says why archon cannot be reached.
 */
export type ReachLive = (told: (state: LiveState) => void) => Promise<Result<Live, string>>;

/** The same for a command that does without the protocol: a connection made by `dial`, which is as `Connect`. */
export type ReachBy = <T>(dial: (path: string, isNamed: boolean) => Result<T, string>) => Result<{readonly value: T}, string>;

/** Carries out another command line, with the options before this one's name; gives its exit status. */
export type Again = (argv: readonly string[]) => Promise<number>;

/** All commands. */
export interface Table {
	all(): Promise<readonly Command[]>;
	/** null: there is no such command. */
	find(name: string): Promise<Command | null>;
	/** What to say of a name that is not one. */
	unknown(name: string): string;
}
