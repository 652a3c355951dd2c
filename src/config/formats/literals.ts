/** Reads a JavaScript file that assigns plain data to `module.exports`: objects, lists, strings, numbers and comments. */
import type {Report, Source} from '../problems.ts';
import type {Entry, Value} from '../values.ts';

/** How deep objects may lie in each other. */
const DEPTH_MAX = 50;

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)+/y;
const BEGIN = /(?:(['"])use strict\1[ \t]*;?)?/y;
const EXPORTS = /module\.exports\s*=|export\s+default\b/y;
const NAME = /[A-Za-z_$][\w$]*/y;
const NUMBER = /[+-]?(?:0x[\da-fA-F]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)/y;

const HINT = 'write it as JSON: node -p \'JSON.stringify(require("./ecosystem.config.js"))\' > ecosystem.json';

/** Null: it does more than that, which is reported where it begins to. */
export function readLiterals(source: Source, report: Report): Value | null {
	const {text} = source;
	let at = 0;
	let depth = 0;
	const take = (pattern: RegExp): string | null => {
		pattern.lastIndex = at;
		const found = pattern.exec(text)?.[0] ?? null;
		if (found !== null) at += found.length;
		return found;
	};
	const blank = (): void => void take(BLANK);
	const sign = (char: string): boolean => {
		blank();
		if (text.charAt(at) !== char) return false;
		at += 1;
		return true;
	};

	function string(): string | null {
		const quote = text.charAt(at);
		let content = '';
		for (let place = at + 1; place < text.length; place++) {
			const char = text.charAt(place);
			if (char === quote) {
				at = place + 1;
				return content;
			}
			if ((char === '\n' && quote !== '`') || (quote === '`' && text.startsWith('${', place))) return null;
			if (char !== '\\') {
				content += char;
				continue;
			}
			place += 1;
			const escaped = text.charAt(place);
			const code = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4}))/.exec(text.slice(place, place + 5));
			if (code) {
				content += String.fromCharCode(parseInt(code[1] ?? code[2] ?? '', 16));
				place += code[0].length - 1;
			} else if (escaped !== '\n') {
				content += ESCAPES[escaped] ?? escaped;
			}
		}
		return null;
	}

	function value(): Value | null {
		blank();
		const place = {source, offset: at};
		const char = text.charAt(at);
		if (char === '{' || char === '[') {
			if (++depth > DEPTH_MAX) return null;
			at += 1;
			const read = char === '{' ? object() : array();
			depth -= 1;
			return read && {...place, ...read};
		}
		if (char === '"' || char === '\'' || char === '`') {
			const content = string();
			return content === null ? null : {...place, kind: 'scalar', text: content, plain: false};
		}
		const number = take(NUMBER);
		if (number !== null) return {...place, kind: 'scalar', text: String(Number(number.replaceAll('_', ''))), plain: true};
		const name = take(NAME);
		if (name === null || !WORDS.has(name)) {
			at = place.offset;
			return null;
		}
		return {...place, kind: 'scalar', text: name === 'undefined' ? 'null' : name, plain: true};
	}

	function object(): {readonly kind: 'map'; readonly entries: ReadonlyMap<string, Entry>} | null {
		const entries = new Map<string, Entry>();
		for (;;) {
			if (sign('}')) return {kind: 'map', entries};
			const key = {source, offset: at};
			const name = /["']/.test(text.charAt(at)) ? string() : take(NAME) ?? take(NUMBER);
			if (name === null || !sign(':')) return null;
			const content = value();
			if (!content) return null;
			entries.set(name, {key, value: content});
			if (!sign(',') && text.charAt(at) !== '}') return null;
		}
	}

	function array(): {readonly kind: 'list'; readonly items: readonly Value[]} | null {
		const items: Value[] = [];
		for (;;) {
			if (sign(']')) return {kind: 'list', items};
			const item = value();
			if (!item) return null;
			items.push(item);
			if (!sign(',') && text.charAt(at) !== ']') return null;
		}
	}

	blank();
	take(BEGIN);
	blank();
	const root = take(EXPORTS) === null ? null : value();
	if (root) sign(';');
	blank();
	if (root && at >= text.length) return root;
	report({source, offset: at}, 'from here on it is a program and no plain data', HINT);
	return null;
}

const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'undefined']);
const ESCAPES: Readonly<Record<string, string>> = {n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', 0: '\0'};
