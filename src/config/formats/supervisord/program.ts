/** `[program:x]` → one service of archon's, with instances where they differ in nothing but their number; else one for each process. */
import {resolve} from '../../../core/path.ts';
import {splitWords} from '../../../core/words.ts';
import {signalNumber} from '../../../core/signal-numbers.ts';
import {SCALE_MAX} from '../../names.ts';
import type {Place} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, map, word, written} from '../translation.ts';
import {INSTANCE, isFixed, scalar, splitCommand, splitPairs, type Names, type Text} from './expressions.ts';
import {HARMLESS, PROGRAM, FCGI, UNKNOWN} from './keys.ts';
import {outputOf, type Outputs} from './output.ts';
import type {Given, Reader} from './section.ts';

/** What all programs have in common. */
export interface Common {
	readonly user: Given<Text> | undefined;
	readonly umask: Given<Text> | undefined;
	readonly directory: Given<Text> | undefined;
	readonly outputs: Outputs;
	/** Where relative paths begin. */
	readonly from: () => string;
}

/** A service that comes of a program. */
export interface Made {
	readonly name: string;
	readonly at: Place;
	readonly keys: Readonly<Record<string, Value | undefined>>;
	readonly priority: number;
	readonly startsBySelf: boolean;
	/** In seconds; 0 where that depends on a variable. */
	readonly stopwait: number;
	readonly scale: number;
	readonly untold: readonly Untold[];
}

export interface Untold {
	readonly at: Place;
	readonly key: string;
	readonly why: string;
}

/** Makes a reader of the section for a process: what further names stand for, its number among them. */
export type ReaderFor = (names: Names) => Reader;

const PRIORITY = 999;

export function makeServices(program: string, readerFor: ReaderFor, isFcgi: boolean, common: Common): readonly Made[] {
	const plain = readerFor(name => ({program_name: program, process_num: 0, numprocs: 1})[name]);
	const start = Number(plain.whole('numprocs_start', 0, 1_000_000)?.value ?? 0);
	const count = plain.whole('numprocs', 0, SCALE_MAX);
	const isOne = !count || count.value === '1';
	const numbered = (number: number | Text, numprocs: number | Text): Names => name =>
		({program_name: program, process_num: number, numprocs})[name];
	if (isOne) return [makeService(program, readProcess(readerFor, numbered(start, 1)), isFcgi, common, undefined)];
	if (count.value === '0') return [];
	const isSame = start === 0 && !differs(plain);
	if (isSame) {
		const numprocs = isFixed(count.value) ? Number(count.value) : count.value;
		return [makeService(program, readProcess(readerFor, numbered(INSTANCE, numprocs)), isFcgi, common, count)];
	}
	const number = Number(plain.now('numprocs')?.value ?? NaN);
	if (!(number >= 1 && number <= SCALE_MAX)) return [];
	return Array.from({length: number}, (_, index) => {
		const reader = readProcess(readerFor, numbered(start + index, number));
		const name = reader.now('process_name')?.value ?? `${program}_${start + index}`;
		const made = makeService(name, reader, isFcgi, common, undefined);
		// What is told of one is not told again of the others.
		return index === 0 ? made : {...made, untold: []};
	});
}

/** Reads a process: in all its keys but that one its own `environment` says what `%(ENV_NAME)s` stands for. */
function readProcess(readerFor: ReaderFor, names: Names): Reader {
	const plain = readerFor(names);
	const given = plain.text('environment');
	const pairs = given && splitPairs(given.value);
	if (!pairs?.ok || pairs.value.size === 0) return plain;
	const own = readerFor(name => (name.startsWith('ENV_') ? pairs.value.get(name.slice(4)) : undefined) ?? names(name));
	return {...own, text: key => (key === 'environment' ? plain : own).text(key)};
}

/** Whether a key needs the process's number in another way than archon's `{instance}` has it. */
function differs(reader: Reader): boolean {
	return [...Object.keys(PROGRAM), ...Object.keys(FCGI)].some(key => key !== 'process_name'
		&& /%\(process_num\)(?![sdiu])/.test(reader.raw(key)?.text ?? ''));
}

function makeService(name: string, reader: Reader, isFcgi: boolean, common: Common, scale: Given<Text> | undefined): Made {
	const untold: Untold[] = [];
	const tell = (at: Place, key: string, why: string): void => void untold.push({at, key, why});
	const command = commandOf(reader);
	const retries = reader.whole('startretries', 0, 1000);
	const policy = policyOf(reader);
	const wait = reader.whole('stopwaitsecs', 0, 604_800);
	const stop = reader.flag('stopasgroup');
	const priority = reader.now('priority');
	const start = reader.text('autostart');
	const secs = reader.whole('startsecs', 0, 604_800);
	const directory = reader.text('directory') ?? common.directory;
	const user = reader.text('user') ?? common.user;
	const umask = reader.text('umask') ?? common.umask;
	const {at} = reader;
	const keys: Record<string, Value | undefined> = {
		command,
		scale: scale && scalarOrWord(scale),
		user: user && scalar(user.at, user.value),
		working_dir: directory && scalar(directory.at, isFixed(directory.value) ? resolve(common.from(), directory.value) : directory.value),
		umask: umask && scalar(umask.at, umask.value),
		environment: environmentOf(reader),
		autostart: isFcgi ? word(at, false) : autostartOf(reader, start),
		start_period: secs ? seconds(secs) : word(at, '1s'),
		restart: map(at, {policy: written(policy.at, policy.value), counts: word(at, 'starts'), attempts: retries && scalarOrWord(retries)}),
		success_codes: codesOf(reader),
		stop_signal: signalOf(reader),
		stop_grace_period: wait ? seconds(wait) : word(at, '10s'),
		stop_to: stop?.value === true ? word(stop.at, 'group') : undefined,
		...outputOf(reader, common.outputs, tell),
	};
	tellKeys(reader, isFcgi, tell);
	return {
		name, at, keys, untold,
		priority: numberOf(reader, priority) ?? PRIORITY,
		startsBySelf: !isFcgi && !/^(false|no|off|0)$/i.test(start?.value ?? ''),
		stopwait: wait && isFixed(wait.value) ? Number(wait.value) : wait ? 0 : 10,
		scale: scale && isFixed(scale.value) ? Number(scale.value) : 1,
	};
}

function numberOf(reader: Reader, given: Given<string> | undefined): number | undefined {
	if (!given) return undefined;
	if (/^\s*-?\d{1,9}\s*$/.test(given.value)) return Number(given.value);
	reader.report(given.at, 'priority', 'is not a whole number');
	return undefined;
}

const scalarOrWord = ({at, value}: Given<Text>): Value => (isFixed(value) ? word(at, value) : scalar(at, value));
const seconds = ({at, value}: Given<Text>): Value => (isFixed(value) ? word(at, `${value}s`) : scalar(at, value));

/** As it is written, where archon splits it into the same words; else as a list of them. */
function commandOf(reader: Reader): Value | undefined {
	const given = reader.text('command');
	if (!given) {
		if (!reader.raw('command')) reader.report(reader.at, 'command', 'is missing', 'supervisord wants it in every program');
		return undefined;
	}
	const {at, value} = given;
	const words = splitCommand(value);
	if (!words.ok) {
		reader.report(at, 'command', `cannot be split into words: ${words.error}`);
		return undefined;
	}
	if (words.value.length === 0) reader.report(at, 'command', 'is empty');
	const line = value.replace(/\s*\n\s*/g, ' ');
	const same = splitWords(line);
	const isSame = same.ok && same.value.length === words.value.length && same.value.every((each, index) => each === words.value[index]);
	// What a variable holds is split as well, which only a text can say.
	if (isSame && (line.length <= LINE_MAX || !isFixed(value))) return scalar(at, line);
	return list(at, words.value.map(each => scalar(at, each)));
}

/** In characters: a longer command is read better as a list. */
const LINE_MAX = 200;

function environmentOf(reader: Reader): Value | undefined {
	const given = reader.text('environment');
	return given && pairsOf(reader, given);
}

export function pairsOf(reader: Reader, {at, value}: Given<Text>): Value | undefined {
	const pairs = splitPairs(value);
	if (!pairs.ok) {
		reader.report(at, 'environment', pairs.error, 'values with other signs than letters, digits and _/.+-(): want quotes');
		return undefined;
	}
	return pairs.value.size === 0 ? undefined : map(at, new Map([...pairs.value].map(([name, text]) => [name, scalar(at, text)])));
}

function autostartOf(reader: Reader, start: Given<Text> | undefined): Value | undefined {
	if (!start) return undefined;
	if (!isFixed(start.value)) return scalar(start.at, start.value);
	const flag = reader.flag('autostart');
	return flag?.value === false ? word(flag.at, false) : undefined;
}

const POLICIES: readonly (readonly [words: readonly string[], policy: string])[] = [
	[['unexpected'], 'on-failure'], [['yes', 'true', 'on', '1'], 'always'], [['no', 'false', 'off', '0'], 'no'],
];

function policyOf(reader: Reader): Given<string> {
	const given = reader.now('autorestart');
	const value = given?.value.toLowerCase() ?? 'unexpected';
	const policy = POLICIES.find(([words]) => words.includes(value))?.[1] ?? null;
	if (policy === null && given) reader.report(given.at, 'autorestart', 'must be true, false or unexpected');
	return {at: given?.at ?? reader.at, value: policy ?? 'on-failure'};
}

function codesOf(reader: Reader): Value | undefined {
	const given = reader.now('exitcodes');
	if (!given || given.value.trim() === '0') return undefined;
	const codes = given.value.split(',').map(code => code.trim()).filter(code => code !== '');
	const isRight = codes.every(code => /^\d{1,3}$/.test(code) && Number(code) <= 255);
	if (isRight) return list(given.at, codes.map(code => word(given.at, Number(code))));
	reader.report(given.at, 'exitcodes', 'is not a list of exit statuses from 0 to 255');
	return undefined;
}

function signalOf(reader: Reader): Value | undefined {
	const given = reader.now('stopsignal');
	const name = given?.value.trim().toUpperCase() ?? 'TERM';
	if (!given || name === 'TERM' || name === 'SIGTERM' || name === '15') return undefined;
	if (signalNumber(name) !== null) return word(given.at, name.replace(/^SIG/, ''));
	reader.report(given.at, 'stopsignal', 'is not a signal', 'supervisord sends one, as TERM or QUIT');
	return undefined;
}

function tellKeys(reader: Reader, isFcgi: boolean, tell: (at: Place, key: string, why: string) => void): void {
	for (const [key, setting] of reader.settings()) {
		const meaning = PROGRAM[key] ?? (Object.hasOwn(PROGRAM, key) ? null : isFcgi && Object.hasOwn(FCGI, key) ? FCGI[key] : undefined);
		if (meaning === 'done' || meaning === null || HARMLESS[key]?.test(setting.text.trim())) continue;
		tell(setting.key, key, meaning ?? UNKNOWN);
	}
	const name = reader.raw('process_name');
	if (name && !name.text.includes('%(') && reader.raw('numprocs') === undefined) {
		const program = reader.name.replace(/^[^:]*:/, '');
		if (name.text.trim() !== program) tell(name.key, 'process_name', `the service is called as the program: ${program}`);
	}
}
