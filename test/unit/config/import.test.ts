/** Whole configs of other supervisors, as `archon import` prints them; each also means the same when it is given with -c. */
import {globSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {describe, expect, test} from 'vitest';
import {loadFormats, NAMES} from '../../../src/config/formats/load.ts';
import {importConfig} from '../../../src/config/import.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import type {Lookups} from '../../../src/config/planning.ts';
import {fileProblem, formatProblem, type Source} from '../../../src/config/problems.ts';
import {err, ok} from '../../../src/core/result.ts';
import {AROUND} from './around.ts';

const ROOT = join(import.meta.dirname, '../../import');

/** Each a folder with `archon.yaml`, which is what comes of it (of a new one an empty file, and `vitest -u`): `given` names what is given, line by line, where that is not every file at its top. */
const FIXTURES = globSync('*/*/archon.yaml', {cwd: ROOT}).map(file => dirname(file)).sort();

const FORMATS = await loadFormats(NAMES);

/** What some of them need to be set. */
const ENVIRONMENT = {START_XVFB: 'true', WITH_METRICS: 'false', CELERY_WORKERS: '3', PATH: '/usr/bin:/bin'};

/** As on a machine where the fixture's folder is /config, and every user is there. */
function lookupsIn(folder: string): Lookups {
	const here = (path: string): string => join(folder, path.startsWith('/') ? relative('/config', path) : path);
	const missing = (path: string) => err({problem: fileProblem(path, `cannot read ${path}: no such file or directory`), missing: true});
	return {
		...AROUND, formats: FORMATS, environment: ENVIRONMENT, directory: () => '/config', findUser: () => ok(null),
		readFile(path) {
			try {
				return ok({file: path, text: readFileSync(here(path), 'utf8')});
			} catch {
				return missing(path);
			}
		},
		listFolder(path) {
			try {
				return ok(readdirSync(here(path)).sort());
			} catch {
				return missing(path);
			}
		},
	};
}

function sourcesOf(folder: string): readonly Source[] {
	const names = readdirSync(folder).filter(name => name !== 'given' && name !== 'archon.yaml').sort();
	const given = readdirSync(folder).includes('given')
		? readFileSync(join(folder, 'given'), 'utf8').trim().split('\n') : names.filter(name => statSync(join(folder, name)).isFile());
	return given.map(name => {
		const path = join(folder, name);
		return statSync(path).isDirectory() ? folderAt(name, path) : {file: name, text: readFileSync(path, 'utf8')};
	});
}

function folderAt(file: string, path: string): Source {
	const names = readdirSync(path).sort();
	const inner = names.filter(name => statSync(join(path, name)).isDirectory());
	return {file, text: '', names, folders: new Map(inner.map(name => [name, readdirSync(join(path, name)).sort()]))};
}

describe.each(FIXTURES)('%s', fixture => {
	const folder = join(ROOT, fixture);
	const lookups = lookupsIn(folder);
	const sources = sourcesOf(folder);
	const imported = importConfig(sources, lookups);

	test('is printed as a person reads it', async () => {
		expect(imported.problems.map(formatProblem)).toEqual([]);
		await expect(imported.yaml).toMatchFileSnapshot(join(folder, 'archon.yaml'));
	});

	test('what is printed is what archon makes of the files themselves', () => {
		const direct = judgeConfig(sources, null, lookups);
		const printed = judgeConfig([{file: 'archon.yaml', text: imported.yaml ?? ''}], null, lookups);
		expect(printed.problems.map(formatProblem)).toEqual([]);
		expect(printed.plan).toEqual(direct.plan);
		expect(direct.plan?.services.length).toBeGreaterThan(0);
	});
});

describe('what needs no translation, or has none, is told', () => {
	const told = (file: string, text: string): readonly string[] => importConfig([{file, text}], AROUND).problems.map(formatProblem);
	test.each([
		['a.yaml', 'services: {a: {command: b}}', 'a.yaml:1:1: a.yaml is in archon\'s own format already; archon check a.yaml looks at it'],
		['c.yaml', 'services: {a: {image: nginx}}', 'c.yaml:1:1: c.yaml is a compose file, which archon reads as it is; archon check c.yaml says what it makes of it'],
		['x.yaml', 'a: b', expect.stringMatching(/^x\.yaml:1:1: x\.yaml is in no format that archon knows; it translates .*overseer/)],
		['README', '# Hello\n\n`services:`\n', expect.stringMatching(/^README:1:1: README is in no format that archon knows; /)],
		['x.yaml', 'a: [b', expect.stringMatching(/^x\.yaml:1:4: \[ opens here/)],
	])('%s: %s', (file, text, problem) => {
		expect(told(file, text)).toEqual([problem]);
	});

	test('a directory of no layout', () => {
		const {problems} = importConfig([{file: 'some', text: '', names: ['a', 'b']}], AROUND);
		expect(problems.map(formatProblem)).toEqual([expect.stringMatching(/^some is a directory of no layout that archon knows; /)]);
	});

	test('what archon does not take of a translation is told at its place in the source', () => {
		expect(told('jobs.json', '{"jobs": [{"name": "a b", "job_command": {"exe": "x"}}]}')).toEqual([
			expect.stringMatching(/^jobs\.json:1:\d+: "a b" cannot be a service's name/),
		]);
	});
});
