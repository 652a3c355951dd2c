/** What planning has to go on, and what each format of a config comes to. */
import type {Config} from '../core/config.ts';
import type {Result} from '../core/result.ts';
import type {UserSpec} from '../core/service.ts';
import type {Environment} from '../core/variables.ts';
import type {FormatName} from './formats.ts';
import type {Rules} from './merge.ts';
import type {Collector, Gather, Place, Problem, Report, Source} from './problems.ts';
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
	/** The text of a further file of the config (`include`, `extends`). */
	readonly readConfig: (file: string) => Result<Source, Unreadable>;
	/** What those two come to (expand.ts); it is called only where `needsOf` says so. */
	readonly createExpand: CreateExpand;
	/** Profiles that are on, beside those that variables name. */
	readonly profiles?: readonly string[];
	/** The text of a file of variables. */
	readonly readFile: (file: string) => Result<SharedSource, Unreadable>;
	/** Where relative paths begin: archon's own working directory; it is asked for only where a format needs it. */
	readonly directory: () => string;
	/** The names in a directory. */
	readonly listFolder: (folder: string) => Result<readonly string[], Unreadable>;
	/** All of YAML (yaml/full.ts); it is called only where `needsOf` of yaml/parse.ts says so. */
	readonly readYaml: ReadYaml;
	/** Formats other than archon's own (formats.ts): those of which `needsOf` says that they may be needed. */
	readonly formats: ReadonlyMap<FormatName, ForeignFormat>;
	/** The error says why nothing can run as this user and group. */
	readonly findUser: (user: UserSpec) => Result<unknown, string>;
	/** As of `Files.read`, of a time zone; null: it is not there; a text: what is wrong with it. Absent: zones are not looked for. */
	readonly readZoneFile?: (path: string, most: number) => Uint8Array | string | null;
	/** Whether a file looks like a shell script without a #! line; absent: this is not checked. */
	readonly isBareScript?: (path: string) => boolean;
	/** Why a text is no Lua, and in which line; null: it is; absent: this is not checked. */
	readonly parseLua?: (path: string, text: string) => {readonly line: number; readonly why: string} | null;
	/** Whether a program is in archon's own PATH; absent: this is not checked. */
	readonly hasProgram?: (name: string) => boolean;
	/** A config without services is one: there may be some when it is read again. */
	readonly mayBeEmpty?: boolean;
	/** Looks at what a config comes to, and reports what cannot work (inspect.ts); absent: this is not checked. */
	readonly inspect?: (draft: Draft, planning: Planning) => void;
}

/** What expanding has to go on. */
export interface Expanding {
	readonly lookups: Lookups;
	readonly rules: Rules;
	readonly report: Report;
	readonly note: Gather;
}

/** A text with what it includes, and with services that have what they extend. `below`: the texts that it is laid over. */
export type Expand = (root: Value, below: Value | null) => Value;

/** Made for each reading of a config: what is read twice, and bounds, are for all of its texts. */
export type CreateExpand = (given: Expanding) => Expand;

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
	/** Services as they are written, by name; absent: a format's keys are not archon's. */
	readonly written?: ReadonlyMap<string, WrittenService>;
	/** What is written at the top; absent as before. */
	readonly top?: Mapping;
}

/** A service as it is written, for who looks at it as a whole. */
export interface WrittenService {
	/** What it is called in messages: `services.web`. */
	readonly path: string;
	readonly key: Place;
	readonly map: Mapping;
	/** Whether something in it could not be read, which has been reported: its settings are not all its own. */
	readonly isSpoilt: boolean;
}

export type {Whole} from '../core/config.ts';

/** What was given as a config. */
export interface Input {
	/** A file's text, or a directory's names. */
	readonly source: Source;
	/** What the text is as YAML, if it is a format of that kind. */
	readonly root: Value | null;
}

/** A part of the source that has no translation, or none that means quite the same. */
export interface Untranslated {
	readonly at: Place;
	/** As the source calls it: `stdout_events_enabled`. */
	readonly key: string;
	/** The service of the translation beside which it stands; null: the whole. */
	readonly service: string | null;
	/** Lower case, no full stop: `archon has no such events`. */
	readonly why: string;
}

/** What some inputs of one format come to. */
export interface Translation {
	/** In archon's own format; each value has its place in the source that it comes from. */
	readonly config: Mapping;
	readonly untranslated: readonly Untranslated[];
}

/**
 * A format of another supervisor: a pure translation of its texts into a config in archon's own format, with the
 * defaults of the program that they were written for.
 */
export interface ForeignFormat {
	/** In messages, after "this is": `a supervisord config`. */
	readonly name: string;
	/** All inputs are of this format, in the order in which they were given. Problems are those of the source's own syntax. */
	readonly translate: (inputs: readonly Input[], lookups: Lookups, report: Report) => Translation;
}
