/** `on_failure` and `conflicts`: whom they mean, and what cannot be. */
import {describe, expect, test} from 'vitest';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {around} from './around.ts';

const run = (text: string) => plan([{file: 'f', text}], null, around({}));

const made = (text: string) => {
	const result = run(text);
	return result.ok ? result.value : expect.fail(result.error.map(formatProblem).join('\n'));
};

const told = (text: string): readonly string[] => {
	const result = run(text);
	return result.ok ? [] : result.error.map(formatProblem);
};

const text = (web: string, ...others: readonly string[]): string =>
	['services:', `  web: {command: x, ${web}}`, ...others.map(other => `  ${other}`), ''].join('\n');
const idle = (name: string, more = ''): string => `${name}: {command: x, autostart: false${more}}`;

test('names are those of services, of groups and of all their instances', () => {
	const {services, notes} = made(`${text('on_failure: [alert, crew], conflicts: green', idle('alert'), idle('green', ', scale: 2'), idle('a'), idle('b'))}groups: {crew: [a, b]}`);
	const web = services.find(({name}) => name === 'web');
	expect([web?.onFailure, web?.conflicts]).toEqual([['alert', 'a', 'b'], ['green:0', 'green:1']]);
	expect(notes).toEqual([]);
});

test('those that do not run here are left out', () => {
	const {services} = made(text('on_failure: [alert], conflicts: [green]', idle('alert', ', profiles: [p]'), idle('green', ', scale: 0')));
	expect([services[0]?.onFailure, services[0]?.conflicts]).toEqual([[], []]);
});

describe('is told', () => {
	test.each<[string, string, readonly string[]]>([
		['on_failure of nobody', text('on_failure: [alrt]', idle('alert')), [
			'f:2:34: services.web.on_failure names "alrt", which is neither a service nor a group; did you mean "alert"?',
		]],
		['on_failure of itself', text('on_failure: web'), ['f:2:33: services.web cannot name itself in on_failure']],
		['a group that it is in', `${text('conflicts: [g]')}groups: {g: [web]}`, ['f:2:33: services.web names the group g in conflicts, and is in it']],
		['failures that start each other', text('on_failure: [a]', idle('a', ', on_failure: [web]')), [
			'f:2:34: services.web.on_failure starts a, which would start web again: web → a → web',
		]],
		['a failure that starts what has failed', text('on_failure: [a]', idle('a', ', depends_on: [web]')), [
			'f:2:34: services.web.on_failure starts a, which would start web again: web → a → web',
		]],
		['two that conflict and start with archon', text('conflicts: [a]', 'a: {command: x}'), [
			'f:2:33: services.web conflicts with a, and both start with archon; write autostart: false in one of them',
		]],
		['the same where another needs one of them', text('conflicts: [a]', idle('a'), 'b: {command: x, depends_on: [a]}'), [
			'f:2:33: services.web conflicts with a, and both start with archon; write autostart: false in one of them',
		]],
		['needs that conflict', text('autostart: false, conflicts: [a]', idle('a'), idle('b', ', depends_on: [a, web]')), [
			'f:2:51: services.web conflicts with a, and b needs both',
		]],
		['a need that conflicts', text('conflicts: [a]', idle('a', ', depends_on: [web]')), ['f:2:33: services.web conflicts with a, and a needs web']],
	])('%s', (_, config, problems) => {
		expect(told(config)).toEqual(problems);
	});

	test.each<[string, string, string]>([
		['an alert that starts with archon', text('on_failure: [a]', 'a: {command: x}'),
			'f:2:34: services.web.on_failure names a, which starts with archon as well; write autostart: false in a, or autostart: true if that is meant'],
		['an alert that never comes', text('on_failure: [a], on_failed: shutdown', idle('a')),
			'f:2:34: services.web.on_failure has no effect: the container ends when web has failed'],
	])('%s', (_, config, note) => {
		expect(made(config).notes.map(formatProblem)).toEqual([note]);
	});

	test('an order is no start: what comes after may be started by the failure', () => {
		expect(told(text('on_failure: [a]', idle('a', ', after: [web]')))).toEqual([]);
	});

	test('too many', () => {
		const config = `services:\n  web: {command: x, scale: 400, conflicts: [a]}\n  ${idle('a', ', scale: 400')}\n`;
		expect(told(config)).toEqual(['f:2:45: services.web.conflicts brings the number of related services above 100000']);
	});
});
