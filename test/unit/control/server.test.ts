/** The server over the real core: what a client sends, and what it gets. */
import fc from 'fast-check';
import {describe, expect, it, vi} from 'vitest';
import {SIG} from '../../../src/core/signal-numbers.ts';
import {find} from '../../../src/core/state.ts';
import type {TreeRow} from '../../../src/control/requests/tree/wire.ts';
import {createReader} from '../../../src/control/records.ts';
import {Bench, EPOCH, need, rest, service, Visitor} from './bench.ts';

describe('Run', () => {
	it.each([
		['Run,/bin/true', 'ExitStatus,0'],
		['Run,/bin/true\r', 'ExitStatus,0'],
		['Run,exit 3', 'ExitStatus,3'],
		['RunV,2,exit,255', 'ExitStatus,255'],
		['Run,die 9', 'ExitStatus,137'],
		['Run,/no/such', 'ExitStatus,127'],
		['Run,/dir/file', 'ExitStatus,127'],
		['Run,/etc', 'ExitStatus,126'],
		['Run', 'Error,Run: args missing'],
		['Run,/bin/true,NOEQ', 'Error,Run: env field 1 is not key=value'],
		['Run,ab"c', 'Error,syntax: quote in bare field'],
		['frobnicate', 'Error,unknown request: frobnicate'],
		['MonitorFD', 'Error,no descriptor with request'],
		[',', 'Error,syntax: no request name'],
	])('%j is answered %j', async (line, reply) => {
		const visitor = new Visitor(new Bench());
		expect(visitor.say(`${line}\n`)).toEqual([reply]);
		await rest();
		expect(visitor.say('Status\n')).toEqual(['Ok']);
	});

	it('gives the command what the request says', () => {
		const bench = new Bench();
		new Visitor(bench).say('Run,"sleep ""a b""",A=1,"B=x,y",archon.name=job,archon.cwd=/srv,archon.user=1:2,archon.umask=077\n');
		expect(bench.process('job').service).toMatchObject({
			name: 'job', type: 'oneshot', origin: 'run', restart: {policy: 'no'}, essential: false,
			exec: {
				argv: ['sleep', 'a b'], environment: {A: '1', B: 'x,y'}, cwd: '/srv', user: {user: '1', group: '2'}, umask: 0o77,
				output: {kind: 'lines'},
			},
		});
	});

	it('holds the queue of its connection until it is done', async () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		expect(visitor.say('Run,sleep\nab"c\nStatus\nRun,exit 4\nfrobnicate\n')).toEqual([]);
		expect(new Visitor(bench).say('Status\n')).toHaveLength(2);
		bench.exit('run-1', {kind: 'code', code: 9});
		await rest();
		expect(visitor.heard()).toEqual([
			'ExitStatus,9', 'Error,syntax: quote in bare field', 'Ok', 'ExitStatus,4', 'Error,unknown request: frobnicate',
		]);
	});

	it('with a tag does not delay other requests', () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		expect(visitor.say('@7,Run,sleep\n@8,Status\n')).toEqual([
			`@8,Row,run-1,running,1001,${EPOCH},0,,oneshot,,,yes,client,,`, '@8,Ok',
		]);
		bench.exit('run-1');
		expect(visitor.heard()).toEqual(['@7,ExitStatus,0']);
	});

	it('is answered when its process was not made at once', async () => {
		const bench = new Bench();
		bench.isSlow = true;
		const visitor = new Visitor(bench);
		expect(visitor.say('Run,exit 7\n')).toEqual([]);
		bench.work();
		expect(visitor.heard()).toEqual(['ExitStatus,7']);
	});

	it('ends with its connection: by its stop signal, then by SIGKILL', async () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say('Run,deaf\nRun,sleep\n');
		visitor.leave();
		expect(bench.process('run-1').signals).toEqual([SIG.TERM, SIG.CONT]);
		bench.tick();
		expect(bench.process('run-1').signals).toEqual([SIG.TERM, SIG.CONT, SIG.KILL]);
		await rest();
		expect(bench.processes).toHaveLength(1);
		expect(new Visitor(bench).say('Status\n')).toEqual(['Ok']);
	});

	it('has the exit status of its command when another client stops that', () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say('Run,sleep\n');
		expect(new Visitor(bench).say('Stop,run-1\n')).toEqual(['Ok']);
		expect(visitor.heard()).toEqual(['ExitStatus,143']);
	});

	it('is an error if the command was stopped before there was a process', () => {
		const bench = new Bench([service('db')]);
		bench.isSlow = true;
		const visitor = new Visitor(bench);
		visitor.say('Run,sleep\n');
		bench.dispatch({kind: 'shutdown', why: 'test'});
		expect(visitor.heard()).toEqual([]);
		bench.work();
		expect(visitor.heard()).toEqual(['ExitStatus,143']);
	});

	it('cannot be started again by others', () => {
		const bench = new Bench([service('web')]);
		new Visitor(bench).say('Run,sleep\n');
		const visitor = new Visitor(bench);
		expect(visitor.say('Restart,run-1\n')).toEqual(['Error,cannot restart run-1: it belongs to the client that runs it']);
		expect(visitor.say('Restart,all\n')).toEqual(['Ok']);
		expect(bench.process('run-1').signals).toEqual([]);
	});
});

describe('Attach', () => {
	/** The same world after archon was re-executed, once `act` has happened in its last instance. */
	function reexecuted(act: (visitor: Visitor, bench: Bench) => void): {readonly bench: Bench; readonly visitor: Visitor} {
		const before = new Bench();
		act(new Visitor(before), before);
		const bench = new Bench([], before.state);
		return {bench, visitor: new Visitor(bench)};
	}

	const news = (bench: Bench, name: string, code: number): void => {
		const {id = -1, phase} = find(bench.state, name) ?? {};
		const run = phase && 'run' in phase ? phase.run : 0;
		bench.dispatch({kind: 'news', id, run, news: {kind: 'exited', outcome: {kind: 'code', code}, survivors: false}});
	};

	const stopped = (bench: Bench): number => bench.effects.filter(({kind}) => kind === 'signal').length;

	it('gives the exit status of a command of the last instance when it has ended', async () => {
		const {bench, visitor} = reexecuted(last => void last.say('Run,sleep,archon.name=job\n'));
		expect(visitor.say('Attach,job\n')).toEqual([]);
		expect(new Visitor(bench).say('Attach,job\n')).toEqual(['Row,unheard', 'Error,no command job waits for its client']);
		news(bench, 'job', 9);
		await rest();
		expect(visitor.heard()).toEqual(['ExitStatus,9']);
		expect(visitor.say('Status\n')).toEqual(['Ok']);
	});

	it('gives it also when the command ended before that was asked, and only once', async () => {
		const {bench, visitor} = reexecuted(last => void last.say('Run,sleep,archon.name=job\n'));
		news(bench, 'job', 9);
		await rest();
		expect(visitor.say('Attach,job\nAttach,job\n')).toEqual([
			'ExitStatus,9', 'Row,unheard', 'Error,no command job waits for its client',
		]);
	});

	it('ends the command when its new client leaves', () => {
		const {bench, visitor} = reexecuted(last => void last.say('Run,sleep,archon.name=job\n'));
		visitor.say('Attach,job\n');
		expect(stopped(bench)).toBe(0);
		visitor.leave();
		expect(stopped(bench)).toBeGreaterThan(0);
	});

	it('allows a client to send a Run again that never had a process', async () => {
		const {visitor} = reexecuted((last, bench) => {
			last.say('Run,/no/such,archon.name=gone\n');
			bench.isSlow = true;
			last.say('Run,/etc,archon.name=job\n');
		});
		await rest();
		expect(visitor.say('Attach,gone\n')).toEqual(['Row,unheard', 'Error,no command gone waits for its client']);
	});

	it('allows that also when it is found out only after archon was re-executed', async () => {
		const {bench, visitor} = reexecuted((last, bench) => {
			bench.isSlow = true;
			last.say('Run,/etc,archon.name=job\n');
		});
		bench.dispatch({kind: 'resumed', found: new Map()});
		await rest();
		expect(visitor.say('Attach,job\nStatus\n')).toEqual(['Row,unheard', 'Error,no command job waits for its client', 'Ok']);
	});

	it('is not for services, nor for daemons', () => {
		const {visitor} = reexecuted(last => void last.say('StartDaemon,sleep,archon.name=z\n'));
		expect(visitor.say('Attach,z\n').at(-1)).toBe('Error,no command z waits for its client');
		expect(new Visitor(new Bench([service('web')])).say('Attach,web\n')).toEqual(['Error,no command web waits for its client']);
	});

	it('comes too late after ten seconds: a command that no client asked for is stopped and forgotten', async () => {
		vi.useFakeTimers({toFake: ['setTimeout']});
		const {bench, visitor} = reexecuted(last => {
			last.say('@1,Run,sleep,archon.name=job\n@2,Run,sleep,archon.name=done\n');
		});
		news(bench, 'done', 3);
		vi.advanceTimersByTime(10_000);
		vi.useRealTimers();
		expect(stopped(bench)).toBeGreaterThan(0);
		news(bench, 'job', 0);
		await rest();
		expect(visitor.say('Status\nAttach,job\n')).toEqual(['Ok', 'Error,no command job waits for its client']);
	});
});

describe('descriptors', () => {
	it('are the standard streams of the Run that they came with', () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.fds.push(10, 11, 12);
		visitor.say('Run,sleep,archon.stdio=passed\n');
		expect(bench.process('run-1').service.exec.output).toEqual({kind: 'passed', fds: [10, 11, 12]});
		expect(visitor.closedFds).toEqual([]);
	});

	it('make archon say why there is no command', () => {
		const visitor = new Visitor(new Bench());
		visitor.fds.push(10, 11, 12);
		expect(visitor.say('Run,/no/such,archon.stdio=passed\n')).toEqual([
			'Row,refused,executing /no/such: no such file or directory', 'ExitStatus,127',
		]);
	});

	it.each([
		['that are too few', [10, 11], 'Run,sleep,archon.stdio=passed\n',
			'Error,"archon.stdio=passed: three descriptors come with the request, not 2"'],
		['that no request asked for', [10], 'Status\n', 'Ok'],
		['of a request that is refused', [10, 11, 12], 'Run,sleep,archon.stdio=passed,archon.name=web\n', 'Error,the name web is taken'],
	])('%s are closed', (_, fds, line, reply) => {
		const visitor = new Visitor(new Bench([service('web')]));
		visitor.fds.push(...fds);
		expect(visitor.say(line).at(-1)).toBe(reply);
		expect(visitor.closedFds).toEqual(fds);
	});

	it('of a request for which there is no room are closed', async () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say(`Run,sleep\n${'Status\n'.repeat(64)}`);
		visitor.fds.push(10, 11, 12);
		visitor.say('Run,sleep,archon.stdio=passed\n');
		expect(visitor.closedFds).toEqual([10, 11, 12]);
		bench.exit('run-1');
		await rest();
		expect(visitor.heard().at(-1)).toBe('Error,request refused: too many requests are under way');
	});

	it('wait for the rest of their request', () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.fds.push(10, 11, 12);
		visitor.say('Run,sleep,archon.');
		expect(visitor.closedFds).toEqual([]);
		visitor.say('stdio=passed\n');
		expect(bench.phase('run-1')).toBe('starting');
	});

	it('of a request that waits are closed with its connection', () => {
		const visitor = new Visitor(new Bench());
		visitor.fds.push(10, 11, 12);
		visitor.say('Run,sleep\nRun,sleep,archon.stdio=passed\n');
		visitor.leave();
		expect(visitor.closedFds).toEqual([10, 11, 12]);
	});
});

const TOO_MANY = 'Error,request refused: too many requests are under way';

describe('a connection', () => {
	it('is answered only for root and archon\'s own user, unless the config says more', () => {
		const bench = new Bench([service('web')]);
		expect(new Visitor(bench, 1000).say('Status\n')).toHaveLength(2);
		expect(new Visitor(bench, 4711).say('Status\n@7,Run,sleep\n')).toEqual([
			'Error,"request refused: Status takes the role observe, uid 4711 has none; see access in the config"',
			'@7,Error,"request refused: Run takes the role admin, uid 4711 has none; see access in the config"',
		]);
		expect(bench.processes).toHaveLength(1);
	});

	it('is told of an incomplete record when it ends', () => {
		const visitor = new Visitor(new Bench());
		expect(visitor.say('Run,"abc\n')).toEqual([]);
		expect(visitor.shutWriting()).toEqual(['Error,syntax: unterminated quoted field']);
		expect(visitor.isEnded).toBe(true);
	});

	it('that sends no more still gets its replies', async () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say('Run,sleep\n@7,Run,sleep\nStatus\n');
		expect(visitor.shutWriting()).toEqual([]);
		bench.exit('run-1');
		await rest();
		expect(visitor.heard().at(-1)).toBe('Ok');
		expect(visitor.isEnded).toBe(false);
		bench.exit('run-2');
		expect(visitor.heard()).toEqual(['@7,ExitStatus,0']);
		expect(visitor.isEnded).toBe(true);
	});

	it('ends behind a record that is too long', () => {
		const visitor = new Visitor(new Bench());
		expect(visitor.say(`Status\n${'x'.repeat(1 << 20)}\nStatus\n`)).toEqual(['Ok', 'Error,record too long']);
		expect(visitor.isEnded).toBe(true);
		expect(visitor.say('Status\n')).toEqual([]);
	});

	it('may have 64 requests waiting, and each further one gets its reply', async () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say(`Run,sleep\n${'Status\n'.repeat(100)}`);
		bench.exit('run-1');
		await rest();
		const lines = visitor.heard();
		expect(lines).toHaveLength(101);
		expect(lines.slice(0, 65)).toEqual(['ExitStatus,0', ...Array.from({length: 64}, () => 'Ok')]);
		expect(new Set(lines.slice(65))).toEqual(new Set(['Error,request refused: too many requests are under way']));
		expect(visitor.say('Status\n')).toEqual(['Ok']);
	});

	it('may have 64 tagged requests under way', () => {
		const bench = new Bench();
		const lines = new Visitor(bench).say(Array.from({length: 70}, (_, index) => `@${index},Run,sleep\n`).join(''));
		expect(lines).toHaveLength(6);
		expect(lines[0]).toBe('@64,Error,request refused: too many requests are under way');
		expect(bench.processes).toHaveLength(64);
	});

	it('of another user leaves something to those of every further user', () => {
		const bench = new Bench([service('web')]);
		bench.access = [1001, 1002].map(uid => ({to: {uid}, grant: {role: 'observe', services: null}}));
		const begun = (visitor: Visitor): number => {
			const lines = visitor.say(Array.from({length: 60}, (_, index) => `@${index},Subscribe,archon.follow=yes\n`).join(''));
			return 60 - lines.filter(line => line.includes('too many requests')).length;
		};
		const greedy = Array.from({length: 10}, () => new Visitor(bench, 1001));
		expect(greedy.map(begun)).toEqual([60, 60, 8, 0, 0, 0, 0, 0, 0, 0]);
		expect(new Visitor(bench, 1002).say('Status\n').at(-1)).toBe('Ok');
		for (const each of greedy) each.leave();
		expect(begun(new Visitor(bench, 1001))).toBe(60);
	});

	it.each([
		['', ''],
		['tagged ', '@7,'],
	])('that reads nothing has its %srequests wait until it reads', async (_, tag) => {
		const visitor = new Visitor(new Bench(Array.from({length: 500}, (_, index) => service(`s${index}`))));
		visitor.isDeaf = true;
		const replies = (lines: readonly string[]): number => lines.filter(line => line === `${tag}Ok`).length;
		const first = replies(visitor.say(`${tag}Status\n`.repeat(60)));
		expect(first).toBeLessThan(6);
		expect(visitor.isIdle).toBe(false);
		let all = first;
		for (let i = 0; i < 60 && all < 60; i++) {
			visitor.read();
			await rest();
			all += replies(visitor.heard());
		}
		expect(all).toBe(60);
		expect(visitor.isIdle).toBe(true);
	});

	it('may wait with requests only up to a bound for all connections together', async () => {
		const bench = new Bench();
		const visitors = Array.from({length: 6}, () => {
			const visitor = new Visitor(bench);
			// Behind one that is under way each waits, with all that it says.
			visitor.say('Run,sleep\n');
			visitor.say(`Run,sleep,A=${'x'.repeat(60_000)}\n`.repeat(64));
			return visitor;
		});
		// 16 MiB are fewer than 5 times 64 of them: the last has no room for any.
		bench.exit('run-6');
		await rest();
		expect(visitors.at(-1)?.heard()).toEqual(['ExitStatus,0', ...Array.from({length: 64}, () => TOO_MANY)]);
		// There is room again when others have gone.
		for (const visitor of visitors.slice(0, 5)) visitor.leave();
		const visitor = new Visitor(bench);
		visitor.say(`Run,sleep\nRun,sleep,A=${'x'.repeat(60_000)}\n`);
		bench.exit(bench.processes.at(-1)?.service.name ?? '');
		await rest();
		expect(visitor.heard()).toEqual(['ExitStatus,0']);
	});

	it('shares an answer with all that ask for the same in one turn', async () => {
		let looks = 0;
		const web = {...service('web'), get groups() {
			looks++;
			return [];
		}};
		const bench = new Bench([web]);
		looks = 0;
		const ask = (): readonly string[] => new Visitor(bench).say('Status,web\n@7,Status,web\n');
		const row = 'Row,web,running,1001,1700000000000,0,,daemon,,,yes,config,,';
		for (let i = 0; i < 10; i++) expect(ask()).toEqual([row, 'Ok', `@7,${row}`, '@7,Ok']);
		expect(looks).toBe(1);
		await rest();
		ask();
		expect(looks).toBe(2);
		bench.exit('web');
		expect(new Visitor(bench).say('Status\n')[0]).toMatch(/^Row,web,exited/);
	});

	it('may not send more than 16 patterns', () => {
		const visitor = new Visitor(new Bench([service('web')]));
		expect(visitor.say(`Status,${Array.from({length: 16}, () => 'w*').join()}\n`)).toHaveLength(2);
		expect(visitor.say(`Stop,${Array.from({length: 17}, () => 'all').join()}\n`)).toEqual(['Error,too many patterns: 16 is the limit']);
	});

	it('that is closed while it is answered does no harm', () => {
		const bench = new Bench([service('web')]);
		const visitor = new Visitor(bench);
		visitor.hasNoRoom = true;
		expect(visitor.say('Status\nStatus\nStop,web\n')).toEqual([]);
		expect(bench.phase('web')).toBe('up');
	});
});

describe('StartDaemon', () => {
	it('is done when its program was executed', () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		expect(visitor.say('StartDaemon,/usr/bin/sleep 100,archon.name=z\n')).toEqual(['Ok']);
		expect(visitor.say('Status,z\n')).toEqual([`Row,z,running,1001,${EPOCH},0,,daemon,,,yes,client,,`, 'Ok']);
		visitor.leave();
		expect(bench.process('z').signals).toEqual([]);
	});

	it('is refused, and leaves nothing behind, if it cannot be executed', async () => {
		const visitor = new Visitor(new Bench());
		expect(visitor.say('StartDaemon,/no/such\n')).toEqual(['Error,cannot start such: executing /no/such: no such file or directory']);
		await rest();
		expect(visitor.say('StartDaemon,flaky,archon.restart=always\n')).toEqual([
			'Error,cannot start flaky: executing flaky: no such file or directory',
		]);
		await rest();
		expect(visitor.say('Status\n')).toEqual(['Ok']);
	});

	it('is named after its program, with a number if that is taken', () => {
		const bench = new Bench([service('sleep')]);
		new Visitor(bench).say('StartDaemon,/usr/bin/sleep 1\nStartDaemon,sleep 2\nStartDaemon,/opt/17\nStartDaemon,/opt/all\n');
		expect(bench.processes.map(process => process.service.name)).toEqual(['sleep', 'sleep-2', 'sleep-3', 'daemon', 'daemon-2']);
	});

	it('takes a given name if it is free, or that of one that has ended', () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say('StartDaemon,sleep 1,archon.name=z\n');
		expect(visitor.say('StartDaemon,sleep 2,archon.name=z\n')).toEqual(['Error,the name z is taken']);
		bench.exit('z', {kind: 'code', code: 3});
		expect(visitor.say('Status\n')).toEqual([`Row,z,failed,,${EPOCH},0,3,daemon,exit status 3,,yes,client,,`, 'Ok']);
		expect(visitor.say('StartDaemon,sleep 3,archon.name=z\nStatus\n')).toEqual(['Ok', `Row,z,running,1002,${EPOCH},0,,daemon,,,yes,client,,`, 'Ok']);
	});

	it('takes no name that stands for several services', () => {
		const visitor = new Visitor(new Bench([service('api', {groups: ['backend']}), service('web:0'), service('web:1')]));
		expect(['backend', 'web'].map(name => visitor.say(`StartDaemon,sleep 1,archon.name=${name}\n`))).toEqual([
			['Error,the name backend is taken: it stands for several services'], ['Error,the name web is taken: it stands for several services'],
		]);
		expect(visitor.say('StartDaemon,sleep 1,archon.name=api2\n')).toEqual(['Ok']);
	});

	it('restarts as it was asked to', () => {
		const bench = new Bench();
		new Visitor(bench).say('StartDaemon,sleep 1,archon.restart=on-failure:2\n');
		expect(bench.process('sleep').service.restart).toMatchObject({policy: 'on-failure', attempts: 2});
		bench.exit('sleep', {kind: 'code', code: 1});
		expect(bench.process('sleep').pid).toBe(1002);
	});

	it('is remembered after its end, but not for ever', async () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		for (let count = 0; count < 1010; count++) visitor.say(`StartDaemon,/bin/true,archon.name=d${count}\n`);
		await rest();
		const rows = visitor.say('Status\n');
		expect(rows).toHaveLength(1001);
		const names = new Set(rows.map(row => row.split(',')[1]));
		expect([names.has('d9'), names.has('d10'), names.has('d1009')]).toEqual([false, true, true]);
		expect(bench.state.transients.size).toBe(1000);
	});

	it('is remembered no longer than that when all end at once', async () => {
		const bench = new Bench();
		bench.isSlow = true;
		const visitor = new Visitor(bench);
		for (let count = 0; count < 1010; count++) new Visitor(bench).say(`StartDaemon,/bin/true,archon.name=d${count}\n`);
		bench.work();
		await rest();
		expect(visitor.say('Status\n')).toHaveLength(1001);
	});
});

describe('StopDaemon', () => {
	it.each(['z', '1001'])('stops %s, and is done when it is gone', target => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say('StartDaemon,deaf,archon.name=z,archon.restart=always\n');
		expect(visitor.say(`StopDaemon,${target}\n`)).toEqual([]);
		bench.tick();
		expect(visitor.heard()).toEqual(['Ok']);
		expect(bench.phase('z')).toBe('down');
		expect(visitor.say('StopDaemon,z\n')).toEqual(['Ok']);
	});

	it('may have its own signal and grace period', () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		visitor.say('StartDaemon,deaf,archon.name=z\nStopDaemon,z,QUIT,0.25\n');
		bench.tick();
		expect(bench.now).toBe(250);
		expect(bench.process('z').signals).toEqual([SIG.QUIT, SIG.CONT, SIG.KILL]);
	});

	it.each([
		['StopDaemon,17', 'Error,no service has the main process 17'],
		['StopDaemon,zz', 'Error,no service matches zz'],
		['StopDaemon,z*', 'Error,"StopDaemon: takes one name or pid, and no pattern"'],
		['StopDaemon,all', 'Error,"StopDaemon: takes one name or pid, and no pattern"'],
	])('%s is refused', (line, reply) => {
		const visitor = new Visitor(new Bench());
		visitor.say('StartDaemon,sleep,archon.name=z-1\n');
		expect(visitor.say(`${line}\n`)).toEqual([reply]);
	});
});

describe('Start', () => {
	it('is done when all are up or completed', () => {
		const bench = new Bench([
			service('migrate', {type: 'oneshot'}),
			service('web', {needs: [need('migrate', 'service_completed_successfully')]}),
		]);
		const visitor = new Visitor(bench);
		expect(visitor.say('Start,all\n')).toEqual([]);
		bench.exit('migrate');
		expect(visitor.heard()).toEqual(['Ok']);
		expect(visitor.say('Start,all\n')).toEqual(['Ok']);
		expect(bench.processes).toHaveLength(2);
		expect(visitor.say('Start,migrate\n')).toEqual([]);
		expect(bench.processes).toHaveLength(3);
	});

	it('leaves alone what a decider keeps down and a pattern or group has chosen, and says so', () => {
		const bench = new Bench([
			service('web', {groups: ['all of it']}), service('job', {groups: ['all of it']}), service('old'), service('lazy', {autostart: false}),
			service('two:0'), service('two:1'),
		]);
		const visitor = new Visitor(bench);
		const ids = ['job', 'old', 'two:0', 'two:1'].map(name => bench.state.names.get(name) ?? -1);
		bench.dispatch({kind: 'rule', rule: 'test', revive: false, rulings: [{id: ids[0] ?? -1, ruling: {runs: false, why: 'exit 1'}}]});
		bench.dispatch({kind: 'rule', rule: 'hitlist', revive: false, rulings: ids.slice(1).map(id => ({id, ruling: {runs: false, why: '/h:1'}}))});
		const [before] = [bench.processes.length];
		expect(visitor.say('Restart,all of it\n')).toEqual(['Row,job,its test said no (exit 1)', 'Ok']);
		expect(bench.processes.slice(before).map(each => each.service.name)).toEqual(['web']);
		expect(visitor.say('Start,*\n')).toEqual([
			'Row,job,its test said no (exit 1)', ...['old', 'two:0', 'two:1'].map(name => `Row,${name},it is on the hitlist (/h:1)`), 'Ok',
		]);
		expect(bench.processes.slice(before).map(each => each.service.name)).toEqual(['web', 'lazy']);
		for (const name of ['job', 'old', 'lazy']) expect(find(bench.state, name)?.desired).toBe(name === 'lazy' ? 'start' : 'auto');
		new Visitor(bench).say('Stop,lazy\n');
		expect(new Visitor(bench).say('Restart,l*\n')).toEqual(['Row,lazy,an operator has stopped it', 'Ok']);
		// A name is the operator's word, also that of all instances.
		expect(new Visitor(bench).say('Start,job\n')).toEqual(['Ok']);
		expect(new Visitor(bench).say('Restart,two\n')).toEqual(['Ok']);
		expect(bench.processes.slice(before).map(each => each.service.name)).toEqual(['web', 'lazy', 'job', 'two:0', 'two:1']);
	});

	it('says which cannot be started, and why', () => {
		const services = [
			service('bad', {run: '/no/such'}), service('flaky', {run: 'flaky', restart: {...service('x').restart, policy: 'always'}}),
			service('job', {type: 'oneshot', run: 'exit 3'}), service('web'),
		];
		expect(new Visitor(new Bench(services)).say('Start,*\n')).toEqual([
			'Error,cannot start bad: executing /no/such: no such file or directory; '
			+ 'cannot start flaky: executing flaky: no such file or directory; it will be started again; cannot start job: exit status 3',
		]);
	});

	it('says how many more cannot be started', () => {
		const services = Array.from({length: 9}, (_, index) => service(`bad${index}`, {run: '/no/such'}));
		expect(new Visitor(new Bench(services)).say('Start,all\n')[0]).toMatch(/bad4: [^;]*; and 4 more$/);
	});

	it('does not wait for a need that will not come', () => {
		const bench = new Bench([
			service('db', {type: 'oneshot'}),
			service('cache', {needs: [need('db', 'service_completed_successfully')]}),
			service('web', {needs: [need('cache')]}),
		]);
		const visitor = new Visitor(bench);
		expect(visitor.say('Start,web\n')).toEqual([]);
		bench.exit('db', {kind: 'code', code: 1});
		expect(visitor.heard()).toEqual(['Error,cannot start web: it is waiting for cache (waiting)']);
		expect(visitor.say('@1,Start,cache\n')).toEqual([]);
		new Visitor(bench).say('Stop,db\n');
		expect(visitor.heard()).toEqual(['@1,Error,cannot start cache: it is waiting for db (stopped)']);
	});

	it('fails when another client stops the service meanwhile', () => {
		const bench = new Bench([service('job', {type: 'oneshot'})]);
		const visitor = new Visitor(bench);
		visitor.say('Start,job\n');
		new Visitor(bench).say('Stop,job\n');
		expect(visitor.heard()).toEqual(['Error,cannot start job: it was stopped']);
	});

	it('fails also when that service was not ready yet, and takes long to stop', () => {
		const bench = new Bench([service('db', {ready: {kind: 'notify'}, run: 'deaf'})]);
		const visitor = new Visitor(bench);
		expect(visitor.say('Start,db\n')).toEqual([]);
		expect(new Visitor(bench).say('Stop,db\n')).toEqual([]);
		expect(visitor.heard()).toEqual([]);
		bench.tick();
		expect(visitor.heard()).toEqual(['Error,cannot start db: it was stopped']);
	});

	it('by a pattern does not start transient services', () => {
		const bench = new Bench([service('web')]);
		const visitor = new Visitor(bench);
		visitor.say('StartDaemon,sleep,archon.name=z\nStopDaemon,z\nStop,web\n');
		expect(visitor.say('Start,all\n')).toEqual(['Ok']);
		expect([bench.phase('web'), bench.phase('z')]).toEqual(['up', 'down']);
		expect(visitor.say('Start,z\n')).toEqual(['Ok']);
		expect(bench.phase('z')).toBe('up');
	});

	it.each([
		['Start,x', 'Error,no service matches x'],
		['Start,wbe', 'Error,no service matches wbe; did you mean web?'],
		['Start,web,x*', 'Error,no service matches x*'],
		['Start,we', 'Error,no service matches we; did you mean web?'],
	])('%s starts nothing', (line, reply) => {
		const bench = new Bench([service('web')]);
		const visitor = new Visitor(bench);
		visitor.say('Stop,web\n');
		expect(visitor.say(`${line}\n`)).toEqual([reply]);
		expect(bench.phase('web')).toBe('down');
	});
});

describe('Stop', () => {
	it('is done when all are down', () => {
		const bench = new Bench([service('db', {run: 'deaf'}), service('web')]);
		const visitor = new Visitor(bench);
		expect(visitor.say('Stop,all\n')).toEqual([]);
		bench.tick();
		expect(visitor.heard()).toEqual(['Ok']);
		expect(visitor.say('Stop,all\n')).toEqual(['Ok']);
	});

	it('fails when another client starts the service meanwhile', () => {
		const bench = new Bench([
			service('db'), service('web', {run: 'deaf', needs: [need('db')]}),
		]);
		const visitor = new Visitor(bench);
		expect(visitor.say('Stop,all\n')).toEqual([]);
		expect(new Visitor(bench).say('Start,db\n')).toEqual(['Ok']);
		bench.tick();
		expect(visitor.heard()).toEqual(['Error,cannot stop db: it was started again']);
	});

	it('succeeds when there is nothing to stop', () => {
		expect(new Visitor(new Bench()).say('Stop,all\n')).toEqual(['Ok']);
	});
});

describe('Restart', () => {
	it('is done when a new process is up', () => {
		const bench = new Bench([service('web', {run: 'deaf'})]);
		const visitor = new Visitor(bench);
		expect(visitor.say('Restart,web\n')).toEqual([]);
		bench.tick();
		expect(visitor.heard()).toEqual(['Ok']);
		expect(bench.process('web').pid).toBe(1002);
	});

	it('starts what is down', () => {
		const bench = new Bench([service('web')]);
		const visitor = new Visitor(bench);
		visitor.say('Stop,web\n');
		expect(visitor.say('Restart,w?b\n')).toEqual(['Row,web,an operator has stopped it', 'Ok']);
		expect(visitor.say('Restart,web\n')).toEqual(['Ok']);
		expect(bench.processes).toHaveLength(2);
	});
});

describe('Signal', () => {
	it('goes to the main process, by name, pid or pattern', () => {
		const bench = new Bench([service('web'), service('db'), service('job', {type: 'oneshot', run: '/bin/true'})]);
		const visitor = new Visitor(bench);
		expect(visitor.say('Signal,web,HUP\nSignal,1002,10\nSignal,all,SIGUSR2\n')).toEqual(['Ok', 'Ok', 'Ok']);
		expect(bench.process('web').signals).toEqual([SIG.HUP, SIG.USR2]);
		expect(bench.process('db').signals).toEqual([SIG.USR1, SIG.USR2]);
	});

	it.each([
		['Signal,web,HUP', 'Error,cannot signal web: it is not running'],
		['Signal,w*,HUP', 'Error,cannot signal: no matching service is running'],
		['Signal,17,HUP', 'Error,no service has the main process 17'],
	])('%s is refused', (line, reply) => {
		const bench = new Bench([service('web')]);
		const visitor = new Visitor(bench);
		visitor.say('Stop,web\n');
		expect(visitor.say(`${line}\n`)).toEqual([reply]);
	});
});

describe('Status', () => {
	it('has a row for every service, or for those that are named', () => {
		const bench = new Bench([
			service('db', {run: '/no/such'}), service('web', {needs: [need('db')]}),
			service('job', {type: 'oneshot', run: 'exit 3'}), service('api', {groups: ['backend', 'all-of-it']}),
		]);
		bench.now = 5000;
		const visitor = new Visitor(bench);
		visitor.say('Restart,api\n');
		const rows = [
			`Row,db,failed,,${EPOCH},0,,daemon,executing /no/such: no such file or directory,,yes,config,,`,
			`Row,web,waiting,,${EPOCH},0,,daemon,waiting for db (failed),,yes,config,,`,
			`Row,job,failed,,${EPOCH},0,3,oneshot,exit status 3,,yes,config,,`,
			`Row,api,running,1004,${EPOCH + 5000},1,143,daemon,,backend all-of-it,yes,config,,`,
		];
		expect(visitor.say('Status\n')).toEqual([...rows, 'Ok']);
		expect(visitor.say('Status,api,db,a*\n')).toEqual([rows[3], rows[0], 'Ok']);
		expect(visitor.say('Status,backend\n')).toEqual([rows[3], 'Ok']);
		expect(visitor.say('Status,missing\n')).toEqual(['Error,no service matches missing']);
	});
});

describe('Tree', () => {
	it('has a row for every process', () => {
		const bench = new Bench();
		bench.tree = [
			{service: 'web', pid: 12, parent: 1, zombie: false, command: 'sh -c a,b', kind: 'main', started: EPOCH, cpu: 40, memory: 4096},
			{service: null, pid: 13, parent: 12, zombie: true, command: '[sh]', kind: 'child', started: EPOCH, cpu: 0, memory: 0},
		];
		expect(new Visitor(bench).say('Tree\n')).toEqual([
			`Row,web,12,1,,"sh -c a,b",main,${EPOCH},40,4096`, `Row,,13,12,zombie,[sh],child,${EPOCH},0,0`, 'Ok',
		]);
	});
});

describe('what is told later', () => {
	it('is answered where archon has a bug, and the next request is carried out', () => {
		const bench = new Bench();
		const row = Object.defineProperty({}, 'service', {
			get() {
				throw new Error('no service');
			},
		});
		bench.tree = [row as TreeRow];
		const replies = new Visitor(bench).say('Tree\nHealth,live\n');
		expect(replies).toEqual(['Error,a bug in archon: Error: no service', 'Ok']);
	});
});

describe('Usage', () => {
	it('has a row for each service with processes, for archon, and for what belongs to none', () => {
		const bench = new Bench();
		bench.usage = [
			{service: 'web', processes: 3, cpu: 1250, memory: 12_582_912}, {service: 'archon', processes: 1, cpu: 10, memory: 4096},
			{service: null, processes: 2, cpu: 0, memory: 8192},
		];
		expect(new Visitor(bench).say('Usage\n')).toEqual(['Row,web,3,1250,12582912', 'Row,archon,1,10,4096', 'Row,,2,0,8192', 'Ok']);
	});
});

describe('Shutdown', () => {
	it('is answered at once, and requests that would start something are refused', () => {
		const bench = new Bench([service('web', {run: 'deaf'}), service('job', {type: 'oneshot'})]);
		const [waiting, running] = [new Visitor(bench), new Visitor(bench)];
		waiting.say('Start,job\n@1,Restart,web\n');
		running.say('Run,sleep\n');
		const visitor = new Visitor(bench);
		expect(visitor.say('Shutdown\n')).toEqual(['Ok']);
		expect(bench.state.stage).toMatchObject({kind: 'stopping', why: 'asked for by uid 0, pid 77'});
		expect(new Set(waiting.heard())).toEqual(new Set(['Error,archon is shutting down', '@1,Error,archon is shutting down']));
		expect(running.heard()).toEqual(['ExitStatus,143']);
		for (const line of ['Start,web', 'Restart,web', 'Run,/bin/true', 'StartDaemon,sleep']) {
			expect(visitor.say(`${line}\n`)).toEqual(['Error,archon is shutting down']);
		}
		expect(visitor.say('Status,web\n')).toHaveLength(2);
	});

	it('while a daemon is being spawned is an error for its client', () => {
		const bench = new Bench();
		bench.isSlow = true;
		const visitor = new Visitor(bench);
		expect(visitor.say('StartDaemon,sleep\n')).toEqual([]);
		bench.dispatch({kind: 'shutdown', why: 'test'});
		expect(visitor.heard()).toEqual(['Error,archon is shutting down']);
	});
});

describe('whatever is sent', () => {
	const piece = fc.oneof(
		fc.constantFrom(
			'Run,exit 3', 'Run,sleep', '@7,Run,/no/such', 'StartDaemon,sleep', 'Status', 'Start,all', 'Stop,*', '@1,Restart,web', 'Tree',
			'Signal,web,HUP', 'StopDaemon,sleep,KILL,1', ',', '"', '\n', '\n', '\r\n', 'x', '@', '@a,', 'archon.stdio=passed', '=',
		).map(text => new TextEncoder().encode(text)),
		fc.uint8Array({maxLength: 20}),
	);

	it('every whole record gets exactly one reply, and nothing is thrown', async () => {
		await fc.assert(fc.asyncProperty(fc.array(fc.array(piece, {maxLength: 8}), {maxLength: 8}), async chunks => {
			const bench = new Bench([service('web'), service('job', {type: 'oneshot', run: '/bin/true'})]);
			const [visitor, reader] = [new Visitor(bench), createReader()];
			let [replies, records] = [0, 0];
			const count = (lines: readonly string[]): void => {
				replies += lines.filter(line => /^(@[\w-]+,)?(Ok|Error|ExitStatus)\b/.test(line)).length;
			};
			for (const chunk of chunks) {
				const bytes = Uint8Array.from(chunk.flatMap(part => [...part]));
				records += reader.read(bytes).length;
				count(visitor.say(bytes));
			}
			records += reader.end().length;
			count(visitor.shutWriting());
			// What still runs ends, one after the other, until nothing is under way.
			for (let turn = 0; turn < 80 && !visitor.isEnded; turn++) {
				for (const {service: {name, origin}} of bench.processes) if (origin === 'run') bench.exit(name);
				await rest();
				count(visitor.heard());
			}
			expect(visitor.isEnded).toBe(true);
			expect(replies).toBe(records);
		}), {numRuns: 200});
	});
});

describe('ten thousand services', () => {
	it('are started and stopped in a time that is linear in their number', () => {
		const services = Array.from({length: 10_000}, (_, index) => service(`s${index}`, {
			needs: index === 0 ? [] : [need(`s${index - 1}`)],
		}));
		const bench = new Bench(services);
		const visitor = new Visitor(bench);
		expect(visitor.say('Stop,all\nStart,all\nRestart,all\n')).toEqual(['Ok', 'Ok', 'Ok']);
		expect(visitor.say('Status\n')).toHaveLength(10_001);
		expect(find(bench.state, 's9999')?.starts).toBe(3);
	});
});
