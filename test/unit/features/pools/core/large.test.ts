/** A step of a large pool costs what one of a small pool does: what it looks at does not grow with nodes, clients and files. */
import {expect, test} from 'vitest';
import type {Effect} from '../../../../../src/features/pools/core/effect.ts';
import type {Event} from '../../../../../src/features/pools/core/event.ts';
import {createPool, nextDeadline, type Pool, step} from '../../../../../src/features/pools/core/pool.ts';
import type {PoolSpec} from '../../../../../src/features/pools/core/spec.ts';
import {nodeTables, runTables} from '../../../../../src/features/pools/core/state.ts';

/** A root with many child nodes, all ready, and a command on the last of them. */
class Large {
	pool: Pool;
	effects: readonly Effect[] = [];
	private peers = 0;

	constructor(nodes: number) {
		const names = Array.from({length: nodes - 1}, (_, at) => `n${at}`);
		const children = names.map(name => ({name, action: null, nodes: [], commands: [{name: `c${name}`, aliases: [], action: null}]}));
		const spec: PoolSpec = {
			name: 'app', command: ['worker'], root: {name: 'boot', action: null, nodes: children, commands: [{name: 'c', aliases: [], action: null}]},
			delay: 300, killCommandsOnRestart: false, restart: 'on-change', envPass: [], bootTimeout: 60_000,
		};
		this.pool = createPool(spec);
		this.hear({kind: 'tick'}, {kind: 'spawned', pid: 1000});
		this.register('boot', 0);
		for (const name of names) this.register(name, 1000);
	}

	hear(...events: readonly Event[]): void {
		for (const event of events) [this.pool, this.effects] = step(this.pool, event, 0);
	}

	private register(name: string, parent: number): void {
		const peer = this.peers++;
		this.hear({kind: 'registered', peer, pid: 1000 + peer, parent, name}, {kind: 'said', peer, message: {kind: 'booted'}});
	}
}

/** How many nodes and runs an event has written. */
function written(large: Large, ...events: readonly Event[]): number {
	const before = new Set<object>([...nodeTables.all(large.pool.nodes), ...runTables.all(large.pool.runs)]);
	large.hear(...events);
	return [...nodeTables.all(large.pool.nodes), ...runTables.all(large.pool.runs)].filter(each => !before.has(each)).length;
}

test('a pool of 256 nodes, 1024 clients and 100,000 files writes of each event what it is about', () => {
	const large = new Large(256);
	expect(large.pool.ready).toBe(256);
	for (let at = 0; at < 100; at++) {
		large.hear({kind: 'loaded', peer: at, paths: Array.from({length: 1000}, (_, file) => `/srv/app/lib/${at}/module_${file}.py`)});
	}
	expect(large.pool.files).toBe(100_000);
	for (let run = 0; run < 1020; run++) large.hear({kind: 'asked', run, clientPid: 5, argc: 0, command: 'c'});
	expect(large.pool.open).toBe(1020);

	expect(written(large, {kind: 'asked', run: 5000, clientPid: 5, argc: 0, command: 'cn254'})).toBe(2);
	expect(written(large, {kind: 'runner', run: 5000, pid: 9000})).toBe(2);
	expect(written(large, {kind: 'done', run: 5000, status: 0})).toBe(1);
	expect(written(large, {kind: 'gone', run: 500})).toBe(1);
	expect(written(large, {kind: 'changed', paths: ['/srv/other']})).toBe(0);
	expect(written(large, {kind: 'changed', paths: ['/srv/app/lib/7/module_7.py']})).toBe(1);
	expect(written(large, {kind: 'loaded', peer: 3, paths: ['/srv/app/lib/3/module_3.py']})).toBe(0);
	expect(written(large, {kind: 'closed', peer: 200, why: null})).toBe(1);
	expect(written(large, {kind: 'exited', pid: 1200, status: 0, signal: null})).toBe(2);
	expect(nextDeadline(large.pool)).toBe(300);

	// One more file is not watched, and that is said once.
	large.hear({kind: 'loaded', peer: 3, paths: ['/one/more', '/and/more']});
	expect(large.effects).toEqual([expect.objectContaining({kind: 'log', level: 'warn'})]);
	large.hear({kind: 'loaded', peer: 4, paths: ['/and/more']});
	expect(large.effects).toEqual([]);
	expect(large.pool.files).toBe(100_000);
});
