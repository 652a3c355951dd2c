/** `watch` of a service: what may be written, and what it comes to. */
import {expect, test} from 'vitest';
import {judgeConfig} from '../../../../src/config/plan.ts';
import type {WatchSpec} from '../../../../src/features/watch/core/spec.ts';
import {AROUND} from '../../config/around.ts';

const judge = (watch: string, more = '') =>
	judgeConfig([{file: 'a.yaml', text: `services:\n  a: {command: x, watch: ${watch}${more}}\n  b: {command: y}\n`}], null, AROUND);

const RESTART = [{kind: 'restart', names: []}];
const path = (path: string, more: object = {}): WatchSpec =>
	({kind: 'path', path, include: [], exclude: [], actions: RESTART, debounce: 500, ...more} as WatchSpec);

test.each<[string, readonly WatchSpec[]]>([
	['/etc/web', [path('/etc/web')]],
	['[/etc/web, {path: /srv/}]', [path('/etc/web'), path('/srv')]],
	['{path: /etc, include: "*.conf", exclude: [logs/, "*.tmp"], debounce: 2s}', [
		path('/etc', {include: ['*.conf'], exclude: ['logs/', '*.tmp'], debounce: 2000}),
	]],
	['{path: /etc, action: reload}', [path('/etc', {actions: [{kind: 'reload', names: []}]})]],
	['{path: /etc, action: "signal:HUP"}', [path('/etc', {actions: [{kind: 'signal', signal: 1, names: []}]})]],
	['{path: /etc, action: [reload, {restart: b}]}', [path('/etc', {actions: [{kind: 'reload', names: []}, {kind: 'restart', names: ['b']}]})]],
	['{path: /etc, action: {run: [make, all]}}', [path('/etc', {actions: [{kind: 'run', command: ['make', 'all'], timeout: 30_000}]})]],
	['{libraries: true}', [{kind: 'libraries', debounce: 5000}]],
	['[{libraries: true, debounce: 1s}, /etc]', [{kind: 'libraries', debounce: 1000}, path('/etc')]],
	['[]', []],
])('%s', (written, specs) => {
	const {plan, problems} = judge(written);
	expect(problems).toEqual([]);
	expect(plan?.services[0]?.watch).toEqual(specs);
});

test('a relative path begins at working_dir', () => {
	expect(judge('conf/app.yaml', ', working_dir: /srv/app').plan?.services[0]?.watch).toEqual([path('/srv/app/conf/app.yaml')]);
});

test.each([
	['conf', 'services.a.watch: a relative path, and the service has no working_dir'],
	['{include: x}', 'services.a.watch has no path'],
	['{libraries: true, path: /etc}', 'services.a.watch has path beside libraries'],
	['{path: /etc, exclude: ["!x"]}', 'services.a.watch.exclude[0]: "!x" begins with !'],
	['{path: /etc, include: ["/"]}', 'services.a.watch.include[0]: "/" is not a pattern'],
	['{path: /etc, debounce: 1ms}', 'services.a.watch.debounce: "1ms" is not between 10ms and 1m'],
	['{path: /etc, ignore: x}', 'unknown key "ignore" in services.a.watch'],
	['{path: /etc, action: {restart: c}}', 'services.a.watch.action names "c", which is neither a service nor a group'],
	['{path: /etc, action: explode}', 'services.a.watch.action: "explode"'],
])('%s is refused', (written, message) => {
	const {problems} = judge(written);
	expect(problems.map(problem => problem.message)).toEqual([expect.stringContaining(message)]);
});
