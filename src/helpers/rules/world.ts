/**
 * The rules of all files in one world of Lua: what each has come to, and what it asks for. What had to be cut off costs the world:
 * another one is begun, with the same files and what rules had kept.
 */
import {FAILURES_MAX, type KeptValue, type LuaRules, type RuleReport} from '../../core/lua-rules.ts';
import type {Millis} from '../../core/time.ts';
import {basename} from '../../core/path.ts';
import {sys} from '../../os/sys.ts';
import {PRELUDE} from './prelude.ts';
import type {RuleFile} from './files.ts';

/** What rules are told of: fields as Lua has them; one that is null is not there. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** `act`: verb and its texts; `say`: a level, or `print`, and a text. */
export type Ask = readonly string[];

export interface Rule {
	/** Of its file's, from 1 in each world. */
	index: number;
	readonly name: string;
	readonly file: string;
	readonly events: readonly string[];
	readonly match: string;
	/** Of a timer; null: it is a rule of another kind. */
	readonly every: Millis | null;
	/** Files and folders whose changes it is told of, and of nothing else. */
	readonly paths: readonly string[];
	/** Ports that it is told of, and of nothing else. */
	readonly ports: readonly number[];
	done: number;
	failed: number;
	row: number;
	error: string;
	isDisabled: boolean;
}

/** What came of a rule that was told of an event. */
export interface Outcome {
	/** `skipped`: it was not meant, or its `when` has said no. */
	readonly kind: 'unmeant' | 'skipped' | 'done' | 'failed';
	/** Of a failure, with a trace. */
	readonly words: string;
	readonly asks: readonly Ask[];
	/** Lines that were not said for want of room. */
	readonly dropped: number;
}

export interface World {
	readonly rules: readonly Rule[];
	/** Reads nothing: the files have been read. Gives what is wrong with them, in lines for the log. */
	load(files: readonly RuleFile[]): readonly string[];
	/** Tells a rule of an event; what comes of it is counted. */
	tell(rule: Rule, fields: Fields): Outcome;
	/** The same without counting it, and nothing is kept. */
	attempt(rule: Rule, fields: Fields): Outcome;
	keep(value: KeptValue): void;
	readonly kept: ReadonlyMap<string, KeptValue>;
	reports(): readonly RuleReport[];
}

const NUL = '\0';

export function createWorld({memory, deadline}: Pick<LuaRules, 'memory' | 'deadline'>): World {
	let files: readonly RuleFile[] = [];
	let rules: Rule[] = [];
	/** By path: why a file is not in force. */
	let broken = new Map<string, string>();
	const kept = new Map<string, KeptValue>();

	const call = (name: string, ...texts: readonly string[]): string => sys.luaCall(name, texts.map(text => `${text}${NUL}`).join(''));

	/** Begins a world with the files that are not broken; rules that were there before are the same as far as their file and name are. */
	function begin(before: readonly Rule[]): void {
		for (;;) {
			rules = [];
			if (sys.luaOpen(memory, deadline, PRELUDE) < 0) return void files.forEach(({path}) => broken.set(path, 'there is no memory for Lua'));
			for (const value of kept.values()) call('keep', ...value);
			if (files.every(file => broken.has(file.path) || run(file, before))) return;
		}
	}

	/** False: it had to be cut off, and the world is to begin again without it. */
	function run(file: RuleFile, before: readonly Rule[]): boolean {
		sys.luaTake();
		const outcome = sys.luaRun(`@${basename(file.path)}`, file.bytes, false);
		const asks = take();
		if (outcome.startsWith('+')) {
			for (const [kind = '', ...texts] of asks) if (kind === 'rule') rules.push(ruleOf(file.path, texts, before));
			return true;
		}
		broken.set(file.path, wordsOf(outcome));
		return !outcome.startsWith('x');
	}

	function ruleOf(file: string, texts: readonly string[], before: readonly Rule[]): Rule {
		const [index = '', name = '', events = '', match = '', every = '', paths = '', ports = ''] = texts;
		const same = before.find(each => each.file === file && each.name === name);
		return {
			index: Number(index), name, file, events: events.split(' '), match, every: every === '' ? null : Number(every),
			paths: paths === '' ? [] : paths.split('\n'), ports: ports === '' ? [] : ports.split(' ').map(Number),
			done: same?.done ?? 0, failed: same?.failed ?? 0, row: same?.row ?? 0, error: same?.error ?? '', isDisabled: same?.isDisabled ?? false,
		};
	}

	function wordsOf(outcome: string): string {
		switch (outcome.charAt(0)) {
			case 't': return `took more than ${deadline} ms: ${outcome.slice(1)}`;
			case 'm': return `needs more than ${memory >> 10} KiB of memory`;
			case 'x': return `took more than ${2 * deadline} ms and had to be cut off: what files had in global variables is lost`;
			default: return outcome.slice(1) || 'it failed without words';
		}
	}

	const take = (): readonly Ask[] => JSON.parse(sys.luaTake()) as readonly Ask[];

	function perform(rule: Rule, fields: Fields): Outcome {
		const texts = Object.entries(fields).flatMap(([key, value]) =>
			(value === null ? [] : [key, (typeof value).charAt(0) + String(value).replaceAll(NUL, ' ')]));
		const outcome = call('event', String(rule.index), ...texts);
		const asks = take();
		if (!outcome.startsWith('+')) {
			if (outcome.startsWith('x')) begin(rules);
			// What it had asked for before it failed is left undone.
			return {kind: 'failed', words: wordsOf(outcome), asks: asks.filter(([kind]) => kind !== 'act'), dropped: 0};
		}
		const [verdict, dropped] = outcome.slice(1).split(' ');
		return {kind: VERDICTS[Number(verdict)] ?? 'unmeant', words: '', asks, dropped: Number(dropped)};
	}

	function remember(asks: readonly Ask[]): void {
		for (const [kind, key = '', type = '', text = ''] of asks) {
			if (kind !== 'set') continue;
			if (type === 'nil') kept.delete(key);
			else kept.set(key, [key, type, text]);
		}
	}

	return {
		get rules() { return rules; },
		kept,
		load(next) {
			files = next;
			broken = new Map(files.filter(({why}) => why !== '').map(({path, why}) => [path, why]));
			begin([]);
			return [...broken].map(([path, why]) => `${path}: ${why}`);
		},
		tell(rule, fields) {
			const outcome = perform(rule, fields);
			remember(outcome.asks);
			// As another world has other ones.
			const now = rules.find(each => each.file === rule.file && each.name === rule.name) ?? rule;
			if (outcome.kind === 'done') now.done += 1;
			if (outcome.kind === 'failed') {
				now.failed += 1;
				now.row += 1;
				now.error = outcome.words.split('\n', 1)[0] ?? '';
				now.isDisabled ||= now.row >= FAILURES_MAX;
			} else if (outcome.kind !== 'unmeant') {
				now.row = 0;
			}
			return outcome;
		},
		attempt(rule, fields) {
			const outcome = perform(rule, fields);
			for (const [kind, key = ''] of outcome.asks) if (kind === 'set') call('keep', ...kept.get(key) ?? [key, 'nil', '']);
			return outcome;
		},
		keep(value) {
			kept.set(value[0], value);
		},
		reports: () => [
			...rules.map(({name, file, events, match, done, failed, row, error, isDisabled}): RuleReport => ({
				name, file, event: events.join(' '), match, state: isDisabled ? 'disabled' : 'enabled', done, failed, row, error,
			})),
			...[...broken].map(([file, why]): RuleReport => ({
				name: '', file, event: '', match: '', state: 'broken', done: 0, failed: 0, row: 0, error: why.split('\n', 1)[0] ?? '',
			})),
		],
	};
}

const VERDICTS: readonly Outcome['kind'][] = ['unmeant', 'skipped', 'done'];
