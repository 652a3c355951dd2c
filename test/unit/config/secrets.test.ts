/** No message repeats the value of a variable, which may be a secret: it shows the text as it is written. */
import {describe, expect, test} from 'vitest';
import {SECTIONS} from '../../../src/config/describe.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {around} from './around.ts';

function told(text: string, PW: string): readonly string[] {
	const {problems, notes} = judgeConfig([{file: 'f', text}], null, around({PW}));
	return [...problems, ...notes].map(formatProblem);
}

const FORMS = ['"${PW}"', '"x ${PW}"', '["${PW}"]', '{a: "${PW}"}', '{path: "${PW}"}', '{command: "${PW}"}', '{url: "${PW}"}',
	'[{path: "${PW}"}]', '{driver: file, options: {path: "${PW}"}}', '{driver: file, options: {path: "/${PW}/"}}', '{soft: "${PW}"}',
	'{nofile: "${PW}"}', '{USR1: "${PW}"}', '{USR1: {to: ["${PW}"]}}', '{replicas: "${PW}", restart_policy: {condition: "${PW}"}}'];
const VALUES = ['hunter2', '/hunter2/', 'hunter2=\'"', '{hunter2}', '{{.hunter2}}', '-hunter2', 'hunter2:x:y', '\\hunter2(', '12hunter2'];

const keysOf = (title: string): readonly string[] =>
	Object.keys(SECTIONS.find(([each]) => each === title || each.startsWith(`${title}, `))?.[1].keys ?? expect.fail(title));

const PLACES = [
	...keysOf('services.<name>').map(key => [key, (form: string) => `services: {a: {command: x, ${key}: ${form}}}`] as const),
	['command', (form: string) => `services: {a: {command: ${form}}}`] as const,
	...['healthcheck', 'ready', 'restart', 'logging'].flatMap(name =>
		keysOf(`services.<name>.${name}`).map(key => [`${name}.${key}`, (form: string) => `services: {a: {command: x, ${name}: {${key}: ${form}}}}`] as const)),
	...keysOf('services.<name>.depends_on.<name>').map(key =>
		[`depends_on.b.${key}`, (form: string) => `services: {b: {command: y}, a: {command: x, depends_on: {b: {${key}: ${form}}}}}`] as const),
	...keysOf('At the top').filter(key => key !== 'services').map(key =>
		[`the top's ${key}`, (form: string) => `services: {a: {command: x}}\n${key}: ${form}`] as const),
];

describe('messages', () => {
	test.each(PLACES)('of %s', (_, place) => {
		for (const form of FORMS) for (const value of VALUES) expect(told(place(form), value).join('\n')).not.toContain('hunter2');
	});
});

test.each([
	['ready: {http: "htp://u:${PW}@h/"}', 'services.a.ready.http: "htp://u:${PW}@h/" is not a URL; write it as http://localhost:8080/health'],
	['user: "${PW}"', 'services.a.user: "${PW}" is no user or group here'],
	['user: "${NO}x"', 'services.a.user: "${NO}x" is no user or group here'],
	['depends_on: ["${PW}"]', 'services.a depends on "${PW}", which is not a service'],
	['stop_grace_period: "${NO}"', 'services.a.stop_grace_period: "${NO}" is not a duration; NO is not set'],
	['umask: "${NO}$ALSO"', 'services.a.umask: "${NO}$ALSO" is not an octal mode from 0 to 777; NO, ALSO are not set'],
	['working_dir: "${NO:?set it to ${PW}}"', 'services.a.working_dir: "${NO:?set it to ${PW}}" needs NO, which is not set: set it to ${PW}'],
])('%s is told as it is written', (key, expected) => {
	expect(told(`services:\n  a:\n    command: x\n    ${key}\n`, 'hunter2').map(line => line.replace(/^f:\d+:\d+: /, ''))).toContain(expected);
});

test('a variable that is not set is named where a command is empty for it', () => {
	expect(told('services:\n  a:\n    command: ${NO}\n', '')[0]).toBe('f:3:14: services.a has an empty command; NO is not set');
});

test('what services have from one place is told once', () => {
	const text = `x-hc: &hc
  interval: \${NO}
services:
  a: {command: x, healthcheck: {<<: *hc, test: "true"}}
  b: {command: x, healthcheck: {<<: *hc, test: "true"}}
`;
	expect(told(text, '').filter(line => !line.includes('replaced by nothing'))).toEqual([
		'f:2:13: services.a.healthcheck.interval: "${NO}" is not a duration; NO is not set',
	]);
});
