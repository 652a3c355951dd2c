/** What PID 1 tells of its helpers in `archonctl status`: of a process that is there, and of none that is being made. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test, vi} from 'vitest';
import {REPORT as ALERTS_REPORT} from '../../../src/core/alerts.ts';
import {service as plain} from '../../../src/core/defaults.ts';
import type {Event} from '../../../src/core/event.ts';
import type {Phase} from '../../../src/core/phase.ts';
import {STATUS} from '../../../src/core/remote.ts';
import {REPORT as SYNC_REPORT} from '../../../src/core/sync.ts';
import {find, type State} from '../../../src/core/state.ts';
import {step} from '../../../src/core/supervisor.ts';
import {create} from '../../../src/core/whole.ts';
import {NODE} from '../../../src/features/pools/core/link.ts';
import {bytesOf} from '../../../src/os/bytes.ts';
import type {LinkUser} from '../../../src/os/helpers.ts';
import {turn} from '../../../src/os/reactor.ts';
import {createAlertControl} from '../../../src/programs/alerts.ts';
import {tellStatus} from '../../../src/programs/helper-status.ts';
import {createPoolsControl} from '../../../src/programs/pools.ts';
import {createRemoteControl} from '../../../src/programs/remote.ts';
import {createSyncControl} from '../../../src/programs/sync.ts';
import {createWebControl} from '../../../src/programs/web.ts';
import {SETTINGS} from '../../stories/tell.ts';

/** A helper of that name which is being made, and what is dispatched meanwhile. */
function bench(name: string, program = name) {
	const service = plain(name, [program]);
	let state: State = create([{...service, exec: {...service.exec, isArchon: true}}], SETTINGS);
	const events: Event[] = [];
	function move(event: Event): void {
		[state] = step(state, event, 0);
	}
	const entry = () => find(state, name) ?? expect.fail('no service');
	move({kind: 'boot'});
	expect(entry().phase.kind).toBe('spawning');
	let user: LinkUser | null = null;
	const link = {post: () => 'sent' as const, use: (given: LinkUser) => void (user = given)};
	return {
		entry, events, link,
		parts: {
			link, state: () => state, whole: <T>(act: () => T): T => act(), listener: () => null,
			log: {warn() {}, info() {}} as never, kept: {inherited: () => [], keep() {}, release() {}} as never,
			dispatch(event: Event) {
				events.push(event);
				// The table throws at what cannot be.
				move(event);
			},
		},
		say: (kind: string, value: unknown) => user?.heard({kind, id: 0, payload: bytesOf(typeof value === 'string' ? value : JSON.stringify(value))}),
		spawned() {
			const {id, phase} = entry();
			if (phase.kind === 'spawning') move({kind: 'news', id, run: phase.run, news: {kind: 'spawned', pid: 100}});
		},
	};
}

type Bench = ReturnType<typeof bench>;

/** How each says something of its helper. */
const SPEAKERS: readonly (readonly [string, () => Bench, (bench: Bench) => () => void])[] = [
	['alerts', () => bench('archon.alerts'), ({parts, say}) => {
		createAlertControl(parts);
		return () => say(ALERTS_REPORT, {receivers: [], why: 'no receiver answers'});
	}],
	['remote', () => bench('archon.gate'), ({parts, say}) => {
		createRemoteControl(parts);
		return () => say(STATUS, 'listening');
	}],
	['sync', () => bench('archon.sync'), ({parts, say}) => {
		createSyncControl({...parts, switched() {}, subscribe: () => () => {}});
		return () => say(SYNC_REPORT, {doing: 'pulls', outcome: '', failed: false, others: []});
	}],
	['web', () => bench('archon.web'), ({parts}) => {
		const folder = mkdtempSync(join(tmpdir(), 'web-status-'));
		const control = createWebControl(parts);
		onTestFinished(() => {
			control.set(null);
			rmSync(folder, {recursive: true});
		});
		let count = 0;
		return () => control.set({
			listen: [{kind: 'unix', path: join(folder, `${++count}.sock`), mode: 0o600}], hosts: [], show: null, tokens: [],
		});
	}],
	['pools', () => bench('workers', 'archon.pool'), ({parts, link, say}) => {
		const helpers = {pool: () => link, forget() {}} as never;
		createPoolsControl({...parts, helpers, tell() {}, soon: act => act(), isResumed: false}).renew();
		return () => say(NODE, {node: 'app', parent: null, status: 'booting', pid: 101, why: null, since: 1});
	}],
];

test.each(SPEAKERS)('%s tells how its helper is once there is a process, and not while it is being made', async (_, make, speak) => {
	const it = make();
	const say = speak(it);
	say();
	// What is told after a pause has been told then.
	const until = performance.now() + 700;
	await vi.waitFor(() => {
		turn(10);
		expect(performance.now()).toBeGreaterThan(until);
	}, {timeout: 20_000});
	expect(it.events).toEqual([]);
	it.spawned();
	say();
	await vi.waitFor(() => {
		turn(10);
		expect(it.entry().statusText).not.toBe('');
	}, {timeout: 20_000});
});

const RUN = {run: 7, pid: 100};
const STOPPING = {...RUN, kind: 'stopping', outcome: null, finish: null};

test.each<readonly [string, object, boolean]>([
	['down', {kind: 'down', cause: 'new'}, false],
	['being made', {kind: 'spawning', run: 7}, false],
	['starting', {...RUN, kind: 'starting'}, true],
	['up', {...RUN, kind: 'up'}, true],
	['stopping', STOPPING, true],
	['gone, but for its last commands', {...STOPPING, outcome: {kind: 'code', code: 0}, finish: {hook: 'post_stop', result: 'success'}}, false],
	['waited with', {kind: 'backoff', deadline: 1}, false],
])('of one that is %s', (_, phase, isTold) => {
	const events: Event[] = [];
	const entry = {...bench('archon.web').entry(), phase: phase as Phase};
	expect(tellStatus(event => events.push(event), entry, 'well')).toBe(isTold);
	expect(events).toHaveLength(isTold ? 1 : 0);
	expect(tellStatus(event => events.push(event), {...entry, statusText: 'well'}, 'well')).toBe(isTold);
	expect(events).toHaveLength(isTold ? 1 : 0);
});
