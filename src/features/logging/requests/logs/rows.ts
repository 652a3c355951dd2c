/**
 * The rows of the answer to `Logs`. Pure; a client that shows them is `cli/logs.ts`.
 *
 * | row | |
 * |---|---|
 * | `source,<name>` | whose lines are told, before any of them; `archon` is archon itself unless a service is called so |
 * | `unseen,<name>,<why>` | archon does not read what it says |
 * | `file,<name>,<path>,<inode>,<size>,<format>,<streams>` | more of its lines, and older ones, are in this file up to `size` |
 * | `line,<name>,<stream>,<ms since 1970>,<text>` | a line |
 * | `part,<name>,<stream>,<ms since 1970>,<text>` | the beginning of a long one, whose rest is the next row |
 * | `live` | all that was kept has been told; with `archon.follow=yes` |
 * | `dropped,<n>` | n lines are left out here: the client reads too slowly |
 *
 * In a path and a text a backslash is `\\`, and what the grammar has no place for `\xHH`.
 */
import {LOG_STREAMS, type LogPosition, type LogStream} from '../../core.ts';

export type LogRow =
	| {readonly kind: 'source'; readonly name: string}
	| {readonly kind: 'unseen'; readonly name: string; readonly why: string}
	| FileRow
	| LineRow
	| {readonly kind: 'live'}
	| {readonly kind: 'dropped'; readonly count: number};

/** What is behind its `size` bytes is told as lines. */
export interface FileRow extends LogPosition {
	readonly kind: 'file';
	readonly name: string;
}

export interface LineRow {
	readonly kind: 'line' | 'part';
	readonly name: string;
	readonly stream: LogStream;
	/** In milliseconds since 1970. */
	readonly at: number;
	readonly text: string;
}

/** Characters of a text in one row. None takes more than four bytes, so that the record has room for them. */
const LONGEST_TEXT = 12_000;

/** One row, but for a long line several. */
export function encodeLogRow(row: LogRow): readonly (readonly string[])[] {
	switch (row.kind) {
		case 'source': return [['source', row.name]];
		case 'unseen': return [['unseen', row.name, escape(row.why)]];
		case 'file': {
			const {name, path, inode, size, format, streams} = row;
			return [['file', name, escape(path), String(inode), String(size), format, streams.join('+')]];
		}
		case 'live': return [['live']];
		case 'dropped': return [['dropped', String(row.count)]];
		default: return pieces(row.text).map((text, index, {length}) =>
			[index < length - 1 ? 'part' : 'line', row.name, row.stream, String(row.at), escape(text)]);
	}
}

function pieces(text: string): readonly string[] {
	if (text.length <= LONGEST_TEXT) return [text];
	const cut: string[] = [];
	for (let from = 0; from < text.length;) {
		const to = from + LONGEST_TEXT;
		// Between the halves of a pair is no place to cut.
		const end = /[\ud800-\udbff]/.test(text[to - 1] ?? '') ? to - 1 : to;
		cut.push(text.slice(from, end));
		from = end;
	}
	return cut;
}

const FORMATS = ['raw', 'timestamps', 'json'] as const;

/** null: a row of a kind that is not known. */
export function decodeLogRow([kind, name = '', ...fields]: readonly string[]): LogRow | null {
	switch (kind) {
		case 'source': return {kind, name};
		case 'unseen': return {kind, name, why: unescapeLine(fields[0] ?? '')};
		case 'live': return {kind};
		case 'dropped': return {kind, count: Number(name)};
		case 'line':
		case 'part': {
			const [stream = '', at = '', text = ''] = fields;
			return {kind, name, stream: stream === 'stderr' ? stream : 'stdout', at: Number(at), text: unescapeLine(text)};
		}
		case 'file': {
			const [path = '', inode = '', size = '', format = '', streams = ''] = fields;
			return {
				kind, name, path: unescapeLine(path), inode: Number(inode), size: Number(size),
				format: FORMATS.find(known => known === format) ?? 'raw',
				streams: LOG_STREAMS.filter(stream => streams.split('+').includes(stream)),
			};
		}
		default: return null;
	}
}

const escape = (text: string): string => /[\\\0-\x08\x0a-\x1f\x7f]/.test(text)
	? text.replace(/[\\\0-\x08\x0a-\x1f\x7f]/g, character =>
		character === '\\' ? '\\\\' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
	: text;

export const unescapeLine = (text: string): string => text.includes('\\')
	? text.replace(/\\(?:\\|x([0-9a-f]{2}))/g, (_, code: string | undefined) =>
		code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 16)))
	: text;
