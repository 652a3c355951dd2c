/** The hands of the daemon without the core: effects in, news out, everything between them real. */
import {afterAll} from 'vitest';
import {LOGGING, service} from '../../src/core/defaults.ts';
import type {Event, Hook, News, Purpose} from '../../src/core/event.ts';
import type {Run} from '../../src/core/ids.ts';
import type {Probe, Service} from '../../src/core/service.ts';
import {find} from '../../src/core/state.ts';
import {create} from '../../src/core/whole.ts';
import {createOutput} from '../../src/features/logging/os/output.ts';
import {NO_BIND} from '../../src/features/bind/core/rules.ts';
import {PORT_RULES} from '../../src/features/ports/core/spec.ts';
import {oblivion} from '../../src/os/reexec/handoff.ts';
import {openKeptFds} from '../../src/os/reexec/kept-fds.ts';
import {createHelpers} from '../../src/os/helpers.ts';
import {createRecorder} from '../../src/features/events/os/recorder.ts';
import {createHands} from '../../src/os/perform.ts';
import {createPoller} from '../../src/os/poller.ts';
import {createReaper} from '../../src/os/reap/reaper.ts';
import {collectAtTimes} from './children.ts';

const SETTINGS = {shutdownGrace: 0, sweepGrace: 0, startRate: {perSecond: 1, burst: 1}, whenIdle: 'never', seed: 1} as const;

const heard: Extract<Event, {kind: 'news'}>[] = [];
const waiting = new Set<() => void>();
const said: string[] = [];

function dispatch(event: Event): void {
	if (event.kind !== 'news') return;
	heard.push(event);
	const {run, news} = event;
	const from = reaper.mainOf(run);
	// As the core does, and at once.
	if (news.kind === 'notify' && news.message.kind === 'main-pid' && from) hands.perform({kind: 'follow', run, from, to: news.message.pid});
	setImmediate(() => waiting.forEach(look => look()));
}

const say = (line: unknown): void => void said.push(String(line));
const poller = createPoller();
export const reaper = createReaper(dispatch, poller, () => false);
const kept = openKeptFds({handoff: oblivion(), keepFd: () => 0, close: () => 0, failed() {}});
const helpers = createHelpers({poller, kept});
const output = createOutput({poller, handoff: oblivion(), kept, helpers}, ['test'], LOGGING);
export const hands = createHands({
	reaper, poller, output, handoff: oblivion(), kept, helpers, dispatch, state: () => create([], SETTINGS), portRules: () => PORT_RULES, bindRules: () => NO_BIND, ownerOf: () => null,
	recorder: createRecorder(oblivion().blocks, true, () => undefined), log: {info: say, warn: say, error: say, fatal: say}, keeper: null,
	reread() {}, alert() {}, isSweeping: () => false, exit: () => {}, reboot: () => {},
});
collectAtTimes(hands.collect);

let runs = 0;

export interface Living {
	readonly run: Run;
	readonly pid: number;
	readonly service: Service;
	/** The nth news of this kind, whether it has come already or is still to come. */
	news<K extends News['kind']>(kind: K, nth?: number): Promise<Extract<News, {kind: K}>>;
	/** All news so far. */
	heard(): readonly News[];
	probe(probe: Probe, timeout?: number, purpose?: Purpose): void;
	hook(hook: Hook, commands: Service['hooks']['preStop'], timeout?: number): void;
	/** The core has heard of its end. */
	over(): void;
	kill(signal: number): void;
}

/** What archon said on its log. */
export const log = (): string => said.join('\n');

/** A run of a service, whose words go nowhere unless `how` says otherwise. */
export function live(argv: Service['exec']['argv'], how: Partial<Service> = {}): Living {
	const run = ++runs;
	const base = service('test', argv);
	const exec = how.exec ?? {...base.exec, output: {kind: 'files', stdout: null, stderr: null}};
	const made: Service = {...base, ...how, exec: {...exec, argv}};
	const event = hands.spawn({kind: 'spawn', id: run, run, service: made})();
	const pid = event.kind === 'news' && event.news.kind === 'spawned' ? event.news.pid : 0;
	if (pid === 0) throw new Error(JSON.stringify(event));
	const of = <K extends News['kind']>(kind: K) => heard.filter(one => one.run === run && one.news.kind === kind);
	return {
		run, pid, service: made,
		news: <K extends News['kind']>(kind: K, nth = 1) => new Promise<Extract<News, {kind: K}>>(resolve => {
			const look = (): void => {
				const found = of(kind)[nth - 1];
				if (!found) return;
				waiting.delete(look);
				resolve(found.news as Extract<News, {kind: K}>);
			};
			waiting.add(look);
			look();
		}),
		heard: () => heard.filter(one => one.run === run).map(one => one.news),
		probe: (probe, timeout = 10_000, purpose = 'health') =>
			hands.perform({kind: 'probe', id: run, run, service: made, purpose, probe, timeout}),
		hook: (hook, commands, timeout = 10_000, environment = {}) =>
			hands.perform({kind: 'hook', id: run, run, service: made, hook, commands, timeout, environment}),
		over() {
			const entry = find(create([made], SETTINGS), made.name);
			if (entry) hands.perform({kind: 'changed', before: {...entry, phase: {kind: 'spawning', run, isConditional: false, isHooked: false, deadline: Infinity}}, after: entry});
		},
		kill: signal => reaper.signal(run, reaper.mainOf(run) ?? pid, signal, 'tree'),
	};
}

const sleepers: Living[] = [];

/** A service that sleeps until the tests of its file are over. */
export function sleeper(how: Parameters<typeof live>[1] = {}): Living {
	const life = live(['sleep', '1000'], how);
	sleepers.push(life);
	return life;
}

afterAll(() => sleepers.forEach(({kill}) => kill(9)));
