/** From names, pids and patterns to services. */
import {describe, expect, it} from 'vitest';
import {choose, chooseProcesses, fitsAny, isOpen} from '../../../src/control/names.ts';
import {WHOLE} from '../../../src/control/scope.ts';
import {Bench, service} from './bench.ts';

const {state} = new Bench(['web', 'web-2', 'worker-1', 'worker-2', '17', 'a.b', 'db'].map(name => service(name)));

const chosen = (...names: readonly string[]): readonly string[] | string => {
	const choices = choose(state, names, WHOLE);
	return choices.ok ? choices.value.map(({entry, isNamed}) => `${entry.service.name}${isNamed ? '!' : ''}`) : choices.error;
};

describe('names', () => {
	it.each<[readonly string[], readonly string[]]>([
		[['web'], ['web!']],
		[['db', 'web'], ['db!', 'web!']],
		[['web*'], ['web', 'web-2']],
		[['worker-?'], ['worker-1', 'worker-2']],
		[['?eb', 'w*b'], ['web']],
		[['*-2'], ['web-2', 'worker-2']],
		[['w*r*1'], ['worker-1']],
		[['a.b', '*.*'], ['a.b!']],
		[['*.*', 'a.b'], ['a.b!']],
		[['**'], ['web', 'web-2', 'worker-1', 'worker-2', '17', 'a.b', 'db']],
		[['all'], ['web', 'web-2', 'worker-1', 'worker-2', '17', 'a.b', 'db']],
	])('%j choose %j', (names, services) => {
		expect(chosen(...names)).toEqual(services);
	});

	it.each([
		[['nobody'], 'no service matches nobody'],
		[['wbe'], 'no service matches wbe; did you mean web?'],
		[['web', 'x?'], 'no service matches x?'],
		[['a?b?'], 'no service matches a?b?'],
		[['w.b'], 'no service matches w.b; did you mean web?'],
		[['x'.repeat(100)], `no service matches ${'x'.repeat(61)}...`],
		[['*'.repeat(300)], `no service matches ${'*'.repeat(61)}...`],
	])('%j choose nothing', (names, error) => {
		expect(chosen(...names)).toBe(error);
	});

	it('never take long', () => {
		const many = new Bench(Array.from({length: 100}, (_, index) => service(`${'a'.repeat(60)}${index}`)));
		expect(choose(many.state, ['*a'.repeat(120)], WHOLE)).toMatchObject({ok: false});
	});
});

describe('groups and instances', () => {
	const grouped = new Bench([
		service('api', {groups: ['backend', 'app']}), service('worker:0', {groups: ['backend', 'app']}), service('worker:1', {groups: ['backend', 'app']}),
		service('front', {groups: ['app']}), service('alone'), service('worker-2'),
	]).state;
	const found = (...names: readonly string[]): readonly string[] | string => {
		const choices = choose(grouped, names, WHOLE);
		return choices.ok ? choices.value.map(({entry, isNamed}) => `${entry.service.name}${isNamed ? '!' : ''}`) : choices.error;
	};

	it.each<[readonly string[], readonly string[]]>([
		[['backend'], ['api', 'worker:0', 'worker:1']],
		[['app'], ['api', 'worker:0', 'worker:1', 'front']],
		[['backend', 'front'], ['api', 'worker:0', 'worker:1', 'front!']],
		[['worker'], ['worker:0', 'worker:1']],
		[['worker:1'], ['worker:1!']],
		[['worker:*'], ['worker:0', 'worker:1']],
		[['backend:*'], ['api', 'worker:0', 'worker:1']],
		[['backend:api'], ['api!']],
		[['backend:worker'], ['worker:0!', 'worker:1!']],
		[['backend:worker:1'], ['worker:1!']],
		[['alone:*'], ['alone']],
		[['backend:worker_01', 'worker:worker_00'], ['worker:1!', 'worker:0!']],
	])('%j choose %j', (names, services) => {
		expect(found(...names)).toEqual(services);
	});

	it.each([
		[['backend:front'], 'no service matches backend:front'],
		[['backnd'], 'no service matches backnd; did you mean backend?'],
		[['wroker'], 'no service matches wroker; did you mean worker?'],
		[['backend:worker_02'], 'no service matches backend:worker_02'],
		[['back*'], 'no service matches back*'],
	])('%j choose nothing', (names, error) => {
		expect(found(...names)).toBe(error);
	});

	it('have services that come later', () => {
		expect(fitsAny(['backend'], service('new', {groups: ['backend']}))).toBe(true);
		expect(fitsAny(['worker'], service('worker:7'))).toBe(true);
		expect(fitsAny(['backend:*'], service('new', {groups: ['app']}))).toBe(false);
		expect(['backend', 'api', 'all'].map(name => isOpen(grouped, name))).toEqual([true, false, true]);
	});
});

describe('numbers', () => {
	it('are names where there is such a name, else the pids of main processes', () => {
		const names = (target: string): unknown => {
			const choices = chooseProcesses(state, [target], WHOLE);
			return choices.ok ? choices.value.map(({entry}) => entry.service.name) : choices.error;
		};
		expect(names('17')).toEqual(['17']);
		expect(names('1002')).toEqual(['web-2']);
		expect(names('web*')).toEqual(['web', 'web-2']);
		expect(names('4')).toBe('no service has the main process 4');
	});
});
