/** A message as each kind of receiver has it: JSON, a title, text, or a template filled in. Pure. Nothing in it is believed. */
import {listed} from '../../../core/listed.ts';
import {plainText} from '../../../core/plain.ts';
import type {Batch, Item} from './groups.ts';

/** What is known of a service when it is told of. */
export interface Context {
	/** Why it is as it is, down to what everything waits for. */
	readonly cause: string;
	/** How its last run, or that of the root of it all, has ended. */
	readonly outcome: string;
	/** As an exit status of a shell; null: none has ended. */
	readonly exit: number | null;
	/** What was said last. */
	readonly lines: readonly string[];
}

export interface Message {
	/** Tells messages apart, also where one is delivered twice. */
	readonly id: string;
	readonly host: string;
	/** In ms since 1970. */
	readonly at: number;
	/** `test`: nothing has happened. */
	readonly status: 'firing' | 'recovered' | 'event' | 'test';
	readonly title: string;
	readonly alerts: readonly (Item & Partial<Context>)[];
	/** What else has happened, beside those. */
	readonly more: number;
}

/** How many things a message tells of; of how many of them it has the context; and of that, lines and characters. */
export const [ITEMS_MAX, CONTEXTS_MAX, LINES_MAX] = [20, 5, 10];
const [LINE_MAX, CAUSE_MAX, TITLE_MAX] = [200, 300, 200];

export interface Sender {
	readonly id: string;
	readonly host: string;
	readonly at: number;
}

/** Services of which the context is wanted. */
export const asked = ({items}: Batch): readonly string[] =>
	[...new Set(items.filter(({state, service}) => state === 'firing' && service !== '').map(({service}) => service))].slice(0, CONTEXTS_MAX);

export function messageOf(batch: Batch, contexts: ReadonlyMap<string, Context>, sender: Sender): Message {
	const {items, more} = batch;
	const alerts = items.slice(0, ITEMS_MAX).map(item => {
		const context = item.state === 'firing' ? contexts.get(item.service) : undefined;
		return {...item, reason: short(item.reason, CAUSE_MAX), ...context && bounded(context)};
	});
	const title = titleOf(items, sender.host);
	return {...sender, status: items[0]?.state ?? 'event', title, alerts, more: more + items.length - alerts.length};
}

/** A message for trial. */
export const trialOf = (sender: Sender): Message =>
	({...sender, status: 'test', title: `test from ${sender.host}: alerts arrive here`, alerts: [], more: 0});

/** One line: controls are spaces. */
export const plainLine = (text: string): string => text.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();

const short = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1).toWellFormed()}…` : text);

const bounded = ({cause, outcome, exit, lines}: Context): Context => ({
	cause: short(plainLine(cause), CAUSE_MAX), outcome: short(plainLine(outcome), CAUSE_MAX), exit,
	lines: lines.slice(-LINES_MAX).map(line => short(plainText(line.replaceAll(COLOUR, '')), LINE_MAX)),
});

const COLOUR = /\x1b\[[\d;:]*m/g;

function titleOf(items: readonly Item[], host: string): string {
	const phrases: string[] = [];
	const groups = new Map<string, Set<string>>();
	for (const {state, kind, service} of items) {
		const word = state === 'recovered' ? 'recovered' : kind;
		groups.set(word, (groups.get(word) ?? new Set()).add(service === '' ? 'archon' : service));
	}
	for (const [word, names] of groups) phrases.push(`${word}: ${listed([...names], 3)}`);
	return short(plainLine(`${phrases.join('; ')} (${host})`), TITLE_MAX);
}

/** All there is, as JSON. */
export function jsonOf(message: Message): string {
	const {id, host, at, status, title, alerts, more} = message;
	return JSON.stringify({
		version: 1, id, host, time: timeOf(at), status, title, more,
		alerts: alerts.map(({state, kind, service, reason, count, since, at, cause, outcome, exit, lines}) => ({
			status: state, event: kind, service: service === '' ? null : service, reason, count, since: timeOf(since), time: timeOf(at),
			...cause === undefined ? {} : {cause, outcome, exit, lines},
		})),
	});
}

const timeOf = (at: number): string => new Date(Number.isFinite(at) ? at : 0).toISOString();

/** For people: lines that end in a newline. */
export function textOfMessage({title, alerts, more, host, at, status}: Message): string {
	const lines = [title, ''];
	for (const {state, kind, service, reason, count, since, at, cause, outcome, lines: said = []} of alerts) {
		const what = state === 'recovered' ? `recovered at ${timeOf(at)}, after ${kind}` : `${kind} at ${timeOf(at)}`;
		lines.push(`${service === '' ? 'archon' : service}: ${what}${count > 1 ? `, ${count} times since ${timeOf(since)}` : ''}`);
		const why = cause ?? reason;
		if (why !== '') lines.push(`  cause: ${plainLine(why)}`);
		if (outcome) lines.push(`  last outcome: ${outcome}`);
		if (said.length > 0) lines.push('  last lines:', ...said.map(line => `    ${line}`));
		lines.push('');
	}
	if (more > 0) lines.push(`and ${more} more`, '');
	if (status === 'test') lines.push('Nothing has happened: somebody tries whether alerts arrive (archonctl alerts test).', '');
	lines.push(`archon on ${host}, ${timeOf(at)}`);
	return `${lines.join('\n')}\n`;
}

/** What may stand in `{{…}}` in a template. */
export const PLACEHOLDERS = ['title', 'text', 'status', 'host', 'id', 'time', 'service', 'event', 'reason', 'cause', 'json'] as const;

const PLACEHOLDER = /\{\{ *([a-z]+) *\}\}/g;

/** The names in a template that mean nothing. */
export const strangersIn = (template: string): readonly string[] =>
	[...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name).filter(name => !(PLACEHOLDERS as readonly string[]).includes(name));

/** The template with its placeholders filled in, so that none of them can be more than text in a body of this type. */
export function filledIn(template: string, contentType: string, message: Message): string {
	const {title, status, host, id, at, alerts: [first]} = message;
	const values: Readonly<Record<string, string>> = {
		title, status, host, id, time: timeOf(at), text: textOfMessage(message), service: first?.service ?? '', event: first?.kind ?? '',
		reason: first?.reason ?? '', cause: first?.cause ?? first?.reason ?? '',
	};
	const escape = escapeFor(contentType);
	return template.replaceAll(PLACEHOLDER, (_, name: string) => (name === 'json' ? jsonOf(message) : escape(values[name] ?? '')));
}

function escapeFor(contentType: string): (text: string) => string {
	if (/json/i.test(contentType)) return text => JSON.stringify(text.toWellFormed()).slice(1, -1);
	if (/urlencoded/i.test(contentType)) return text => encodeURIComponent(text.toWellFormed());
	if (/xml|html/i.test(contentType)) return text => text.replaceAll(/[<>&"']/g, char => `&#${char.charCodeAt(0)};`);
	return text => text;
}

/** A mail: its header and its body, lines ending in CR LF, all ASCII (RFC 5322, RFC 2045). */
export function mailOf(message: Message, from: string, to: readonly string[], date: string): string {
	const header = [
		`Date: ${date}`, `From: ${address(from)}`, `To: ${to.map(address).join(', ')}`, `Subject: ${encodedWord(plainLine(message.title))}`,
		`Message-ID: <${message.id.replaceAll(/[^\w.-]/g, '')}@${message.host.replaceAll(/[^\w.-]/g, '') || 'archon'}>`,
		// No answering machine is to answer (RFC 3834).
		'Auto-Submitted: auto-generated', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64',
	];
	const body = base64(utf8(textOfMessage(message).replaceAll('\n', '\r\n'))).replaceAll(/.{76}(?=.)/g, '$&\r\n');
	return `${header.join('\r\n')}\r\n\r\n${body}\r\n`;
}

const address = (text: string): string => plainLine(text).replaceAll(/[^!-~]/g, '');

/** Words of a header (RFC 2047): as they are where that is ASCII. */
function encodedWord(text: string): string {
	if (/^[ -~]*$/.test(text) && !text.includes('=?')) return text;
	const words: string[] = [];
	let word = '';
	for (const char of text.toWellFormed()) {
		// 75 characters with what is around them.
		if (utf8(word + char).length > 42) {
			words.push(word);
			word = '';
		}
		word += char;
	}
	return [...words, word].map(each => `=?utf-8?B?${base64(utf8(each))}?=`).join('\r\n ');
}

function utf8(text: string): readonly number[] {
	const encoded = encodeURIComponent(text.toWellFormed());
	const bytes: number[] = [];
	for (let i = 0; i < encoded.length; i++) {
		if (encoded[i] === '%') {
			bytes.push(Number.parseInt(encoded.slice(i + 1, i + 3), 16));
			i += 2;
		} else {
			bytes.push(encoded.charCodeAt(i));
		}
	}
	return bytes;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: readonly number[]): string {
	let text = '';
	for (let i = 0; i < bytes.length; i += 3) {
		const bits = (bytes[i] ?? 0) << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
		const four = [18, 12, 6, 0].map(shift => DIGITS[bits >> shift & 63] ?? '').join('');
		text += four.slice(0, Math.min(4, bytes.length - i + 1)).padEnd(4, '=');
	}
	return text;
}
