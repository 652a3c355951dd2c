/** Who may what: each role with each request, what a principal with rights for some services sees of the others, and what is logged. */
import {describe, expect, it, test} from 'vitest';
import {ABOUT} from '../../../scripts/docs/requests.ts';
import {type Grant, includes, RIGHTS, type Role} from '../../../src/core/access.ts';
import {find} from '../../../src/core/state.ts';
import {fitsAny, fitting} from '../../../src/control/names.ts';
import {createRefusals} from '../../../src/control/refusals.ts';
import {REQUESTS} from '../../../src/control/registry.ts';
import type {Service} from '../../../src/core/service.ts';
import {Bench, EPOCH, service, Visitor} from './bench.ts';

const everyVerb = REQUESTS.map(({verb}) => verb);

/** A request of the verb that is well-formed. */
const sampleOf = (verb: string): string => {
	const examples = ABOUT.find(about => about.verb === verb)?.examples ?? [];
	const [request] = examples.find(([, ...answer]) => !answer.at(-1)?.startsWith(`Error,${verb}: `)) ?? [verb];
	return `${request}\n`;
};

const JOB = {web: 'web', job: 'job'};
const createBench = (more: Partial<Record<keyof typeof JOB, Partial<Service>>> = {}): Bench =>
	new Bench([service('web', {groups: ['front'], ...more.web}), service('job', more.job), service('db', {groups: ['front', 'back']})]);

const [DEPLOY, OPS] = [2000, 3000];

function visitorWith(bench: Bench, ...grants: readonly Grant[]): Visitor {
	bench.access = grants.map(grant => ({to: {uid: DEPLOY}, grant}));
	return new Visitor(bench, DEPLOY);
}

const isRefused = (lines: readonly string[]): boolean => /^(@\d,)?Error,"?request refused: /.test(lines.at(-1) ?? '');

describe('each role with each request', () => {
	test.each(everyVerb.flatMap(verb => RIGHTS.map(role => [role, verb] as const)))('%s: %s', (role, verb) => {
		const wire = REQUESTS.find(each => each.verb === verb) ?? expect.fail();
		const bench = createBench();
		const lines = visitorWith(bench, {role, services: null}).say(sampleOf(verb));
		expect(isRefused(lines)).toBe(!includes(role, wire.role));
		expect(bench.warnings).toHaveLength(isRefused(lines) ? 1 : 0);
		if (isRefused(lines)) expect(lines[0]).toContain(` takes the role ${wire.role}, uid 2000 has ${role}; see access in the config`);
	});

	test.each(everyVerb)('nobody: %s', verb => {
		const bench = createBench();
		expect(new Visitor(bench, DEPLOY).say(sampleOf(verb)).every(line => line.includes(`, uid 2000 has none; see access`))).toBe(true);
		expect(bench.server.turnAway({pid: 1, uid: DEPLOY, gid: 0, groups: [], owner: null})).not.toBeNull();
		expect(bench.processes).toHaveLength(3);
	});

	test.each(everyVerb.flatMap(verb => [0, 1000].map(uid => [uid, verb] as const)))('uid %i, root or archon\'s own: %s', (uid, verb) => {
		expect(isRefused(new Visitor(createBench(), uid).say(sampleOf(verb)))).toBe(false);
	});

	test.each(everyVerb)('admin of some services: %s', verb => {
		const {isScoped = false} = REQUESTS.find(each => each.verb === verb) ?? expect.fail();
		const lines = visitorWith(createBench(), {role: 'admin', services: ['web']}).say(sampleOf(verb));
		if (!isScoped) expect(lines).toEqual([expect.stringMatching(/^Error,"request refused: .* for all services, uid 2000 has it for web only; see/)]);
		for (const line of lines) if (line.startsWith('Row')) expect(line).not.toMatch(/\b(db|job)\b/);
	});
});

describe('a principal with rights for some services', () => {
	const only = (role: Role, ...services: readonly string[]): Grant => ({role, services});

	it('sees and steers these, by whatever name, and no others', () => {
		const bench = createBench();
		const visitor = visitorWith(bench, only('operate', 'web'));
		const name = (line: string): string => line.split(',')[1] ?? '';
		for (const request of ['Status', 'Status,all', 'Status,*', 'Status,front']) {
			expect(visitor.say(`${request}\n`).map(name)).toEqual(['web', '']);
		}
		expect(visitor.say('Stop,all\n')).toEqual(['Ok']);
		expect(bench.phase('db')).not.toBe('down');
		expect(bench.phase('web')).toBe('down');
		const no = (verb: string, names: string, role: string) =>
			`Error,"request refused: ${verb} of ${names} takes the role ${role}, uid 2000 has it for web only; see access in the config"`;
		expect(visitor.say('Restart,db\n')).toEqual([no('Restart', 'db', 'operate')]);
		expect(visitor.say('Restart,nosuch\n')).toEqual([no('Restart', 'nosuch', 'operate')]);
		expect(visitor.say('Status,web,back\n')).toEqual([no('Status', 'back', 'observe')]);
		expect(visitor.say('Signal,1003,HUP\n')).toEqual([no('Signal', '1003', 'operate')]);
		expect(visitor.say('StopDaemon,db\n')).toEqual([no('StopDaemon', 'db', 'operate')]);
		expect(visitor.say('Logs,archon\n')).toEqual([no('Logs', 'archon', 'observe')]);
		expect(visitor.say('Reload\n')).toEqual([
			'Error,"request refused: Reload takes the role operate for all services, uid 2000 has it for web only; see access in the config"',
		]);
		expect(visitor.say('Start,web\n')).toEqual(['Ok']);
		expect(bench.warnings).toHaveLength(7);
	});

	it('has each role for its own services', () => {
		const visitor = visitorWith(createBench(), only('observe', '*'), only('operate', 'we?'));
		expect(visitor.say('Status\n')).toHaveLength(4);
		expect(isRefused(visitor.say('Signal,db,HUP\n'))).toBe(true);
		expect(visitor.say('Signal,web,HUP\n')).toEqual(['Ok']);
		expect(visitor.say('Shutdown\n')[0]).toContain('Shutdown takes the role admin, uid 2000 has operate;');
	});

	it('hears only their lines and processes, also of what comes later', () => {
		const bench = createBench();
		bench.tree = ['web', 'db', null].map((name, index) => ({service: name, pid: index, parent: 1, zombie: false, command: 'x', kind: 'main', started: 0, cpu: 0, memory: 0}));
		const visitor = visitorWith(bench, only('observe', 'w*'));
		expect(visitor.say('Tree\n')).toEqual(['Row,web,0,1,,x,main,0,0,0', 'Ok']);
		bench.say('web', 'here');
		bench.say('db', 'secret');
		bench.say(null, 'started db');
		expect(visitor.say('Logs,archon.follow=yes\n').filter(line => !line.includes('live'))).toEqual([
			'Row,source,web', `Row,line,web,stdout,${EPOCH + 1},here`,
		]);
		const root = new Visitor(bench);
		root.say('StartDaemon,sleep,archon.name=other\nStartDaemon,sleep,archon.name=worker\n');
		expect(visitor.heard()).toEqual(['Row,source,worker']);
	});

	it('is answered from what was made for another only if that may see the same', () => {
		const bench = createBench();
		bench.access = [{to: {uid: DEPLOY}, grant: only('observe', 'web')}, {to: {uid: OPS}, grant: only('observe', 'db')}];
		for (const [uid, count] of [[0, 4], [DEPLOY, 2], [OPS, 2], [0, 4]] as const) expect(new Visitor(bench, uid).say('Status\n')).toHaveLength(count);
	});
});

describe('who asks', () => {
	test('is known by a group as well', () => {
		const bench = createBench();
		bench.access = [{to: {gid: OPS}, grant: {role: 'observe', services: null}}];
		expect(new Visitor(bench, 1, {gid: OPS}).say('Version\n').at(-1)).toBe('Ok');
		expect(new Visitor(bench, 1, {groups: [7, OPS]}).say('Version\n').at(-1)).toBe('Ok');
		expect(isRefused(new Visitor(bench, 1, {groups: [7]}).say('Version\n'))).toBe(true);
	});

	test('if a service says what its processes may, has that, as root too', () => {
		const bench = createBench({job: {control: [{role: 'operate', services: ['web']}]}});
		const owner = {id: find(bench.state, 'job')?.id ?? -1, name: 'job'};
		bench.access = [{to: {uid: DEPLOY}, grant: {role: 'admin', services: null}}];
		for (const uid of [0, 1000, DEPLOY, 4711]) {
			const visitor = new Visitor(bench, uid, {owner});
			expect(visitor.say('Signal,web,HUP\n')).toEqual(['Ok']);
			expect(visitor.say('Shutdown\n')).toEqual([
				'Error,"request refused: Shutdown takes the role admin, service job has operate; see access in the config"',
			]);
			expect(isRefused(visitor.say('Signal,db,HUP\n'))).toBe(true);
		}
	});

	test('of a service that says nothing has the rights of its user', () => {
		const bench = createBench();
		const owner = {id: find(bench.state, 'job')?.id ?? -1, name: 'job'};
		expect(new Visitor(bench, 0, {owner}).say('Reopen\n')).toEqual(['Ok']);
		expect(isRefused(new Visitor(bench, 4711, {owner}).say('Version\n'))).toBe(true);
	});

	test('of a service that is gone has none, though another has its number', () => {
		const bench = createBench({job: {control: [{role: 'admin', services: null}]}});
		const id = find(bench.state, 'job')?.id ?? -1;
		for (const owner of [{id, name: 'gone'}, {id: 99, name: 'job'}]) {
			expect(isRefused(new Visitor(bench, 0, {owner}).say('Version\n'))).toBe(true);
		}
	});

	test('where that is not known any more, has none if some service has less than its user', () => {
		expect(isRefused(new Visitor(createBench({job: {control: []}}), 0, {owner: 'unknown'}).say('Version\n'))).toBe(true);
		expect(new Visitor(createBench(), 0, {owner: 'unknown'}).say('Version\n').at(-1)).toBe('Ok');
		expect(isRefused(new Visitor(createBench(), 4711, {owner: 'unknown'}).say('Version\n'))).toBe(true);
	});
});

describe('rights that change', () => {
	const follow = '@1,Logs,web,archon.follow=yes\n';
	const whole: Grant = {role: 'operate', services: null};

	it('hold for open connections', () => {
		const bench = createBench();
		const visitor = visitorWith(bench, whole);
		expect(visitor.say('Reopen\n')).toEqual(['Ok']);
		bench.access = [{to: {uid: DEPLOY}, grant: {role: 'observe', services: null}}];
		bench.server.review();
		expect(isRefused(visitor.say('Reopen\n'))).toBe(true);
		expect(visitor.say('Version\n').at(-1)).toBe('Ok');
		expect(visitor.isEnded).toBe(false);
	});

	it('end what is under way and would not be begun any more, and a connection without any', () => {
		const bench = createBench();
		const visitor = visitorWith(bench, {role: 'observe', services: ['web']});
		visitor.say(follow);
		expect(bench.logs.followers()).toBe(1);
		bench.server.review();
		expect([bench.logs.followers(), visitor.heard()]).toEqual([1, []]);
		bench.access = [{to: {uid: DEPLOY}, grant: {role: 'observe', services: ['db']}}];
		bench.server.review();
		expect(bench.logs.followers()).toBe(0);
		expect(visitor.heard()).toEqual(['@1,Error,request ended: the services that it may concern are others now']);
		bench.access = [];
		bench.server.review();
		expect(visitor.isEnded).toBe(true);
	});

	it('keep what is under way and may go on', () => {
		const bench = createBench();
		const visitor = visitorWith(bench, {role: 'observe', services: ['web']});
		visitor.say(follow);
		bench.access = [{to: {uid: DEPLOY}, grant: whole}];
		bench.server.review();
		expect([bench.logs.followers(), visitor.heard()]).toEqual([1, []]);
	});
});

describe('Limit', () => {
	it('takes rights away for good, and never gives any', () => {
		const bench = createBench();
		const visitor = new Visitor(bench);
		expect(visitor.say('Limit,operate,web,db\n')).toEqual(['Ok']);
		expect(visitor.say('Status\n')).toHaveLength(3);
		expect(visitor.say('Shutdown\n')).toEqual([
			'Error,"request refused: Shutdown takes the role admin, this connection of uid 0 was limited to operate of web, db; see access in the config"',
		]);
		expect(isRefused(visitor.say('Signal,job,HUP\n'))).toBe(true);
		expect(visitor.say('Limit,admin\n')).toEqual(['Ok']);
		expect(isRefused(visitor.say('Shutdown\n'))).toBe(true);
		expect(visitor.say('Limit,observe,db\n')).toEqual(['Ok']);
		expect(visitor.say('Status\n').map(line => line.split(',')[1])).toEqual(['db', undefined]);
		expect(isRefused(visitor.say('Signal,db,HUP\n'))).toBe(true);
		expect(new Visitor(bench).say('Status\n')).toHaveLength(4);
		expect(visitorWith(bench, {role: 'observe', services: null}).say('Limit,admin\nReopen\n').at(-1)).toContain('uid 2000 has observe');
	});
});

test('others, however much they ask for, take nothing from root and from archon\'s own user', () => {
	const bench = createBench();
	const grant: Grant = {role: 'observe', services: null};
	const crowd = Array.from({length: 100}, () => visitorWith(bench, grant));
	const wait = Array.from({length: 60}, (_, index) => `@${index},Logs,web,archon.follow=yes\n`).join('');
	const answers = crowd.flatMap(visitor => visitor.say(wait));
	expect(answers.filter(line => line.includes('too many requests'))).toHaveLength(100 * 60 - 128);
	expect(crowd[99]?.say('Version\n')).toEqual(['Error,request refused: too many requests are under way']);
	for (const uid of [0, 1000]) {
		expect(new Visitor(bench, uid).say('Version\n').at(-1)).toBe('Ok');
		expect(new Visitor(bench, uid).say(wait).filter(line => line.includes('Error'))).toEqual([]);
	}
	for (const visitor of crowd) visitor.leave();
	expect(visitorWith(bench, grant).say(`${wait}Version\n`).at(-1)).toBe('Ok');
	// Requests that wait for a client to read.
	const long = `Status,${'web,'.repeat(15_000)}web\n`;
	for (let i = 0; i < 100; i++) {
		const deaf = visitorWith(bench, grant);
		deaf.pending = 1 << 20;
		deaf.say(long.repeat(8));
	}
	expect(visitorWith(bench, grant).say(long).at(-1)).toContain('Error');
	expect(new Visitor(bench).say('Version\n').at(-1)).toBe('Ok');
});

test('what a refused request names cannot be taken for another line of the log', () => {
	const bench = createBench();
	visitorWith(bench, {role: 'observe', services: ['web']}).say('Status,"x\narchon | fatal: \u202e"\n');
	expect(bench.warnings).toEqual([
		'request refused: Status of x; archon | fatal: ? takes the role observe, uid 2000 has it for web only; see access in the config',
	]);
});

test('of what a connection gives up some is remembered, and it has no more rights for it', () => {
	const visitor = new Visitor(createBench());
	expect(visitor.say(`Limit,observe,${'w'.repeat(5000)}\n`)).toEqual(['Error,Limit: the limits of one connection are too long']);
	const other = new Visitor(createBench());
	const answers = other.say('Limit,observe,web\n'.repeat(64));
	expect(answers.filter(line => line === 'Ok').length).toBeGreaterThan(30);
	expect(answers.at(-1)).toContain('too long');
	expect(other.say('Status\n')).toHaveLength(2);
});

test('secrets are shown to admins only', () => {
	const lines = visitorWith(createBench(), {role: 'operate', services: null}).say('Config,,shown\n');
	expect(lines).toEqual(['Error,secrets are shown to the role admin only']);
	expect(visitorWith(createBench(), {role: 'admin', services: null}).say('Config,,shown\n').at(-1)).toBe('Ok');
});

test('of many refusals some are logged, and then how many more there were', () => {
	const lines: string[] = [];
	const ends: (() => void)[] = [];
	const refused = createRefusals({warn: line => void lines.push(line), after(_, callback) {
		ends.push(callback);
		return () => {};
	}});
	for (let i = 0; i < 1000; i++) refused(`no ${i}`);
	expect([lines.length, ends.length]).toEqual([10, 1]);
	ends[0]?.();
	expect(lines.at(-1)).toBe('990 more requests were refused in the last minute');
	refused('again');
	expect([lines.at(-1), ends.length]).toEqual(['again', 2]);
});

test.each([['web'], ['all'], ['w*', 'front'], ['front:*'], ['web:1'], ['x']])('names for many services choose as in a request: %j', (...names) => {
	const services = ['web', 'web:0', 'web:1', 'worker', 'x'].map(name => service(name, {groups: name === 'worker' ? ['front'] : []}));
	expect(services.map(fitting(names))).toEqual(services.map(each => fitsAny(names, each)));
});
