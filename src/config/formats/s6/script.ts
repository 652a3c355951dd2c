/** Scripts of services and hooks: what runs them where no s6 is, and what they need of it. */
import type {Place, Source} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, literal, map, word, written} from '../translation.ts';
import {plainName, readChain, type Chain} from './chain.ts';
import {readExecline, type Term} from './execline.ts';
import {readShell} from './shell.ts';
import type {Reading} from './reading.ts';

/** A script, or a line of execline, with what is known of it. */
export interface Script {
	readonly at: Place;
	/** Where it is in the image; null: it is a line and no file. */
	readonly path: string;
	/** Empty if it is no text. */
	readonly text: string;
	readonly command: readonly string[];
	/** What it comes to without itself; null: it has to be run. */
	readonly chain: Chain | null;
	/** Whether it has the variables of the container. */
	readonly hasVariables: boolean;
	/** Whether its output goes to stdout as a whole. */
	readonly isMerged: boolean;
	/** Programs of s6 that it calls. */
	readonly calls: readonly Call[];
}

export interface Call {
	readonly at: Place;
	readonly program: string;
}

const SHELLS: ReadonlySet<string> = new Set([
	'sh', 'bash', 'dash', 'ash', '/bin/sh', '/bin/bash', '/bin/dash', '/bin/ash', '/usr/bin/bash',
]);

/** A file that is executed; `disk`: where it is to be read, `path`: where it is in the image. Null: it is not there. */
export function readScript(disk: string, path: string, reading: Reading): Script | null {
	const found = reading.read(disk);
	if (found === null) return null;
	const at = {source: found === 'other' ? {file: disk, text: ''} : found, offset: 0};
	return found === 'other' ? plainScript(at, path, [path]) : scriptOf(found, path, reading);
}

const plainScript = (at: Place, path: string, command: readonly string[]): Script =>
	({at, path, text: '', command, chain: null, hasVariables: false, isMerged: false, calls: []});

function scriptOf(source: Source, path: string, reading: Reading): Script {
	const {text} = source;
	const {interpreter, options, hasVariables, isExecline, terms} = readHead(source, reading);
	// Whether it may be executed is not known, and s6-overlay of old saw to that itself.
	const command = interpreter === '' ? [path] : [interpreter, ...options, path];
	const chain = terms && readChain(terms, {hasVariables, folder: folderOf(path), variesLater: reading.variesLater});
	const known = {at: {source, offset: 0}, path, text, command, hasVariables};
	return {...launchOf(chain, known), calls: chain ? [] : callsIn(source, isExecline)};
}

/** The chain of a script that ends in a program of s6, such as `s6-log`. */
export function readChainTo(disk: string, path: string, mayEndIn: (program: string) => boolean, reading: Reading): Chain | null {
	const source = reading.read(disk);
	if (source === null || source === 'other') return null;
	const {hasVariables, terms} = readHead(source, reading);
	return terms && readChain(terms, {hasVariables, folder: folderOf(path), variesLater: reading.variesLater, mayEndIn});
}

export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

interface Head {
	readonly interpreter: string;
	readonly options: readonly string[];
	readonly hasVariables: boolean;
	readonly isExecline: boolean;
	/** What may be a chain. */
	readonly terms: readonly Term[] | null;
}

function readHead(source: Source, {keepsVariables, report}: Reading): Head {
	const [first = ''] = source.text.split('\n', 1);
	const words = first.startsWith('#!') ? first.slice(2).trim().split(/\s+/) : [];
	while (plainName(words[0] ?? '') === 'env' && words.length > 1) words.splice(0, words[1] === '-S' ? 2 : 1);
	const asks = plainName(words[0] ?? '') === 'with-contenv' && words.length > 1;
	if (asks) words.shift();
	const [interpreter = '', ...options] = words;
	const isExecline = plainName(interpreter) === 'execlineb';
	const mayBeChain = isExecline ? options.every(option => option === '-P')
		: SHELLS.has(interpreter) && options.every(option => /^-[eux]+$/.test(option));
	const terms = isExecline ? readExecline(source, first.length, report) : mayBeChain ? readShell(source) : null;
	return {
		interpreter, options, isExecline, hasVariables: keepsVariables || asks,
		terms: mayBeChain ? terms : null,
	};
}

/** A file with a line of execline, as `up` of s6-rc is. Null: it is not there. */
export function readLine(disk: string, path: string, reading: Reading): Script | null {
	const source = reading.read(disk);
	if (source === null || source === 'other') return null;
	const terms = readExecline(source, 0, reading.report) ?? [];
	const chain = readChain(terms, {
		hasVariables: reading.keepsVariables, folder: folderOf(path), variesLater: reading.variesLater,
	});
	const at = terms[0] ?? {source, offset: 0};
	const known = {at, path, text: source.text, command: ['execlineb', '-P', path], hasVariables: reading.keepsVariables};
	const script = {...launchOf(chain, known), calls: chain ? [] : callsIn(source, true)};
	const followed = chain && followFile(chain, terms, reading);
	return followed ? {...followed, at} : script;
}

/** A line that only names a script: the script. */
function followFile({argv, before, environment}: Chain, terms: readonly Term[], reading: Reading): Script | null {
	const [path = ''] = argv;
	if (terms.length > 1 || argv.length > 1 || before.length > 0 || environment.size > 0 || !path.startsWith('/')) return null;
	return readScript(reading.diskOf(path), path, reading);
}

function launchOf(
	chain: Chain | null, known: Pick<Script, 'at' | 'path' | 'text' | 'command' | 'hasVariables'>,
): Omit<Script, 'calls'> {
	const hasVariables = chain?.hasVariables ?? (known.hasVariables || /\bwith-contenv\b/.test(known.text));
	return {...known, chain, hasVariables, isMerged: chain?.isMerged ?? MERGES.test(known.text)};
}

/** A line of a shell script, or of execline, by which stderr goes to stdout. */
const MERGES = /^[ \t]*(?:exec[ \t]+2>&1|fdmove[ \t]+-c[ \t]+2[ \t]+1)[ \t]*(?:#.*)?$/m;

/** Programs that come with s6, s6-overlay and execline, where a command may begin. */
const CALLS = new RegExp([
	String.raw`(?<![\w./-])(?:/command/|/usr/bin/|/bin/)?`,
	String.raw`(s6-[a-z0-9-]+|with-contenv|with-retries|logutil-[a-z]+|printcontenv|execlineb)(?![\w-])`,
].join(''), 'g');
const CALLS_MAX = 20;

/** The first call of each, but for comments. */
function callsIn(source: Source, isExecline: boolean): readonly Call[] {
	const calls = new Map<string, Call>();
	if (isExecline) calls.set('execlineb', {at: {source, offset: 0}, program: 'execlineb'});
	const text = source.text.replace(/^[ \t]*#[^\n]*/gm, comment => ' '.repeat(comment.length));
	for (const match of text.matchAll(CALLS)) {
		const program = match[1] ?? '';
		if (!calls.has(program) && calls.size < CALLS_MAX) calls.set(program, {at: {source, offset: match.index}, program});
	}
	return [...calls.values()];
}

/** The keys of a service that runs a script. */
export function keysOf(script: Script): Readonly<Record<string, Value | undefined>> {
	const {at, chain, command} = script;
	if (!chain) return {command: list(at, command.map(each => literal(at, each)))};
	const text = (value: string | null) => (value === null ? undefined : written(at, value));
	return {
		command: list(at, chain.argv.map(each => written(at, each))),
		user: text(chain.user),
		working_dir: text(chain.cwd),
		umask: chain.umask === null ? undefined : word(at, chain.umask),
		environment: variablesOf(at, chain),
		env_file: listOf(at, chain.envFiles.map(({path, required}) =>
			(required ? written(at, path) : map(at, {path: written(at, path), required: word(at, false)})))),
		env_dir: listOf(at, chain.envDirs.map(path => written(at, path))),
		pre_start: listOf(at, chain.before.map(({at, argv, user, cwd, isNeeded}) => {
			const words = isNeeded ? argv : [...TOLERANT, ...argv];
			const command = list(at, words.map(each => written(at, each)));
			const isOwn = user === chain.user && cwd === chain.cwd;
			return isOwn ? command : map(at, {
				command, user: user === chain.user ? undefined : written(at, user ?? 'root'),
				working_dir: cwd === chain.cwd ? undefined : written(at, cwd ?? '/'),
			});
		})),
	};
}

/** `foreground` goes on, whatever the command comes to. */
const TOLERANT = ['sh', '-c', '"$$@" || :', 'sh'];

export const listOf = (at: Place, items: readonly Value[]): Value | undefined => (items.length === 0 ? undefined : list(at, items));

const variablesOf = (at: Place, {environment}: Chain): Value | undefined => (environment.size === 0 ? undefined
	: map(at, new Map([...environment].map(([name, value]) => [name, written(at, value)]))));

/** A hook that runs a script for a service with such keys; `words`: what is run instead of the script itself. */
export function hookOf(
	script: Script, service: Readonly<Record<string, Value | undefined>>, words: readonly string[] | null = null,
): Value {
	const {at, chain, command} = script;
	const isChain = words === null && chain !== null && chain.before.length === 0 && chain.envDirs.length + chain.envFiles.length === 0
		&& chain.umask === null && chain.check === null;
	const values = isChain ? chain.argv.map(each => written(at, each)) : (words ?? command).map(each => literal(at, each));
	const user = isChain ? chain.user : null;
	const cwd = isChain ? chain.cwd : null;
	const keys = {
		user: user !== null ? written(at, user) : service['user'] && written(at, 'root'),
		working_dir: cwd !== null ? written(at, cwd) : undefined,
		environment: isChain ? variablesOf(at, chain) : undefined,
	};
	const hook = list(at, values);
	return Object.values(keys).some(each => each !== undefined) ? map(at, {command: hook, ...keys}) : hook;
}
