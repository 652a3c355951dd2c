/** What a run of the bench works with: where its own programs are, who takes part, and the folder for worlds. */
import type {Facts} from '../scripts/log.ts';
import type {Choice} from './arguments.ts';
import type {Entrant} from './findings.ts';

/** Prints a line for a person, and logs it with its facts. */
export type Say = (line: string, facts?: Facts) => void;

export interface Kit {
	readonly choice: Choice;
	/** For worlds; in memory, so that no disk is measured. */
	readonly folder: string;
	/** The path of a program of `programs/`, as it was compiled. */
	program(name: string): string;
	/** archon's executable as it was when the run began, with `archonctl` beside it. */
	readonly archon: string;
	readonly pm2: string;
	readonly node: string;
	/** The tree for images that was built with archon; null: it was not built. */
	readonly rootfs: string | null;
	/** Folders that a container sees too, at the same paths. */
	readonly shared: readonly string[];
	/** The image of containers. */
	readonly image: string;
	readonly entrants: readonly Entrant[];
	/** What a reader must know of all figures. */
	readonly notes: readonly string[];
}
