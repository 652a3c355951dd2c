/**
 * The line that a person edits: keys → another state, and what the shell is to do. The keys are those of readline(3) as
 * most know them (emacs). Pure.
 */
import type {Input} from '../terminal/keys.ts';
import {clusterEnd} from '../terminal/width.ts';

/** A text, and where in it the cursor is: between two clusters. */
export interface Line {
	readonly text: string;
	readonly at: number;
}

export interface Editor extends Line {
	/** Lines of before, the oldest first. */
	readonly history: readonly string[];
	/** Which of them is shown; their number: the line that is new. */
	readonly place: number;
	/** The new line while an older one is shown. */
	readonly draft: string;
	/** What was cut last, for ^Y. */
	readonly cut: string;
	/** What the last key did, where that matters to the next. */
	readonly last: 'typed' | 'cut' | null;
	/** Lines to come back to by ^_, the latest last. */
	readonly past: readonly Line[];
	readonly search: Search | null;
}

/** ^R: the latest line that holds what was typed. */
export interface Search {
	readonly query: string;
	/** Which of the history holds it; its number: none was looked for yet. */
	readonly found: number;
	readonly isFailed: boolean;
	/** What was there before. */
	readonly before: Line & {readonly place: number; readonly draft: string};
}

export type Effect =
	/** Enter: the line is to be carried out. */
	| {readonly kind: 'accept'; readonly line: string}
	/** ^C: the line is given up. */
	| {readonly kind: 'interrupt'}
	/** ^D on an empty line. */
	| {readonly kind: 'leave'}
	| {readonly kind: 'suspend'}
	/** ^L */
	| {readonly kind: 'clear'}
	/** Tab */
	| {readonly kind: 'complete'};

export interface Pressed {
	readonly editor: Editor;
	readonly effect: Effect | null;
}

/** Characters of a line; no request may be longer. */
export const LINE_MAX = 32_768;
const PAST_MAX = 200;

export const createEditor = (history: readonly string[], cut = ''): Editor => ({
	text: '', at: 0, history, place: history.length, draft: '', cut, last: null, past: [], search: null,
});

/** `isWhole`: whether Enter carries the line out, or a quote is open and it goes on. */
export function press(editor: Editor, input: Input, isWhole: (text: string) => boolean): Pressed {
	if (input.kind === 'paste') return only(typed({...editor, search: null, last: null}, pastedText(input.text)));
	const {key} = input;
	if (editor.search) return inSearch(editor, editor.search, key, isWhole);
	switch (key) {
		case 'enter': return isWhole(editor.text)
			? {editor, effect: {kind: 'accept', line: editor.text}}
			: only(typed({...editor, at: editor.text.length}, '\n'));
		case 'ctrl-c': return {editor, effect: {kind: 'interrupt'}};
		case 'ctrl-d': return editor.text === '' ? {editor, effect: {kind: 'leave'}} : only(edited(editor, key));
		case 'ctrl-z': return {editor, effect: {kind: 'suspend'}};
		case 'ctrl-l': return {editor: {...editor, last: null}, effect: {kind: 'clear'}};
		case 'tab': return {editor: {...editor, last: null}, effect: {kind: 'complete'}};
		case 'ctrl-r': {
			const {text, at, place, draft, history} = editor;
			const search = {query: '', found: history.length, isFailed: false, before: {text, at, place, draft}};
			return only({...editor, last: null, search});
		}
		default: return only(edited(editor, key));
	}
}

const only = (editor: Editor): Pressed => ({editor, effect: null});

/** What a line may hold of a paste: its last line feeds are no Enter. */
const pastedText = (text: string): string => text.replace(/\n+$/, '').replaceAll('\t', ' ').replaceAll(/[\0-\x09\x0b-\x1f\x7f-\x9f]/g, '');

/** Another text in a part of the line, as a step that ^_ takes back; completion does it as well. */
export function replaced(editor: Editor, from: number, to: number, text: string): Editor {
	const whole = editor.text.slice(0, from) + text + editor.text.slice(to);
	if (whole.length > LINE_MAX) return editor;
	return {...editor, text: whole, at: from + text.length, past: pastOf(editor), last: null};
}

const pastOf = ({past, text, at}: Editor): readonly Line[] => [...past.slice(-PAST_MAX), {text, at}];

/** Characters that are typed one after the other are one step of ^_. */
function typed(editor: Editor, text: string): Editor {
	const next = replaced(editor, editor.at, editor.at, text);
	return next === editor ? editor : {...next, past: editor.last === 'typed' ? editor.past : next.past, last: 'typed'};
}

function edited(editor: Editor, key: string): Editor {
	const {text, at} = editor;
	switch (key) {
		case 'ctrl-b': case 'left': return moved(editor, placeBefore(text, at));
		case 'ctrl-f': case 'right': return moved(editor, clusterEnd(text, at));
		case 'ctrl-a': case 'home': return moved(editor, 0);
		case 'ctrl-e': case 'end': return moved(editor, text.length);
		case 'alt-b': case 'alt-left': case 'ctrl-left': return moved(editor, wordBegin(text, at));
		case 'alt-f': case 'alt-right': case 'ctrl-right': return moved(editor, wordEnd(text, at));
		case 'ctrl-p': case 'up': return shown(editor, editor.place - 1);
		case 'ctrl-n': case 'down': return shown(editor, editor.place + 1);
		case 'alt-<': return shown(editor, 0);
		case 'alt->': return shown(editor, editor.history.length);
		case 'backspace': return at === 0 ? still(editor) : replaced(editor, placeBefore(text, at), at, '');
		case 'ctrl-d': case 'delete': return at === text.length ? still(editor) : replaced(editor, at, clusterEnd(text, at), '');
		case 'ctrl-k': return cut(editor, at, text.length);
		case 'ctrl-u': return cut(editor, 0, at);
		case 'ctrl-w': return cut(editor, text.slice(0, at).replace(/\S+\s*$/, '').length, at);
		case 'alt-backspace': return cut(editor, wordBegin(text, at), at);
		case 'alt-d': case 'ctrl-delete': return cut(editor, at, wordEnd(text, at));
		case 'ctrl-y': return replaced(editor, at, at, editor.cut);
		case 'ctrl-t': return exchanged(editor);
		case 'ctrl-_': return undone(editor);
		// One character; whatever else has a name does nothing.
		default: return [...key].length === 1 ? typed(editor, key) : still(editor);
	}
}

const still = (editor: Editor): Editor => editor.last === null ? editor : {...editor, last: null};

const moved = (editor: Editor, at: number): Editor => ({...editor, at, last: null});

/** The place before, where the character before the cursor begins. */
export function placeBefore(text: string, at: number): number {
	// Clusters are short, and never begin in the middle of another one: the last places before it are enough.
	const from = Math.max(0, at - 128);
	let place = from;
	for (let next = from; next < at; next = clusterEnd(text, next)) place = next;
	return place;
}

const LETTER = /[\p{L}\p{N}_]/u;

/** Where a word begins that is before the place. */
function wordBegin(text: string, at: number): number {
	let place = at;
	const isLetterBefore = (): boolean => LETTER.test(text.slice(placeBefore(text, place), place));
	while (place > 0 && !isLetterBefore()) place = placeBefore(text, place);
	while (place > 0 && isLetterBefore()) place = placeBefore(text, place);
	return place;
}

/** Where a word ends that is behind the place. */
function wordEnd(text: string, at: number): number {
	let place = at;
	const isLetter = (): boolean => LETTER.test(text.slice(place, clusterEnd(text, place)));
	while (place < text.length && !isLetter()) place = clusterEnd(text, place);
	while (place < text.length && isLetter()) place = clusterEnd(text, place);
	return place;
}

/** What is cut by one key after the other is one text. */
function cut(editor: Editor, from: number, to: number): Editor {
	if (from === to) return {...editor, last: editor.last === 'cut' ? 'cut' : null};
	const piece = editor.text.slice(from, to);
	const before = editor.last === 'cut' ? editor.cut : '';
	return {...replaced(editor, from, to, ''), cut: to === editor.at ? piece + before : before + piece, last: 'cut'};
}

/** The characters before and behind the cursor change places; at the end, the last two do. */
function exchanged(editor: Editor): Editor {
	const {text} = editor;
	const at = editor.at === text.length ? placeBefore(text, editor.at) : editor.at;
	if (at === 0) return still(editor);
	const [from, to] = [placeBefore(text, at), clusterEnd(text, at)];
	return replaced(editor, from, to, text.slice(at, to) + text.slice(from, at));
}

function undone(editor: Editor): Editor {
	const before = editor.past.at(-1);
	return before ? {...editor, ...before, past: editor.past.slice(0, -1), last: null} : still(editor);
}

/** Another line of the history. */
function shown(editor: Editor, place: number): Editor {
	const {history, draft, text} = editor;
	if (place < 0 || place > history.length || place === editor.place) return still(editor);
	const next = place === history.length ? draft : history[place] ?? '';
	return {
		...editor, place, draft: editor.place === history.length ? text : draft, text: next, at: next.length, past: [], last: null,
	};
}

// ── ^R ───────────────────────────────────────────────────────────────────────────────────────────

function inSearch(editor: Editor, search: Search, key: string, isWhole: (text: string) => boolean): Pressed {
	switch (key) {
		case 'ctrl-r': return only(searched(editor, search, search.query, search.found - 1));
		case 'ctrl-s': return only(searchedForward(editor, search));
		case 'backspace': {
			const {query} = search;
			return only(searched(editor, search, query.slice(0, placeBefore(query, query.length)), editor.history.length - 1));
		}
		case 'ctrl-g': case 'ctrl-c': return only({...editor, ...search.before, search: null});
		case 'escape': return only({...editor, search: null});
	}
	if ([...key].length === 1) return only(searched(editor, search, search.query + key, Math.min(search.found, editor.history.length - 1)));
	// Any other key is for the line that was found.
	return press({...editor, search: null}, {kind: 'key', key}, isWhole);
}

/** The latest line from a place back that holds the query. */
function searched(editor: Editor, search: Search, query: string, from: number): Editor {
	if (query === '') return {...editor, ...search.before, search: {...search, query, found: editor.history.length, isFailed: false}};
	const {history} = editor;
	for (let i = from; i >= 0; i--) {
		// The same line as is shown is no other one.
		if (history[i]?.includes(query) && !(query === search.query && history[i] === editor.text)) return found(editor, search, query, i);
	}
	return {...editor, search: {...search, query, isFailed: true}};
}

function searchedForward(editor: Editor, search: Search): Editor {
	for (let i = search.found + 1; i < editor.history.length; i++) {
		if (editor.history[i]?.includes(search.query) && editor.history[i] !== editor.text) return found(editor, search, search.query, i);
	}
	return {...editor, search: {...search, isFailed: true}};
}

function found(editor: Editor, search: Search, query: string, place: number): Editor {
	const text = editor.history[place] ?? '';
	const {before} = search;
	return {
		...editor, text, at: text.indexOf(query), place, past: [],
		draft: before.place === editor.history.length ? before.text : before.draft,
		search: {...search, query, found: place, isFailed: false},
	};
}
