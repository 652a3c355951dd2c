/** Files of time zones (TZif, RFC 9636, as in /usr/share/zoneinfo), whose bytes may be anything. */
import {err, ok, type Result} from '../../../core/result.ts';
import {ruleOf, transitionsOf, type Zone} from './zone.ts';

/** No zone has a larger file: the largest of the database has some 3,600 bytes. */
export const ZONE_FILE_MAX = 64 * 1024;

/** What was before is of no matter to what comes: 2020-01-01. */
const EARLIEST = 1_577_836_800;

/** A zone from its file, or what is wrong with it. */
export function readZone(name: string, bytes: Uint8Array): Result<Zone, string> {
	const first = headerAt(bytes, 0);
	if (!first) return err('is not a time zone file');
	// From version 2 on everything comes a second time, in 64 bits, and the rule after it.
	const second = first.version >= 2 ? headerAt(bytes, first.end) : null;
	if (first.version >= 2 && !second) return err('is damaged');
	const header = second ?? first;
	if (header.end > bytes.length || header.types === 0) return err('is damaged');
	if (header.leaps > 0) return err('counts leap seconds, which no clock here does');
	const transitions = transitionsIn(bytes, header);
	const rule = second ? ruleAt(bytes, header.end) : '';
	if (!transitions || rule === null || (rule !== '' && !ruleOf(rule))) return err('is damaged');
	return ok(shortened(name, offsetOf(bytes, header, 0), transitions, rule));
}

interface Header {
	readonly version: number;
	readonly times: number;
	readonly types: number;
	readonly leaps: number;
	/** The bytes of an instant. */
	readonly width: 4 | 8;
	/** Where its data begins, and where that ends. */
	readonly begin: number;
	readonly end: number;
}

const HEADER = 44;

function headerAt(bytes: Uint8Array, at: number): Header | null {
	const isMagic = [...'TZif'].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
	if (!isMagic || bytes.length < at + HEADER) return null;
	const version = bytes[at + 4] === 0 ? 1 : (bytes[at + 4] ?? 0) - 48;
	const [isUtc = 0, isStandard = 0, leaps = 0, times = 0, types = 0, letters = 0] =
		[20, 24, 28, 32, 36, 40].map(offset => unsigned(bytes, at + offset));
	const width = at === 0 ? 4 : 8;
	const begin = at + HEADER;
	const end = begin + times * (width + 1) + types * 6 + letters + leaps * (width + 4) + isStandard + isUtc;
	return version < 1 || version > 9 || types > 256 || end > bytes.length ? null : {version, times, types, leaps, width, begin, end};
}

const unsigned = (bytes: Uint8Array, at: number): number =>
	(((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)) * 256 + (bytes[at + 2] ?? 0)) * 256 + (bytes[at + 3] ?? 0);

/** Two's complement. */
const signed = (bytes: Uint8Array, at: number): number => unsigned(bytes, at) | 0;

const instantAt = (bytes: Uint8Array, at: number, width: 4 | 8): number =>
	(width === 4 ? signed(bytes, at) : signed(bytes, at) * 2 ** 32 + unsigned(bytes, at + 4));

const offsetOf = (bytes: Uint8Array, {begin, times, width}: Header, type: number): number =>
	signed(bytes, begin + times * (width + 1) + type * 6);

/** No clock is a day or more away from UTC. */
const OFFSET_MAX = 26 * 3600;

function transitionsIn(bytes: Uint8Array, header: Header): readonly (readonly [number, number])[] | null {
	const {begin, times, types, width} = header;
	const list: [number, number][] = [];
	for (let i = 0; i < times; i++) {
		const at = instantAt(bytes, begin + i * width, width);
		const type = bytes[begin + times * width + i] ?? 0;
		const before = list.at(-1)?.[0] ?? -Infinity;
		const offset = offsetOf(bytes, header, type);
		if (type >= types || at <= before || Math.abs(offset) > OFFSET_MAX) return null;
		list.push([at, offset]);
	}
	return list;
}

/** The rule stands between two newlines at the end. */
function ruleAt(bytes: Uint8Array, at: number): string | null {
	const end = bytes.indexOf(10, at + 1);
	if (bytes[at] !== 10 || end < 0 || end - at > 128) return null;
	return String.fromCharCode(...bytes.subarray(at + 1, end));
}

/** Without what is long past, and without what the rule says as well. */
function shortened(name: string, initial: number, transitions: readonly (readonly [number, number])[], rule: string): Zone {
	const before = transitions.filter(([at]) => at < EARLIEST).at(-1)?.[1] ?? initial;
	// Some only change what the time is called.
	const later: (readonly [number, number])[] = [];
	for (const each of transitions) if (each[0] >= EARLIEST && each[1] !== (later.at(-1)?.[1] ?? before)) later.push(each);
	const end = transitions.at(-1)?.[0] ?? -Infinity;
	const ruled = ruleOf(rule);
	const made = ruled ? transitionsOf(ruled, 2020, 2100).filter(([at]) => at <= end) : null;
	const isSaid = made !== null && made.length === later.length
		&& made.every(([at, offset], i) => at === later[i]?.[0] && offset === later[i]?.[1]);
	return {name, initial: before, transitions: isSaid ? [] : later, rule};
}
