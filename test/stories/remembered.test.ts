/** An archon begins with what one before it has left: what was asked holds, what runs goes on, and changes are written down. */
import {expect, test} from 'vitest';
import type {Adopted} from '../../src/core/outcome.ts';
import type {Remembered, RememberedService} from '../../src/core/remembered.ts';
import {find, type State} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import {NO_RULINGS} from '../../src/core/wanted.ts';
import {create, nextDeadline} from '../../src/core/whole.ts';
import {service, SETTINGS} from './tell.ts';

const left = (given: Partial<RememberedService>): RememberedService => ({asked: 'auto', starts: 0, rulings: NO_RULINGS, rest: null, ...given});

function begin(state: State, services: Readonly<Record<string, RememberedService>>, adopted: readonly Adopted[] = [], more: Partial<Remembered> = {}) {
	return step(state, {
		kind: 'boot', adopted, remembered: {runs: 1000, services: new Map(Object.entries(services)), transients: [], ...more},
	}, 5000);
}

const kinds = (effects: ReturnType<typeof step>[1]): readonly string[] => effects.map(({kind}) => kind).filter(kind => kind !== 'changed' && kind !== 'stage');

test('what an operator has asked holds, and counts and runs go on', () => {
	const [state, effects] = begin(create([service('web'), service('job', {autostart: false}), service('db')], SETTINGS), {
		web: left({asked: 'stop', starts: 7}), job: left({asked: 'start', starts: 2}),
	});
	expect(effects.flatMap(effect => (effect.kind === 'spawn' ? [`${effect.service.name} ${effect.run}`] : []))).toEqual(['job 1001', 'db 1002']);
	expect(find(state, 'web')).toMatchObject({desired: 'stop', starts: 7, phase: {kind: 'down'}});
	expect(find(state, 'job')).toMatchObject({desired: 'start', starts: 3});
});

test('what runs goes on, with nothing done for it a second time', () => {
	const hooked = service('web', {hooks: {...service('web').hooks, postStart: [{argv: ['x'], environment: {}} as never]}, ready: {kind: 'notify'} as never});
	const [state, effects] = begin(create([hooked], SETTINGS), {web: left({starts: 4})}, [{id: 0, run: 900, pid: 77, isForeign: true}]);
	expect(kinds(effects)).not.toContain('spawn');
	expect(kinds(effects)).not.toContain('hook');
	expect(find(state, 'web')).toMatchObject({phase: {kind: 'up', pid: 77, run: 900}, starts: 4});
	const [, more] = step(state, {kind: 'news', id: 0, run: 900, news: {kind: 'exited', outcome: {kind: 'code', code: 255}, survivors: false}}, 6000);
	expect(more.flatMap(effect => (effect.kind === 'spawn' ? [effect.run] : []))).toEqual([1001]);
});

test('another definition is another process', () => {
	const [state, effects] = begin(create([service('web')], SETTINGS), {}, [{id: 0, run: 900, pid: 77, isForeign: true, isOutdated: true}]);
	expect(effects).toContainEqual(expect.objectContaining({kind: 'signal', pid: 77}));
	const [, more] = step(state, {kind: 'news', id: 0, run: 900, news: {kind: 'exited', outcome: {kind: 'code', code: 0}, survivors: false}}, 6000);
	expect(kinds(more)).toContain('spawn');
});

test('a job that was done is not done again, and what needs it starts', () => {
	const [, effects] = begin(create([service('job', {type: 'oneshot'}), service('web', {needs: ['job!']})], SETTINGS), {job: left({rest: 'completed', starts: 1})});
	expect(effects.flatMap(effect => (effect.kind === 'spawn' ? [effect.service.name] : []))).toEqual(['web']);
});

test('a test that has not been asked yet leaves what runs as it is', () => {
	const tested = service('web', {test: {command: ['x'], interval: null, timeout: 1000} as never});
	const [state, effects] = begin(create([tested], SETTINGS), {}, [{id: 0, run: 900, pid: 77, isForeign: true}]);
	expect(kinds(effects)).not.toContain('signal');
	expect(find(state, 'web')?.leaving).toBe(false);
});

test('what a test has said last counts until it answers, also where that is never', () => {
	const tested = (name: string) => service(name, {test: {command: ['x'], interval: null, timeout: 1000} as never});
	const said = (runs: boolean) => left({starts: 1, rulings: {test: {runs, why: 'exit 0', at: 4000}}});
	const [state, effects] = begin(create([tested('yes'), tested('no'), tested('new'), service('none')], SETTINGS), {
		yes: said(true), no: said(false), none: said(false),
	});
	const spawned = (all: ReturnType<typeof step>[1]) => all.flatMap(effect => (effect.kind === 'spawn' ? [effect.service.name] : []));
	expect(spawned(effects).sort()).toEqual(['none', 'yes']);
	expect(effects.flatMap(effect => (effect.kind === 'run-test' ? [effect.service.name] : []))).toEqual(['yes', 'no', 'new']);
	let after = state;
	for (const [id, number] of [[0, 1], [1, 2], [2, 3]] as const) {
		const [next, more] = step(after, {kind: 'tested', id, number, answer: {verdict: 'timeout', why: 'no answer within 1 s', detail: '', took: 1000}}, 6000);
		expect(spawned(more)).toEqual([]);
		expect(kinds(more)).not.toContain('signal');
		after = next;
	}
	expect(find(after, 'yes')).toMatchObject({phase: {kind: 'spawning'}, rulings: {test: {runs: true, isOpen: true}}});
	expect(find(after, 'no')?.rulings.test).toMatchObject({runs: false, isOpen: true});
});

test('what runs and a test has said no to was about to stop, and does', () => {
	const tested = service('web', {test: {command: ['x'], interval: null, timeout: 1000} as never});
	const [, effects] = begin(create([tested], SETTINGS), {web: left({starts: 1, rulings: {test: {runs: false, why: 'exit 1', at: 4000}}})},
		[{id: 0, run: 900, pid: 77, isForeign: true}]);
	expect(effects).toContainEqual(expect.objectContaining({kind: 'signal', pid: 77}));
});

test('services that no config has go on, and stop as others do', () => {
	const daemon = service('extra', {origin: 'daemon'});
	const [state, effects] = begin(create([service('web')], SETTINGS), {extra: left({asked: 'start', starts: 1})},
		[{id: 1, run: 900, pid: 77, isForeign: true}], {transients: [daemon]});
	expect(find(state, 'extra')).toMatchObject({id: 1, phase: {kind: 'up', pid: 77}, desired: 'start'});
	expect(effects.flatMap(effect => (effect.kind === 'spawn' ? [effect.service.name] : []))).toEqual(['web']);
	const [, stopping] = step(state, {kind: 'stop', ids: [1]}, 6000);
	expect(stopping).toContainEqual(expect.objectContaining({kind: 'signal', pid: 77}));
});

test('changes are written at once, and then no more often than once a second; what is said again is no change', () => {
	const writes: number[] = [];
	let [state, effects] = begin(create([service('web'), service('job', {autostart: false})], SETTINGS), {});
	let now = 5000;
	const hear = (event: Parameters<typeof step>[1], at = now): void => {
		now = at;
		[state, effects] = step(state, event, at);
		if (effects.some(({kind}) => kind === 'persist')) writes.push(at);
	};
	hear({kind: 'tick'});
	for (let i = 0; i < 100; i++) hear({kind: i % 2 === 0 ? 'stop' : 'start', ids: [1]}, 5000 + i * 10);
	expect(nextDeadline(state)).toBe(6000);
	hear({kind: 'tick'}, 6000);
	hear({kind: 'stop', ids: [0]}, 9000);
	hear({kind: 'tick'});
	hear({kind: 'stop', ids: [0]}, 9500);
	expect(writes).toEqual([5000, 6000, 9000]);
});

test('where nothing is kept, nothing is written', () => {
	const [state, effects] = step(create([service('web')], SETTINGS), {kind: 'boot'}, 5000);
	expect(kinds(effects)).not.toContain('persist');
	expect(nextDeadline(state)).toBe(Infinity);
});
