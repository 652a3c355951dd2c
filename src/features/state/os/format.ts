/** What of the state outlives archon, as text and back: one object of JSON, with a line for each service. */
import {service as standardService} from '../../../core/defaults.ts';
import type {Entry} from '../../../core/entry.ts';
import {type Fields, isObject} from '../../../core/foreign-json.ts';
import type {Id, Run} from '../../../core/ids.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Asked, Scheduled} from '../../../core/remembered.ts';
import {stringify} from '../../../core/serialize.ts';
import type {Service} from '../../../core/service.ts';
import {entries, isHelper, isToRun, type State} from '../../../core/state.ts';
import {pidOf} from '../../../core/status.ts';
import type {Instant} from '../../../core/time.ts';
import {DECIDERS, type Desired, type Rulings, UNASKED} from '../../../core/wanted.ts';
import {sys} from '../../../os/sys.ts';

/** Of what is written; what has a higher one is of a newer archon. */
export const VERSION = 1;

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
	/** The file's text. Of services that have not changed since it was called last the line is the same. */
	write(state: State, place: Place, now: number): string;
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

interface Line {
	readonly entry: Entry;
	readonly text: string;
}

export function createWriter({startOf, wallClock, isLasting}: WriterParts): Writer {
	let lines = new Map<Id, Line>();
	const starts = new Map<Id, {readonly run: Run; readonly pid: number; readonly start: number | null}>();

	function lineOf(entry: Entry, isTransient: boolean): string {
		const {id, service, desired, rulings, starts: count, phase, timing} = entry;
		const pid = 'run' in phase ? pidOf(phase) : null;
		const run = 'run' in phase ? phase.run : 0;
		const start = pid === null ? null : startTimeOf(id, run, pid);
		const isAtRest = phase.kind === 'down' && (phase.cause === 'completed' || phase.cause === 'exited');
		return stringify({
			desired: desired === 'start' || desired === 'stop' ? desired : 'auto', wanted: isToRun(entry), starts: count,
			...DECIDERS.some(decider => rulings[decider]) && {rulings: withTimes(rulings)},
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

	const withTimes = (rulings: Rulings): unknown => Object.fromEntries(DECIDERS.flatMap(decider => {
		const ruling = rulings[decider];
		if (!ruling || ruling.why === UNASKED) return [];
		return [[decider, {runs: ruling.runs, why: ruling.why, ...ruling.isOpen && {open: true}, at: wallClock(ruling.at)}]];
	}));

	return {
		write(state, {bootId, namespace}, now) {
			const next = new Map<Id, Line>();
			const texts: string[] = [];
			for (const entry of entries(state)) {
				if (isHelper(entry)) continue;
				const isTransient = state.transients.has(entry.service.name);
				const mayStay = isLasting && mayOutlive(entry.service);
				if (isTransient && !mayStay && !isKeptStopped(entry.service, entry.desired)) continue;
				const known = lines.get(entry.id);
				const line = known?.entry === entry ? known : {entry, text: `${JSON.stringify(entry.service.name)}: ${lineOf(entry, isTransient)}`};
				next.set(entry.id, line);
				texts.push(line.text);
			}
			lines = next;
			for (const id of starts.keys()) if (!next.has(id)) starts.delete(id);
			const head = {
				version: VERSION, written_at: new Date(now).toISOString(), boot_id: bootId, pid_namespace: namespace, runs: state.runs,
			};
			const services = texts.length === 0 ? '{}' : `{\n\t\t${texts.join(',\n\t\t')}\n\t}`;
			const fields = Object.entries(head).map(([key, value]) => `\t"${key}": ${JSON.stringify(value)},\n`);
			return `{\n${fields.join('')}\t"services": ${services}\n}\n`;
		},
	};
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
