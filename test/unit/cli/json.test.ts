/** `--json` of each command is what the page says, also where something is wrong. */
import {describe, expect, it, test, vi} from 'vitest';
import {isList, type Shape, SHAPES, WITHOUT} from '../../../scripts/docs/json-shapes.ts';
import {runCli} from '../../../src/cli/archonctl.ts';
import type {Io} from '../../../src/cli/command.ts';
import {TABLE} from '../../../src/cli/table.ts';
import type {Schedule} from '../../../src/core/service.ts';
import type {Channel} from '../../../src/control/transport.ts';
import {ok} from '../../../src/core/result.ts';
import type {Look} from '../../../src/features/manifest/core/control.ts';
import {NO_DOING} from '../../../src/features/monitor/core/kept.ts';
import {Bench, service, Visitor} from '../control/bench.ts';

/** What was asked is not asked again: an answer that comes later is heard by the second who asks. */
function channelTo(bench: Bench, asked: Map<string, Visitor>): Channel {
	let lines: readonly string[] = [];
	return {
		send(data) {
			const text = new TextDecoder().decode(data);
			const before = asked.get(text);
			const visitor = before ?? new Visitor(bench);
			asked.set(text, visitor);
			lines = before ? before.heard() : visitor.say(data);
		},
		receive() {
			const bytes = new TextEncoder().encode(lines.map(line => `${line}\n`).join(''));
			lines = [];
			return bytes.length > 0 ? bytes : null;
		},
		close() {},
	};
}

async function archonctl(argv: readonly string[], bench: Bench, more: Partial<Io> = {}): Promise<{status: number; out: string; err: string}> {
	const asked = new Map<string, Visitor>();
	for (let isAgain = false;; isAgain = true) {
		let [out, err] = ['', ''];
		const status = await runCli(argv, {
			connect: () => ({ok: true, value: channelTo(bench, asked)}), rest() {},
			stdout: text => void (out += text), stderr: text => void (err += text),
			stdin: () => '', env: {}, isTty: false, uid: 1000, version: '1.2.3', ...more,
		});
		if (isAgain || !err.includes('without a reply')) return {status, out, err};
		await vi.waitFor(() => expect([...asked.values()].some(visitor => visitor.isIdle)).toBe(true));
	}
}

const POOL = {...service('app'), exec: {...service('app').exec, isArchon: true, argv: ['archon.pool', '{}']}} as const;

/** What is not as the shape says, by its place. */
function faults(value: unknown, shape: Shape, at = ''): readonly string[] {
	if (typeof shape === 'string') {
		const [, kind = '', list, orNull] = /^(\w+)(\[\])?(\?)?$/.exec(shape) ?? [];
		if (value === null) return orNull ? [] : [`${at} is null`];
		if (list) return Array.isArray(value) ? value.flatMap((inner, index) => faults(inner, kind, `${at}[${index}]`)) : [`${at} is no list`];
		return typeof value === {text: 'string', number: 'number', flag: 'boolean'}[kind] ? [] : [`${at} is no ${kind}`];
	}
	if (isList(shape)) return Array.isArray(value) ? value.flatMap((inner, index) => faults(inner, shape[0], `${at}[${index}]`)) : [`${at} is no list`];
	const names = Object.keys(value as object);
	return [
		...Object.entries(shape).flatMap(([key, inner]) => {
			const name = key.replace('?', '');
			const held = (value as Record<string, unknown>)[name];
			if (!names.includes(name)) return [`${at}.${name} is missing`];
			return held === null && key !== name ? [] : faults(held, inner, `${at}.${name}`);
		}),
		...names.filter(name => !(name in shape) && !(`${name}?` in shape) && name !== 'instance').map(name => `${at}.${name} is not on the page`),
	];
}

test('each command is on the page, or has no answer of its own', async () => {
	const names = (await TABLE.all()).map(({name}) => name);
	expect([...Object.keys(SHAPES), ...names.filter(name => WITHOUT.has(name))].sort()).toEqual(names.toSorted());
	for (const command of await TABLE.all()) {
		const hasOption = command.isQuiet === true || command.options.some(({names: [name]}) => name === '--json');
		expect([command.name, hasOption]).toEqual([command.name, !WITHOUT.has(command.name)]);
	}
});

/** A call of each that prints as much as it can. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
	pool: ['tree', 'app'],
	monitor: ['list'], deps: ['show'], history: ['web'], logs: ['all'], wait: ['web'], start: ['web'], stop: ['web'], auto: ['web'], restart: ['web'], signal: ['HUP', 'web'],
	want: ['/opt/web'], unwant: ['web'], whiz: ['add', '-k', 'web'], daemon: ['sleep', '1'], 'is-active': ['web', 'job'], 'is-failed': ['web'], 'run-now': ['backup'], pid: ['web', 'job'], why: ['web'],
};

const LOOK: Look = {
	manifest: '/etc/w.txt', hitlist: null, listed: [{line: 1, name: 'web', path: '/opt/web'}, {line: 2, name: 'db', path: null}],
	hit: [{line: 1, name: null, path: '/x'}], problems: [{file: '/etc/w.txt', line: 3, why: 'no'}], start: ['web'], stop: ['old'],
	foreign: [{pid: 7, path: '/x', why: 'it is on the hitlist'}],
};

const NIGHTLY: Schedule = {when: {kind: 'every', interval: 60_000}, action: 'restart', jitter: 0, overlap: 'skip', isCaughtUp: false, deadline: Infinity};

describe('what is printed', () => {
	it.each(Object.keys(SHAPES).filter(name => name !== 'upgrade'))('%s', async name => {
		const about = SHAPES[name];
		const bench = new Bench([
			service('web', {groups: ['all-of-it']}), service('job', {run: 'exit 3', type: 'oneshot', essential: false}),
			service('backup', {schedule: NIGHTLY}), POOL,
		]);
		bench.tree = [{service: null, pid: 1, parent: 0, zombie: false, command: 'archon', kind: 'archon', started: 1, cpu: 2, memory: 3}];
		bench.say('web', 'hello');
		if (name === 'history') bench.exit('web', {kind: 'code', code: 3});
		bench.plan = {ok: true, value: [
			{kind: 'restarted', name: 'api'}, {kind: 'key', name: 'api', key: 'command', before: '', after: 'b'},
			{kind: 'setting', key: 'shutdown.grace_period', before: '9s', after: '20s'}, {kind: 'undone', name: 'web', why: 'exit status 3'},
		]};
		bench.dispatch({kind: 'monitor', news: {kind: 'add', name: 'job', every: 2000, on: NO_DOING, to: {pid: 7, start: 1, exe: '/bin/x'}}});
		const terms = {dependent: 'web', target: {kind: 'service', name: 'job'}, on: 'exit', actions: [], order: 'none', text: 'web -> job'} as const;
		bench.dispatch({kind: 'depend', terms, lasts: 1000, process: null});
		bench.syncing = {
			source: 'http://master', dest: '/opt/app', form: 'signed', ask: () => () => {},
			report: () => ({
				version: '7', others: ['6', '5'], held: null, doing: '', looked: 1, outcome: 'release 7 is in force', failed: false, next: 2, expires: null,
			}),
		};
		bench.ruling = {
			list(told) {
				const counts = {done: 3, failed: 1, row: 0};
				told(ok([{name: 'r', file: '/r.lua', event: 'exited', match: 'web.*', state: 'enabled', ...counts, error: 'r.lua:1: no'}]));
				return () => {};
			},
			reload: () => () => {}, attempt: () => () => {},
		};
		bench.pooling = {
			rows: () => [], follow: () => () => {},
			ask(_pool, _question, told) {
				told(ok([{node: 'boot', parent: null, command: null, status: 'ready', pid: 7, since: 1, features: 2, commands: 1, pss: null, own: null, why: null}]));
				return () => {};
			},
		};
		bench.alerting = {
			receivers: () => [{name: 'ops', on: ['failed'], services: [], timeout: 1, target: {kind: 'command', argv: ['page']}}],
			report: () => ({why: '', receivers: [
				{name: 'ops', kind: 'command', firing: 1, waiting: 1, delivered: 1, dropped: 0, last: 1, why: 'page ended with 1', next: 2},
			]}),
			test: () => () => {},
		};
		bench.manifests = {
			reconcile(isDry, told, passed) {
				told(ok(LOOK));
				if (!isDry) passed({passes: 2, missing: 0, names: []});
			},
			move: (_, told) => told(ok('web is in the manifest')),
		};
		const {out, err} = await archonctl([name, '--json', ...CALLS[name] ?? []], bench);
		expect(err).toBe('');
		expect(out).not.toBe('');
		const values = about?.prints === 'lines' ? out.trimEnd().split('\n').map(line => JSON.parse(line) as unknown) : [JSON.parse(out) as unknown];
		expect(values.length).toBeGreaterThan(0);
		for (const value of values) expect(faults(value, about?.shape ?? '')).toEqual([]);
	});
});

describe('a problem is an object on stderr, and stdout has nothing', () => {
	it.each<[readonly string[], number]>([
		[['status', '--json', 'nobody'], 1], [['stop', '--json', 'nobody'], 1], [['--json'], 100], [['status', '--json', '--nonsense'], 100],
		[['start', '--json'], 100], [['stats', '--json'], 100], [['enable', '--json', 'web'], 100], [['reload', '--json', '--timeout', '5s'], 100],
	])('%j', async (argv, status) => {
		const answer = await archonctl(argv, new Bench([service('web')]));
		expect(answer).toMatchObject({status, out: ''});
		expect(JSON.parse(answer.err)).toEqual({error: expect.any(String)});
	});

	it('where archon cannot be reached', async () => {
		const answer = await archonctl(['status', '--json'], new Bench(), {connect: () => ({ok: false, error: 'connection refused'})});
		expect(answer).toMatchObject({status: 111, out: ''});
		expect(JSON.parse(answer.err)).toEqual({error: expect.stringContaining('connection refused')});
	});

	it('with the last lines of a service that did not become ready', async () => {
		const bench = new Bench([service('web')]);
		bench.failure = {why: 'web: exit status 3', lines: ['one', 'two']};
		const answer = await archonctl(['reload', '--wait', '--timeout', '1m30s', '--json'], bench);
		expect(JSON.parse(answer.err)).toEqual({error: expect.stringContaining('web: exit status 3'), lines: ['one', 'two']});
	});

	it('but --json behind a command of its own is that command\'s', async () => {
		const answer = await archonctl(['run', '--no-such', '--', 'x', '--json'], new Bench());
		expect(answer.err).toMatch(/^archonctl: unknown option/);
	});
});
