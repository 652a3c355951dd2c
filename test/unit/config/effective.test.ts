/** The config in force as text: every config of the examples and pages comes to the same again. */
import {globSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {isSameKept, ownIn, recording, replaying} from '../../../src/config/kept.ts';
import {serviceDifferences, topDifferences} from '../../../src/config/difference.ts';
import {expanded, MASK, shownText, written} from '../../../src/config/effective.ts';
import type {Files} from '../../../src/config/planning.ts';
import {judgeConfig, type Judged} from '../../../src/config/plan.ts';
import type {Source} from '../../../src/config/problems.ts';
import {createExpand} from '../../../src/config/expand.ts';
import {printYaml} from '../../../src/config/yaml/print.ts';
import {compare} from '../../../src/core/reconfigure.ts';
import {err, ok} from '../../../src/core/result.ts';
import {changedSettings} from '../../../src/core/config.ts';
import {around} from './around.ts';

const root = join(import.meta.dirname, '../../..');
const VARIABLES = {HOME: '/root', WHO: 'the {instance} $x', EMPTY: ''};
const judge = (...sources: readonly Source[]): Judged =>
	judgeConfig(sources, null, {...around(VARIABLES), createExpand, findUser: () => ok(null), readFile: file => ok({file, text: 'FROM=file'})});

function effectiveOf({root}: Judged, mask: string | null = null): string {
	if (!root) throw new Error('it is no config');
	return printYaml(written(expanded(root, {variables: VARIABLES, directory: '/somewhere'}), mask));
}

function expectSame(text: string, file = '/etc/archon/a.yaml'): void {
	const first = judge({file, text});
	expect(first.problems).toEqual([]);
	const again = judge({file: '/else/b.yaml', text: effectiveOf(first)});
	expect(again.problems, effectiveOf(first)).toEqual([]);
	if (!first.plan || !again.plan) throw new Error('unreachable');
	const {kept, ...others} = compare(first.plan.services, again.plan.services);
	expect(others).toEqual({added: [], removed: [], restarted: [], updated: []});
	expect(kept).toEqual(first.plan.services.map(({name}) => name));
	expect(changedSettings(first.plan, again.plan)).toEqual([]);
	// And printed again it is the same text.
	expect(effectiveOf(again)).toBe(effectiveOf(first));
}

const blocks = globSync('docs/**/*.md', {cwd: root}).flatMap(page =>
	[...readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = ''], i) => [`${page} ${i}`, text] as const));
const examples = globSync(['examples/**/*.{yaml,yml}', 'images/**/*.yaml'], {cwd: root}).map(file => [file, readFileSync(join(root, file), 'utf8')] as const);

describe('what is printed loads back to no difference', () => {
	test.each([...blocks, ...examples].filter(([, text]) => judge({file: '/etc/archon/a.yaml', text}).plan !== null))('%s', (_, text) => expectSame(text));

	test('and most of the pages and examples are there', () => {
		const all = [...blocks, ...examples];
		expect(all.filter(([, text]) => judge({file: '/a.yaml', text}).plan !== null).length).toBeGreaterThan(all.length * 0.6);
	});

	test.each([
		['variables, dollars and placeholders', `services:
  web:
    scale: 2
    command: [echo, "$WHO", $$HOME, "\${NONE:-{instance}}", "\\\\{name}", '{name}']
    environment: {A: "$WHO", HOME: , NONE: , B: "a $$b {instance}"}
    logging: {driver: file, options: {path: "/tmp/{name}.log"}}
`],
		['lists of variables, passed on or not', `environment: [A=1, HOME, NONE]
services:
  web: {command: x, environment: ["B=$WHO", C=, HOME, EMPTY], pre_start: [{command: y, environment: [D=$$1]}]}
`],
		['paths, also of files of variables', `configs: {one: {file: one.conf}}
services:
  web: {command: x, env_file: [a.env, {path: b.env, required: false}, /c.env], env_dir: dir, configs: [one]}
`],
		['texts that are no texts in YAML', `services:
  web: {command: ["yes", "1", "null", "", " a ", "#", "a: b"], environment: {A: "yes", B: "0x1", C: "~", D: |
    one
    two
  }}
`.replace('D: |\n    one\n    two\n  ', 'D: "one\\ntwo"')],
		['anchors, merge keys and extensions', `x-a: &a {command: x, restart: "no"}
services:
  web: {<<: *a, labels: {a: b}, image: nginx}
  other: {<<: *a, depends_on: {web: {condition: service_started, required: false}}}
`],
		['extends', `services:
  base: {command: [a, "$HOME"], environment: {A: 1}}
  web: {extends: base, environment: [B=2]}
`],
		['taskmaster', `programs:
  web: {cmd: "echo $HOME", numprocs: 2, env: {A: "$HOME", B: 2}}
`],
		['supervisord', `[program:web]
command=/bin/echo %(process_num)d "$HOME"
numprocs=2
process_name=%(program_name)s_%(process_num)d
environment=A="x$y",TOKEN="t"
stdout_logfile=/tmp/web.log
[program:job]
command=/bin/true
autostart=false
`],
		['a Procfile', 'web: exec sleep 1 $HOME\njob: echo {instance} $$\n'],
		['overseer', `jobs:
  - name: web
    job_command: {exe: echo, args: [$HOME]}
`],
	])('%s', (name, text) => expectSame(text, name === 'a Procfile' ? '/app/Procfile' : undefined));
});

test('secrets are masked, and what is masked is refused', () => {
	const judged = judge({file: '/a.yaml', text: `services:
  web:
    command: [x, --password=one, "postgres://me:two@host/db", --user=me]
    environment: {DB_PASSWORD: three, API_TOKEN: four, PLAIN: five, URL: "http://a:six@b", SSH_KEY: seven, EMPTY_SECRET: ""}
    healthcheck: {test: [CMD, "true"]}
configs: {s: {content: eight}}
`});
	const masked = effectiveOf(judged, MASK);
	expect(masked).not.toMatch(/one|two|three|four|six|seven|eight/);
	expect(masked).toContain('PLAIN: five');
	expect(masked).toContain('EMPTY_SECRET: ""');
	expect(masked).toContain('--user=me');
	const {plan, problems} = judge({file: '/a.yaml', text: masked});
	expect(plan).toBe(null);
	expect(problems[0]?.message).toContain('a secret is masked here');
	expect(judge({file: '/a.yaml', text: effectiveOf(judge({file: '/a.yaml', text: 'programs: {a: {cmd: x, env: {TOKEN: one}}}'}), MASK)}).plan).toBe(null);
	expect(shownText('https://me:secret@host --token=abc x')).toBe('https://me:…@host --token=… x');
	const long = `${'://a'.repeat(100_000)}:`;
	expect(shownText(long)).toBe(long);
});

test('differences are told in the words of the config, without what may be secret', () => {
	const tree = (text: string) => {
		const {root} = judge({file: '/a.yaml', text});
		if (!root) throw new Error('it is no config');
		return expanded(root, {variables: VARIABLES, directory: '/'});
	};
	const one = tree(`services: {web: {command: x, umask: "022", stop_grace_period: 10s, environment: {A: 1, PASSWORD: a, C: 3}, healthcheck: {test: [CMD, a], interval: 5s}}}
shutdown: {grace_period: 30s}`);
	const other = tree(`services: {web: {command: [y, --token=abc], umask: 022, environment: [A=1, PASSWORD=b, D=4], healthcheck: {test: [CMD, b], interval: 6s}, labels: [q]}}
shutdown: {grace_period: 20s}`);
	expect(serviceDifferences(one, other, 'web')).toEqual([
		{key: 'command', before: 'x', after: '[y, --token=…]'},
		{key: 'stop_grace_period', before: '10s', after: '5s'},
		{key: 'environment', before: '', after: '~PASSWORD -C +D'},
		{key: 'healthcheck.test', before: '[CMD, a]', after: '[CMD, b]'},
		{key: 'healthcheck.interval', before: '5s', after: '6s'},
		{key: 'labels', before: 'none', after: '[q]'},
	]);
	expect(topDifferences(one, other)).toEqual([{key: 'shutdown.grace_period', before: '30s', after: '20s'}]);
	expect(serviceDifferences(one, one, 'web')).toEqual([]);
});

test('what was read is told again as it was, and what was not is not there', () => {
	const texts = new Map([['/a', 'one'], ['/b', '\u00e9']]);
	const missing = {errno: 13, reason: 'Permission denied', isOfPath: false};
	const files: Files = {
		read: path => (texts.has(path) ? ok(new TextEncoder().encode(texts.get(path) ?? '')) : err(missing)),
		readShared: path => ok({bytes: new TextEncoder().encode(texts.get(path) ?? ''), isOfOthers: path === '/b'}),
		list: folder => (folder === '/d' ? ok(['x', 'y']) : err(missing)),
	};
	const recorder = recording(files);
	const reads = (files: Files): unknown => [files.read('/a', 9), files.read('/no', 9), files.readShared('/b', 9), files.list('/d'), files.list('/e')];
	const first = reads(recorder.files);
	recorder.found();
	recorder.files.list('/later');
	const kept = recorder.kept();
	texts.clear();
	const again = replaying(kept);
	expect(reads(again)).toEqual(first);
	expect([again.read('/other', 9), again.list('/other')].map(({ok}) => ok)).toEqual([false, false]);
	expect(ownIn(kept)).toEqual({files: ['/a', '/no'], folders: ['/d', '/e']});
	expect([isSameKept(kept, kept), isSameKept(kept, recording(files).kept())]).toEqual([true, false]);
});
