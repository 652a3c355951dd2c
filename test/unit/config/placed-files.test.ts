/** `configs` and `secrets`: which files a service finds, whose they are, and what is wrong with what is said of them. */
import {describe, expect, test} from 'vitest';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import type {PlacedFile} from '../../../src/core/service.ts';
import {around} from './around.ts';

function read(text: string, environment: Readonly<Record<string, string>> = {}, dotenv: Readonly<Record<string, string>> = {}) {
	const result = plan([{file: 'conf/main.yaml', text}], null, {...around(environment), dotenv});
	return result.ok
		? {files: result.value.services.map(({exec}) => exec.files), problems: [], notes: result.value.notes.map(formatProblem)}
		: {files: [], problems: result.error.map(formatProblem), notes: []};
}

const only = (service: string, top: string, environment: Readonly<Record<string, string>> = {}): PlacedFile | undefined =>
	read(`services: {a: {command: x, ${service}}}\n${top}`, environment).files[0]?.[0];

describe('a file', () => {
	test.each<[string, string, Partial<PlacedFile>]>([
		['secrets: [db]', 'secrets: {db: {file: ./db.txt}}', {
			kind: 'secret', name: 'db', target: '/run/secrets/db', from: {kind: 'file', path: 'conf/db.txt'}, mode: 0o400, uid: 'service', gid: 'service',
		}],
		['configs: [c]', 'configs: {c: {content: "port ${PORT}"}}', {
			kind: 'config', name: 'c', target: '/c', from: {kind: 'text', text: 'port 80'}, mode: 0o444, uid: 'archon', gid: 'archon',
		}],
		['configs: [{source: c, target: /etc/app.conf, uid: "103", gid: "104", mode: 0640}]', 'configs: {c: {file: /etc/c}}', {
			target: '/etc/app.conf', from: {kind: 'file', path: '/etc/c'}, mode: 0o640, uid: 103, gid: 104,
		}],
		['secrets: [{source: db, target: pw}]', 'secrets: {db: {environment: PW}}', {target: '/run/secrets/pw', from: {kind: 'variable', variable: 'PW'}}],
		['secrets: [{source: db, mode: 0444}]', 'secrets: {db: {environment: PW}}', {mode: 0o444, uid: 'archon', gid: 'archon'}],
		['configs: [c]', 'configs: {c: {content: ""}}', {from: {kind: 'text', text: ''}}],
	])('%s, %s', (service, top, file) => {
		expect(only(service, top, {PORT: '80', PW: 'x'})).toMatchObject(file);
	});

	test('of a variable that only a file of variables has is known with the config', () => {
		expect(read('services: {a: {command: x, secrets: [db]}}\nsecrets: {db: {environment: PW}}', {}, {PW: 'x'}).files[0]?.[0]?.from).toEqual({kind: 'text', text: 'x'});
	});

	test('is each instance\'s, and no more than those that are used', () => {
		const {files} = read('services: {a: {command: x, scale: 2, configs: [c]}, b: {command: y}}\nconfigs: {c: {content: x}, d: {file: none}}');
		expect(files.map(each => each.map(({name}) => name))).toEqual([['c'], ['c'], []]);
	});

	test('of one place is one, whether it is named shortly or at length', () => {
		const over = '\nservices: {a: {secrets: [{source: db, target: /run/secrets/db, mode: 0440}]}}';
		const result = plan([
			{file: 'a', text: 'services: {a: {command: x, secrets: [db]}}\nsecrets: {db: {file: x}}'}, {file: 'b', text: over},
		], null, around());
		expect(result.ok && result.value.services[0]?.exec.files.map(({mode}) => mode)).toEqual([0o440]);
	});
});

describe('problems', () => {
	test.each([
		['a: {command: x, secrets: [bd]}', 'secrets: {db: {file: x}}', '2:29: services.a.secrets names "bd", which is not in secrets; did you mean "db"?'],
		['a: {command: x, configs: [c]}', '', '2:29: services.a.configs names "c", which is not in configs; write it at the top: configs: …'],
		['a: {command: x, secrets: [db]}', 'secrets: {db: {external: true}}',
			'3:16: secrets.db is external, and archon has no store to ask for it; have the runtime mount it at /run/secrets, and remove it here'],
		['a: {command: x, secrets: [db]}', 'secrets: {db: }', '3:11: secrets.db does not say what it holds; write file or environment'],
		['a: {command: x, configs: [c]}', 'configs: {c: {content: "${NO:?say it}"}}', '3:24: configs.c.content: "${NO:?say it}" needs NO, which is not set: say it'],
		['a: {command: x, secrets: [db]}', 'secrets: {db: x}', '3:15: secrets.db must be a map, not text'],
		['a: {command: x, secrets: [db]}', 'secrets: {db: {environment: NO}}', '3:11: secrets.db has the value of NO, which is not set'],
		['a: {command: x}', 'secrets: {db: {environment: A, file: b}}', '3:32: secrets.db has both environment and file; keep one'],
		['a: {command: x}', 'secrets: {db: {content: hush}}', '3:16: unknown key "content" in secrets.db'],
		['a: {command: x, secrets: [{source: db, target: ../x}]}', 'secrets: {db: {file: x}}', 'services.a.secrets has "../x", which is not a path of a file'],
		['a: {command: x, secrets: [{target: x}]}', 'secrets: {db: {file: x}}', 'services.a.secrets[0] has no source; write {source: NAME}'],
		['a: {command: x, secrets: [{source: db, mode: 0999}]}', 'secrets: {db: {file: x}}', 'services.a.secrets[0].mode: "0999" is not an octal mode from 0 to 777'],
		['a: {command: x, secrets: [db]}\n  b: {command: x, user: app, secrets: [db]}', 'secrets: {db: {file: x}}',
			'services.a and services.b both find secret db at /run/secrets/db, and each as its own user only; give each a target of its own, or write mode: 0444 in both'],
		['a: {command: x, secrets: [db]}\n  b: {command: x, secrets: [{source: db, mode: 0440}]}', 'secrets: {db: {file: x}}',
			'services.a and services.b both find secret db at /run/secrets/db, with different owners or modes; write the same in both, or give each a target of its own'],
		['a: {command: x, configs: [{source: c, target: /x}]}\n  b: {command: x, configs: [{source: d, target: /x}]}', 'configs: {c: {content: x}, d: {content: y}}',
			'services.a and services.b find different files at /x; give one of them another target'],
	])('%s under %s', (services, top, problem) => {
		expect(read(`services:\n  ${services}\n${top}`).problems).toEqual([expect.stringContaining(problem)]);
	});

	test('services of different users may share what everybody may read', () => {
		const text = 'services:\n  a: {command: x, secrets: [{source: db, mode: 0444}]}\n  b: {command: x, user: app, secrets: [{source: db, mode: 0444}]}\nsecrets: {db: {file: x}}';
		expect(read(text).problems).toEqual([]);
	});

	test('what is external and not used is no problem, and what is of a store is noted', () => {
		const {problems, notes} = read('services: {a: {command: x}}\nsecrets: {db: {external: true, name: db_v2}}');
		expect([problems, notes]).toEqual([[], ['conf/main.yaml:2:32: ignored, as they concern the container and not what runs in it: name']]);
	});
});
