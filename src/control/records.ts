/**
 * Records of the control protocol as bytes: RFC 4180 fields, one record a line, an optional tag in
 * front. The reader takes bytes in pieces of any size, and returns each whole record or what is wrong with it; the writers
 * make records that the reader understands.
 */
import {err, ok, type Result} from '../core/result.ts';

/** The longest record in bytes, its line feed aside. */
export const LONGEST = 65_536;

/** The verb and what follows it. */
export type Fields = readonly [string, ...string[]];

/** One whole record, or what is wrong with it. */
export type Reading =
	| {readonly kind: 'record'; readonly tag: string | null; readonly fields: Fields}
	/** After a fatal one the reader ignores all bytes: it no longer knows where records begin. */
	| {readonly kind: 'fault'; readonly tag: string | null; readonly reason: string; readonly fatal: boolean};

export interface Reader {
	read(bytes: Uint8Array): readonly Reading[];
	/** The stream is over: a record that was begun is a fault. */
	end(): readonly Reading[];
	/** Whether no record is begun. */
	isIdle(): boolean;
}

const TAB = 9;
const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

/** Where in a record the reader is. `closing`: behind a quote within quotes. `return`: behind a CR. */
type Place = 'start' | 'bare' | 'quoted' | 'closing' | 'return';

/**
 * A reader of one stream. After a fault it goes on by the same rules until the record's end: a quote that opens a field still
 * hides line feeds, and any other quote is ignored.
 */
export function createReader(): Reader {
	const draft = createDraft();
	let place: Place = 'start';
	/** Bytes of the record so far. */
	let size = 0;
	let isDeaf = false;

	const take = (byte: number): void => {
		if (place === 'return') {
			draft.spoil('control character in field');
			place = 'bare';
		}
		if (place === 'quoted') {
			if (byte === QUOTE) place = 'closing';
			else draft.put(byte, isPrintable(byte) || byte === LF || byte === CR || byte === TAB);
		} else if (byte === COMMA) {
			draft.endField();
			place = 'start';
		} else if (byte === CR) {
			place = 'return';
		} else if (byte === QUOTE && place !== 'bare') {
			// The second of a pair stands for itself.
			if (place === 'closing') draft.put(byte, true);
			place = 'quoted';
		} else {
			if (place === 'closing') draft.spoil('text behind a closing quote');
			if (byte === QUOTE) draft.spoil('quote in bare field');
			place = 'bare';
			draft.put(byte, isPrintable(byte));
		}
	};
	const finish = (): Reading => {
		place = 'start';
		size = 0;
		return draft.finish();
	};

	return {
		read(bytes) {
			const readings: Reading[] = [];
			const text = lenient.decode(bytes);
			// Else a place in one is not the same place in the other.
			const isAscii = text.length === bytes.length;
			for (let at = 0; at < bytes.length && !isDeaf; at++) {
				const byte = bytes[at] ?? LF;
				if (byte === LF && size === 0) continue;
				const end = size === 0 ? bytes.indexOf(LF, at) : -1;
				const fields = end < 0 ? null : fieldsOf(isAscii ? text.slice(at, end) : lenient.decode(bytes.subarray(at, end)));
				if (fields) {
					readings.push(readingOf(fields));
					at = end;
				} else if (byte === LF && place !== 'quoted') {
					const isBlank = size === 0 || (size === 1 && place === 'return');
					const reading = finish();
					if (!isBlank) readings.push(reading);
				} else if (size === LONGEST) {
					isDeaf = true;
					readings.push({kind: 'fault', tag: draft.tag(), reason: 'record too long', fatal: true});
				} else {
					size += 1;
					take(byte);
				}
			}
			return readings;
		},
		end() {
			if (isDeaf || size === 0) return [];
			isDeaf = true;
			draft.spoil(place === 'quoted' ? 'unterminated quoted field' : 'record without a line feed');
			return [finish()];
		},
		isIdle: () => size === 0,
	};
}

/**
 * The fields of a line that came whole and holds nothing but printable ASCII, as nearly all do; null for any other
 * line, and where something is wrong with it. Reading it byte by byte would be most of the work of `archonctl`.
 */
function fieldsOf(text: string): readonly string[] | null {
	const line = text.endsWith('\r') ? text.slice(0, -1) : text;
	if (text.length > LONGEST || line === '' || STRANGE.test(line)) return null;
	if (!line.includes('"')) return line.split(',');
	const fields: string[] = [];
	FIELD.lastIndex = 0;
	for (;;) {
		const [, quoted, bare = '', end] = FIELD.exec(line) ?? [];
		if (end === undefined) return null;
		fields.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
		if (end === '') return fields;
	}
}

/** Anything but printable ASCII. */
const STRANGE = /[^ -~]/;
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|$)/y;

/** The record that whole fields make. */
function readingOf([first = '', ...rest]: readonly string[]): Reading {
	const tag = tagOf(first);
	const [verb = '', ...fields] = tag === null ? [first, ...rest] : rest;
	if (verb === '') return syntaxFault(tag, 'no request name');
	if (verb.startsWith('@')) return syntaxFault(tag, 'a tag is @ and 1 to 16 letters, digits, - or _');
	return {kind: 'record', tag, fields: [verb, ...fields]};
}

const tagOf = (field: string): string | null => field.startsWith('@') && /^@[A-Za-z0-9_-]{1,16}$/.test(field) ? field.slice(1) : null;

const syntaxFault = (tag: string | null, reason: string): Reading =>
	({kind: 'fault', tag, reason: `syntax: ${reason}`, fatal: false});

/** A record as one line; the error is why the grammar does not allow it (control characters, for example). */
export function writeRecord(fields: Fields, tag: string | null = null): Result<Uint8Array, string> {
	for (const field of fields) {
		const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(field);
		if (control) return err(`it has control characters: ${JSON.stringify(clip(field, 40))}`);
		if (!field.isWellFormed()) return err(`it is not Unicode: ${JSON.stringify(clip(field, 40))}`);
	}
	const line = encoder.encode(joinRecord(fields, tag));
	const size = line.length - 1;
	return size > LONGEST ? err(`it has ${size} bytes, and ${LONGEST} is the limit`) : ok(line);
}

/** The longest field of a reply in characters, so that any reply is a record that can be read. */
const LONGEST_REPLY_FIELD = 4096;

/** A record in printable ASCII: a line feed becomes `; `, other control and non-ASCII characters `?`. */
export function writePlainRecord([verb, ...fields]: Fields, tag: string | null): string {
	return joinRecord([verb, ...fields.map(plainField)], tag);
}

/** A row of an answer, as such a record. Nearly all are plain already, and an answer may have thousands. */
export function writeRow(row: readonly string[], tag: string | null): string {
	const line = row.join(',');
	if (line.length > LONGEST_REPLY_FIELD || UNPLAIN.test(line) || line.split(',').length !== row.length) {
		return writePlainRecord(['Row', ...row], tag);
	}
	return tag === null ? `Row,${line}\n` : `@${tag},Row,${line}\n`;
}

/** What must be in quotes, or is not printable ASCII. */
const UNPLAIN = /[^ -~]|"|^ | $|, | ,/;

/** At most `length` characters; three dots stand for the rest. */
export const clip = (text: string, length: number): string =>
	text.length <= length ? text : `${text.slice(0, length - 3)}...`;

/** Signs of archon's own messages have words in ASCII. */
const SIGNS: Readonly<Record<string, string>> = {'\n': '; ', '…': '...', '→': '->', '×': 'x'};

/** A field of a reply or row as it is sent. */
export const plainField = (field: string): string => clip(toPlain(field), LONGEST_REPLY_FIELD);

const toPlain = (text: string): string => text.replace(/[^\x20-\x7e]/gu, sign => SIGNS[sign] ?? '?');

/** A record of fields that the grammar is known to allow, and that are short enough. */
export function joinRecord(fields: Fields, tag: string | null): string {
	const isLonely = fields.length === 1 && tag === null;
	const quote = (field: string): string => `"${field.replaceAll('"', '""')}"`;
	const written = fields.map(field => isBareword(field, isLonely) ? field : quote(field));
	return `${tag === null ? '' : `@${tag},`}${written.join(',')}\n`;
}

const isBareword = (field: string, isLonely: boolean): boolean =>
	field === '' ? !isLonely : !/[",\t\r\n]|^ | $/.test(field);

/** Bytes of multi-byte characters among them; whether they make characters is seen at the record's end. */
const isPrintable = (byte: number): boolean => byte >= 32 && byte !== 127;

const encoder = new TextEncoder();

/** A byte order mark is data like any other. */
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const lenient = new TextDecoder('utf-8', {ignoreBOM: true});

/** The bytes of a record's fields while it is read, and the first fault in it. */
interface Draft {
	put(byte: number, isAllowed: boolean): void;
	endField(): void;
	spoil(reason: string): void;
	/** The tag, if it is whole and valid. */
	tag(): string | null;
	finish(): Reading;
}

function createDraft(): Draft {
	let bytes = new Uint8Array(256);
	let length = 0;
	let ends: number[] = [];
	let fault: string | null = null;

	const put = (byte: number, isAllowed: boolean): void => {
		if (!isAllowed) fault ??= 'control character in field';
		if (length === bytes.length) {
			const wider = new Uint8Array(length * 2);
			wider.set(bytes);
			bytes = wider;
		}
		bytes[length++] = byte;
	};
	const text = (index: number): string | null => {
		try {
			return decoder.decode(bytes.subarray(ends[index - 1] ?? 0, ends[index]));
		} catch {
			return null;
		}
	};
	const tag = (): string | null => ends.length > 0 ? tagOf(text(0) ?? '') : null;
	const judge = (): Reading => {
		if (fault !== null) return syntaxFault(tag(), fault);
		const fields: string[] = [];
		for (const index of ends.keys()) {
			const field = text(index);
			if (field === null) return syntaxFault(tag(), 'a field is not UTF-8');
			fields.push(field);
		}
		return readingOf(fields);
	};
	return {
		put,
		endField: () => void ends.push(length),
		spoil: reason => void (fault ??= reason),
		tag,
		finish() {
			ends.push(length);
			const reading = judge();
			// The buffer of one long record is not kept as long as the connection.
			if (bytes.length > 4096) bytes = new Uint8Array(256);
			length = 0;
			ends = [];
			fault = null;
			return reading;
		},
	};
}
