/** The keys that detach, found in what is typed: a sequence of keys, as docker has it. Pure. */
import {err, ok, type Result} from '../../../core/result.ts';

/** What a key may send: its own byte, or what xterm and kitty make of it for programs that want to tell all keys apart. */
type Key = readonly string[];

export type DetachKeys = readonly Key[];

export const USUAL_KEYS = 'ctrl-p,ctrl-q';

/** More keys than a person would type. */
const KEYS_MAX = 8;

/** `ctrl-p,ctrl-q`, `ctrl-]`, `~,.`; `none`: there are none. */
export function parseKeys(text: string): Result<DetachKeys, string> {
	if (text === 'none') return ok([]);
	const keys: Key[] = [];
	for (const name of text.split(',')) {
		const key = keyOf(name);
		if (!key) return err(`${name === '' ? 'an empty key' : name} is not a key: write ctrl-p, ctrl-], ctrl-@ or one character`);
		keys.push(key);
	}
	return keys.length > KEYS_MAX ? err(`more than ${KEYS_MAX} keys`) : ok(keys);
}

function keyOf(name: string): Key | null {
	const control = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(name)?.[1]?.toLowerCase();
	if (control !== undefined) {
		const code = control.charCodeAt(0);
		return [String.fromCharCode(code & 31), `\x1b[27;5;${code}~`, `\x1b[${code};5u`];
	}
	return /^[ -~]$/.test(name) ? [name] : null;
}

/** Reads what is typed, one character a byte. */
export interface DetachFilter {
	/** What goes to the program, and whether the person has detached: then the rest is dropped. */
	take(text: string): {readonly text: string; readonly isDetached: boolean};
}

/** The first key typed twice is that key once: so it can be sent as well. */
export function createFilter(keys: DetachKeys): DetachFilter {
	/** What was typed of the keys so far, as it came. */
	let typed: string[] = [];
	const match = (text: string, at: number): string | undefined => keys[typed.length]?.find(form => text.startsWith(form, at));
	return {
		take(text) {
			let passed = '';
			for (let at = 0; at < text.length;) {
				const form = match(text, at);
				if (form !== undefined) {
					typed.push(form);
					at += form.length;
					if (typed.length === keys.length) return {text: passed, isDetached: true};
					continue;
				}
				const again = typed.length === 1 ? keys[0]?.find(form => text.startsWith(form, at)) : undefined;
				passed += typed.join('');
				const wasTyped = typed.length > 0;
				typed = [];
				if (again !== undefined) {
					at += again.length;
				} else if (!wasTyped) {
					passed += text[at];
					at += 1;
				}
			}
			return {text: passed, isDetached: false};
		},
	};
}
