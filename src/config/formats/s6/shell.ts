/** Shell scripts that are no more than a chain of programs: `cd`, `umask`, `export` and `exec` with plain words. */
import type {Source} from '../../problems.ts';
import {VARIABLE} from './chain.ts';
import type {Word} from './execline.ts';

/** The words of such a script, as an execline script would have them; null: a shell has to run it. */
export function readShell(source: Source): readonly Word[] | null {
	const {text} = source;
	const words: Word[] = [];
	let [at, isOver, isStrict] = [0, false, false];
	while (at < text.length) {
		const line = readLine(source, at);
		if (!line) return null;
		at = line.end;
		const [first, ...rest] = line.words;
		if (!first) {
			if (line.isMerged) return null;
			continue;
		}
		if (isOver) return null;
		const merged = line.isMerged ? ['fdmove', '-c', '2', '1'].map(text => ({...first, text})) : [];
		switch (first.text) {
			case 'exec':
				for (const each of [...merged, ...rest]) words.push(each);
				isOver = rest.length > 0;
				break;
			case 'set':
				if (rest.some(({text}) => !/^(?:-[eux]+|-o|pipefail)$/.test(text)) || merged.length > 0) return null;
				isStrict ||= rest.some(({text}) => /^-\w*u/.test(text));
				break;
			case 'cd':
			case 'umask':
				if (rest.length !== 1 || merged.length > 0) return null;
				words.push(first, ...rest);
				break;
			case 'export':
				if (merged.length > 0) return null;
				for (const each of rest) {
					const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(each.text) ?? [];
					if (name === undefined || value === undefined) return null;
					words.push({...first}, {source, offset: each.offset, text: name}, {...each, text: value});
				}
				break;
			default: return null;
		}
	}
	// A variable that is not set is a mistake then, and nothing here.
	return isOver && !(isStrict && words.some(({variables}) => variables)) ? words : null;
}

interface Line {
	readonly words: readonly Word[];
	/** With `2>&1` at its end. */
	readonly isMerged: boolean;
	/** Where the next one begins. */
	readonly end: number;
}

/** What a shell takes as it is. */
const PLAIN = /[\w./:=,@%+^-]/;

/** Null: it has more than plain words and quotes. */
function readLine(source: Source, start: number): Line | null {
	const {text} = source;
	const words: Word[] = [];
	let [at, isMerged] = [start, false];
	for (;;) {
		const character = text[at] ?? '\n';
		if (character === '\n') return {words, isMerged, end: at + 1};
		if (character === '#') {
			const end = text.indexOf('\n', at);
			return {words, isMerged, end: end < 0 ? text.length : end + 1};
		}
		if (character === '\\' && text[at + 1] === '\n') {
			at += 2;
		} else if (/\s/.test(character)) {
			at += 1;
		} else if (isMerged) {
			return null;
		} else if (text.startsWith('2>&1', at) && /\s|^$/.test(text.charAt(at + 4))) {
			isMerged = true;
			at += 4;
		} else {
			const word = readWord(text, at);
			if (!word) return null;
			words.push({source, offset: at, text: word.text, ...word.variables.length > 0 && {variables: word.variables}});
			at = word.end;
		}
	}
}

/** Variables that a shell sets by itself. */
const OWN = /^(?:HOSTNAME|UID|EUID|PWD|OLDPWD|RANDOM|PPID|SECONDS|LINENO|SHLVL|IFS|GROUPS|SHELL|PATH|OPT\w+|BASH\w*)$/;

/** The names of variables in double quotes, each in braces; null: there is more that means something to a shell. */
function variablesIn(inner: string): readonly string[] | null {
	const parts = inner.split(VARIABLE);
	if (parts.some((part, index) => index % 2 === 0 && /[$`\\!]/.test(part))) return null;
	const names = parts.filter((_, index) => index % 2 === 1).map(part => /\w+/.exec(part)?.[0] ?? '');
	return names.some(name => OWN.test(name)) ? null : names;
}

interface ShellWord {
	readonly text: string;
	readonly variables: readonly string[];
	readonly end: number;
}

function readWord(text: string, start: number): ShellWord | null {
	const parts: string[] = [];
	const variables: string[] = [];
	let at = start;
	for (;;) {
		const character = text[at] ?? '\n';
		if (/\s/.test(character)) return {text: parts.join(''), variables, end: at};
		if (character === '\\' && text[at + 1] === '\n') {
			at += 2;
			continue;
		}
		if (character === '\'' || character === '"') {
			const end = text.indexOf(character, at + 1);
			// "$NAME" is "${NAME}".
			const written = text.slice(at + 1, end);
			const inner = character === '"' ? written.replace(/\$(?=[A-Za-z_])(\w+)/g, '${$1}') : written;
			const names = character === '"' ? variablesIn(inner) : [];
			// A text like a variable in single quotes, beside a variable.
			if (end < 0 || !names || (character === '\'' && inner.includes('$') && VARIABLE.test(inner))) return null;
			for (const each of names) variables.push(each);
			parts.push(inner);
			at = end + 1;
		} else {
			if (!PLAIN.test(character)) return null;
			parts.push(character);
			at += 1;
		}
	}
}
