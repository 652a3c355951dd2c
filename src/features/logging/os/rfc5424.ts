/** Lines as messages of the syslog protocol (RFC 5424, and RFC 3164 before it). Text is latin1 here: one character is one byte. */
import type {LogStream, Syslog} from '../core.ts';
import {bytesOf, bytesOfLatin1, latin1Of, textOf} from '../../../os/bytes.ts';
import {timeText} from './format.ts';

/** A line without its newline becomes a message; `at` is in milliseconds since 1970. */
export type Frame = (line: string, stream: LogStream, at: number) => string;

/** RFC 5424 table 2: informational, and error. */
const SEVERITIES = {stdout: 6, stderr: 3} as const;
/** RFC 5424 section 6: how long HOSTNAME and APP-NAME may be. */
const HOST_MAX = 255;
const TAG_MAX = 48;

/** `…` in UTF-8: the line goes on. */
const GOES_ON = '\xe2\x80\xa6';

export function framing({facility, tag, format, address}: Omit<Syslog, 'kind'>, host: string): Frame {
	const priority = (stream: LogStream): number => facility * 8 + SEVERITIES[stream];
	if (format === 'rfc3164') {
		// syslog(3) does not say to a daemon of the same machine which one that is. The tag ends at a colon or a bracket.
		const sender = `${address.kind === 'unix' ? '' : `${field(host, HOST_MAX)} `}${field(tag, TAG_MAX).replaceAll(/[:[]/g, '_')}: `;
		return (line, stream, at) => `<${priority(stream)}>${dateText(at)} ${sender}${message(line)}`;
	}
	const micro = format === 'rfc5424micro' ? '000Z' : 'Z';
	const sender = `${micro} ${field(host, HOST_MAX)} ${field(tag, TAG_MAX)} - - - `;
	return (line, stream, at) => `<${priority(stream)}>1 ${timeText(at).slice(0, -1)}${sender}${message(line)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const [SECOND, MINUTE] = [1000, 60_000];
let [minute, minuteText] = [NaN, ''];

/** RFC 3164 section 4.1.2: `Nov  1 09:05:00`, in local time. */
function dateText(at: number): string {
	const whole = Math.floor(at / MINUTE);
	if (whole !== minute) {
		const date = new Date(whole * MINUTE);
		const [day, hours, minutes] = [date.getDate(), date.getHours(), date.getMinutes()].map(number => String(number).padStart(2, '0'));
		minute = whole;
		minuteText = `${MONTHS[date.getMonth()]} ${day?.replace(/^0/, ' ')} ${hours}:${minutes}:`;
	}
	return `${minuteText}${String(Math.floor((at - whole * MINUTE) / SECOND)).padStart(2, '0')}`;
}

/** A message as a stream has it. */
export type Delimit = (frame: string) => string;

/** With its length before it (RFC 6587 section 3.4.1). Those of RFC 3164 end in a NUL as syslog(3)'s do, or for networks in a newline. */
export const delimiting = ({format, address}: Pick<Syslog, 'format' | 'address'>): Delimit => {
	if (format !== 'rfc3164') return frame => `${frame.length} ${frame}`;
	const end = address.kind === 'unix' ? '\0' : '\n';
	return frame => `${frame}${end}`;
};

/** No longer than `most` bytes, with a mark where there was more; no character is cut in two. */
export function cut(frame: string, most: number): string {
	if (frame.length <= most) return frame;
	let end = most - GOES_ON.length;
	while (end > 0 && (frame.charCodeAt(end) & 0xc0) === 0x80) end--;
	return `${frame.slice(0, end)}${GOES_ON}`;
}

/** PRINTUSASCII without spaces, or the NILVALUE. */
const field = (text: string, most: number): string => text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, most) || '-';

/** UTF-8 without a BOM, which most readers show as text. What is not UTF-8 is U+FFFD, and control characters are written out. */
function message(line: string): string {
	const shown = line.endsWith('\r') ? line.slice(0, -1) : line;
	if (!/[^\t\x20-\x7e]/.test(shown)) return shown;
	const text = textOf(bytesOfLatin1(shown));
	return latin1Of(bytesOf(text.replaceAll(/[\0-\x08\n-\x1f\x7f-\x9f]/g, written)));
}

const written = (control: string): string => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`;
