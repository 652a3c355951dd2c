/** One directory of a service, as s6, s6-rc and runit have them → the keys of a service. */
import {quote, type Place, type Source} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, literal, map, word} from '../translation.ts';
import type {Reading} from './reading.ts';
import {hookOf, keysOf, readLine, readScript, type Script} from './script.ts';

export type Flavour = 's6' | 'runit';

export interface Folder {
	/** What the service is called in the translation. */
	readonly name: string;
	/** What its directory is called. */
	readonly written: string;
	/** Where it is to be read, and where it is in the image. */
	readonly disk: string;
	readonly path: string;
	readonly names: readonly string[];
	readonly flavour: Flavour;
}

export type Keys = Record<string, Value | undefined>;

/** A service of the translation. */
export interface Unit {
	readonly at: Place;
	keys: Keys;
	/** Whether what it writes to stderr goes where its stdout goes. */
	readonly isMerged: boolean;
	/** Whether its scripts have the variables of the container. */
	readonly hasVariables: boolean;
	/** Programs of s6 that its scripts call. */
	readonly calls: Script['calls'];
	/** Services that it needs, by their names in the translation; `order`: if they are started at all. */
	readonly needs: Map<string, 'hard' | 'soft' | 'order'>;
}

/** Where a directory stands that has no text. */
export const folderPlace = (disk: string): Place => ({source: {file: disk, text: '', names: []}, offset: 0});

/** Why a file of a directory has no translation, for those that have none. */
const LEFT_OUT: Readonly<Record<string, string>> = {
	'timeout-finish': 'post_stop has the time of stop_grace_period',
	'flag-essential': 'all who may stop services may stop this one',
	'flag-newpidns': 'a service does not get a PID namespace of its own',
	crash: 'archon survives its own faults',
	control: 'write stop_signal and pre_stop for what its scripts do',
};

/** A daemon: `run`, `finish` and what is said beside them. */
export function readDaemon(folder: Folder, reading: Reading): Unit | null {
	const {name, disk, path, names, flavour} = folder;
	const run = readScript(`${disk}/run`, `${path}/run`, reading);
	if (!run) return null;
	const finish = names.includes('finish') ? readScript(`${disk}/finish`, `${path}/finish`, reading) : null;
	const {at} = run;
	const isClean = flavour === 's6' && !run.hasVariables && !finish?.hasVariables;
	const ending = finish && ENDS.test(withoutComments(finish.text)) ? finish : null;
	const main = keysOf(run);
	const keys: Keys = {
		...main,
		environment_base: isClean ? word(at, 'clean') : undefined,
		working_dir: main['working_dir'] ?? literal(at, path),
		restart: ending ? undefined : map(at, {policy: word(at, 'always'), delay: word(at, '1s'), attempts: word(at, 'unlimited')}),
		fatal_codes: ending ? undefined : list(at, []),
		essential: ending ? word(ending.at, true) : undefined,
		...readiness(folder, run, reading),
		...stopping(folder, at, reading),
	};
	if (ending) leaveEnding(ending, name, reading);
	else if (finish) keys['post_stop'] = list(finish.at, [finishHook(finish, keys, folder, reading)]);
	for (const each of names) {
		const why = LEFT_OUT[each];
		if (why !== undefined && Object.hasOwn(LEFT_OUT, each)) reading.leaveOut(placeOf(folder, each, reading), name, each, why);
	}
	const calls = [...run.calls, ...finish && !ending ? finish.calls : []];
	return {at, keys, isMerged: run.isMerged, hasVariables: !isClean, calls, needs: new Map()};
}

/** A script that stops the whole container: as s6-overlay's documentation has it. */
const ENDS = /(?:^|[\s;&|"'])(?:\/run\/s6\/basedir\/bin\/halt|s6-svscanctl[ \t]+-[a-zA-Z]*t)/;
/** With what lines begin that give the container a status: all that such a script usually does besides. */
const USUAL: ReadonlySet<string> = new Set([
	'', 'set', 'exit', 'if', 'then', 'else', 'elif', 'fi', 'e', '{', '}', 'importas', 's6-test', 'foreground',
]);

const isUsual = (line: string): boolean =>
	USUAL.has(line.trim().split(/[\s=;]/, 1)[0] ?? '') || line.includes('container-results/') || ENDS.test(line);

const withoutComments = (text: string): string => text.replace(/^[ \t]*#[^\n]*/gm, '');

function leaveEnding({at, text}: Script, name: string, {leaveOut}: Reading): void {
	let offset = 0;
	for (const line of text.split('\n')) {
		if (!line.trimStart().startsWith('#') && !isUsual(line)) {
			leaveOut({...at, offset}, name, 'finish', 'it ends the container, which essential: true does; what else it does is not run');
			return;
		}
		offset += line.length + 1;
	}
}

/** `finish` gets how `run` ended: s6 writes 256 for a signal, and runit -1. */
function finishHook(finish: Script, keys: Keys, {written, flavour, name}: Folder, reading: Reading): Value {
	const text = withoutComments(finish.text);
	const permanent = /\b125\b/.exec(finish.text);
	if (permanent && flavour === 's6') {
		const why = 'an exit with 125 does not keep the service from being restarted: write fatal_codes';
		reading.leaveOut({...finish.at, offset: permanent.index}, name, 'finish', why);
	}
	const asks = finish.text === '' || /\$\{?[1-9@*#]/.test(text) || /^#!.*execlineb -\w*[Ss]/.test(finish.text);
	return hookOf(finish, keys, asks ? ['sh', '-c', argumentsScript(flavour), written, ...finish.command] : null);
}

const NUMBERS = 'HUP 1 INT 2 QUIT 3 ILL 4 TRAP 5 ABRT 6 BUS 7 FPE 8 KILL 9 USR1 10 SEGV 11 USR2 12 PIPE 13 ALRM 14 TERM 15'.split(' ');

/** Gives a command the arguments of `finish`: exit status, signal, and with s6 the name of the service, which is `$0`. */
function argumentsScript(flavour: Flavour): string {
	const cases = NUMBERS.flatMap((word, index) => (index % 2 === 0 ? `${word}) n=${NUMBERS[index + 1]};;` : []));
	const last = flavour === 's6' ? ' "$0"' : '';
	return `if [ "$EXIT_CODE" = exited ]; then exec "$@" "$EXIT_STATUS" 0${last}; fi\n`
		+ `case $EXIT_STATUS in ${cases.join(' ')} *) n=0;; esac\nexec "$@" ${flavour === 's6' ? 256 : -1} "$n"${last}\n`;
}

/** How it tells that it is ready, and how long that may take. */
function readiness(folder: Folder, run: Script, reading: Reading): Keys {
	const {name, names, path, flavour} = folder;
	const {at, chain} = run;
	const timeout = readMillis(folder, 'timeout-up', reading);
	const never = word(at, 'unlimited');
	const limit = timeout?.value ?? never;
	if (chain?.check) {
		const {argv, interval, timeout: each} = chain.check;
		const command = list(at, (argv ?? [`${path}/data/check`]).map(text => literal(at, text)));
		const ready = {exec: command, interval: word(at, millis(Math.max(interval, 1))), timeout: each > 0 ? word(at, millis(each)) : undefined};
		return {ready: map(at, ready), start_timeout: limit};
	}
	if (flavour === 'runit' && names.includes('check')) {
		return {ready: map(at, {exec: list(at, [literal(at, `${path}/check`)])}), start_timeout: limit};
	}
	const fd = readNumber(folder, 'notification-fd', reading);
	if (fd === null || flavour === 'runit') return timeout ? noTimeout(timeout.at, name, reading) : {};
	if (fd.number < 3 || fd.number > 63) {
		reading.leaveOut(fd.at, name, 'notification-fd', `${fd.number} is no descriptor from 3 to 63`);
		return {};
	}
	return {ready: map(fd.at, {fd: word(fd.at, fd.number)}), start_timeout: limit};
}

function noTimeout(at: Place, name: string, {leaveOut}: Reading): Keys {
	leaveOut(at, name, 'timeout-up', 'without notification-fd a daemon is up as soon as it runs');
	return {};
}

/** How it is stopped: s6 waits without end, unless it is told otherwise. */
function stopping(folder: Folder, at: Place, reading: Reading): Keys {
	const timeout = readMillis(folder, 'timeout-kill', reading) ?? readMillis(folder, 'timeout-down', reading);
	const source = folder.names.includes('down-signal') ? reading.read(`${folder.disk}/down-signal`) : null;
	const signal = source && source !== 'other' ? source.text.trim() : '';
	return {
		stop_signal: source && source !== 'other' && signal !== '' ? word({source, offset: 0}, signal.replace(/^SIG/, '')) : undefined,
		stop_grace_period: timeout?.value ?? word(at, 'unlimited'),
	};
}

/** A oneshot: lines of execline, `up` and perhaps `down`. */
export function readOneshot(folder: Folder, reading: Reading): Unit | null {
	const {disk, path, names} = folder;
	const up = readLine(`${disk}/up`, `${path}/up`, reading);
	if (!up) return null;
	const down = names.includes('down') ? readLine(`${disk}/down`, `${path}/down`, reading) : null;
	const {at} = up;
	const main = keysOf(up);
	const isEmpty = up.chain === null && up.text.replace(/^\s*#[^\n]*/gm, '').trim() === '';
	const hasVariables = up.hasVariables || (down?.hasVariables ?? false);
	const keys: Keys = {
		type: word(at, 'oneshot'),
		...main,
		command: isEmpty ? list(at, [literal(at, 'true')]) : main['command'],
		environment_base: hasVariables || isEmpty ? undefined : word(at, 'clean'),
		start_timeout: readMillis(folder, 'timeout-up', reading)?.value,
	};
	if (down && (down.chain || down.text.trim() !== '')) {
		keys['down'] = list(down.at, [hookOf(down, keys)]);
		keys['stop_grace_period'] = readMillis(folder, 'timeout-down', reading)?.value ?? word(at, 'unlimited');
	}
	for (const each of ['flag-essential']) {
		if (names.includes(each)) reading.leaveOut(placeOf(folder, each, reading), folder.name, each, LEFT_OUT[each] ?? '');
	}
	const calls = [...isEmpty ? [] : up.calls, ...down?.calls ?? []];
	return {at, keys, isMerged: up.isMerged, hasVariables, calls, needs: new Map()};
}

/** Milliseconds, where 0 means without end; null: nothing is said. */
function readMillis(folder: Folder, file: string, reading: Reading): {readonly at: Place; readonly value: Value} | null {
	const found = readNumber(folder, file, reading);
	return found && {at: found.at, value: word(found.at, found.number === 0 ? 'unlimited' : millis(found.number))};
}

export const millis = (number: number): string => (number % 1000 === 0 ? `${number / 1000}s` : `${number}ms`);

function readNumber({disk, names}: Folder, file: string, reading: Reading): {readonly at: Place; readonly number: number} | null {
	if (!names.includes(file)) return null;
	const source = reading.read(`${disk}/${file}`);
	if (source === null || source === 'other') return null;
	const at = {source, offset: 0};
	const text = source.text.trim();
	if (/^\d{1,9}$/.test(text)) return {at, number: Number(text)};
	reading.report(at, `${file} must hold a number, not ${quote(text)}`);
	return null;
}

function placeOf({disk}: Folder, file: string, reading: Reading): Place {
	const source = reading.read(`${disk}/${file}`);
	return source && source !== 'other' ? {source, offset: 0} : folderPlace(`${disk}/${file}`);
}

/** Lines with a name each, without comments. */
export function readNames(source: Source): readonly {readonly name: string; readonly at: Place}[] {
	const found: {name: string; at: Place}[] = [];
	for (const match of source.text.matchAll(/^[ \t]*([^\s#]\S*)/gm)) {
		found.push({name: match[1] ?? '', at: {source, offset: match.index + match[0].length - (match[1] ?? '').length}});
	}
	return found;
}
