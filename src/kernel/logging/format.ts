/** How lines look when they leave archon. Text is latin1 here: one character is one byte. */
import type {LogStream} from '../../core/model.ts';
import {isPlain, plainBytes} from '../../core/plain.ts';

/** Lines of one stream that came at one time. */
export interface Lines {
	/** Whole lines, each with its newline; or a piece of a line that goes on, without one. */
	readonly bytes: Buffer;
	readonly stream: LogStream;
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly isPiece: boolean;
	/** Of archon's own events. */
	readonly level: string | null;
}

export type Format = (lines: Lines) => Buffer | string;

/** `…` in UTF-8: the line goes on. */
const GOES_ON = '\xe2\x80\xa6\n';

export const raw: Format = ({bytes, isPiece}) => (isPiece ? `${bytes.toString('latin1')}${GOES_ON}` : bytes);

/** Each line after a label, and nothing in it that could hide or fake one. */
export const labelled = (label: string, hasTime: boolean): Format => ({bytes, at, isPiece}) => {
	const prefix = hasTime ? `${label}${timeText(at)} ` : label;
	const text = isPiece ? bytes.toString('latin1') : bytes.toString('latin1', 0, bytes.length - 1);
	const shown = isPlain(text)
		? text.replaceAll('\n', `\n${prefix}`)
		: text.split('\n').map(plainBytes).join(`\n${prefix}`);
	return `${prefix}${shown}${isPiece ? GOES_ON : '\n'}`;
};

/** Each line after the time, and otherwise as it is. */
export const timed: Format = ({bytes, at, isPiece}) => {
	const prefix = `${timeText(at)} `;
	const text = isPiece ? bytes.toString('latin1') : bytes.toString('latin1', 0, bytes.length - 1);
	return `${prefix}${text.replaceAll('\n', `\n${prefix}`)}${isPiece ? GOES_ON : '\n'}`;
};

/** One object a line. What is an object already is kept as one. */
export const json = (name: string): Format => {
	const [service = name, instance] = name.split(':');
	const whose = `"service":${JSON.stringify(service)}${instance === undefined ? '' : `,"instance":${instance}`}`;
	return ({bytes, stream, at, isPiece, level}) => {
		const head = `{"time":"${timeText(at)}",${whose},"stream":"${stream}",${level === null ? '' : `"level":"${level}",`}"message":`;
		const text = bytes.toString('utf8', 0, isPiece ? bytes.length : bytes.length - 1);
		const tail = isPiece ? ',"partial":true}\n' : '}\n';
		return Buffer.from(text.split('\n').map(line => `${head}${messageOf(line)}${tail}`).join(''));
	};
};

function messageOf(line: string): string {
	if (line.startsWith('{')) {
		try {
			JSON.parse(line);
			return line.trimEnd();
		} catch {
			// It only begins like one.
		}
	}
	return JSON.stringify(line);
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
