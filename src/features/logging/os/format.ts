/** How lines look when they leave archon. */
import type {LogStream} from '../core.ts';
import {type Bytes, bytesOf, concat, newBytes} from '../../../os/bytes.ts';
import {sys} from '../../../os/sys.ts';

/** Lines of one stream that came at one time. */
export interface Lines {
	/** Whole lines, each with its newline; or a piece of a line that goes on, without one. */
	readonly bytes: Uint8Array;
	readonly stream: LogStream;
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly isPiece: boolean;
	/** Of archon's own events. */
	readonly level: string | null;
}

/** What it gives is overwritten by the next call of any of them. */
export type Format = (lines: Lines) => Uint8Array;

export const raw: Format = ({bytes, isPiece}) => (isPiece ? concat([bytes, goesOn()]) : bytes);

/** The line goes on. */
export const goesOn = (): Bytes => bytesOf('…\n');

/** Each line after a label, and nothing in it that could hide or fake one. */
export function labelled(label: string, hasTime: boolean): Format {
	const prefix = bytesOf(label);
	return ({bytes, at}) => prefixed(bytes, hasTime ? bytesOf(`${label}${timeText(at)} `) : prefix, true);
}

/** Each line after the time, and otherwise as it is. */
export const timed: Format = ({bytes, at}) => prefixed(bytes, bytesOf(`${timeText(at)} `), false);

/** One object a line. What is an object already is kept as one. */
export const json = (name: string): Format => {
	const [service = name, instance] = name.split(':');
	const whose = `"service":${JSON.stringify(service)}${instance === undefined ? '' : `,"instance":${instance}`}`;
	return ({bytes, stream, at, isPiece, level}) => {
		const head = bytesOf(
			`{"time":"${timeText(at)}",${whose},"stream":"${stream}",${level === null ? '' : `"level":"${level}",`}"message":`,
		);
		const tail = bytesOf(isPiece ? ',"partial":true}\n' : '}\n');
		return written(2 * bytes.length, out => sys.jsonLines(bytes, head, tail, out));
	};
};

const prefixed = (bytes: Uint8Array, prefix: Uint8Array, isSafe: boolean): Uint8Array =>
	written(2 * bytes.length, out => sys.prefixLines(bytes, prefix, isSafe, out));

/** No more bytes than this are kept for the next lines. */
const KEPT_MAX = 1 << 20;
/** Written to by all formats. */
let room = newBytes(0);

/** What `write` puts into the room that it is given: it tells how much that is, and is asked again where there was too little. */
function written(likely: number, write: (out: Uint8Array) => number): Uint8Array {
	if (room.length < likely) room = newBytes(likely);
	let out = room;
	let count = write(out);
	if (count > out.length) {
		out = newBytes(count);
		if (count <= KEPT_MAX) room = out;
		count = write(out);
	}
	return out.subarray(0, count);
}

let second = NaN;
let secondText = '';

/** As RFC 3339 has it, in UTC, to the millisecond. */
export function timeText(at: number): string {
	const whole = Math.floor(at / 1000);
	if (whole !== second) {
		second = whole;
		secondText = new Date(whole * 1000).toISOString().slice(0, -4);
	}
	return `${secondText}${String(Math.floor(at) - whole * 1000).padStart(3, '0')}Z`;
}
