/** What is written of logging, for a service and for all of them, made the way that each service's lines go. */
import {LOGGING} from '../../../core/defaults.ts';
import {forService} from '../core.ts';
import type {Output, Service} from '../../../core/service.ts';
import {LOG_STREAMS, type LogDriver, type LogFile, type Logging} from '../core.ts';
import type {Place, Report} from '../../../config/problems.ts';
import type {Mapping, Value} from '../../../config/values.ts';

/** Settings for all drivers together. */
export type LogSettings = Omit<Logging, 'drivers'>;

/** Logging as it is written, where some of it may be left to a default. */
export interface WrittenLogging {
	/** With placeholders; null among them stands for the drivers of the default. */
	readonly drivers: readonly (LogDriver | null)[];
	/** Only what is written. */
	readonly settings: Partial<LogSettings>;
}

/** Where a stream leads: a file, nowhere (null), or where nothing is written as `logging` says. */
export type Stream = {readonly kind: 'log'} | {readonly kind: 'file'; readonly path: string | null};

/** What is written where nothing is. */
export const UNWRITTEN: WrittenLogging = {drivers: [null], settings: {}};

/** What is written of logging for all services, and for archon itself. */
export interface WrittenArchon {
	readonly logging: WrittenLogging | null;
	readonly events: WrittenLogging | null;
}

/** What most services have, of which nothing is written. */
const AS_USUAL: Output = {kind: 'lines', logging: LOGGING, canWait: true};

const INHERIT: readonly LogDriver[] = [{kind: 'inherit', streams: LOG_STREAMS}];

/** For what clients start, with placeholders, which `forService` fills in. */
export const planLogging = ({logging}: WrittenArchon): Logging => merge(UNWRITTEN, logging ?? UNWRITTEN, LOGGING.drivers);

/** For archon's own events: as for services, if that tells them apart from the services' lines. */
export function planEvents({logging, events}: WrittenArchon): Logging {
	const usual = (logging?.drivers ?? []).filter(each => each !== null)
		.filter(({kind, streams}) => kind !== 'inherit' && streams.includes('stderr'));
	const planned = forService(merge(events ?? UNWRITTEN, UNWRITTEN, usual.length > 0 ? usual : LOGGING.drivers), 'archon');
	return {...planned, drivers: planned.drivers.filter(({streams}) => streams.includes('stderr'))};
}

/** The streams of a service, which are archon's own if it is the only one and the config does not say otherwise. */
export function planOutput(
	own: WrittenLogging | null, {logging: general}: WrittenArchon, name: string,
	{isAlone, tty}: {readonly isAlone: boolean; readonly tty: boolean},
): Output {
	const [written, usual] = [own ?? UNWRITTEN, general ?? UNWRITTEN];
	if (written === UNWRITTEN && usual === UNWRITTEN && !isAlone) return AS_USUAL;
	const logging = merge(written, usual, isAlone ? INHERIT : LOGGING.drivers);
	const isDefault = !isWritten(written) && !isWritten(usual);
	const [only, ...others] = logging.drivers;
	const isBare = only?.kind === 'inherit' && others.length === 0 && only.streams.length === LOG_STREAMS.length;
	// A rate or a buffer takes archon to read the lines; one for all services does not count against a service's own inherit.
	const isCounted = hasSettings(written) || (!hasDrivers(written) && hasSettings(usual));
	const mark = isDefault ? {canWait: true} as const : {};
	return isBare && !isCounted && !tty ? {kind: 'inherit', ...mark} : {kind: 'lines', logging: forService(logging, name), ...mark};
}

/** What `stdout` and `stderr` come to; null: neither is written. */
export function filesOf(
	{stdout, stderr}: {readonly stdout: Stream; readonly stderr: Stream},
): Extract<Output, {readonly kind: 'files'}> | null {
	if (stdout.kind === 'log' && stderr.kind === 'log') return null;
	return {
		kind: 'files',
		stdout: stdout.kind === 'file' ? stdout.path : '/dev/stdout',
		stderr: stderr.kind === 'file' ? stderr.path : '/dev/stderr',
	};
}

const hasDrivers = ({drivers}: WrittenLogging): boolean => !(drivers.length > 0 && drivers.every(driver => driver === null));
const hasSettings = ({settings}: WrittenLogging): boolean => Object.keys(settings).length > 0;
const isWritten = (written: WrittenLogging): boolean => hasDrivers(written) || hasSettings(written);

/** What is written may be the default as well, which is no reason to have each line twice. */
const isFirst = (driver: LogDriver, index: number, all: readonly LogDriver[]): boolean =>
	all.findIndex(other => JSON.stringify(other) === JSON.stringify(driver)) === index;

function merge(own: WrittenLogging, usual: WrittenLogging, otherwise: readonly LogDriver[]): Logging {
	const general = usual.drivers.flatMap(driver => driver ?? otherwise);
	const drivers = own.drivers.flatMap(driver => driver ?? general);
	return {...LOGGING, ...usual.settings, ...own.settings, drivers: drivers.filter(isFirst)};
}

/** One file has one way to be rotated. Several services may write to it, for lines are written whole. */
export function judgeFiles(
	root: Value, services: readonly Service[], find: (name: string) => Declared | null | undefined, events: Logging, report: Report,
): void {
	const known = new Map<string, {readonly path: string; readonly rotation: string}>();
	const [common, own] = [placeIn(root, 'logging'), placeIn(root, 'events')];
	for (const {name, exec: {output}} of services) {
		const declared = output.kind === 'lines' ? find(name.replace(/:.*/, '')) : null;
		if (!declared || output.kind !== 'lines') continue;
		judge(declared.path, declared.map.entries.get('logging')?.value ?? common ?? declared.key, output.logging);
	}
	judge('archon.events', own ?? common ?? root, events);

	function judge(path: string, at: Place, {drivers}: Logging): void {
		const files = drivers.filter(driver => driver.kind === 'file');
		for (const [index, file] of files.entries()) {
			const twin = files.slice(0, index).find(other => other.path === file.path);
			if (twin?.streams.some(stream => file.streams.includes(stream))) {
				report(at, `${path} has its lines written to ${file.path} twice`, 'give each driver streams or a path of its own');
			}
			const rotation = rotationOf(file);
			const other = known.get(file.path) ?? {path, rotation};
			known.set(file.path, other);
			if (other.rotation === rotation) continue;
			const who = other.path === path ? `${path} writes to ${file.path} twice` : `${path} and ${other.path} write to ${file.path}`;
			report(at, `${who} with different settings`, ROTATION_HINT);
		}
	}
}

function placeIn(root: Value, key: string): Place | undefined {
	const archon = root.kind === 'map' ? root.entries.get('archon')?.value : undefined;
	return archon?.kind === 'map' ? archon.entries.get(key)?.value : undefined;
}

/** A service as it is written. */
interface Declared {
	/** As in messages: `services.web`. */
	readonly path: string;
	readonly key: Place;
	readonly map: Mapping;
}

const ROTATION_HINT = 'give it one max-size, max-file, max-age, compress, mode, user and group, or each a path of its own';

const rotationOf = ({maxSize, maxFile, maxAge, compress, mode, user, group}: LogFile): string =>
	[maxSize, maxFile, maxAge, compress, mode, user, group].join(' ');
