/** What outlives archon as text: what is written is read back, and what is anything else is refused, and never throws. */
import {expect, test} from 'vitest';
import {createWriter, definitionOf, readLeft} from '../../../../src/features/state/os/format.ts';
import {step} from '../../../../src/core/supervisor.ts';
import {find, type State} from '../../../../src/core/state.ts';
import {create} from '../../../../src/core/whole.ts';
import {service, SETTINGS} from '../../../stories/tell.ts';

const PLACE = {bootId: '1f0c', namespace: 4026531836};
/** The text, and in how many steps it was made. */
function drain(steps: Iterator<void, Uint8Array>): {readonly text: string; readonly steps: number} {
	for (let count = 0; ; count++) {
		const step = steps.next();
		if (step.done) return {text: new TextDecoder().decode(step.value), steps: count};
	}
}

const writer = () => createWriter({startOf: pid => pid * 100, wallClock: instant => 1e12 + instant, isLasting: true});

function running(): State {
	const [state] = step(create([service('web'), service('job', {autostart: false})], SETTINGS), {kind: 'boot'}, 0);
	const [after] = step(state, {kind: 'news', id: 0, run: 1, news: {kind: 'spawned', pid: 31}}, 1);
	const [ruled] = step(after, {kind: 'rule', rule: 'test', rulings: [{id: 1, ruling: {runs: false, why: 'exit 1'}}], revive: false}, 2);
	const [stopped] = step(ruled, {kind: 'stop', ids: [1]}, 3);
	const [more] = step(stopped, {kind: 'add', service: service('extra', {origin: 'daemon'})}, 4);
	return step(more, {kind: 'news', id: 2, run: 2, news: {kind: 'spawned', pid: 32}}, 5)[0];
}

test('what is written is read back', () => {
	const state = running();
	const left = readLeft(drain(writer().write(state, PLACE, 1_700_000_000_000)).text);
	expect(left).toEqual({ok: true, value: {
		place: PLACE, writtenAt: 1_700_000_000_000, runs: 2,
		services: new Map([
			['web', {
				asked: 'auto', wanted: true, starts: 1, rulings: {}, rest: null, process: {run: 1, pid: 31, startTime: 3100},
				definition: definitionOf(service('web')), service: null, scheduled: null,
			}],
			['job', {
				asked: 'stop', wanted: false, starts: 0, rulings: {test: {runs: false, why: 'exit 1', at: 1e12 + 2}}, rest: null, process: null,
				definition: definitionOf(service('job', {autostart: false})), service: null, scheduled: null,
			}],
			['extra', {
				asked: 'start', wanted: true, starts: 1, rulings: {}, rest: null, process: {run: 2, pid: 32, startTime: 3200},
				definition: definitionOf(service('extra')), scheduled: null, service: find(state, 'extra')?.service,
			}],
		]),
	}});
});

test('a test that gave no answer is known as such, and one that was not asked yet has said nothing', () => {
	const tested = (name: string) => service(name, {test: {command: ['x'], interval: null, timeout: 1000} as never});
	const [state] = step(create([tested('web'), tested('job')], SETTINGS), {kind: 'boot'}, 0);
	const [ruled] = step(state, {kind: 'rule', rule: 'test', rulings: [{id: 0, ruling: {runs: true, why: 'no answer', isOpen: true}}], revive: false}, 2);
	const left = readLeft(drain(writer().write(ruled, PLACE, 0)).text);
	expect(left.ok && [...left.value.services.values()].map(({rulings}) => rulings)).toEqual([{test: {runs: true, why: 'no answer', isOpen: true, at: 1e12 + 2}}, {}]);
});

test('of many services only those are put into words again that have changed, a few at a time, and as they were at its beginning', () => {
	const many = Array.from({length: 10_000}, (_, index) => service(`s${index}`, {autostart: false}));
	const [state] = step(create(many, SETTINGS), {kind: 'boot'}, 0);
	const one = writer();
	const first = drain(one.write(state, PLACE, 0));
	expect(first.steps).toBe(Math.ceil(10_000 / 32));
	const [after] = step(state, {kind: 'stop', ids: [5000]}, 1);
	const steps = one.write(after, PLACE, 0);
	expect(steps.next().done).toBe(false);
	// Who asks meanwhile, as at the end, has all of it, and the other goes on to the same.
	const whole = drain(writer().write(after, PLACE, 0)).text;
	expect(drain(one.write(after, PLACE, 0))).toEqual({text: whole, steps: 0});
	expect(drain(steps)).toEqual({text: whole, steps: 0});
	expect(whole.split('\n').filter((line, index) => line !== first.text.split('\n')[index])).toEqual([expect.stringContaining('"s5000": {"desired":"stop"')]);
});

test('a definition is another one if its process would be another one, and only then', () => {
	const web = service('web');
	expect(definitionOf(service('web', {autostart: false}))).toBe(definitionOf(web));
	expect(definitionOf({...web, exec: {...web.exec, common: {A: '1'}}})).toBe(definitionOf({...web, exec: {...web.exec, environment: {A: '1'}}}));
	expect(definitionOf({...web, exec: {...web.exec, environment: {A: '1'}}})).not.toBe(definitionOf(web));
	expect(definitionOf({...web, exec: {...web.exec, argv: ['other']}})).not.toBe(definitionOf(web));
});

test.each([
	['', 'it is not JSON'], ['{"version": 1', 'it is not JSON'], ['[]', 'it is not an object'], ['null', 'it is not an object'],
	['{}', 'it has no version'], ['{"version": 2, "services": {}}', 'it has version 2, and this archon knows 1'], ['{"version": 1}', 'it has no services'],
])('%j is refused', (text, error) => {
	expect(readLeft(text)).toEqual({ok: false, error});
});

test('what a service has not is what it begins with', () => {
	const left = readLeft('{"version": 1, "services": {"a": {}, "b": 3, "c": {"pid": -1, "starts": "x", "desired": "rm", "rulings": {"test": 1}, "service": []}}}');
	const nothing = {asked: 'auto', wanted: false, starts: 0, rulings: {}, rest: null, process: null, definition: '', service: null, scheduled: null};
	expect(left).toMatchObject({ok: true, value: {place: {bootId: '', namespace: 0}, runs: 0, services: new Map([['a', nothing], ['c', nothing]])}});
});

test('text that is cut anywhere is refused or means less, and never throws', () => {
	const text = drain(writer().write(running(), PLACE, 0)).text;
	for (let end = 0; end < text.length - 2; end++) expect(readLeft(text.slice(0, end)).ok).toBe(false);
});
