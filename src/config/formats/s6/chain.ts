/**
 * A chain of programs of which each executes the next, as execline scripts are and shell scripts often: what it comes to
 * in keys of a service, if that means exactly the same.
 */
import {BYTE, isBlock, type Block, type Term, type Word} from './execline.ts';
import type {Place} from '../../problems.ts';

/** A command that is run before the last program of a chain. */
export interface Before {
	readonly at: Place;
	readonly argv: readonly string[];
	readonly user: string | null;
	readonly cwd: string | null;
	/** Whether the chain goes on only if it succeeds. */
	readonly isNeeded: boolean;
}

/** How a chain says that a program looks whether the service is ready. */
export interface Check {
	/** Null: ./data/check. */
	readonly argv: readonly string[] | null;
	/** In milliseconds. */
	readonly interval: number;
	readonly timeout: number;
}

export interface Chain {
	/** As archon's own format has them: with `$$` for `$`, and `${NAME}` for what is imported. */
	readonly argv: readonly string[];
	readonly before: readonly Before[];
	readonly environment: ReadonlyMap<string, string>;
	/** Whether it has the variables of the container. */
	readonly hasVariables: boolean;
	readonly user: string | null;
	readonly cwd: string | null;
	readonly umask: string | null;
	readonly envDirs: readonly string[];
	readonly envFiles: readonly {readonly path: string; readonly required: boolean}[];
	readonly check: Check | null;
	/** Whether stderr goes where stdout goes. */
	readonly isMerged: boolean;
}

/** What a chain starts with. */
export interface Start {
	readonly hasVariables: boolean;
	/** The directory of the service, from which relative paths lead. */
	readonly folder: string;
	/** Whether variables of the container may be another thing than those that archon has when it reads the config. */
	readonly variesLater: boolean;
	/** Whether a chain may end in such a program of s6. */
	readonly mayEndIn?: (program: string) => boolean;
	/** What words in `${…}` stand for. */
	readonly substitutes?: ReadonlyMap<string, string>;
}

type State = {-readonly [Key in keyof Chain]: Chain[Key]} & {
	before: Before[];
	environment: Map<string, string>;
	envDirs: string[];
	envFiles: {path: string; required: boolean}[];
	/** What words in `${…}` stand for. */
	substitutes: Map<string, string>;
};

/** Programs of execline and s6 of which archon's keys have no exact equal; a chain with one of them is left to them. */
const OTHERS: ReadonlySet<string> = new Set([
	'background', 'backtick', 'case', 'define-', 'dollarat', 'elgetopt', 'elgetpositionals', 'elglob', 'emptyenv', 'eltest', 'execlineb',
	'fdblock', 'fdclose', 'fdreserve', 'fdswap', 'forbacktickx', 'foreground', 'forstdin', 'forx', 'getcwd', 'getpid', 'heredoc', 'homeof',
	'if', 'ifelse', 'ifte', 'ifthenelse', 'importas', 'loopwhilex', 'pipeline', 'piperw', 'posix-cd', 'posix-umask', 'redirfd', 'runblock',
	'shift', 'trap', 'tryexec', 'unexport', 'wait', 'withstdinas', 'multidefine', 'multisubstitute',
]);

/** Null: archon's keys cannot say exactly what the chain does. */
export function readChain(terms: readonly Term[], start: Start): Chain | null {
	const state: State = {
		argv: [], before: [], environment: new Map(), hasVariables: start.hasVariables, user: null, cwd: null, umask: null,
		envDirs: [], envFiles: [], check: null, isMerged: false, substitutes: new Map(start.substitutes),
	};
	let at = 0;
	while (at < terms.length) {
		const word = terms[at];
		if (!word || isBlock(word)) return null;
		const link = LINKS[plainName(word.text)];
		if (!link) break;
		const next = link(terms, at + 1, state, start);
		if (next === null) return null;
		at = next;
	}
	const argv = wordsOf(terms.slice(at), state, start);
	const [program = ''] = argv ?? [];
	if (!argv || program === '' || (isForeign(program) && !start.mayEndIn?.(plainName(program)))) return null;
	return {...state, argv};
}

/** `/command/with-contenv` → `with-contenv`: images have them in several places. */
export const plainName = (program: string): string => program.replace(/^(?:\/command|\/usr\/bin|\/bin|\/usr\/local\/bin)\//, '');

function isForeign(program: string): boolean {
	const name = plainName(program);
	return OTHERS.has(name) || /^(?:s6-|execline-|with-|logutil-|chpst$)/.test(name);
}

/** Takes its arguments, from `at` on, into the state; where the rest of the chain begins, or null. */
type Link = (terms: readonly Term[], at: number, state: State, start: Start) => number | null;

const textAt = (terms: readonly Term[], at: number): string | null => {
	const term = terms[at];
	return term && !isBlock(term) && !term.variables ? term.text : null;
};

/** A program with one word. */
const taking = (take: (word: string, state: State, start: Start) => boolean): Link => (terms, at, state, start) => {
	const term = terms[at];
	const word = term && !isBlock(term) ? substitute(term, state, start) : null;
	return word !== null && !word.startsWith('-') && take(word, state, start) ? at + 1 : null;
};

const asUser = taking((word, state) => {
	state.user = word;
	return true;
});

const changeFolder = taking((word, state) => {
	if (!word.startsWith('/')) return false;
	state.cwd = word;
	return true;
});

const setUmask = taking((word, state) => {
	state.umask = word;
	return /^0?[0-7]{3}$/.test(word);
});

/** `foreground { … }` and `if { … }`. */
const running = (isNeeded: boolean): Link => (terms, at, state, start) => {
	const block = terms[at];
	if (!isBlock(block)) return null;
	const before = readBefore(block, isNeeded, state, start);
	if (!before) return null;
	state.before.push(before);
	return at + 1;
};

function readBefore(block: Block, isNeeded: boolean, state: State, start: Start): Before | null {
	const chain = readChain(block.terms, {...start, hasVariables: state.hasVariables, substitutes: state.substitutes});
	if (!chain || chain.before.length > 0 || chain.environment.size > 0 || chain.umask !== null || chain.check) return null;
	if (chain.envDirs.length + chain.envFiles.length > 0) return null;
	const {argv, user, cwd} = chain;
	return {at: block, argv, user: user ?? state.user, cwd: cwd ?? state.cwd, isNeeded};
}

const NAME = /^[A-Za-z_]\w*$/;

/** Words are filled in at once, so that the first with a name is what counts. */
function setOnce({substitutes}: State, name: string, value: string): void {
	if (!substitutes.has(name)) substitutes.set(name, value);
}

const LINKS: Readonly<Record<string, Link | undefined>> = {
	__proto__: undefined,
	'with-contenv': (_, at, state) => {
		state.hasVariables = true;
		return at;
	},
	exec: (terms, at) => (textAt(terms, at)?.startsWith('-') ? null : at),
	's6-setuidgid': asUser,
	chpst: (terms, at, state, start) => (textAt(terms, at) === '-u' ? asUser(terms, at + 1, state, start) : null),
	cd: changeFolder,
	'execline-cd': changeFolder,
	umask: setUmask,
	'execline-umask': setUmask,
	foreground: running(false),
	if: running(true),
	fdmove: (terms, at, state) => {
		if (textAt(terms, at) !== '-c' || textAt(terms, at + 1) !== '2' || textAt(terms, at + 2) !== '1') return null;
		state.isMerged = true;
		return at + 3;
	},
	export: (terms, at, state, start) => {
		const [name, value] = [textAt(terms, at), terms[at + 1]];
		const text = value && !isBlock(value) ? substitute(value, state, start) : null;
		// What ran before would have it as well.
		if (name === null || !NAME.test(name) || text === null || state.before.length > 0) return null;
		state.environment.set(name, text);
		return at + 2;
	},
	define: (terms, at, state) => {
		const [name, value] = [textAt(terms, at), textAt(terms, at + 1)];
		if (name === null || value === null || !NAME.test(name) || value.includes('$')) return null;
		setOnce(state, name, escape(value));
		return at + 2;
	},
	importas: (terms, at, state, {variesLater}) => {
		const [option, isDefaulted] = [textAt(terms, at), textAt(terms, at) === '-D'];
		if (option !== '-i' && !isDefaulted) return null;
		const [fallback, from] = isDefaulted ? [textAt(terms, at + 1), at + 2] : ['', at + 1];
		const [name, variable] = [textAt(terms, from), textAt(terms, from + 1)];
		if (!state.hasVariables || variesLater || name === null || !NAME.test(name)) return null;
		if (fallback === null || /[${}\\]/.test(fallback)) return null;
		if (variable === null || !NAME.test(variable) || state.environment.has(variable)) return null;
		setOnce(state, name, isDefaulted ? `\${${variable}-${fallback}}` : `\${${variable}?is not set}`);
		return from + 2;
	},
	multisubstitute: (terms, at, state, start) => {
		const block = terms[at];
		if (!isBlock(block)) return null;
		let inner = 0;
		while (inner < block.terms.length) {
			const name = textAt(block.terms, inner);
			const link = name === 'importas' || name === 'define' ? LINKS[name] : undefined;
			const next = link?.(block.terms, inner + 1, state, start) ?? null;
			if (next === null) return null;
			inner = next;
		}
		return at + 1;
	},
	's6-envdir': taking((word, state, {folder}) => {
		state.envDirs.push(resolve(word, folder));
		return true;
	}),
	envfile: (terms, at, state, {folder}) => {
		const mayMiss = textAt(terms, at) === '-I';
		const path = textAt(terms, mayMiss ? at + 1 : at);
		if (path === null || path.startsWith('-')) return null;
		state.envFiles.push({path: resolve(path, folder), required: !mayMiss});
		return mayMiss ? at + 2 : at + 1;
	},
	's6-notifyoncheck': readCheck,
};

export const resolve = (path: string, folder: string): string =>
	(path.startsWith('/') ? path : `${folder}/${path.replace(/^(?:\.\/)+/, '')}`);

/** Options with a number of milliseconds; `s` and `T` do not matter to archon, which looks until the service is ready. */
function readCheck(terms: readonly Term[], start: number, state: State): number | null {
	let [at, argv, interval, timeout]: [number, readonly string[] | null, number, number] = [start, null, 1000, 0];
	for (let option = textAt(terms, at); option?.startsWith('-'); option = textAt(terms, at)) {
		if (option === '-d') {
			at += 1;
			continue;
		}
		const [, letter = '', joined = ''] = /^-([3sTtwnc])(.*)$/s.exec(option) ?? [];
		const term = joined === '' ? terms[++at] : null;
		if (letter === '' || term === undefined || (term && isBlock(term))) return null;
		const value = term?.text ?? joined;
		at += 1;
		if (letter === 'c') {
			argv = checkOf(value, (term?.variables ?? []).length > 0);
			if (!argv) return null;
			continue;
		}
		if (!/^\d{1,9}$/.test(value)) return null;
		if (letter === 'w') interval = Number(value);
		if (letter === 't') timeout = Number(value);
	}
	state.check = {argv, interval, timeout};
	return at;
}

/** A line of execline, without blocks and quotes: words, or for a shell that fills in variables. */
function checkOf(line: string, hasVariables: boolean): readonly string[] | null {
	const plain = hasVariables ? line.split(VARIABLE).filter((_, index) => index % 2 === 0).join('') : line;
	if (hasVariables ? /[^\w\s./:@%+,=-]/.test(plain) : /[\\"{}$#]/.test(plain)) return null;
	return hasVariables ? ['sh', '-c', `exec ${line}`] : line.trim().split(/\s+/);
}

/** Null: one of them is a block, or its variables cannot be filled in. */
function wordsOf(terms: readonly Term[], state: State, start: Start): readonly string[] | null {
	const words = terms.map(term => (isBlock(term) ? null : substitute(term, state, start)));
	return words.includes(null) ? null : words.filter(word => word !== null);
}

/** A variable, as a shell and archon write it. */
export const VARIABLE = /(\$\{[A-Za-z_]\w*(?::?-[\w./:@%+,=-]*)?\})/;

/** In archon's own format. */
const escape = (text: string): string => text.replaceAll('$', '$$$$').replace(/\{(?=(?:instance|index|service|name)\})/g, '\\{');

/** Null: a variable is written in a form that is not known here, or is not the container's. */
function substitute({text, variables}: Word, {substitutes, hasVariables, environment}: State, {variesLater}: Start): string | null {
	if (variables) {
		const isOfContainer = hasVariables && !variesLater && !variables.some(name => environment.has(name));
		return isOfContainer ? text.split(VARIABLE).map((part, index) => (index % 2 === 1 ? part : escape(part))).join('') : null;
	}
	if (text.includes(BYTE)) return null;
	if (substitutes.size === 0) return escape(text);
	const parts = text.split(/\$\{([^{}$]*)\}/);
	const filled = parts.map((part, index) => {
		if (index % 2 === 1) return substitutes.get(part) ?? escape(`\${${part}}`);
		return [...substitutes.keys()].some(name => part.includes(`$${name}`)) ? null : escape(part);
	});
	return filled.includes(null) ? null : filled.join('');
}
