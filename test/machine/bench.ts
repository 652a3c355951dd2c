/** A place to make real processes from a test: spawner and reaper as the daemon has them, without the rest. */
import {closeSync, mkdtempSync, openSync, readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {LIMITS, service} from '../../src/core/defaults.ts';
import type {Event, News} from '../../src/core/event.ts';
import type {Run} from '../../src/core/ids.ts';
import type {Refusal} from '../../src/core/outcome.ts';
import type {Exec, Limits} from '../../src/core/service.ts';
import {createPoller} from '../../src/os/poller.ts';
import {createReaper} from '../../src/os/reap/reaper.ts';
import {type Given, spawnRun} from '../../src/os/spawn/spawner.ts';
import {collectAtTimes} from './children.ts';

const listeners = new Set<(event: Event) => void>();
export const poller = createPoller();
export const reaper = createReaper(event => listeners.forEach(listener => listener(event)), poller, () => false);
collectAtTimes(reaper.reap);

let runs = 0;

/** The next news of a run that answers the question. */
export function news<K extends News['kind']>(run: Run, kind: K): Promise<Extract<News, {kind: K}>> {
	return new Promise(resolve => {
		const listener = (event: Event): void => {
			if (event.kind !== 'news' || event.run !== run || event.news.kind !== kind) return;
			listeners.delete(listener);
			resolve(event.news as Extract<News, {kind: K}>);
		};
		listeners.add(listener);
	});
}

export interface Made {
	readonly pid: number;
	readonly run: Run;
	readonly exited: Promise<Extract<News, {kind: 'exited'}>>;
	/** What it wrote to stdout and stderr so far. */
	text(): string;
}

export const folder = mkdtempSync(join(tmpdir(), 'archon-machine-'));

/** What may be said of a process: its context, and which of its limits are not as they were. */
export type How = Partial<Omit<Exec, 'limits'>> & {readonly limits?: Partial<Limits>};

/** A process with /dev/null as stdin and a file as stdout and stderr; or why it could not be made. */
export function make(argv: readonly [string, ...string[]], {limits, ...how}: How = {}, given: Given = {}): Made | Refusal {
	const run = ++runs;
	const path = join(folder, `out-${run}`);
	const [input, output] = [openSync('/dev/null', 'r'), openSync(path, 'w', 0o666)];
	const {exec, ...rest} = service('test', argv);
	const news_ = spawnRun({...rest, exec: {...exec, ...how, limits: {...LIMITS, ...limits}}}, run, [input, output, output], given)();
	closeSync(input);
	closeSync(output);
	if (news_.kind === 'refused') return news_.refusal;
	reaper.register(news_.pid, 0, run);
	return {pid: news_.pid, run, exited: news(run, 'exited'), text: () => readFileSync(path, 'utf8')};
}

/** What a process wrote from its start to its end. */
export async function outputOf(argv: readonly [string, ...string[]], how: How = {}, given: Given = {}): Promise<string> {
	const made = make(argv, how, given);
	if (!('pid' in made)) throw new Error(`${made.stage}: ${made.reason}`);
	await made.exited;
	return made.text();
}

export function refusalOf(argv: readonly [string, ...string[]], how: How = {}): Refusal {
	const made = make(argv, how);
	if ('pid' in made) throw new Error(`${argv[0]} was executed`);
	return made;
}
