/** Where a program's lines go in supervisord: its log files, syslog, or supervisord's own streams. */
import type {Place} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, map, word} from '../translation.ts';
import {scalar, type Text} from './expressions.ts';
import type {Reader} from './section.ts';

/** The files that are written, with how each is rotated: archon rotates one file in one way. */
export type Outputs = Map<string, {readonly program: string; readonly rotation: string}>;

type Stream = 'stdout' | 'stderr';

/** `usual`: nothing is written, and archon does as it does with every service. */
type Target =
	| {readonly kind: 'usual' | 'none' | Stream; readonly at: Place}
	| {readonly kind: 'file'; readonly at: Place; readonly path: Text; readonly size: string; readonly count: number};

/** In bytes: archon's least. */
const SIZE_MIN = 1024;
const SIZE = 50 * 1024 * 1024;
const BACKUPS = 10;

const STREAMS: Readonly<Record<string, Exclude<Target['kind'], 'file'>>> = {
	'none': 'none', 'off': 'none', '/dev/null': 'none', 'auto': 'usual', 'syslog': 'none',
	'/dev/stdout': 'stdout', '/dev/fd/1': 'stdout', '/proc/self/fd/1': 'stdout', '/proc/1/fd/1': 'stdout',
	'/dev/stderr': 'stderr', '/dev/fd/2': 'stderr', '/proc/self/fd/2': 'stderr', '/proc/1/fd/2': 'stderr',
};

type Tell = (at: Place, key: string, why: string) => void;

/** Keys of a service: `logging`, or `stdout` and `stderr` where one of its streams goes to the other one of archon's. */
export function outputOf(reader: Reader, outputs: Outputs, tell: Tell): Readonly<Record<string, Value | undefined>> {
	const {at} = reader;
	const isOne = reader.flag('redirect_stderr')?.value === true;
	const stdout = targetOf(reader, 'stdout', outputs, tell);
	const stderr = isOne ? stdout : targetOf(reader, 'stderr', outputs, tell);
	const syslog = (['stdout', 'stderr'] as const).filter(stream => !(isOne && stream === 'stderr') && isLogged(reader, stream));
	const isCrossed = stdout.kind === 'stderr' || stderr.kind === 'stdout';
	if (isCrossed && syslog.length === 0 && isPlain(stdout) && isPlain(stderr)) {
		return {stdout: ownStream(stdout), stderr: ownStream(stderr)};
	}
	const drivers: Value[] = [];
	const add = (target: Target, ...streams: readonly Stream[]): void => {
		const driver = driverOf(target, streams, at);
		if (driver) drivers.push(driver);
	};
	const isNatural = stdout.kind === 'stdout' && stderr.kind === 'stderr';
	if (isNatural || isSame(stdout, stderr)) {
		add(stdout, 'stdout', 'stderr');
	} else {
		for (const [stream, target] of [['stdout', stdout], ['stderr', stderr]] as const) {
			if (!isNatural && isPlain(target) && target.kind !== 'none' && target.kind !== stream) {
				tell(target.at, `${stream}_logfile`, `its ${stream} is archon's ${stream}`);
			}
			add(target, stream);
		}
	}
	for (const stream of syslog) {
		const streams = isOne ? {} : {streams: word(at, stream)};
		drivers.push(map(at, {driver: word(at, 'syslog'), options: map(at, {'syslog-facility': word(at, 'user'), ...streams})}));
	}
	if (stdout.kind === 'usual' && stderr.kind === 'usual' && syslog.length === 0) return {};
	const [only] = drivers;
	return {logging: drivers.length === 0 ? word(at, 'none') : drivers.length === 1 ? only : list(at, drivers)};
}

const isLogged = (reader: Reader, stream: Stream): boolean =>
	reader.flag(`${stream}_syslog`)?.value === true || reader.raw(`${stream}_logfile`)?.text.trim().toLowerCase() === 'syslog';

const isPlain = ({kind}: Target): boolean => kind === 'none' || kind === 'stdout' || kind === 'stderr';

/** One of archon's own, or none. */
const ownStream = ({kind, at}: Target): Value => (kind === 'none' ? word(at, 'none') : word(at, `/dev/${kind}`));

function targetOf(reader: Reader, stream: Stream, outputs: Outputs, tell: Tell): Target {
	const key = `${stream}_logfile`;
	const given = reader.text(key);
	const path = given?.value.trim() ?? '';
	const known = STREAMS[path.toLowerCase()];
	if (!given || path === '' || known) return {kind: known ?? 'usual', at: given?.at ?? reader.at};
	const size = sizeOf(reader, `${key}_maxbytes`);
	const backups = Number(reader.now(`${key}_backups`)?.value ?? BACKUPS);
	if (!path.startsWith('/') || path.startsWith('/dev/')) {
		const isNear = !path.startsWith('/');
		tell(given.at, key, isNear ? 'name it from / on: it was where supervisord was started' : 'it is no file that archon can rotate');
		return {kind: 'usual', at: given.at};
	}
	const count = Number.isInteger(backups) && backups >= 0 ? Math.min(backups, 999) + 1 : BACKUPS + 1;
	const rotation = `${size} ${count}`;
	const before = outputs.get(path);
	if (!before) {
		outputs.set(path, {program: reader.name, rotation});
		return {kind: 'file', at: given.at, path, size, count};
	}
	const [otherSize = size, otherCount] = before.rotation.split(' ');
	if (before.rotation !== rotation) tell(given.at, key, `archon rotates a file in one way: here that of [${before.program}]`);
	return {kind: 'file', at: given.at, path, size: otherSize, count: Number(otherCount)};
}

const isSame = (one: Target, other: Target): boolean =>
	(one.kind === 'file' && other.kind === 'file' ? one.path === other.path : one.kind === other.kind);

/** Python's byte sizes: a number, or one with KB, MB or GB; 0 is never rotated. */
function sizeOf(reader: Reader, key: string): string {
	const given = reader.now(key);
	const [, digits, unit = ''] = /^\s*(\d{1,15})\s*(kb|mb|gb)?\s*$/i.exec(given?.value ?? String(SIZE)) ?? [];
	if (digits === undefined && given) reader.report(given.at, key, 'is not a size', 'write bytes, or 50MB');
	const bytes = Number(digits ?? SIZE) * 1024 ** ['', 'kb', 'mb', 'gb'].indexOf(unit.toLowerCase());
	if (bytes === 0) return 'unlimited';
	const least = Math.max(bytes, SIZE_MIN);
	const power = [3, 2, 1].find(each => least % 1024 ** each === 0) ?? 0;
	return `${least / 1024 ** power}${['', 'k', 'm', 'g'][power]}`;
}

function driverOf(target: Target, streams: readonly Stream[], at: Place): Value | undefined {
	const [only] = streams;
	const own = streams.length === 1 && only ? {streams: word(at, only)} : {};
	switch (target.kind) {
		case 'none': return undefined;
		case 'usual': return map(at, {driver: word(at, 'prefix'), ...streams.length === 1 && {options: map(at, own)}});
		case 'stdout':
		case 'stderr': return map(at, {driver: word(at, 'inherit'), ...streams.length === 1 && {options: map(at, own)}});
		case 'file': return map(target.at, {
			driver: word(at, 'file'),
			options: map(target.at, {
				'path': scalar(target.at, target.path), 'max-size': target.size === '10m' ? undefined : word(target.at, target.size),
				'max-file': target.count === 5 ? undefined : word(target.at, target.count),
				// As supervisord makes it, so that others may read it.
				'mode': scalar(target.at, '0644'), ...own,
			}),
		});
	}
}
