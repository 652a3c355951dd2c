/**
 * The standard streams of services: where they lead, and what comes out of those that archon reads. A
 * service's pipes stay open over its restarts, and who holds a pipe has no say in whether the service has ended.
 */
import {byNeed} from '../../../core/by-need.ts';
import {LOGGING} from '../../../core/defaults.ts';
import type {Id} from '../../../core/ids.ts';
import {type Lazily, lazily} from '../../../core/lazily.ts';
import {compilePattern, type Pattern} from '../../../core/pattern/pattern.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Output as Target, Service} from '../../../core/service.ts';
import {bytesOf, bytesOfLatin1, textOf} from '../../../os/bytes.ts';
import {after} from '../../../os/clock.ts';
import {count, droppedOf} from '../../../os/counts.ts';
import {close} from '../../../os/descriptors.ts';
import type {Helpers} from '../../../os/helpers.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import {ERRNO} from '../../../os/sys.ts';
import type {TerminalKeeper} from '../../attach/os/terminals.ts';
import type {Logging, Logs} from '../core.ts';
import {type Pipeline, createPipeline} from './pipeline.ts';
import {createDrivers} from './drivers.ts';
import {type Ends, findPipes, openPipes, openTty, pairsOf} from './pipes.ts';
import {createReader, NOTHING, restKeyOf, type Sink, type Stream, streamOf} from './reader.ts';
import {openFiles, openNothing, type Unwired, type Wiring, wiringOf} from './wiring.ts';

export interface Output {
	/** Where the standard streams of a service's next run lead. */
	wire(id: Id, service: Service): Result<Wiring, Unwired>;
	/** The same for a command that is run on the service's behalf, which has nothing to read. */
	wireHelper(id: Id, service: Service): Result<Wiring, Unwired>;
	/** An open /dev/null, or where it is missing a pipe that nothing writes to; -1 if neither can be had. */
	nothing(): number;
	/** Calls back at the next line of the service that matches, once, if that comes before its run is over. */
	awaitLine(id: Id, pattern: string, found: () => void): void;
	/** A run of the service ended: what it said last is passed on, its last line as well if it is not whole. */
	drain(id: Id): void;
	/** The service's lines go elsewhere from now on. */
	relog(id: Id, service: Service): void;
	/** The service is forgotten, and its pipes with it. */
	forget(id: Id): void;
	/** A line of archon's own. */
	say(level: string, text: string): void;
	/** Whether another has archon's terminal: then lines are only kept, or go where else they are to go. */
	hold(isHeld: boolean): void;
	/** What archon has read of the service since this instance began; null: it reads none of it. */
	counted(id: Id): {readonly lines: number; readonly bytes: number} | null;
	/** archon's own lines go elsewhere from now on. */
	resay(events: Logging): void;
	/** Calls back when what was said until now is written: at once, or never where something takes nothing. */
	whenWritten(callback: () => void): void;
	/** Calls back when everything that was said is written, or cannot be. */
	finish(callback: () => void): void;
	readonly logs: Logs;
	/** The terminals of services, loaded with the first of them: in the turn of the loop that needs them. */
	readonly terminals: Lazily<TerminalKeeper>;
	/** The pipes that the previous instance had for the service go on; called once for each service, before anything else. */
	restore(id: Id, service: Service): void;
	/** The same where the handoff is damaged, from the process that has the other ends; `isForeign`: another archon has made them. */
	salvage(id: Id, service: Service, pid: number, isForeign: boolean): void;
}

export interface OutputParts {
	readonly poller: Poller;
	readonly handoff: Handoff;
	readonly kept: KeptFds;
	readonly helpers: Pick<Helpers, 'link'>;
	/** Lines go on as they are, to archon's own streams, whatever else was asked for. */
	readonly isDegraded?: boolean;
	/** Whether services may outlive archon (`state_dir`): then they are not ended by what they write. */
	readonly isLasting?: boolean;
}

const reopening = byNeed(() => import('./reopen.ts'));

/** What archon reads of a service. */
interface Source {
	readonly name: string;
	/** In force once there is a pipeline. */
	logging: Logging;
	/** Made when there is something to say: most services say little, and many nothing. */
	pipeline: Pipeline | null;
	streams: readonly Stream[];
	/** What the lines of its streams go to. */
	readonly sink: Sink;
}

interface Awaited {
	readonly pattern: Pattern;
	readonly found: () => void;
}

/** How long the last words may take to be written when archon ends, in milliseconds. */
const LAST_WORDS = 1000;
/** And to syslog servers: what they cost is told after that. */
const SYSLOG_WORDS = 900;
/** Bytes of a line that are looked at where one is waited for. */
const LOOKED_AT = 4096;
const NEWLINE = 10;
/** A service that has archon's own streams to itself loses them where a line is waited for, but gains no prefix. */
const UNTOUCHED: Logging['drivers'] = [{kind: 'inherit', streams: ['stdout', 'stderr']}];

/** What leads to streams that archon has anyhow. */
const SHARED: ReadonlySet<string> = new Set(['inherit', 'prefix', 'json']);

export function createOutput(
	{poller, handoff, kept, helpers, isDegraded = false, isLasting = false}: OutputParts, names: readonly string[], events: Logging,
): Output {
	const sources = new Map<Id, Source>();
	const awaited = new Map<Id, Awaited>();
	/** Services whose streams were handed over to the previous instance, and were closed with it. */
	const lost = new WeakSet<Service>();
	const warn = (text: string): void => say('warn', text);
	const reader = createReader(poller, handoff);
	const drivers = createDrivers(poller, handoff, names, helpers.link('syslog'), warn);
	const plainly = (logging: Logging): Logging => (isDegraded ? {...logging, drivers: UNTOUCHED, rateLimit: null} : logging);
	const loggingOf = (output: Target): Logging =>
		plainly(output.kind === 'lines' ? output.logging : {...events, drivers: UNTOUCHED, rateLimit: null});
	const ownWays = (logging: Logging): Logging => (isDegraded ? LOGGING : logging);
	const own = createPipeline(ownWays(events), drivers.of('archon', ownWays(events)), {shut() {}, open() {}}, () => {});
	let nothing = -1;
	const terminals = lazily(async () => (await import('../../attach/os/terminals.ts')).createTerminals(poller, handoff));

	/** A name may hold what is not text. */
	const say = (level: string, text: string): void =>
		own.take(bytesOf(`${level === 'info' || isJson(own.logging()) ? '' : `${level}: `}${text.toWellFormed()}\n`), 'stderr', false, level);

	function begin(id: Id, {name}: Service, logging: Logging, ends: readonly Ends[]): Source {
		const isTerminal = ends.length === 1;
		const streams = ends.map((each, i) => streamOf(each, i === 0 ? 'stdout' : 'stderr', isTerminal));
		const source = sources.get(id) ?? createSource(id, name, logging);
		source.streams = streams;
		// What leads to places of its own is opened before there is a line to be lost.
		if (!logging.drivers.every(({kind}) => SHARED.has(kind))) pipelineFor(source);
		sources.set(id, source);
		watch(source);
		return source;
	}

	function createSource(id: Id, name: string, logging: Logging): Source {
		const pipeline = (): Pipeline => pipelineFor(source);
		const source: Source = {
			name, logging, pipeline: null, streams: [],
			sink: {
				holdsBack: stream => pipeline().holdsBack(stream),
				maxLine: () => pipeline().logging().maxLine,
				take(lines, stream, isPiece) {
					pipeline().take(lines, stream, isPiece);
					find(id, lines);
				},
				raw(bytes) {
					// Of the buffer: it may not be loaded yet.
					const copy = bytes.slice();
					terminals(each => each.wrote(id, copy));
				},
			},
		};
		return source;
	}

	const watch = ({streams, sink}: Source): void => streams.forEach(stream => reader.watch(stream, sink));

	function pipelineFor(source: Source): Pipeline {
		const {name, logging} = source;
		return source.pipeline ??= createPipeline(logging, drivers.of(name, logging), {
			shut: () => source.streams.forEach(({reader}) => poller.forget(reader)),
			open: () => watch(source),
		}, more => {
			count(droppedOf(name), more);
			warn(`${more} ${more === 1 ? 'line' : 'lines'} of ${name} over its rate_limit were left out`);
		});
	}

	function open(id: Id, service: Service, logging: Logging, ends: Result<readonly Ends[], Unwired>): Result<Source, Unwired> {
		if (!ends.ok) return ends;
		// They live on with archon, whatever becomes of this instance.
		kept.keep(keyOf(id), ends.value.flat());
		tellTerminal(id, service, ends.value, false);
		return ok(begin(id, service, logging, ends.value));
	}

	function tellTerminal(id: Id, {name, exec}: Service, [ends]: readonly Ends[], isInherited: boolean): void {
		if (exec.tty && ends) terminals(each => each.opened(id, name, ends[0], isInherited));
	}

	/** A line that is waited for may have come. */
	function find(id: Id, lines: Uint8Array): void {
		const waiting = awaited.get(id);
		if (!waiting || !hasMatch(lines, waiting.pattern)) return;
		awaited.delete(id);
		waiting.found();
	}

	function drain(id: Id): void {
		const source = sources.get(id);
		if (source) for (const stream of source.streams) reader.drain(stream, source.sink);
		awaited.delete(id);
	}

	function shut(id: Id, {streams}: Source): void {
		kept.release(keyOf(id));
		for (const stream of streams) {
			if (stream.isTerminal) terminals(each => each.closing(id));
			reader.remember(stream, NOTHING);
			reader.forget(stream);
			close(stream.reader);
			close(stream.writer);
		}
	}

	const nullFd = (): number => {
		if (nothing < 0) nothing = openNothing();
		return nothing < 0 ? -1 : nothing;
	};

	const pipelineOf = (id: Id | null): Pipeline | undefined => {
		const source = id === null ? undefined : sources.get(id);
		return id === null ? own : source && pipelineFor(source);
	};

	return {
		wire(id, service) {
			const {ready, exec: {output, interactive, tty}} = service;
			if (output.kind === 'passed' && lost.has(service)) return err({stage: 'taking over the streams of its client', errno: ERRNO.EBADF});
			if (output.kind === 'passed') return ok({streams: output.fds, release: () => output.fds.forEach(close)});
			const stdin = interactive ? 0 : nullFd();
			if (!tty && output.kind === 'files') return openFiles(stdin, output);
			if (!tty && output.kind === 'inherit' && ready?.kind !== 'log') return ok(wiringOf(stdin, 1, 2));
			const logging = loggingOf(output);
			const present = sources.get(id);
			// A new terminal for each run: what the last one did to its own is of no concern to it.
			if (tty && present) shut(id, present);
			const source = !tty && present ? ok(present) : open(id, service, logging, tty ? openTty() : openPipes(isLasting));
			if (!source.ok) return source;
			const {streams} = source.value;
			return ok(wiringTo(streams, tty ? streams[0]?.writer : stdin));
		},
		wireHelper(id, service) {
			const {output, tty} = service.exec;
			const present = sources.get(id);
			// It may come before the first process of its service.
			const source = !present && output.kind === 'lines' && !tty ? open(id, service, loggingOf(output), openPipes(isLasting)) : null;
			if (source && !source.ok) return source;
			const streams = source?.value.streams ?? present?.streams;
			if (streams) return ok(wiringTo(streams, nullFd()));
			return output.kind === 'files' ? openFiles(nullFd(), output) : ok(wiringOf(nullFd(), 1, 2));
		},
		nothing: nullFd,
		awaitLine(id, source, found) {
			const pattern = compilePattern(source);
			if (pattern.ok) awaited.set(id, {pattern: pattern.value, found});
		},
		drain,
		relog(id, {name, exec: {output}}) {
			const source = sources.get(id);
			if (!source) return;
			source.logging = loggingOf(output);
			if (source.pipeline) source.pipeline.drive(source.logging, drivers.of(name, source.logging));
			else if (!source.logging.drivers.every(({kind}) => SHARED.has(kind))) pipelineFor(source);
		},
		forget(id) {
			const source = sources.get(id);
			if (!source) return;
			shut(id, source);
			if (source.streams.some(({isTerminal}) => isTerminal)) terminals(each => each.forget(id, source.name));
			source.pipeline?.close();
			sources.delete(id);
		},
		say, terminals,
		counted(id) {
			const source = sources.get(id);
			return source ? source.pipeline?.counted() ?? {lines: 0, bytes: 0} : null;
		},
		restore(id, service) {
			if (service.exec.output.kind === 'passed') lost.add(service);
			const ends = pairsOf(kept.inherited(keyOf(id)));
			if (ends.length === 0) return;
			tellTerminal(id, service, ends, true);
			const {streams} = begin(id, service, loggingOf(service.exec.output), ends);
			for (const stream of streams) reader.remember(stream, bytesOfLatin1(handoff.past.get(restKeyOf(stream)) ?? ''));
		},
		salvage(id, service, pid, isForeign) {
			const ends = isForeign ? reopening().reopenPipes(pid) : findPipes(pid);
			if (ends.length > 0) open(id, service, loggingOf(service.exec.output), ok(ends));
		},
		hold: drivers.hold,
		whenWritten: drivers.whenIdle,
		resay: logging => own.drive(ownWays(logging), drivers.of('archon', ownWays(logging))),
		finish(callback) {
			for (const id of sources.keys()) drain(id);
			const timers = [after(SYSLOG_WORDS, () => drivers.giveUpSyslog()), after(LAST_WORDS, callback)];
			drivers.whenIdle(() => {
				// What is lost is told on streams that may have to wait as well.
				drivers.giveUpSyslog();
				drivers.whenIdle(() => {
					for (const cancel of timers) cancel();
					callback();
				});
			});
		},
		logs: {
			tail: (id, count) => (id === null ? own : sources.get(id)?.pipeline)?.tail(count) ?? [],
			follow: (id, listener) => pipelineOf(id)?.follow(listener) ?? (() => {}),
			files: id => {
				const logging = id === null ? own.logging() : sources.get(id)?.logging;
				return logging ? drivers.files(logging) : [];
			},
			reopen: drivers.reopen,
		},
	};
}

/** Whether any of the lines matches, as far as it is looked at. */
function hasMatch(lines: Uint8Array, pattern: Pattern): boolean {
	for (let from = 0; from < lines.length;) {
		const newline = lines.indexOf(NEWLINE, from);
		const to = newline < 0 ? lines.length : newline;
		if (pattern.test(textOf(lines, from, Math.min(to, from + LOOKED_AT)))) return true;
		from = to + 1;
	}
	return false;
}

const keyOf = (id: Id): string => `pipes ${id}`;

/** Then the level is a member of its own, and no word before the line. */
const isJson = ({drivers}: Logging): boolean =>
	drivers.some(driver => driver.kind === 'json' || (driver.kind === 'file' && driver.format === 'json'));

const wiringTo = (streams: readonly Stream[], stdin = -1): Wiring =>
	wiringOf(stdin, streams[0]?.writer ?? -1, streams.at(-1)?.writer ?? -1);
