/** What planning has to go on, and what each format of a config comes to. */
import type {Config} from '../core/config.ts';
import type {Result} from '../core/result.ts';
import type {UserSpec} from '../core/service.ts';
import type {Environment} from '../core/variables.ts';
import type {Collector, Place, Problem, Report, Source} from './problems.ts';
import type {Shape} from './shape.ts';
import type {Mapping, Value} from './values.ts';

/** How files are reached: never for long, and never what is no file. */
export interface Files {
	/** The content; of a file that is larger than `most`, more than that. */
	read(path: string, most: number): Result<Uint8Array, Unread>;
	/** The same where others may write: only by ways that they could not have laid. */
	readShared(path: string, most: number): Result<{readonly bytes: Uint8Array; readonly isOfOthers: boolean}, Unread>;
	list(folder: string): Result<readonly string[], Unread>;
}

export interface Unread {
	readonly errno: number;
	readonly reason: string;
	/** Whether the reason continues a sentence that the path begins. */
	readonly isOfPath: boolean;
	/** Whether others may have made it so. */
	readonly isOfOthers?: boolean;
}

/** A file that others may write to: whether they may have written this one. */
export interface SharedSource extends Source {
	readonly isOfOthers?: boolean;
}

export type ReadYaml = (source: Source, report: Report) => Value | null;

/** What a config may name beyond its own text. */
export interface Lookups {
	/** Archon's own: for `${NAME}`, for variables that are passed on by name, and for which profiles are on. */
	readonly environment: Environment;
	/** Under it, for the same; services do not inherit it. */
	readonly dotenv: Environment;
	/** The text of a file of variables. */
	readonly readFile: (file: string) => Result<SharedSource, Unreadable>;
	/** The names in a directory. */
	readonly listFolder: (folder: string) => Result<readonly string[], Unreadable>;
	/** All of YAML (yaml/full.ts); it is called only where `needsOf` of yaml/parse.ts says so. */
	readonly readYaml: ReadYaml;
	/** Formats other than archon's own (formats.ts); empty where `needsOf` says that none is needed. */
	readonly formats: readonly Format[];
	/** The error says why nothing can run as this user and group. */
	readonly findUser: (user: UserSpec) => Result<unknown, string>;
	/** Whether a file looks like a shell script without a #! line; absent: this is not checked. */
	readonly isBareScript?: (path: string) => boolean;
	/** Whether a program is in archon's own PATH; absent: this is not checked. */
	readonly hasProgram?: (name: string) => boolean;
	/** Whether this may be another place than that where the services are to run, with other users. */
	readonly isElsewhere?: boolean;
}

/** A file that cannot be read, or (`missing`) is not there. */
export interface Unreadable {
	readonly problem: Problem;
	readonly missing: boolean;
	/** Whether it does not answer: others beside it will not either. */
	readonly hangs?: boolean;
	/** Whether others may have made it so: then it is their service's matter, and the config is good. */
	readonly isOfOthers?: boolean;
}

export interface Planning {
	readonly problems: Collector;
	readonly notes: Collector;
	readonly lookups: Lookups;
	/** Whether the command line has a command, which comes after all services. */
	readonly hasCommand: boolean;
}

/** What a config in one format comes to; of use only if there are no problems. */
export interface Draft extends Config {
	/** Where each name stands in the text. */
	readonly names: ReadonlyMap<string, Place>;
}

/** What a config says of the whole, beside its services. */
export type Whole = Omit<Config, 'services'>;

/** A format of configs other than archon's own: a pure translation into services. */
export interface Format {
	readonly matches: (root: Mapping) => boolean;
	readonly plan: (root: Mapping, planning: Planning) => Draft;
	/** Its maps, each with its title in `archon help config`. */
	readonly maps: readonly (readonly [title: string, shape: Shape])[];
}
