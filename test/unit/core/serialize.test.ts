/** The state as text and back. */
import {expect, test} from 'vitest';
import {changes} from '../../../src/core/service-table.ts';
import {service} from '../../../src/core/defaults.ts';
import {hasSameBody, parse, readAll, stringify, writeAll, writeBody, writeProgress, writeStandard, writeWhole} from '../../../src/core/serialize.ts';
import type {Event} from '../../../src/core/event.ts';
import {entries, find, type State} from '../../../src/core/state.ts';
import {create} from '../../../src/core/whole.ts';
import {step} from '../../../src/core/supervisor.ts';

const settings = {shutdownGrace: 9000, sweepGrace: 2000, startRate: {perSecond: 20, burst: 100}, whenIdle: 'failed', seed: 1} as const;
const hear = (state: State, event: Event, now = 0): State => step(state, event, now)[0];

test('a state with endless times in it comes back as it was', () => {
	const essential = {...service('b', ['b']), essential: true, stop: {signal: 15, grace: Infinity}, restart: {...service('b', ['b']).restart, attempts: Infinity}};
	let state = create([service('a', ['a']), essential], {...settings, shutdownGrace: Infinity});
	state = hear(state, {kind: 'boot'});
	state = hear(state, {kind: 'news', id: 0, run: 1, news: {kind: 'spawned', pid: 100}}, 5);
	state = hear(state, {kind: 'add', service: {...service('transient', ['c']), origin: 'daemon'}}, 6);
	expect(readAll(writeAll(state))).toEqual(state);
	expect(readAll(writeAll(hear(state, {kind: 'shutdown', why: 'test'}, 7)))).toEqual(hear(state, {kind: 'shutdown', why: 'test'}, 7));
});

test('what is damaged is no state', () => {
	const parts = writeAll(create([service('a', ['a'])], settings));
	expect(readAll({...parts, whole: parts.whole.slice(1)})).toBeNull();
	expect(readAll({...parts, bodies: new Map()})).toBeNull();
});

const changed = (before: State, after: State): readonly number[] => {
	const ids: number[] = [];
	changes(before.table, after.table, id => ids.push(id));
	return ids;
};

test('only what an event changed has to be written again', () => {
	const services = Array.from({length: 2000}, (_, i) => service(`s${i}`, ['x']));
	const before = hear(create(services, settings), {kind: 'boot'});
	const after = hear(before, {kind: 'news', id: 1234, run: 1235, news: {kind: 'spawned', pid: 100}}, 5);
	expect(changed(before, after)).toEqual([1234]);
	const removed = hear(hear(after, {kind: 'add', service: {...service('transient', ['c']), origin: 'daemon'}}), {kind: 'stop', ids: [2000]});
	expect(changed(after, removed)).toEqual([2000]);
	const entry = find(after, 's1234');
	const old = find(before, 's1234');
	expect(entry && old && hasSameBody(entry, old)).toBe(true);
});

test('a place that is free again is so for the next instance, too', () => {
	let state = hear(create([service('a', ['a'])], settings), {kind: 'boot'});
	for (const name of ['x', 'y']) state = hear(state, {kind: 'add', service: {...service(name, ['c']), origin: 'daemon'}});
	state = hear(state, {kind: 'news', id: 1, run: 2, news: {kind: 'refused', refusal: {stage: 's', errno: 2, reason: 'r', temporary: false}}});
	state = hear(state, {kind: 'remove', id: 1});
	const again = readAll(writeAll(state));
	expect(again).toEqual(state);
	expect(again && find(hear(again, {kind: 'add', service: {...service('z', ['c']), origin: 'daemon'}}), 'z')?.id).toBe(1);
});

test.each([
	['endless', {deadline: Infinity, list: [Infinity, 1], pid: null}], ['a text that looks like it', {text: '1e999', other: 'endless'}],
	['a text in a text', {text: JSON.stringify({a: Infinity, b: '\\u0000endless'})}], ['negative and broken numbers', {a: -1, b: 0.1}],
])('%s is the same afterwards', (_, value) => {
	expect(parse(stringify(value))).toEqual(value);
});

test('the parts are those of the entries', () => {
	const state = create([service('a', ['a'])], settings);
	const [entry] = entries(state);
	expect(writeAll(state)).toEqual({
		whole: writeWhole(state), standard: writeStandard(),
		bodies: new Map([[0, entry && writeBody(entry)]]), progress: new Map([[0, entry && writeProgress(entry)]]),
	});
});

test('of what is as of any other service nothing is written, whether it is a part of another one or only the same', () => {
	const copy = <T>(value: T): T => structuredClone(value);
	const plain = service('a', ['a', 'b']);
	for (const each of [plain, {...copy(plain), restart: copy(plain.restart)}]) {
		const [entry] = entries(create([each], settings));
		expect(entry && writeBody(entry)).toBe('{"service":{"name":"a","exec":{"argv":["a","b"]}}}');
	}
});

test('what another archon took for the standard is read by that', () => {
	const state = create([service('a', ['a']), {...service('b', ['b']), stop: {signal: 2, grace: 1}}], settings);
	const parts = writeAll(state);
	const again = readAll({...parts, standard: parts.standard.replaceAll('"grace":5000', '"grace":7000')});
	expect(again && [...entries(again)].map(({service, stop}) => [service.stop.grace, stop.grace])).toEqual([[7000, 7000], [1, 1]]);
});
