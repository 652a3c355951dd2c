/** What of the state outlives archon, as text and back: one object of JSON, with a line for each service. */
import {service as standardService} from '../../../core/defaults.ts';
import type {Entry} from '../../../core/entry.ts';
import {type Fields, isObject} from '../../../core/foreign-json.ts';
import type {Id, Run} from '../../../core/ids.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Asked, Scheduled} from '../../../core/remembered.ts';
import {stringify} from '../../../core/serialize.ts';
import type {Service} from '../../../core/service.ts';
import {leaves} from '../../../core/service-table.ts';
import {isHelper, isToRun, type State} from '../../../core/state.ts';
import {pidOf} from '../../../core/status.ts';
import type {Instant} from '../../../core/time.ts';
import {DECIDERS, type Desired, type Rulings, UNASKED} from '../../../core/wanted.ts';
import {bytesOf} from '../../../os/bytes.ts';
import {sys} from '../../../os/sys.ts';

/** Of what is written; what has a higher one is of a newer archon. */
export const VERSION = 1;

/** What an action has stopped starts with the next archon. */
const KEPT = DECIDERS.filter(decider => decider !== 'action');

/** Where pids and their times mean anything: this boot of the machine, and this PID namespace (pid_namespaces(7)). */
export interface Place {
	readonly bootId: string;
	/** The inode of the namespace. */
	readonly namespace: number;
}

/** What is written of a service. */
export interface LeftService {
	readonly asked: Asked;
	/** Whether it was to run. */
	readonly wanted: boolean;
	readonly starts: number;
	/** With the time by the wall clock, in milliseconds since 1970, as `at`. */
	readonly rulings: Rulings;
	readonly rest: 'completed' | 'exited' | null;
	readonly scheduled: Scheduled | null;
	/** Its main process, if it had one: which run it was of, and when it was made, in ticks since the machine was started. */
	readonly process: {readonly run: Run; readonly pid: number; readonly startTime: number} | null;
	/** Tells by which definition its process was made. */
	readonly definition: string;
	/** Of a service that no config has, and whose process may outlive archon: all of it. */
	readonly service: Service | null;
}

/** All that is written. */
export interface Left {
	readonly place: Place;
	/** By the wall clock, in milliseconds since 1970. */
	readonly writtenAt: number;
	/** Runs given out so far. */
	readonly runs: Run;
	readonly services: ReadonlyMap<string, LeftService>;
}

export interface Writer {
	/**
	 * The file's bytes, in steps, so that ten thousand services keep nothing waiting: each is what of a few services has changed since
	 * it was called last. What is not taken to its end is begun again by the next.
	 */
	write(state: State, place: Place, now: number): Iterator<void, Uint8Array>;
}

export interface WriterParts {
	/** When a process was made, in ticks since the machine was started; null: it is there no more. */
	readonly startOf: (pid: number) => number | null;
	readonly wallClock: (instant: Instant) => number;
	/** Services that no config has may outlive archon. */
	readonly isLasting: boolean;
}

/** Those with streams of a client's, or a terminal of archon's, end with these. */
export const mayOutlive = ({origin, exec: {output, tty}}: Service): boolean =>
	(origin === 'daemon' || origin === 'manifest') && output.kind !== 'passed' && !tty;

/** What an operator has stopped of a manifest's is not started by the next archon, which has it from nowhere else. */
export const isKeptStopped = ({origin}: Service, asked: Desired): boolean => origin === 'manifest' && asked === 'stop';

/** The lines of a few services whose entries are in one list, which is another one as soon as one of them changes. */
interface Block {
	readonly leaf: readonly (Entry | undefined)[];
	readonly texts: readonly (string | null)[];
	readonly bytes: Uint8Array;
}

const BETWEEN = ',\n\t\t';
const SEPARATOR = bytesOf(BETWEEN);

export function createWriter({startOf, wallClock, isLasting}: WriterParts): Writer {
	/** By the places of their services. */
	const blocks: Block[] = [];
	const starts = new Map<Id, {readonly run: Run; readonly pid: number; readonly start: number | null}>();

	function lineOf(entry: Entry, isTransient: boolean): string {
		const {id, service, desired, rulings, starts: count, phase, timing} = entry;
		const pid = 'run' in phase ? pidOf(phase) : null;
		const run = 'run' in phase ? phase.run : 0;
		const start = pid === null ? null : startTimeOf(id, run, pid);
		const isAtRest = phase.kind === 'down' && (phase.cause === 'completed' || phase.cause === 'exited');
		return stringify({
			desired: desired === 'start' || desired === 'stop' ? desired : 'auto', wanted: isToRun(entry), starts: count,
			...KEPT.some(decider => rulings[decider]) && {rulings: withTimes(rulings)},
			...isAtRest && {rest: phase.cause},
			...timing && service.schedule?.isCaughtUp && {schedule: {of: timing.of, since: timing.since}},
			...pid !== null && start !== null && {run, pid, start_time: start},
			definition: definitionOf(service), ...isTransient && {service},
		});
	}

	function startTimeOf(id: Id, run: Run, pid: number): number | null {
		const known = starts.get(id);
		if (known?.run === run && known.pid === pid) return known.start;
		const start = startOf(pid);
		starts.set(id, {run, pid, start});
		return start;
	}

	const withTimes = (rulings: Rulings): unknown => Object.fromEntries(KEPT.flatMap(decider => {
		const ruling = rulings[decider];
		if (!ruling || ruling.why === UNASKED) return [];
		return [[decider, {runs: ruling.runs, why: ruling.why, ...ruling.isOpen && {open: true}, at: wallClock(ruling.at)}]];
	}));

	/** Null: it is not kept. */
	function textOf(entry: Entry, {transients}: State): string | null {
		const {service, desired} = entry;
		const isTransient = transients.has(service.name);
		const mayStay = isLasting && mayOutlive(service);
		if (isHelper(entry) || (isTransient && !mayStay && !isKeptStopped(service, desired))) return null;
		return `${JSON.stringify(service.name)}: ${lineOf(entry, isTransient)}`;
	}

	function blockOf(leaf: Block['leaf'], before: Block | undefined, state: State): Block {
		const texts = leaf.map((entry, index) =>
			(entry === undefined ? null : before?.leaf[index] === entry ? before.texts[index] ?? null : textOf(entry, state)));
		const said = texts.filter(text => text !== null);
		return {leaf, texts, bytes: bytesOf(said.map((text, index) => (index === 0 ? text : BETWEEN + text)).join(''))};
	}

	return {
		* write(state, {bootId, namespace}, now) {
			let index = 0;
			for (const leaf of leaves(state.table)) {
				const before = blocks[index];
				if (before?.leaf !== leaf) {
					blocks[index] = blockOf(leaf, before, state);
					yield;
				}
				index++;
			}
			blocks.length = index;
			for (const id of starts.keys()) if (id >= state.table.places) starts.delete(id);
			const head = {
				version: VERSION, written_at: new Date(now).toISOString(), boot_id: bootId, pid_namespace: namespace, runs: state.runs,
			};
			const fields = Object.entries(head).map(([key, value]) => `\t"${key}": ${JSON.stringify(value)},\n`);
			const said = blocks.filter(({bytes}) => bytes.length > 0).map(({bytes}) => bytes);
			const [open, close] = said.length === 0 ? ['{', '}'] : ['{\n\t\t', '\n\t}'];
			return joined([
				bytesOf(`{\n${fields.join('')}\t"services": ${open}`),
				...said.flatMap((bytes, at) => (at === 0 ? [bytes] : [SEPARATOR, bytes])), bytesOf(`${close}\n}\n`),
			]);
		},
	};
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((sum, {length}) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

const definitions = new WeakMap<Service, string>();

/** What has a hand in a service's process, as a few characters that differ where that does. */
export function definitionOf(service: Service): string {
	const known = definitions.get(service);
	if (known !== undefined) return known;
	const {type, forks, exec: {output, sources, sourced, common, environment, clean, keepsRuntime, ...exec}} = service;
	const variables = Object.entries({...common, ...environment}).sort(([one], [other]) => (one < other ? -1 : 1));
	const definition = sys.hashText(JSON.stringify([type, forks, exec, sources, variables, output.kind])).toString(36);
	definitions.set(service, definition);
	return definition;
}

/** What a text of `write` says; or why that cannot be used. What is missing is what a service begins with. */
export function readLeft(text: string): Result<Left, string> {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return err('it is not JSON');
	}
	if (!isObject(value)) return err('it is not an object');
	const {version, written_at: written, boot_id: bootId, pid_namespace: namespace, runs, services} = value;
	if (typeof version !== 'number') return err('it has no version');
	if (version !== VERSION) return err(`it has version ${version}, and this archon knows ${VERSION}`);
	if (!isObject(services)) return err('it has no services');
	return ok({
		place: {bootId: typeof bootId === 'string' ? bootId : '', namespace: count(namespace)},
		writtenAt: typeof written === 'string' ? Date.parse(written) || 0 : 0, runs: count(runs),
		services: new Map(Object.entries(services).flatMap(([name, each]) => (isObject(each) ? [[name, readService(each)] as const] : []))),
	});
}

function readService(value: Fields): LeftService {
	const {desired, wanted, starts, rest, rulings, schedule, run, pid, start_time: startTime, definition, service} = value;
	return {
		asked: desired === 'start' || desired === 'stop' ? desired : 'auto', wanted: wanted === true, starts: count(starts),
		rulings: isObject(rulings) ? readRulings(rulings) : {}, rest: rest === 'completed' || rest === 'exited' ? rest : null,
		scheduled: isObject(schedule) && typeof schedule['of'] === 'string' ? {of: schedule['of'], since: count(schedule['since'])} : null,
		process: count(pid) > 1 ? {run: count(run), pid: count(pid), startTime: count(startTime)} : null,
		definition: typeof definition === 'string' ? definition : '', service: isObject(service) ? readDefinition(service) : null,
	};
}

/** An older archon did not know of all that a service has now. */
function readDefinition(value: Fields): Service {
	const {exec, ...standard} = standardService('', ['']);
	return {...standard, ...value, exec: {...exec, ...isObject(value['exec']) ? value['exec'] : {}}} as Service;
}

const readRulings = (value: Fields): Rulings => Object.fromEntries(DECIDERS.flatMap(decider => {
	const ruling = value[decider];
	if (!isObject(ruling) || typeof ruling['runs'] !== 'boolean') return [];
	const why = typeof ruling['why'] === 'string' ? ruling['why'] : '';
	return [[decider, {runs: ruling['runs'], why, ...ruling['open'] === true && {isOpen: true}, at: count(ruling['at'])}]];
}));

/** A whole number of 0 or more; anything else is 0. */
const count = (value: unknown): number => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0);
