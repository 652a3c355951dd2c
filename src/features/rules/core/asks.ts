/**
 * What the helper `archon.rules` says to PID 1, read. Scripts of users stand behind it, and so PID 1 believes it no more than
 * that: what has another form is no message.
 */
import type {Action, Bounds} from '../../../core/action.ts';
import {type Fields, isObject, parseObject} from '../../../core/foreign-json.ts';
import type {KeptValue, RuleReport, Tried} from '../../../core/lua-rules.ts';
import {signalName, signalNumber} from '../../../core/signal-numbers.ts';
import type {Millis} from '../../../core/time.ts';
import {splitWords} from '../../../core/words.ts';

/** How long a command of a rule may take. */
const TIMEOUT: Millis = 60_000;
/** Actions of one event, names in one of them, characters of a text, of a rule's name, and of what is kept. */
const [ACTIONS_MAX, NAMES_MAX, TEXT_MAX, NAME_MAX, KEPT_TEXT_MAX] = [64, 64, 2000, 200, 1024];

/** What a rule asks for. */
export interface Asked {
	readonly rule: string;
	/** The event, and the service that it is of; empty: of none. */
	readonly event: string;
	readonly service: string;
	readonly variables: Readonly<Record<string, string>>;
	readonly actions: readonly Action[];
	/** Dependencies, as fields of the request `Depend`. */
	readonly depends: readonly (readonly string[])[];
	/** What could not be understood, in words. */
	readonly refused: readonly string[];
}

/** Null: it asks for nothing. `bounds`: as whom commands run. */
export function readAsked(text: string, bounds: Bounds): Asked | null {
	const value = parseObject(text);
	const {rule, fields, acts} = value ?? {};
	if (typeof rule !== 'string' || !isObject(fields) || !Array.isArray(acts)) return null;
	const actions: Action[] = [];
	const refused: string[] = [];
	const depends: (readonly string[])[] = [];
	for (const each of acts.slice(0, ACTIONS_MAX)) {
		const texts = textsIn(each);
		if (texts?.[0] === 'depend') {
			depends.push(dependFields(texts));
			continue;
		}
		const action = texts ? actionOf(texts, bounds) : 'what it asks for is not a list of texts';
		if (typeof action === 'string') refused.push(action);
		else actions.push(action);
	}
	if (acts.length > ACTIONS_MAX) refused.push(`more than ${ACTIONS_MAX} actions for one event`);
	const [name, event] = [rule, textIn(fields['event'])].map(word => clean(word).slice(0, NAME_MAX));
	const service = textIn(fields['service']);
	return {rule: name ?? '', event: event ?? '', service, variables: variablesOf(fields), actions, depends, refused};
}

function actionOf([verb = '', ...texts]: readonly string[], bounds: Bounds): Action | string {
	switch (verb) {
		case 'start':
		case 'stop':
		case 'restart':
		case 'reload': return {kind: verb, names: texts.slice(0, NAMES_MAX)};
		case 'signal': {
			const [text = '', ...names] = texts;
			const signal = signalNumber(text);
			return signal === null ? `${clean(text).slice(0, 40)} is no signal` : {kind: 'signal', signal, names: names.slice(0, NAMES_MAX)};
		}
		case 'run': {
			const [form = '', ...words] = texts;
			const split = form === 'text' ? splitWords(words.join(' ')) : {ok: true as const, value: words};
			if (!split.ok) return `archon.run: ${split.error}`;
			const [program, ...args] = split.value;
			return program ? {kind: 'run', command: [program, ...args], timeout: TIMEOUT, bounds} : 'archon.run: there is no command';
		}
		case 'alert': return {kind: 'alert', text: texts.join(' ').slice(0, TEXT_MAX)};
		default: return `${clean(verb).slice(0, 40)} is no action`;
	}
}

/** What says nothing is left out. */
function dependFields([, dependent = '', target = '', on = '', does = '', order = '']: readonly string[]): readonly string[] {
	const options = Object.entries({'archon.on': on, 'archon.do': does, 'archon.order': order});
	return [dependent, target, ...options.flatMap(([name, text]) => (text === '' ? [] : [`${name}=${text}`]))];
}

/** What commands find in their environment. */
function variablesOf({event, code, signal, pid, line, path, port, previous, state}: Fields): Readonly<Record<string, string>> {
	const all = {
		ARCHON_EVENT: event, ARCHON_EXIT_CODE: code, ARCHON_SIGNAL: signal, ARCHON_PID: pid, ARCHON_LINE: line, ARCHON_PATH: path,
		ARCHON_PORT: port, ARCHON_STATE: state, ARCHON_PREVIOUS_STATE: previous,
	};
	return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => {
		const text = typeof value === 'number' ? String(value) : textIn(value);
		return text === '' ? [] : [[name, text.replaceAll('\0', ' ').slice(0, TEXT_MAX)]];
	}));
}

/** What rules want to hear of; null: of all. `last`: the number of the last event that they were told of. */
export function readWants(text: string): {readonly last: number; readonly kinds: ReadonlySet<string> | null} {
	const {last, kinds} = parseObject(text) ?? {};
	const names = Array.isArray(kinds) ? textsIn(kinds) : null;
	return {last: Number.isSafeInteger(last) ? Number(last) : 0, kinds: names ? new Set(names) : null};
}

/** A value that a rule keeps; null: it is something else. */
export function readKept(text: string): KeptValue | null {
	const [key, kind, value, ...more] = readList(text) ?? [];
	if (key === undefined || kind === undefined || value === undefined || more.length > 0) return null;
	return [key, kind, value].every(({length}) => length <= KEPT_TEXT_MAX) ? [key, kind, value] : null;
}

/** Texts; null: it is something else. */
export const readList = (text: string): readonly string[] | null => textsIn(parseObject(`{"list":${text}}`)?.['list']);

export function readReport(text: string): RuleReport | null {
	const value = parseObject(text);
	if (!value) return null;
	const {state} = value;
	if (state !== 'enabled' && state !== 'disabled' && state !== 'broken') return null;
	const count = (name: string): number => (Number.isSafeInteger(value[name]) ? Number(value[name]) : 0);
	const word = (name: string): string => textIn(value[name]);
	return {
		name: word('name'), file: word('file'), event: word('event'), match: word('match'), state,
		done: count('done'), failed: count('failed'), row: count('row'), error: word('error'),
	};
}

export function readTried(text: string): Tried | null {
	const {name, outcome, asks} = parseObject(text) ?? {};
	const texts = textsIn(asks);
	return typeof name === 'string' && typeof outcome === 'string' && texts ? {name, outcome, asks: texts} : null;
}

/** How a process has ended, as rules see it: its code, or the signal by its name without SIG. `exit`: as a shell has it. */
export function endOf(exit: number | null, reason: string): {readonly code: number | null; readonly signal: string | null} {
	if (exit === null) return {code: null, signal: null};
	const isSignal = exit > 128 && /\bSIG[A-Z]/.test(reason);
	return isSignal ? {code: null, signal: signalName(exit - 128).replace(/^SIG/, '')} : {code: exit, signal: null};
}

const clean = (text: string): string => text.replaceAll(/[\0-\x1f\x7f-\x9f]/g, ' ');

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

function textsIn(value: unknown): readonly string[] | null {
	return Array.isArray(value) && value.every(each => typeof each === 'string') ? value : null;
}
