/**
 * Variables that a service's files and commands hold, read before each start: what it depends on may have written them.
 * Nothing here waits: a file that does not answer, or a command that does not end, holds up its own service only.
 */
import {readEnvFile, readRawEnvFile, type Reporter} from '../../core/env-file.ts';
import {UNSOURCED} from '../../core/defaults.ts';
import {duration} from '../../core/duration.ts';
import type {Effect} from '../../core/effect.ts';
import type {Run} from '../../core/ids.ts';
import type {Refusal} from '../../core/outcome.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {type Exec, type Service, type Sourced, type VariableSource, withSourced} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import {dirname} from '../../core/path.ts';
import {
	FOLDER_MAX, foreign, isVariableFile, type Layer as Variables, merged, SOURCE_MAX, stampOf, textOfFolder, valueOfFile,
} from '../../core/sources.ts';
import {type Lookup, lookupIn} from '../../core/variables.ts';
import {createAsking} from './slow-files.ts';
import {bytesOfLatin1, textOf} from '../bytes.ts';
import {after} from '../clock.ts';
import {openCapture} from './capture.ts';
import {env} from '../environment.ts';
import {adoptHelperCommand, runHelperCommand} from './helper-command.ts';
import {errnoText, isTemporary} from '../errno.ts';
import {type Done, OTHERS_WRITE, textsOf} from '../jobs.ts';
import type {Handoff} from '../reexec/handoff.ts';
import type {Output} from '../../features/logging/os/output.ts';
import {isOfOthers, isRefused, refusalOf} from '../places.ts';
import type {Poller} from '../poller.ts';
import type {Reaper} from '../reap/reaper.ts';
import {ERRNO, sys} from '../sys.ts';

type Spawn = Extract<Effect, {kind: 'spawn'}>;

export interface Sources {
	/** Begins to read what a process's sources hold. True: there is nothing to wait for; else `ready` is called, once. */
	prepare(effect: Spawn, ready: () => void): boolean;
	/**
	 * Tells once what the files and folders hold now, for commands before the process: what cannot be read is left out, and
	 * commands are not asked. It tells at once if the service has no such files.
	 */
	glimpse(of: Pick<Spawn, 'id' | 'run' | 'service'>, told: (service: Service) => void): void;
	/** Tells why the files and folders of a service could not be read for a start now; null: they could. Nothing of it is kept. */
	examine(service: Service, told: (why: Refusal | null) => void): void;
	/** What was read for a run, or why it cannot be; null: it has no sources. Only once. */
	take(run: Run): Result<Sourced, Refusal> | null;
	/** The service is to leave: what is still awaited is given up, and `ready` called. */
	hurry(run: Run): void;
	/** The run is of no interest any more. */
	abandon(run: Run): void;
}

export interface SourceParts {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Output;
	readonly handoff: Handoff;
}

/** How long a file system may take. */
const FILE_PATIENCE: Millis = 2000;
/** How long a command may take where its service may take for ever to start. */
const COMMAND_PATIENCE: Millis = 60_000;
/** Of what a command prints, in bytes. */
const OUTPUT_MAX = 64 * 1024;

/** What was read of one source: its variables, and the text that they were in; null: there is no such text. */
interface Layer extends Variables {
	/** Null where it is not stamped: a command is not asked only to see whether it says something else. */
	readonly content: string | null;
	readonly isStamped: boolean;
}

type Told = (result: Result<Layer, Refusal>) => void;

interface Reading {
	readonly ready: () => void;
	/** What cannot be read is passed over. */
	readonly isLenient: boolean;
	result: Result<Sourced, Refusal> | null;
	/** Gives up what is under way. */
	stop: () => void;
}

/** For services that have sources. */
export function createReadings(parts: SourceParts): Sources {
	const readings = new Map<Run, Reading>();
	const ask = createAsking(FILE_PATIENCE);
	const readFile = (path: string, told: (result: Result<Content, Unread>) => void): (() => void) =>
		ask(dirname(path), 'readFile', {text: path, numbers: [SOURCE_MAX, OTHERS_WRITE]}, done =>
			told(done ? contentOf(path, done) : err({errno: ERRNO.ETIMEDOUT})));

	function begin(
		{id, run, service}: Pick<Spawn, 'id' | 'run' | 'service'>, sources: readonly VariableSource[], reading: Reading,
	): void {
		const layers: Layer[] = [];
		const next = (): void => {
			const source = sources[layers.length];
			if (!source) return end(ok(joined(layers)));
			let isTold = false;
			const told: Told = result => {
				if (isTold || reading.result !== null) return;
				isTold = true;
				if (!result.ok && !reading.isLenient) return end(result);
				layers.push(result.ok ? result.value : ABSENT);
				next();
			};
			reading.stop = look(source, withSourced(service, joined(layers)), {id, run, told});
		};
		const end = (result: Result<Sourced, Refusal>): void => {
			reading.result = result;
			reading.ready();
		};
		next();
	}

	/** Begins to read one source; the result gives that up. */
	function look(source: VariableSource, service: Service, {id, run, told}: {id: number; run: Run; told: Told}): () => void {
		switch (source.kind) {
			case 'file': return readFile(source.path, done => told(fileLayer(source, done, isOther(service))));
			case 'folder': return readFolder(source, isOther(service), told);
			case 'command': return runCommand(source.command, {id, run, service}, told);
		}
	}

	function fileLayer(
		{path, required, isRaw}: Extract<VariableSource, {kind: 'file'}>, read: Result<Content, Unread>, isOther: boolean,
	): Result<Layer, Refusal> {
		const stage = `reading its env_file ${path}`;
		if (!read.ok) return isMissing(read.error.errno) && !required ? ok(ABSENT) : refused(stage, read.error.errno, read.error.reason);
		const parsed = parse(read.value, {isForeign: isOther && read.value.isOfOthers, isRaw: isRaw ?? false});
		return parsed.ok ? parsed : refused(stage, ERRNO.EINVAL, parsed.error);
	}

	function readFolder({path, required}: Extract<VariableSource, {kind: 'folder'}>, isOther: boolean, told: Told): () => void {
		const stage = `reading its env_dir ${path}`;
		const variables = new Map<string, string>();
		const theirs: string[] = [];
		let [isOver, size] = [false, 0];
		let stop = (): void => {};
		const end: Told = result => {
			isOver = true;
			told(result);
		};
		const next = (names: readonly string[], index: number): void => {
			const name = names[index];
			if (name === undefined) {
				const content = textOfFolder(variables);
				// Not by assignment: a variable may be called __proto__.
				return end(ok({variables: Object.fromEntries(variables), ...foreign(theirs), content, isStamped: true}));
			}
			stop = readFile(`${path}/${name}`, read => {
				if (isOver) return;
				// A folder in it is no variable, and what went away meanwhile is not one any more.
				if (!read.ok && read.error.errno !== ERRNO.EISDIR && !isMissing(read.error.errno)) {
					return end(refused(`${stage}/${name}`, read.error.errno, read.error.reason));
				}
				if (read.ok) {
					size += name.length + read.value.text.length;
					if (size > SOURCE_MAX) return end(refused(stage, ERRNO.EINVAL, `its files are larger than ${SOURCE_MAX / 1024} KiB together`));
					if (read.value.text.includes('\0')) return end(refused(`${stage}/${name}`, ERRNO.EINVAL, 'it holds a NUL character'));
					variables.set(name, valueOfFile(read.value.text));
					if (isOther && read.value.isOfOthers) theirs.push(name);
				}
				next(names, index + 1);
			});
		};
		stop = ask(path, 'readFolder', {text: path}, done => {
			if (!done) return end(refused(stage, ERRNO.ETIMEDOUT));
			if (done.result < 0) return end(isMissing(-done.result) && !required ? ok(ABSENT) : refused(stage, -done.result));
			const names = textsOf(done).filter(isVariableFile).sort();
			if (names.length > FOLDER_MAX) end(refused(stage, ERRNO.EINVAL, `it holds more than ${FOLDER_MAX} files`));
			else next(names, 0);
		});
		return () => {
			isOver = true;
			stop();
		};
	}

	/** As the service would be run; only its output is archon's. */
	function runCommand(
		command: Exec['argv'], {id, run, service}: {id: number; run: Run; service: Service}, told: Told,
	): () => void {
		const {reaper, poller, output, handoff} = parts;
		const stage = `asking ${command[0]} for its variables (env_from)`;
		const key = `variables ${run}`;
		// What the previous instance asked is not heard by this one.
		const before = Number(handoff.past.get(key) ?? 0);
		if (before > 0) adoptHelperCommand(before, 0, reaper, () => {})?.stop();
		const wiring = output.wireHelper(id, service);
		if (!wiring.ok) return unable(told, refused(wiring.error.stage, wiring.error.errno));
		let said = '';
		const opened = openCapture(poller, more => {
			said += more;
			if (said.length > OUTPUT_MAX) end(refused(stage, ERRNO.EINVAL, `it prints more than ${OUTPUT_MAX / 1024} KiB`));
		});
		if (!opened.ok) {
			wiring.value.release();
			return unable(told, refused('making a pipe', opened.error));
		}
		const capture = opened.value;
		const patience = service.startTimeout === Infinity ? COMMAND_PATIENCE : service.startTimeout;
		let [isOver, stop] = [false, (): void => {}];
		const forgetTime = after(patience, () => end(failed(`it took longer than ${duration(patience)}`)));
		const failed = (reason: string): Result<never, Refusal> => err({stage, errno: ERRNO.EAGAIN, reason, temporary: true});
		const cleanUp = (): void => {
			isOver = true;
			forgetTime();
			stop();
			capture.close();
			handoff.delete(key);
		};
		function end(result: Result<Layer, Refusal>): void {
			if (isOver) return;
			cleanUp();
			told(result);
		}
		const [stdin, , stderr] = wiring.value.streams;
		// It is not one of the run's own processes: no run is known by it.
		const helper = runHelperCommand({run: 0, service, command, streams: [stdin, capture.writer, stderr], isTidy: true}, reaper, failure => {
			if (isOver) return;
			capture.drain();
			if (failure !== null) return end(failed(failure));
			const text = textOf(bytesOfLatin1(said));
			const parsed = parseOutput(text, isOther(service));
			end(parsed.ok ? parsed : refused(stage, ERRNO.EINVAL, parsed.error));
		});
		sys.close(capture.writer);
		wiring.value.release();
		stop = helper.stop;
		if (isOver) return () => {};
		if (helper.pid > 0) handoff.put(key, String(helper.pid));
		return cleanUp;
	}

	return {
		prepare(effect, ready) {
			const reading: Reading = {ready, isLenient: false, result: null, stop: () => {}};
			readings.set(effect.run, reading);
			begin(effect, effect.service.exec.sources, reading);
			return false;
		},
		glimpse(of, told) {
			const {run, service} = of;
			const ready = (): void => {
				readings.delete(run);
				told(withSourced(service, reading.result?.ok ? reading.result.value : UNSOURCED));
			};
			const reading: Reading = {ready, isLenient: true, result: null, stop: () => {}};
			readings.set(run, reading);
			begin(of, service.exec.sources.filter(isRead), reading);
		},
		examine(service, told) {
			const ready = (): void => told(reading.result?.ok === false ? reading.result.error : null);
			const reading: Reading = {ready, isLenient: false, result: null, stop: () => {}};
			begin({id: 0, run: 0, service}, service.exec.sources.filter(isRead), reading);
		},
		take(run) {
			const reading = readings.get(run);
			readings.delete(run);
			return reading ? reading.result ?? refused('reading its variables', ERRNO.EAGAIN, 'they were not read') : null;
		},
		hurry(run) {
			const reading = readings.get(run);
			if (!reading || reading.result !== null) return;
			reading.result = err({stage: 'reading its variables', errno: ERRNO.EINTR, reason: 'it was to stop', temporary: true});
			reading.stop();
			reading.ready();
		},
		abandon(run) {
			const reading = readings.get(run);
			readings.delete(run);
			if (reading?.result === null) reading.stop();
		},
	};
}

const ABSENT: Layer = {variables: {}, content: null, isStamped: true};

/** What one file holds is one and the same for all services that read it. */
const alone = new WeakMap<Layer, Sourced>();

function joined(layers: readonly Layer[]): Sourced {
	const [first] = layers;
	const known = first && layers.length === 1 ? alone.get(first) : undefined;
	if (known) return known;
	const contents = layers.flatMap(({content, isStamped}) => (isStamped ? [content] : []));
	const {variables, foreign: names} = merged(layers);
	const sourced = {variables, ...names && {foreign: names}, stamp: stampOf(contents)};
	if (first && layers.length === 1) alone.set(first, sourced);
	return sourced;
}

/** Not run. */
const isRead = ({kind}: VariableSource): boolean => kind !== 'command';

/** Whether it runs as another user than archon. */
const isOther = ({exec: {user}}: Service): boolean => user !== null;

const isMissing = (errno: number): boolean => errno === ERRNO.ENOENT || errno === ERRNO.ENOTDIR;

function refused(stage: string, errno: number, reason = wordsOf(errno)): Result<never, Refusal> {
	return err({stage, errno, reason, temporary: isTemporary(errno) || errno === ERRNO.ETIMEDOUT});
}

function wordsOf(errno: number): string {
	switch (errno) {
		case ERRNO.EINVAL: return 'it is not a regular file';
		case ERRNO.ETIMEDOUT: return `it does not answer within ${duration(FILE_PATIENCE)}`;
		case ERRNO.EMSGSIZE: return `it is larger than ${SOURCE_MAX / 1024} KiB`;
		case ERRNO.EPROTO: return 'it is not UTF-8 text';
		default: return errnoText(errno);
	}
}

/** Told in a turn of its own, so that an end is never told before the beginning is over. */
function unable(told: Told, result: Result<Layer, Refusal>): () => void {
	return after(0, () => told(result));
}

/** The text of a file, and where it was. */
interface Content {
	readonly path: string;
	readonly text: string;
	readonly isOfOthers: boolean;
}

/** Why a file was not read; `reason` where the errno does not say it. */
interface Unread {
	readonly errno: number;
	readonly reason?: string;
}

function contentOf(path: string, done: Done): Result<Content, Unread> {
	const {result, bytes} = done;
	if (isRefused(done)) return err({errno: -result, reason: refusalOf(done, path)});
	if (result < 0) return err({errno: -result});
	if (bytes.length > SOURCE_MAX) return err({errno: ERRNO.EMSGSIZE});
	if (!sys.isUtf8(bytes, 0, bytes.length)) return err({errno: ERRNO.EPROTO});
	return ok({path, text: textOf(bytes).replace(/^\uFEFF/, ''), isOfOthers: isOfOthers(done)});
}

/** What the last few files held: hundreds of services may start with the same one. */
const parsed = new Map<string, Written & {readonly text: string; readonly result: Result<Layer, string>}>();
const PARSED_MAX = 32;

/** By whom a text was written, and how. */
interface Written {
	readonly isForeign: boolean;
	readonly isRaw: boolean;
}

function parse({path, text}: Content, {isForeign, isRaw}: Written): Result<Layer, string> {
	const known = parsed.get(path);
	if (known?.text === text && known.isForeign === isForeign && known.isRaw === isRaw) return known.result;
	const own = isForeign ? NOTHING : lookupIn(env());
	const result = read(text, hearing => (isRaw ? readRawEnvFile : readEnvFile)(text, own, hearing), isForeign);
	if (parsed.size >= PARSED_MAX) parsed.delete(parsed.keys().next().value ?? '');
	parsed.delete(path);
	parsed.set(path, {text, isForeign, isRaw, result});
	return result;
}

function parseOutput(text: string, isForeign: boolean): Result<Layer, string> {
	const result = read(text, hearing => readEnvFile(text, null, hearing), isForeign);
	return result.ok ? ok({...result.value, isStamped: false}) : result;
}

/** Others' files see nothing of what archon was started with. */
const NOTHING: Lookup = () => undefined;

/** The first thing that is wrong with it, if any; never a value, which may be a secret. */
function read(text: string, reading: (hearing: Reporter) => ReadonlyMap<string, string>, isForeign: boolean): Result<Layer, string> {
	let wrong: string | null = null;
	const variables = reading({
		report(offset, message) {
			wrong ??= `line ${text.slice(0, offset).split('\n').length}: ${message}`;
		},
		unset() {},
	});
	if (wrong !== null) return err(wrong);
	if (text.includes('\0')) return err('it holds a NUL character');
	return ok({variables: Object.fromEntries(variables), ...foreign(isForeign ? variables.keys() : []), content: text, isStamped: true});
}
