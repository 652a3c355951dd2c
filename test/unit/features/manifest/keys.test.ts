/** `manifest`: what it may say, and what it comes to. */
import {expect, test} from 'vitest';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {AROUND} from '../../config/around.ts';

const judge = (value: string) => judgeConfig([{file: 'a.yaml', text: `manifest: ${value}\nservices: {a: {command: x}}\n`}], null, AROUND);

const LIST = {file: '/etc/w.txt', hitlist: null, role: null, every: 60_000, scope: 'managed', maxPasses: 5, paths: []};

test.each<[string, object | null]>([
	['', null],
	['{file: /etc/w.txt}', LIST],
	['{file: /etc/w.txt, hitlist: /etc/h.txt, role: C, every: 5s, max_passes: 3}', {...LIST, hitlist: '/etc/h.txt', role: 'C', every: 5000, maxPasses: 3}],
	['{file: /etc/w.txt, scope: paths, paths: /opt/app}', {...LIST, scope: 'paths', paths: ['/opt/app']}],
	['{file: /etc/w.txt, role: {pi-1: A, "pi-*": B}}', {...LIST, role: [['pi-1', 'A'], ['pi-*', 'B']]}],
])('%s', (written, rules) => expect(judge(written).plan?.manifest).toEqual(rules));

test.each([
	['/etc/w.txt', 'manifest must be a map with file, not text'],
	['{hitlist: /a}', 'manifest does not name a file'],
	['{file: w.txt}', 'manifest.file: "w.txt" is not an absolute path'],
	['{file: /a, hitlist: /a}', 'manifest.hitlist is the same file as file'],
	['{file: /a, role: ../x}', 'manifest.role: "../x" is not a role'],
	['{file: /a, role: {pi: "a/b"}}', 'manifest.role.pi: "a/b" is not a role'],
	['{file: /a, every: 1ms}', 'manifest.every: "1ms" is too short'],
	['{file: /a, max_passes: 0}', 'manifest.max_passes: "0" is not a whole number from 1 to 100'],
	['{file: /a, scope: paths}', 'manifest.scope needs paths'],
	['{file: /a, paths: [/opt]}', 'manifest.paths have no meaning without scope: paths'],
	['{file: /a, scope: paths, paths: [/]}', 'manifest.paths[0]: "/" holds every executable'],
	['{file: /a, interval: 5s}', 'unknown key "interval" in manifest'],
])('%s is refused', (written, message) => expect(judge(written).problems.map(problem => problem.message)).toEqual([message]));
