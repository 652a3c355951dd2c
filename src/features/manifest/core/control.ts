/** What clients ask of a manifest, and what they are told. */
import type {Failed} from '../../../core/lazily.ts';
import type {Result} from '../../../core/result.ts';
import type {Item} from './list.ts';

/** What the lists say, and what would be made of that. */
export interface Look {
	/** The files that were read; null: the config names no hitlist. */
	readonly manifest: string;
	readonly hitlist: string | null;
	readonly listed: readonly Item[];
	readonly hit: readonly Item[];
	readonly problems: readonly {readonly file: string; readonly line: number; readonly why: string}[];
	/** Services that start and stop. */
	readonly start: readonly string[];
	readonly stop: readonly string[];
	/** Processes that archon has not made and that end. */
	readonly foreign: readonly {readonly pid: number; readonly path: string; readonly why: string}[];
}

/** The passes are over. */
export interface Passed {
	readonly passes: number;
	readonly missing: number;
	/** The first of them. */
	readonly names: readonly string[];
}

/** A program is moved to the one list or to the other. */
export interface Move {
	readonly to: 'manifest' | 'hitlist';
	/** A name or an absolute path. */
	readonly program: string;
	/** The path of a program that is named. */
	readonly path: string | null;
	/** Whose manifest is meant; null: that of this machine. */
	readonly role: string | null;
}

/** The lists of the config in force, for clients. */
export interface Manifests {
	/**
	 * Reads the lists; `told` hears what they say and what would be made of it, or why that cannot be told. Unless it is `isDry` that is
	 * then done, and `passed` hears when nothing is missing, or when no further pass is made; null: archon is shutting down.
	 */
	reconcile(isDry: boolean, told: (look: Result<Look, string>) => void, passed: (passed: Passed | null) => void): void;
	/** Calls back with what was done, in words, or why nothing was. */
	move(move: Move, told: (done: Result<string, string>) => void): void;
}

/** Calls back with the lists, soon or now; null: the config has no manifest. `failed`: a bug. */
export type WithManifests = (use: (manifests: Manifests | null) => void, failed: Failed) => void;
