/**
 * The helper `archon.rules`: tells rules in Lua of events, and PID 1 what they ask for. One rule is told of one event at a time, and
 * between two of them PID 1 is listened to.
 */
import {
	ALIVE, ANSWER, ASKS, DISABLED, DONE, EVENT, FAILURES_MAX, KEEPS, KEPT, type KeptValue, LIST, LOAD, type LuaRules, ROW, START, type Tried,
	TRY, WANTS,
} from '../core/lua-rules.ts';
import type {Millis} from '../core/time.ts';
import {LOGS} from '../features/logging/requests/logs/wire.ts';
import {decodeLogRow} from '../features/logging/requests/logs/rows.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after, now, soon} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {type Message, RESET} from '../os/helper-wire.ts';
import type {Poller} from '../os/poller.ts';
import {sys} from '../os/sys.ts';
import {type Connection, createConnection} from './connection.ts';
import {createHelperControl} from './control.ts';
import {readRuleFiles, type RuleFile} from './rules/files.ts';
import {createPortWatch} from './rules/ports.ts';
import {createFileWatch} from './rules/watch.ts';
import {type Ask, createWorld, type Fields, type Outcome, type Rule} from './rules/world.ts';

/** Lines that wait to be told, and how many are told in a second. */
const [LINES_WAITING, LINES_EACH_SECOND] = [1000, 1000];
/** What scripts say in a second, in lines, and the bytes of one. */
const [SAID_EACH_SECOND, SAID_MAX] = [100, 2000];
/** How long PID 1 hears nothing while there is work (ms). */
const SILENCE: Millis = 1000;
/** Until lines are asked for again where they could not be had (ms). */
const AGAIN: Millis = 5000;

/** `words`: what the config says, as JSON. Serves until `ended` is called, which it is as soon as archon asks for it. */
export function serveRules(fd: number, poller: Poller, ended: () => void, [words = '{}']: readonly string[]): () => void {
	const config = JSON.parse(words) as LuaRules;
	const world = createWorld(config);
	const connection: Connection = createConnection(fd, poller, heard, ended);
	const control = createHelperControl(connection, poller);
	const watch = createFileWatch(poller, onFile, text => say('warn', text));
	const portWatch = createPortWatch(onPort);
	let read: readonly RuleFile[] = [];
	let isLoaded = false;
	/** What is still to be done, the oldest first. */
	const queue: (() => void)[] = [];
	let isBusy = false;
	let last = 0;
	let saidAt = now();
	let stopTimers = (): void => {};
	let stopLines: (() => void) | null = null;
	let linesWaiting = 0;
	const lines = createBound(LINES_EACH_SECOND, left => say('warn', `${left} lines were not told to rules: there were too many`));
	const said = createBound(SAID_EACH_SECOND, left => write('warn', `${left} lines of rules were not said: there were too many`));

	function heard(message: Message, fds: readonly number[]): void {
		if (control.heard(message, fds)) return;
		fds.forEach(close);
		const {kind, id, payload} = message;
		if (kind === RESET) {
			connection.send(RESET);
			control.reset();
			for (const value of world.kept.values()) tell(KEEPS, 0, value);
			if (isLoaded) tellWants();
		} else if (kind === KEPT) {
			world.keep(JSON.parse(textOf(payload)) as KeptValue);
		} else if (kind === START) {
			if (!isLoaded) load(readRuleFiles(config.files));
		} else if (kind === LOAD) {
			reload(id);
		} else {
			const text = textOf(payload);
			if (kind === EVENT) add(() => onEvent(id, JSON.parse(text) as Fields));
			if (kind === LIST) add(() => answer(id, world.reports()));
			if (kind === TRY) add(() => attempt(id, JSON.parse(text) as {readonly rule: string | null; readonly fields: Fields}));
		}
	}

	const tell = (kind: string, id: number, value: unknown): void => connection.send(kind, id, bytesOf(JSON.stringify(value)));

	function answer(id: number, rows: readonly unknown[]): void {
		for (const row of rows) tell(ROW, id, row);
		connection.send(ANSWER, id);
	}

	// ── One thing after the other ──

	function add(task: () => void): void {
		queue.push(task);
		if (!isBusy) soon(work);
		isBusy = true;
	}

	function work(): void {
		queue.shift()?.();
		if (now() - saidAt > SILENCE) {
			saidAt = now();
			connection.send(ALIVE);
		}
		isBusy = queue.length > 0;
		if (isBusy) soon(work);
	}

	// ── Files ──

	function load(files: readonly RuleFile[]): void {
		isLoaded = true;
		read = files;
		for (const line of world.load(files)) say('error', line);
		stopTimers();
		watch.set(world.rules.flatMap(({paths}) => paths));
		portWatch.set(world.rules.flatMap(({ports}) => ports));
		const timers = world.rules.flatMap(({every, name, file}) => (every === null ? [] : [begin(every, name, file)]));
		stopTimers = () => timers.forEach(stop => stop());
		follow(world.rules.some(({events}) => events.some(event => matches(event, 'log'))));
		tellWants();
	}

	function reload(id: number): void {
		const files = readRuleFiles(config.files);
		const isSame = files.length === read.length && files.every((file, i) => isSameFile(file, read[i]));
		if (id === 0 && isSame) return;
		load(files);
		if (id > 0) add(() => answer(id, world.reports()));
	}

	/** PID 1 sends no other events. Null: a pattern may mean any. */
	function tellWants(): void {
		const events = world.rules.flatMap(rule => rule.events);
		const kinds = events.every(isPlain) ? [...new Set(events)] : null;
		tell(WANTS, 0, {last, kinds});
	}

	function onFile(path: string): void {
		addFor(({paths}) => paths.includes(path), {event: 'file', path, time: Date.now()});
	}

	function onPort(port: number, open: boolean): void {
		addFor(({ports}) => ports.includes(port), {event: 'port', port, open, time: Date.now()});
	}

	/** The rules that such a thing is for hear of it; by then they may be those of another world. */
	function addFor(isMeant: (rule: Rule) => boolean, fields: Fields): void {
		for (const {name, file} of world.rules.filter(isMeant)) {
			add(() => {
				const rule = world.rules.find(each => each.name === name && each.file === file);
				if (rule) one(rule, fields);
			});
		}
	}

	function begin(every: Millis, name: string, file: string): () => void {
		let isWaiting = false;
		let stop = (): void => {};
		const next = (): void => {
			stop = after(every, () => {
				next();
				const rule = world.rules.find(each => each.name === name && each.file === file);
				if (!rule || isWaiting) return;
				isWaiting = true;
				add(() => {
					isWaiting = false;
					one(rule, {event: 'timer', time: Date.now()});
				});
			});
		};
		next();
		return () => stop();
	}

	// ── Lines ──

	function follow(isOn: boolean): void {
		if (!isOn) {
			stopLines?.();
			stopLines = null;
		}
		if (!isOn || stopLines) return;
		let isOver = false;
		let giveUp = (): void => {};
		const ask = (): void => {
			if (isOver) return;
			giveUp = control.ask(LOGS, ['archon.lines=0', 'archon.follow=yes'], {
				rows(rows) {
					for (const row of rows.map(decodeLogRow)) if (row?.kind === 'line' && !isOver) onLine(row.name, row.text, row.at);
				},
				done: () => after(AGAIN, ask),
			});
		};
		stopLines = () => {
			isOver = true;
			giveUp();
		};
		ask();
	}

	function onLine(service: string, line: string, time: number): void {
		// What rules say themselves would be told to them for ever.
		if (service === 'archon' || service.startsWith('archon.')) return;
		if (!lines.take(linesWaiting < LINES_WAITING)) return;
		linesWaiting += 1;
		add(() => {
			linesWaiting -= 1;
			all({event: 'log', service, ...instanceOf(service), line, time});
		});
	}

	// ── Rules ──

	function onEvent(id: number, {number, ...fields}: Fields): void {
		last = Number(number);
		all(fields, () => connection.send(DONE, id));
	}

	/** Tells each rule, with PID 1 heard between them. */
	function all(fields: Fields, done?: () => void): void {
		const event = String(fields['event']);
		const meant = world.rules.filter(({events, isDisabled, every, paths, ports}) =>
			!isDisabled && every === null && paths.length === 0 && ports.length === 0 && events.some(each => matches(each, event)));
		const rest = meant.map(({name, file}) => () => {
			const rule = world.rules.find(each => each.name === name && each.file === file);
			if (rule && !rule.isDisabled) one(rule, fields);
		});
		if (rest.length === 0) return done?.();
		// Before what came later.
		queue.unshift(...rest, ...done ? [done] : []);
	}

	function one(rule: Rule, fields: Fields): void {
		if (rule.isDisabled) return;
		const wasDisabled = rule.isDisabled;
		const outcome = world.tell(rule, fields);
		for (const [kind = '', ...texts] of outcome.asks) {
			if (kind === 'set') tell(KEEPS, 0, texts);
			else if (kind !== 'act') say(kind === 'print' ? 'info' : kind, `${rule.name}: ${texts.join(' ')}`);
		}
		if (outcome.dropped > 0) said.leave(outcome.dropped);
		const acts = outcome.asks.flatMap(([kind, ...texts]) => (kind === 'act' ? [texts] : []));
		if (acts.length > 0) tell(ASKS, 0, {rule: rule.name, fields, acts});
		if (outcome.kind === 'failed') fail(rule, outcome, fields, wasDisabled);
	}

	function fail({name, file}: Rule, {words}: Outcome, {event, service}: Fields, wasDisabled: boolean): void {
		say('error', `${name}: failed at ${String(event)}${service ? ` of ${String(service)}` : ''}: ${words}`);
		const rule = world.rules.find(each => each.name === name && each.file === file);
		if (!rule?.isDisabled || wasDisabled) return;
		say('error', `${name}: disabled, as it has failed ${FAILURES_MAX} times in a row: archonctl rules reload enables it again`);
		tell(DISABLED, 0, [name, rule.error]);
	}

	function attempt(id: number, {rule: name, fields}: {readonly rule: string | null; readonly fields: Fields}): void {
		const meant = world.rules.filter(rule => name === null || rule.name === name);
		answer(id, meant.map((rule): Tried => {
			const {kind, words, asks} = world.attempt(rule, fields);
			const outcome = kind === 'failed' ? `failed: ${words.split('\n', 1)[0] ?? ''}` : OUTCOMES[kind];
			return {name: rule.name, outcome, asks: asks.map(ask => wordsFor(ask).replaceAll(/\s+/g, ' '))};
		}));
	}

	/** A line of archon's log, as it is written to the standard error output. */
	function say(level: string, text: string): void {
		if (said.take()) write(level, text);
	}

	return ended;
}

function write(level: string, text: string): void {
	const clean = text.replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, ' ').trimEnd().slice(0, SAID_MAX).replaceAll('\n', '\n  ');
	sys.write(2, bytesOf(`${level === 'info' ? '' : `${level}: `}${clean}\n`));
}

const OUTCOMES = {unmeant: 'not meant', skipped: 'not meant, says when', done: 'done'} as const;

/** What a rule that is tried would ask for. */
function wordsFor([kind = '', ...texts]: Ask): string {
	if (kind === 'act') {
		const [verb = '', ...rest] = texts;
		return verb === 'run' ? `run ${rest.slice(1).join(' ')}` : `${verb} ${rest.join(' ')}`;
	}
	if (kind === 'set') return `set ${texts[0] ?? ''} ${texts[1] === 'nil' ? 'to nothing' : `to ${texts[2] ?? ''}`}`;
	return kind === 'print' ? `print ${texts.join(' ')}` : `log ${texts.join(' ')}`;
}

const isPlain = (event: string): boolean => /^[A-Za-z-]+$/.test(event);
/** Whether a rule may be meant; Lua says it exactly. */
const matches = (pattern: string, event: string): boolean => !isPlain(pattern) || pattern === event;

const isSameFile = (file: RuleFile, other: RuleFile | undefined): boolean =>
	file.path === other?.path && file.why === other.why && textOf(file.bytes) === textOf(other.bytes);

/** The number of an instance: `web:2`. */
function instanceOf(service: string): {readonly instance: number | null} {
	const number = /:(\d+)$/.exec(service)?.[1];
	return {instance: number === undefined ? null : Number(number)};
}

interface Bound {
	/** Whether this one may pass; `fits`: whether there is room for it. */
	take(fits?: boolean): boolean;
	/** Others have not passed. */
	leave(count: number): void;
}

/** A bound for each second; how many did not pass is told a second later. */
function createBound(most: number, tell: (left: number) => void): Bound {
	let [at, count, left] = [now(), 0, 0];
	function leave(more: number): void {
		if (left === 0) {
			after(1000, () => {
				const all = left;
				left = 0;
				tell(all);
			});
		}
		left += more;
	}
	return {
		leave,
		take(fits = true) {
			if (now() - at >= 1000) [at, count] = [now(), 0];
			const mayPass = fits && count < most;
			if (mayPass) count += 1;
			else leave(1);
			return mayPass;
		},
	};
}
