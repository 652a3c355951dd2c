/** Actions as a config writes them, in `on` of a service and at the top, and the boot script. */
import {describe, expect, test} from 'vitest';
import type {Action} from '../../../src/core/action.ts';
import {parseAction} from '../../../src/core/action-text.ts';
import {SIG} from '../../../src/core/signal-numbers.ts';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {around} from './around.ts';

const planOf = (text: string) => plan([{file: 'a.yaml', text}], null, around({}, {}));

const told = (text: string): readonly string[] => {
	const result = planOf(text);
	return result.ok ? [] : result.error.map(problem => formatProblem({...problem, file: '', line: 0}).replace(/^:\d+:\d+: /, ''));
};

const withOn = (on: string, top = ''): string => `${top}\ngroups: {back: [db]}\nservices: {web: {command: x, on: ${on}}, db: {command: y}}`;

function actions(on: string): readonly Action[] {
	const result = planOf(withOn(`{failed: ${on}}`));
	return result.ok ? result.value.services.find(({name}) => name === 'web')?.on?.failed ?? [] : expect.fail(result.error.map(formatProblem).join('\n'));
}

const RUN = {kind: 'run', timeout: 30_000} as const;

test.each<[string, readonly Action[]]>([
	['restart', [{kind: 'restart', names: []}]],
	['[restart: db, stop: [back, web]]', [{kind: 'restart', names: ['db']}, {kind: 'stop', names: ['back', 'web']}]],
	['{start: }', [{kind: 'start', names: []}]],
	['"reload:db"', [{kind: 'reload', names: ['db']}]],
	['["signal:HUP", {signal: USR1, to: db}]', [{kind: 'signal', signal: SIG.HUP, names: []}, {kind: 'signal', signal: SIG.USR1, names: ['db']}]],
	['[{run: "/notify now"}, {run: [a, b c], timeout: 1m}]', [{...RUN, command: ['/notify', 'now']}, {...RUN, command: ['a', 'b c'], timeout: 60_000}]],
	['{run: a, user: app, environment: {A: b}}', [{...RUN, command: {command: ['a'], user: {user: 'app', group: null}, cwd: null, environment: {A: 'b'}}}]],
	['[alert, alert: it is gone]', [{kind: 'alert', text: null}, {kind: 'alert', text: 'it is gone'}]],
])('%s', (text, expected) => expect(actions(text)).toEqual(expected));

test.each<[string, readonly string[]]>([
	['{startd: restart}', ['services.web.on: "startd" is not an event of a service; did you mean "started"?']],
	['{exit: restart}', [expect.stringMatching(/^services\.web\.on: "exit" is not an event of a service; there are .*started, .*exited, /)]],
	['{failed: restat}', ['services.web.on.failed: "restat" is not an action; write start, stop, restart, reload, signal:HUP, run:/path/to/program or alert']],
	['{failed: [restart: cache]}', ['services.web.on.failed names "cache", which is neither a service nor a group']],
	['{failed: [restat, {run: a, stop: b}, restart: cache], ready: {stop: nothing}}', [
		'services.web.on.failed[0]: "restat" is not an action; write start, stop, restart, reload, signal:HUP, run:/path/to/program or alert',
		'services.web.on.failed[1] does run and stop: that is more than one action; begin each with "- "',
		'services.web.on.failed names "cache", which is neither a service nor a group',
		'services.web.on.ready names "nothing", which is neither a service nor a group',
	]],
	['{reloaded: restart}', [
		'services.web.on: "reloaded" is an event of archon as a whole, and on takes those of services; '
		+ 'archon.rule{event = …} in rules hears of it, and so does archonctl events --follow',
	]],
	['{failed: {run: a, stop: b}}', ['services.web.on.failed does run and stop: that is more than one action; begin each with "- "']],
	['{failed: {restart: db, timeout: 3s}}', ['services.web.on.failed has timeout, which belongs to run']],
	['{failed: {timeout: 3s}}', ['services.web.on.failed does not say what is done; write start, stop, restart, reload, signal:HUP, run:/path/to/program or alert']],
	['restart', ['services.web.on must be a map from events to actions, not text']],
])('%s is told', (text, problems) => expect(told(withOn(text)).map(each => each.replaceAll('\n', ' '))).toEqual(problems));

test('what is at the top is done first, for each service', () => {
	const result = planOf(withOn('{failed: restart, ready: reload}', 'on: {failed: alert}'));
	const on = result.ok ? result.value.services.map(service => [service.name, service.on]) : [];
	const alert = {kind: 'alert', text: null};
	expect(Object.fromEntries(on)).toEqual({
		web: {failed: [alert, {kind: 'restart', names: []}], ready: [{kind: 'reload', names: []}]}, db: {failed: [alert]},
	});
});

describe('as one text', () => {
	test.each(['restart:', 'signal:FOO', 'run: ', 'run:"a', 'go', ''])('%s is no action', text => expect(parseAction(text).ok).toBe(false));
	test('names may be several', () => expect(parseAction('restart:a, b c')).toEqual({ok: true, value: {kind: 'restart', names: ['a', 'b', 'c']}}));
});

test.each<[string, unknown]>([
	['{rc: /etc/rc}', {command: ['/etc/rc', 'autoboot'], onFailure: 'exit', timeout: Infinity}],
	['{rc: /etc/rc, args: [], on_failure: shell, timeout: 5m}', {command: ['/etc/rc'], onFailure: 'shell', timeout: 300_000}],
])('boot: %s', (text, expected) => {
	const result = planOf(withOn('{}', `boot: ${text}`));
	expect(result.ok && result.value.boot).toEqual(expected);
});

test.each<[string, string]>([
	['{rc: etc/rc}', 'boot.rc: "etc/rc" is not an absolute path'],
	['{args: [a]}', 'boot has no rc'],
	['/etc/rc', 'boot must be a map'],
	['{rc: /a, on_failure: go}', 'boot.on_failure: "go" is not one of exit, shell, continue'],
])('boot: %s is told', (text, problem) => expect(told(withOn('{}', `boot: ${text}`))[0]).toContain(problem));

test('an action alert that no receiver hears is noted', () => {
	const noted = (text: string): readonly string[] => {
		const result = planOf(text);
		return result.ok ? result.value.notes.map(formatProblem) : expect.fail(result.error.map(formatProblem).join('\n'));
	};
	const deaf = 'alert tells no one, as alerts has no receiver; write alerts: {receivers: {mail: ops@example.com}}';
	const text = 'on: {failed: alert}\nservices: {web: {command: x, on: {ready: [restart, alert: up]}, watch: [{path: /x, action: alert}]}}';
	expect(noted(text)).toEqual([
		`a.yaml:1:14: on.failed: ${deaf}`, `a.yaml:2:52: services.web.on.ready: ${deaf}`, `a.yaml:2:92: services.web.watch.action: ${deaf}`,
	]);
	expect(noted(`alerts: {receivers: []}\n${text}`)).toHaveLength(3);
	expect(noted(`alerts: {receivers: {mail: ops@example.com}}\n${text}`)).toEqual([]);
});
