/**
 * The same files given to docker compose: what services come to is the same. Where it is not installed (2.x: Debian's
 * docker-compose of trixie or later, or the plugin), the tests are skipped.
 */
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {judgeConfig} from '../../src/config/plan.ts';
import {formatProblem} from '../../src/config/problems.ts';
import {CAPABILITIES} from '../../src/core/linux.ts';
import type {Service} from '../../src/core/service.ts';
import {signalName} from '../../src/core/signal-numbers.ts';
import {around} from '../unit/config/around.ts';

const WAYS = [['docker-compose'], ['docker', 'compose']] as const;
/** The first line speaks of itself, further ones of what it is made with. */
const compose = WAYS.find(([program, ...words]) =>
	/^docker.compose version v?(?:[2-9]|\d\d)\./i.test(String(spawnSync(program, [...words, 'version']).stdout ?? '')));

type Files = Readonly<Record<string, string>>;
type Services = Readonly<Record<string, unknown>>;

interface Composed {
	readonly entrypoint?: readonly string[];
	readonly command?: readonly string[];
	readonly environment?: Readonly<Record<string, string | null>>;
	readonly depends_on?: Readonly<Record<string, {readonly condition: string; readonly required: boolean; readonly restart?: boolean}>>;
	readonly user?: string;
	readonly working_dir?: string;
	readonly cap_add?: readonly string[];
	readonly group_add?: readonly string[];
	readonly stop_signal?: string;
	readonly healthcheck?: {readonly test?: readonly string[]; readonly disable?: boolean};
	readonly configs?: readonly Mount[];
	readonly secrets?: readonly Mount[];
}

interface Mount {
	readonly source: string;
	readonly target?: string;
	readonly mode?: string;
}

const byName = <T>(record: Readonly<Record<string, T>> | undefined): readonly (readonly [string, T])[] => Object.entries(record ?? {}).sort();
const placeOf = (folder: string, {source, target = source}: Mount): string => (target.startsWith('/') ? target : folder + target);

/** What both say of a service. */
function composed(service: Composed): unknown {
	const {command, entrypoint, healthcheck, environment = {}} = service;
	return {
		argv: [...entrypoint ?? [], ...command ?? []],
		environment: byName(environment).filter(([, value]) => value !== null),
		needs: byName(service.depends_on).map(([name, {condition, required, restart = false}]) => ({name, condition, required, restart})),
		user: service.user ?? null, cwd: service.working_dir ?? null,
		caps: [...service.cap_add ?? []].sort(), groups: [...service.group_add ?? []].sort(), signal: service.stop_signal ?? 'SIGTERM',
		test: healthcheck?.disable || healthcheck?.test?.[0] === 'NONE' ? null : healthcheck?.test?.slice(1) ?? null,
		files: [
			...(service.configs ?? []).map(each => placeOf('/', each)), ...(service.secrets ?? []).map(each => placeOf('/run/secrets/', each)),
		].sort(),
	};
}

function planned({exec, needs, health, stop}: Service): unknown {
	const probe = health?.probe.kind === 'exec' ? health.probe.command : null;
	const isShell = probe?.[0] === '/bin/sh' && probe[1] === '-c';
	return {
		argv: exec.argv, environment: byName({...exec.sourced.variables, ...exec.environment}),
		needs: needs.map(({name, condition, strength, restart}) => ({name, condition, required: strength === 'hard', restart}))
			.sort((a, b) => a.name.localeCompare(b.name)),
		user: exec.user && [exec.user.user, ...exec.user.group === null ? [] : [exec.user.group]].join(':'), cwd: exec.cwd,
		caps: exec.limits.capAdd.map(number => CAPABILITIES[number]).sort(), groups: [...exec.limits.groups].sort(),
		signal: `SIG${signalName(stop.signal).replace(/^SIG/, '')}`,
		test: probe && (isShell ? probe.slice(2) : probe), files: exec.files.map(({target}) => target).sort(),
	};
}

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-compose-'));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const ENVIRONMENT = {SET: 'set', EMPTY: '', WORD: 'a b', PROFILE: 'x'};

function byCompose(files: Files, named: readonly string[], profiles: readonly string[]): Services | string {
	const home = mkdtempSync(join(folder, 'case-'));
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(home, name)), {recursive: true});
		writeFileSync(join(home, name), text);
	}
	const [program = '', ...words] = compose ?? [];
	const options = [...named.flatMap(name => ['-f', name]), ...profiles.flatMap(name => ['--profile', name])];
	const {stdout, stderr, status} = spawnSync(program, [...words, '-p', 'test', ...options, 'config', '--format', 'json'], {
		cwd: home, encoding: 'utf8', env: {PATH: process.env['PATH'], HOME: home, ...ENVIRONMENT},
	});
	if (status !== 0) return stderr;
	// What it prints can be read again.
	const {services} = JSON.parse(stdout.replaceAll('$$', () => '$')) as {readonly services: Readonly<Record<string, Composed>>};
	return Object.fromEntries(byName(services).map(([name, service]) => [name, composed(service)]));
}

function byArchon(files: Files, named: readonly string[], profiles: readonly string[]): Services | string {
	const sources = named.map(file => ({file, text: files[file] ?? ''}));
	const {plan, problems} = judgeConfig(sources, null, {...around(ENVIRONMENT, files), profiles});
	if (!plan) return problems.map(formatProblem).join('\n');
	return Object.fromEntries(plan.services.map(service => [service.name, planned(service)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const FULL = `services:
  a:
    image: x
    command: [a, b]
    entrypoint: [e]
    user: app
    working_dir: /srv
    cap_add: [NET_ADMIN]
    group_add: [audio]
    stop_signal: SIGINT
    environment: {A: 1, B: "2", SET: }
    env_file: a.env
    depends_on: [b]
    healthcheck: {test: [CMD, probe], interval: 5s}
    configs: [c]
    secrets: [s]
  b: {image: x, command: [b]}
  c: {image: x, command: [c], healthcheck: {test: "true"}}
configs: {c: {content: x}}
secrets: {s: {file: ./s.txt}}
`;
const over = (text: string): Files => ({'a.yaml': FULL, 'b.yaml': text, 'a.env': 'E=1\nF="2 $SET"\n', 'b.env': 'F=3\n', 's.txt': 'x'});

const CASES: readonly (readonly [string, Files])[] = [
	['one file', over('services: {}')],
	['words', over('services: {a: {command: [z], entrypoint: [y, x]}}')],
	['words as text', over('services: {a: {command: z "y x"}}')],
	['variables as a list', over('services: {a: {environment: [B=3, C, SET=own]}}')],
	['variables as a map', over('services: {a: {environment: {B: 3, A: }}}')],
	['lists', over('services: {a: {cap_add: [SYS_TIME, NET_ADMIN], group_add: [staff]}}')],
	['files of variables', over('services: {a: {env_file: [b.env, {path: none.env, required: false}]}}')],
	['needs as a list', over('services: {a: {depends_on: [c]}}')],
	['needs as a map', over('services: {a: {depends_on: {c: {condition: service_healthy}}}}')],
	['needs again, plainly', {...over('services: {a: {depends_on: [b, c]}}'), 'a.yaml': FULL.replace('[b]', '{b: {condition: service_started, restart: true}}')}],
	['another test', over('services: {a: {healthcheck: {test: "ready || exit 1"}}}')],
	['no test', over('services: {a: {healthcheck: {disable: true}}}')],
	['NONE', over('services: {a: {healthcheck: {test: ["NONE"]}}}')],
	['nothing', over('services: {a: {user: , command: , cap_add: , environment: , depends_on: }}')],
	['!reset', over('services: {a: {user: !reset null, cap_add: !reset [], depends_on: !reset [], environment: {A: !reset null}}}')],
	['!override', over('services: {a: {environment: !override {Z: 1}, cap_add: !override [KILL], depends_on: !override [c], env_file: !override [b.env]}}')],
	['a file at its place', over('services: {a: {configs: [{source: c, target: /c, mode: 0440}], secrets: [{source: s, target: other}]}}')],
	['a service more', over('services: {d: {image: x, command: d, depends_on: [a]}}')],
	['extends', over('services: {d: {extends: {file: a.yaml, service: c}, command: [d]}}')],
	['extends of what extends', over('services: {d: {extends: e, environment: {D: 1}}, e: {extends: {file: sub/f.yaml, service: f}}}')],
	['extends with needs, variables and profiles', over(`services:
  base: {image: x, command: [base], environment: [X=1], depends_on: [c], env_file: b.env, profiles: [p]}
  d: {extends: {service: base}, environment: {Y: 2}, profiles: !reset null}
`)],
	['include', over('include: [sub/g.yaml, {path: [sub/h.yaml, sub/h2.yaml], env_file: sub/i.env}]')],
	['include where another directory is meant', over('include: [{path: sub/g.yaml, project_directory: .}]')],
	['anchors and merge keys', over(`x-base: &base {image: x, environment: &env {P: 1, Q: 2}}
services:
  d: {<<: *base, command: [d], environment: {<<: *env, Q: 3}}
`)],
	['profiles', over('services: {d: {image: x, command: d, profiles: [on]}, e: {image: x, command: e, profiles: [off]}}')],
	...[
		'$SET', '${SET}', '${NO:-d}', '${NO-d}', '${EMPTY:-d}', '${EMPTY-d}', '${SET:+alt}', '${NO:+alt}', '${EMPTY+alt}', '${EMPTY:+alt}', '${NO:-${SET}}',
		'${NO:-${NO2:-deep}}', '${SET:+${NO:-x}}', '$$SET', '$${SET}', '${SET}$SET', '${NO:-a b}', '${NO:-a:b}', '${NO:-$$}', '${SET:?no}', '${SET?no}', '${NO}',
	].map(text => [`\${…} ${text}`, over(`services: {a: {environment: {V: '${text}'}}}`)] as const),
];

const ELSEWHERE: Files = {
	'sub/f.yaml': 'services: {f: {image: x, command: [f], env_file: f.env, environment: {F: "${SET}"}}}', 'sub/f.env': 'OF=f\n',
	'sub/g.yaml': 'services: {g: {image: x, command: [g], env_file: b.env}}', 'sub/b.env': 'OF=sub\n',
	'sub/h.yaml': 'services: {h: {image: x, command: [h, "$I", "$SET"]}}', 'sub/h2.yaml': 'services: {h: {environment: {I: "${I}"}}}', 'sub/i.env': 'I=included\nSET=not\n',
};

describe.skipIf(!compose)('as docker compose has it', () => {
	test.each(CASES)('%s', (_, files) => {
		const all = {...ELSEWHERE, ...files};
		const expected = byCompose(all, ['a.yaml', 'b.yaml'], ['on']);
		expect(byArchon(all, ['a.yaml', 'b.yaml'], ['on'])).toEqual(expected);
	});

	test.each([
		['a service that is not there', 'services: {d: {extends: nope}}'], ['a circle', 'services: {d: {extends: e}, e: {extends: d}}'],
		['an included service again', 'include: [sub/g.yaml]\nservices: {g: {command: [x]}}'], ['a file that includes itself', 'include: [b.yaml]'],
		['a required variable', 'services: {a: {command: "${NO:?tell}"}}'], ['a need of nothing', 'services: {a: {depends_on: [nope]}}'],
		['a secret of nothing', 'services: {a: {secrets: [nope]}}'], ['a bad variable', 'services: {a: {command: "${NO!}"}}'],
		['a missing file', 'include: [none.yaml]'], ['a duplicate key', 'services: {a: {user: x, user: y}}'],
		['an unknown condition', 'services: {a: {depends_on: {b: {condition: ready}}}}'],
	])('%s is refused by both', (_, text) => {
		const all = {...ELSEWHERE, ...over(text)};
		expect([byCompose(all, ['a.yaml', 'b.yaml'], []), byArchon(all, ['a.yaml', 'b.yaml'], [])]).toEqual([expect.any(String), expect.any(String)]);
	});
});
