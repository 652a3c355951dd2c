/** `Why` over the real server: rows of one service, of several, and of what is wrong at all. */
import {expect, test} from 'vitest';
import {WHY_ROW} from '../../../src/control/requests/why/wire.ts';
import {create} from '../../../src/core/whole.ts';
import {Bench, EPOCH, need, service, Visitor} from './bench.ts';

async function ask(bench: Bench, request: string, uid = 0): Promise<readonly string[]> {
	const visitor = new Visitor(bench, uid);
	const lines = [...visitor.say(`${request}\n`)];
	await expect.poll(() => {
		lines.push(...visitor.heard());
		return lines.at(-1);
	}, {interval: 1}).toMatch(/^(Ok|Error)/);
	return lines;
}

const ALWAYS = {...service('x').restart, policy: 'always', growth: 'constant', delay: 5000, attempts: 3} as const;

test('the chain, what comes next, the last end and lines of the root, and what would help', async () => {
	const db = service('db', {restart: ALWAYS, ready: {kind: 'notify'}});
	const bench = new Bench([db, service('app', {needs: [need('db', 'service_healthy')]}), service('web', {needs: [need('app')]})]);
	bench.now = 1000;
	bench.say('db', 'cannot bind, “port” in use', 'stderr');
	bench.say('db', 'bye\x1b[2J');
	bench.exit('db', {kind: 'code', code: 1});
	expect(await ask(bench, 'Why,web')).toEqual([
		`Row,service,web,waiting,${EPOCH},0`,
		'Row,wanted,yes,config,its config starts it with archon,',
		'Row,link,web,waiting,it needs app to be started',
		'Row,link,app,waiting,it needs db to be ready',
		'Row,link,db,backoff,it ended: exited before it was ready (exit status 1); restart 1 of 3 is next',
		`Row,next,db,${EPOCH + 6002},it is started again`,
		`Row,end,db,${EPOCH + 1002},1,exited before it was ready (exit status 1)`,
		`Row,line,db,stderr,${EPOCH + 1001},"cannot bind, “port” in use"`,
		`Row,line,db,stdout,${EPOCH + 1002},bye\\x1b[2J`,
		'Row,help,archonctl logs db,shows all that it said',
		'Row,help,archonctl start db,"starts it now, with all restarts"',
		'Row,help,archonctl history db,shows how its last runs ended',
		'Ok',
	]);
	expect(await ask(bench, 'Why,db')).toContain('Row,waiting,app');
});

test('without a name: what is wrong, and nothing where all is well', async () => {
	const names = (lines: readonly string[]): readonly string[] => lines.filter(line => line.startsWith('Row,service')).map(line => line.split(',')[2] ?? '');
	expect(await ask(new Bench([service('web')]), 'Why')).toEqual(['Ok']);
	const bench = new Bench([service('db', {restart: ALWAYS}), service('web', {needs: [need('db', 'service_healthy')]}), service('cron')]);
	bench.exit('db', {kind: 'code', code: 1});
	expect(names(await ask(bench, 'Why'))).toEqual(['db']);
	expect(names(await ask(bench, 'Why,all'))).toEqual(['db', 'web', 'cron']);
	expect(await ask(bench, 'Why,nginx')).toEqual(['Error,no service matches nginx']);
});

test('of a service that the asker may not see no more is told than that it is waited for', async () => {
	const bench = new Bench([service('db', {ready: {kind: 'notify'}}), service('web', {needs: [need('db', 'service_healthy')]})]);
	bench.say('db', 'secret');
	bench.access = [{to: {uid: 2000}, grant: {role: 'observe', services: ['web']}}];
	expect(await ask(bench, 'Why', 2000)).toEqual(['Ok']);
	expect(await ask(bench, 'Why,web', 2000)).toEqual([
		`Row,service,web,waiting,${EPOCH},0`, 'Row,wanted,yes,config,its config starts it with archon,',
		'Row,link,web,waiting,it needs db to be ready', 'Row,link,db,starting,', 'Ok',
	]);
});

test('what was never started is stopped since archon has known it, and not since the machine has run', async () => {
	const {settings} = new Bench().state;
	const bench = new Bench([], create([service('spare', {autostart: false})], settings, 5000));
	expect((await ask(bench, 'Why,spare'))[0]).toBe(`Row,service,spare,stopped,${EPOCH + 5000},0`);
});

test('each row is read as it was written', () => {
	const rows = [
		{kind: 'service', name: 'web', status: 'waiting', since: 5, starts: 2}, {kind: 'wanted', runs: false, by: 'operator', why: 'a, b', at: null},
		{kind: 'wanted', runs: true, by: 'test', why: 'its test said yes', at: 8},
		{kind: 'link', name: 'db', status: 'backoff', why: 'x'}, {kind: 'next', name: 'db', at: 7, what: 'y'},
		{kind: 'end', name: 'db', at: 8, exit: 137, how: 'SIGKILL'}, {kind: 'line', name: 'db', stream: 'stderr', at: 9, text: 'a\\b\x1b'},
		{kind: 'waiting', name: 'web'}, {kind: 'help', command: 'archonctl start db', does: 'z'},
	] as const;
	for (const row of rows) expect(WHY_ROW.decode(WHY_ROW.encode(row))).toEqual(row);
});
