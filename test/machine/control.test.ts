/** The control socket of a real archon, against clients of all sorts. */
import {execa} from 'execa';
import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {random} from '../sim/random.ts';
import {type Archon, ARCHON, boot} from './archon.ts';

const SLEEPER = 'services: {sleeper: {command: sleep 1000000}}\n';

async function up(config = SLEEPER): Promise<Archon> {
	const archon = await boot({config});
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	return archon;
}

describe('the protocol by hand', () => {
	test.each([
		[['Run,/bin/true'], ['ExitStatus,0']],
		[['Run,/bin/sh -c \'exit 3\''], ['ExitStatus,3']],
		[['Run,/bin/sh -c \'kill -9 $$\''], ['ExitStatus,137']],
		[['Run,/no/such'], ['ExitStatus,127']],
		[['Run,/etc/passwd'], ['ExitStatus,126']],
		[['Run'], ['Error,Run: args missing']],
		[['Run,/bin/true,NOEQ'], ['Error,Run: env field 1 is not key=value']],
		[['frobnicate'], ['Error,unknown request: frobnicate']],
		[['RunV,3,/bin/test,a b,=', 'RunV,4,/bin/test,a b,=,a b'], ['ExitStatus,2', 'ExitStatus,0']],
		[['Run,"/bin/sh -c \'test ""$A,$B"" = 1,x,y\'",A=1,"B=x,y"'], ['ExitStatus,0']],
		[['StartDaemon,/usr/bin/sleep 100,archon.name=z', 'Status,nobody'], ['Ok', 'Error,no service matches nobody']],
		[['StartDaemon,/no/such'], ['Error,cannot start such: executing /no/such: no such file or directory']],
		[['Start,nobody'], ['Error,no service matches nobody']],
	])('%j', async (requests, replies) => {
		await using archon = await up();
		const wire = await archon.connect();
		wire.send(requests.map(request => `${request}\n`).join(''));
		expect(await wire.lines(replies.length)).toEqual(replies);
	});

	test('tagged requests run side by side, untagged ones in order', async () => {
		await using archon = await up();
		const wire = await archon.connect();
		wire.send('@slow,Run,/bin/sleep 0.3\n@fast,Run,/bin/true\nRun,/bin/sh -c \'exit 1\'\nRun,/bin/sh -c \'exit 2\'\n');
		const lines = await wire.lines(4);
		expect(lines.filter(line => !line.startsWith('@'))).toEqual(['ExitStatus,1', 'ExitStatus,2']);
		expect(lines.indexOf('@slow,ExitStatus,0')).toBeGreaterThan(lines.indexOf('@fast,ExitStatus,0'));
	});

	test('requests of which each loads what it needs are answered one after the other, whatever else happens or not', async () => {
		await using archon = await up();
		const wire = await archon.connect();
		wire.send('Why,sleeper\nConfig\nPlan\nUsage\nConfig\nTree\nStatus,sleeper\n');
		wire.end();
		expect((await wire.rest()).match(/^(Ok|Error)/gm)).toEqual(Array.from({length: 7}, () => 'Ok'));
	});

	test('a client that leaves takes its Run with it', async () => {
		await using archon = await up();
		const wire = await archon.connect();
		wire.send('Run,/bin/sleep 1000000,archon.name=mine\n');
		await archon.says(/started mine/);
		wire.destroy();
		await archon.says(/stopped mine \(SIGTERM\)/);
		expect(Object.keys(await archon.status())).toEqual(['sleeper']);
	});

	test('a client that only stops sending still gets its replies', async () => {
		await using archon = await up();
		const wire = await archon.connect();
		wire.send('Run,/bin/sleep 0.1\nStatus,sleeper');
		wire.end();
		expect(await wire.rest()).toMatch(/^ExitStatus,0\n(Row,sleeper,running,.*\nOk|Error,.*)\n$/);
	});
});

describe('clients that mean no good', () => {
	test('random bytes leave archon as it was, and every whole record has its reply', async () => {
		await using archon = await up();
		const {pid} = (await archon.status())['sleeper'] ?? {};
		for (let seed = 1; seed <= 200; seed++) {
			const {between} = random(seed);
			const wire = await archon.connect();
			wire.send(Uint8Array.from({length: between(1, 3000)}, () => between(0, 255)));
			if (seed % 3 === 0) wire.destroy();
			else {
				wire.end();
				expect(await wire.rest()).toMatch(/^((@[\w-]+,)?(Error|Ok|Row|ExitStatus).*\n)*$/);
			}
		}
		expect((await archon.status())['sleeper']).toMatchObject({status: 'running', pid});
	});

	test('a record in single bytes is one record, and half of one is told of at the end', async () => {
		await using archon = await up();
		const wire = await archon.connect();
		for (const character of 'Run,/bin/true\n') wire.send(character);
		expect(await wire.lines(1)).toEqual(['ExitStatus,0']);
		wire.send('Run,"half');
		wire.end();
		expect(await wire.rest()).toBe('Error,syntax: unterminated quoted field\n');
	});

	test('a record of a mebibyte gets one reply, and the connection ends', async () => {
		await using archon = await up();
		for (const quote of ['', '"']) {
			const wire = await archon.connect();
			wire.send(`Run,${quote}${'x'.repeat(1 << 20)}${quote}\n`);
			expect(await wire.rest()).toBe('Error,record too long\n');
		}
		expect((await archon.ctl('status')).status).toBe(0);
	});

	test('a hundred clients at once are all answered', async () => {
		await using archon = await up();
		const wires = await Promise.all(Array.from({length: 100}, () => archon.connect()));
		for (const wire of wires) wire.send('Run,/bin/true\n');
		expect(await Promise.all(wires.map(wire => wire.lines(1)))).toEqual(wires.map(() => ['ExitStatus,0']));
	});

	test('a client that never reads is heard no further, and not waited for', async () => {
		await using archon = await up();
		const deaf = execa('perl', ['-MSocket', '-MFcntl', '-e', `$| = 1;
			socket(S, PF_UNIX, SOCK_STREAM | 2048, 0); connect(S, sockaddr_un($ARGV[0])) or die $!; $bits = ""; vec($bits, fileno S, 1) = 1;
			1 while syswrite(S, "Status\n" x 64) || select undef, my $ready = $bits, undef, 1; print "full\n"; sleep 100`, archon.socket], {reject: false});
		await new Promise(resolve => deaf.stdout?.once('data', resolve));
		expect((await archon.ctl('status')).status).toBe(0);
		deaf.kill('SIGKILL');
		await deaf;
	});
});

describe('archonctl', () => {
	test('run has the streams, the directory and the status of its command', async () => {
		await using archon = await up();
		const {exitCode, stdout, stderr} = await execa(join(ARCHON, '../archonctl'), [
			'run', '-e', 'K=v w', '--cwd', '/usr', '--', 'sh', '-c', 'cat; echo "$K"; pwd; echo err >&2; exit 9',
		], {env: {ARCHON_SOCKET: archon.socket}, input: 'input\n', reject: false});
		expect({exitCode, stdout, stderr}).toEqual({exitCode: 9, stdout: 'input\nv w\n/usr', stderr: 'err'});
	});

	test('daemon, status, signal, restart, stop, start: a life by hand', async () => {
		await using archon = await up();
		expect(await archon.ctl('daemon', '--name', 'side', '--', 'sleep', '1000000')).toMatchObject({status: 0});
		const {pid} = (await archon.status())['side'] ?? {};
		expect((await archon.ctl('restart', 'side')).status).toBe(0);
		const again = (await archon.status())['side'];
		expect(again).toMatchObject({status: 'running', restarts: 1});
		expect(again?.pid).not.toBe(pid);
		expect((await archon.ctl('stop', 's*')).status).toBe(0);
		expect(Object.values(await archon.status()).map(({status}) => status)).toEqual(['stopped', 'stopped']);
		expect((await archon.ctl('start', 'all')).status).toBe(0);
		expect((await archon.ctl('signal', 'KILL', 'sleeper')).status).toBe(0);
		await archon.says(/sleeper was killed by SIGKILL; restart 1/);
	});

	test('tree shows services over their real descendants, daemonised ones too', async () => {
		await using archon = await up('services: {family: {command: sh -c "setsid sleep 77 & sleep 88"}}\n');
		await expect.poll(async () => (await archon.ctl('tree')).stdout).toMatch(/family[\s\S]*sleep 88/);
		await expect.poll(async () => (await archon.ctl('tree')).stdout).toMatch(/sleep 77/);
	});

	test('says what is wrong, with statuses that scripts can use', async () => {
		await using archon = await up('services: {bad: {command: /no/such}, idle: {command: sleep 1000000}}\n');
		await archon.says(/cannot start bad/);
		expect(await archon.ctl('start', 'bad')).toMatchObject({
			status: 1, stderr: expect.stringContaining('cannot start bad: executing /no/such: no such file or directory'),
		});
		expect((await archon.ctl('status', 'bad')).status).toBe(3);
		expect((await archon.ctl('stats')).status).toBe(100);
		expect((await archon.ctl('--socket', '/no/socket', 'status'))).toMatchObject({
			status: 111, stderr: expect.stringContaining('cannot reach archon at /no/socket: no such file or directory'),
		});
	});

	test('shutdown ends archon with 0', async () => {
		await using archon = await up();
		expect((await archon.ctl('shutdown')).status).toBe(0);
		expect(await archon.ended()).toBe(0);
	});
});

test('the socket is its owner\'s alone', async () => {
	await using archon = await up();
	expect(statSync(archon.socket).mode & 0o777).toBe(0o600);
});
