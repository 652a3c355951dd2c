/** A person at the shell: what is typed becomes commands, one after the other, and what happens meanwhile is shown above the line. */
import type {Outcome} from '../../core/outcome.ts';
import {after} from '../../os/reactor.ts';
import type {Size, Terminal} from '../../os/terminal.ts';
import {createDecoder, ESCAPE_PAUSE, type Input} from '../terminal/keys.ts';
import {columnsOf, type Completion} from './complete.ts';
import {createEditor, type Effect, press, replaced} from './editor.ts';
import {erase, layout, leave, paint, type Piece, resized, type Shown} from './layout.ts';
import {searchPrompt} from './prompt.ts';
import {commandsOf, isWhole} from './words.ts';

export interface SessionParts {
	readonly terminal: Terminal;
	readonly prompt: () => readonly Piece[];
	/** Calls back when the prompt is true. */
	readonly refresh: (done: () => void) => void;
	/** What the line may go on with, now or soon. */
	readonly complete: (line: string, at: number, done: (completion: Completion) => void) => void;
	/** Begins a command, which then has the terminal; null: it is done. Else `ended` is to be called. */
	readonly begin: (words: readonly string[]) => 'under way' | 'done' | 'leave';
	/** The line is to be remembered; the history with it. */
	readonly remember: (line: string) => readonly string[];
	readonly leave: () => void;
}

export interface Session {
	/** The first prompt. */
	begin(): void;
	typed(bytes: Uint8Array): void;
	resized(size: Size): void;
	continued(): void;
	/** The command under way has ended. */
	ended(outcome: Outcome): void;
	/** The prompt may be another one. */
	changed(): void;
	/** A line to be shown, when no command has the terminal. */
	note(line: string): void;
}

/** Lines that wait until a command ends. */
const NOTES_MAX = 5;

/** A sign where the last output has no line feed, as zsh has it: it is written over where there was one. */
const unfinished = (columns: number): string => `\x1b[2m%\x1b[0m${' '.repeat(Math.max(0, columns - 1))}\r\x1b[J`;

export function createSession(parts: SessionParts, history: readonly string[]): Session {
	const {terminal} = parts;
	const decoder = createDecoder();
	let editor = createEditor(history);
	let size = terminal.size();
	let shown: Shown = null;
	/** Keys wait while it is `busy` or `completing`. */
	let state: 'editing' | 'completing' | 'busy' = 'busy';
	let queue: Input[] = [];
	let commands: (readonly string[])[] = [];
	let notes: string[] = [];
	let dropped = 0;
	let cancelEscape = (): void => {};

	const draw = (): void => {
		if (state === 'busy') return;
		const {search, text, at} = editor;
		const prompt = search ? searchPrompt(search.query, search.isFailed) : parts.prompt();
		const next = layout({prompt, text, at, ...size});
		terminal.write(paint(shown, next));
		shown = next;
	};
	/** Lines above the prompt. */
	const above = (lines: readonly string[]): void => {
		terminal.write(`${erase(shown)}${lines.map(line => `${line}\r\n`).join('')}`);
		shown = null;
		draw();
	};
	/** What was edited stays where it is. */
	const finish = (mark = ''): void => {
		editor = {...editor, search: null, at: editor.text.length};
		draw();
		terminal.write(mark + leave(shown));
		shown = null;
		state = 'busy';
	};
	const editAgain = (): void => {
		editor = createEditor(history, editor.cut);
		parts.refresh(() => {
			state = 'editing';
			if (dropped > 0) notes.push(`and ${dropped} more`);
			const lines = notes;
			[notes, dropped] = [[], 0];
			above(lines);
			takeQueued();
		});
	};
	const next = (): void => {
		for (let command = commands.shift(); command; command = commands.shift()) {
			const begun = parts.begin(command);
			if (begun === 'under way') return;
			if (begun === 'leave') return parts.leave();
		}
		editAgain();
	};
	const accept = (line: string): void => {
		finish();
		history = parts.remember(line);
		const found = commandsOf(line);
		if (found.ok) commands = [...found.value];
		else terminal.write(`${found.error}\r\n`);
		next();
	};
	const complete = (): void => {
		const {text, at} = editor;
		state = 'completing';
		parts.complete(text, at, ({from, words, common}) => {
			state = 'editing';
			if (common !== text.slice(from, at)) editor = replaced(editor, from, at, common);
			else if (words.length > 1) above(columnsOf(words, size.columns, size.rows));
			takeQueued();
		});
	};
	const takeQueued = (): void => {
		const inputs = queue;
		queue = [];
		take(inputs);
	};
	const obey = (effect: Effect): void => {
		switch (effect.kind) {
			case 'accept': return accept(effect.line);
			case 'interrupt': {
				finish('^C');
				return editAgain();
			}
			case 'leave': {
				finish();
				return parts.leave();
			}
			case 'suspend': {
				terminal.write(erase(shown));
				shown = null;
				terminal.suspend();
				return draw();
			}
			case 'clear': {
				terminal.write('\x1b[H\x1b[2J');
				shown = null;
				return draw();
			}
			case 'complete': return complete();
		}
	};
	const take = (inputs: readonly Input[]): void => {
		for (const [index, input] of inputs.entries()) {
			if (state !== 'editing') {
				queue.push(...inputs.slice(index));
				return;
			}
			const pressed = press(editor, input, isWhole);
			editor = pressed.editor;
			if (!pressed.effect) continue;
			draw();
			obey(pressed.effect);
		}
		draw();
	};
	return {
		begin: editAgain,
		typed(bytes) {
			cancelEscape();
			take(decoder.read(bytes));
			if (decoder.isPending()) cancelEscape = after(ESCAPE_PAUSE, () => take(decoder.flush()));
		},
		resized(next) {
			shown = resized(shown, next.columns);
			size = next;
			draw();
		},
		continued() {
			size = terminal.size();
			shown = null;
			draw();
		},
		ended(outcome) {
			const isInterrupted = outcome.kind === 'signal';
			if (isInterrupted) commands = [];
			size = terminal.size();
			terminal.write((isInterrupted ? '\r\n' : '') + unfinished(size.columns));
			next();
		},
		changed: draw,
		note(line) {
			if (state !== 'busy') return above([line]);
			if (notes.length < NOTES_MAX) notes.push(line);
			else dropped += 1;
		},
	};
}
