/** `archonctl -H a,b,c`: several archons at once, through a stand-in for ssh and through the real one. */
import {execa} from 'execa';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test, vi} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {type Answer, ARCHON, type Archon, boot} from './archon.ts';

const dist = join(ARCHON, '..');
const CTL = join(dist, 'archonctl');
const config = 'services: {web: {command: sleep 1000000}}\n';

/** `$ARCHON_RSH`: hosts `x…` are this archon, and others do what their name says. It writes down each call. */
function standIn({socket}: Pick<Archon, 'socket'>, before = ''): {readonly env: Record<string, string>; readonly calls: () => readonly string[]} {
	const folder = mkdtempSync(join(tmpdir(), 'archon-hosts-'));
	undo(() => rmSync(folder, {recursive: true, force: true}));
	const [script, log] = [join(folder, 'rsh'), join(folder, 'calls')];
	writeFileSync(log, '');
	writeFileSync(script, `#!/bin/sh
log=${log}
echo "$*" >>$log
${before}
case $1 in
dead) echo 'ssh: connect to host dead port 22: Connection refused' >&2; exit 255;;
bare) exec no-such-archonctl;;
hanging) exec sleep 1000000;;
mute) printf 'Row,0.1.0,0,\\nOk\\n'; exec sleep 1000000;;
garbling) exec yes 'garbage';;
endless) exec cat /dev/zero;;
babbling) printf 'Row,0.1.0,0,\\nOk\\n'; exec cat /dev/zero;;
forging) printf 'Row,0.1.0,0,\\nOk\\n'; read asked; printf 'Row,"web\\nx1    db",running,1,0,0,,daemon,"all well\\n[31mx",\\nOk\\n'; exec cat;;
esac
exec ${CTL} --socket ${socket} stdio
`, {mode: 0o755});
	return {env: {ARCHON_RSH: script}, calls: () => readFileSync(log, 'utf8').split('\n').slice(0, -1)};
}

async function ctl(args: readonly string[], env: Record<string, string>): Promise<Answer> {
	const {exitCode, stdout, stderr} = await execa(CTL, args, {env, reject: false, stdin: 'ignore'});
	return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
}

/** What follows, and what it has said. */
function follow(args: readonly string[], env: Record<string, string>) {
	let said = '';
	const client = execa(CTL, args, {env, reject: false, stdin: 'ignore'});
	undo(() => client.kill('SIGKILL'));
	client.stdout.on('data', data => (said += String(data)));
	return {client, said: () => said};
}

const WAIT = {timeout: 60_000};
/** For a busy machine; nothing here waits for a time to pass but for what hangs. */
vi.setConfig({testTimeout: 120_000});

test('one table, with the host of each service, and one connection to each host', async () => {
	await using one = await boot({config});
	await using other = await boot({config: 'services: {db: {command: sleep 1000000, groups: [data]}}\n'});
	await Promise.all([one.says(/started web/), other.says(/started db/)]);
	const {env, calls} = standIn(one);
	const table = await ctl(['-H', `x1,unix://${other.socket}`, '-H', 'x2', 'status'], env);
	expect(table).toMatchObject({status: 0, stderr: ''});
	expect(table.stdout.replaceAll(/ +/g, ' ').replaceAll(/\d+s/g, 'AGE').replaceAll(/ \d{2,} /g, ' PID ').split('\n')).toEqual([
		'HOST NAME STATUS PID UPTIME RESTARTS NOTE', expect.stringMatching(/^x1 web running \d+ AGE 0$/),
		expect.stringMatching(/^unix:\S+ db running \d+ AGE 0$/), expect.stringMatching(/^x2 web running \d+ AGE 0$/),
	].map(line => (typeof line === 'string' ? line : expect.anything() as string)));
	expect(calls().toSorted()).toEqual(['x1 archonctl stdio', 'x2 archonctl stdio']);
	expect((await ctl(['-H', 'x1,x2', 'status', '--groups'], env)).stdout).toMatch(/^HOST +NAME .* GROUPS +NOTE\nx1 +web/);
	const json = await ctl(['-H', `me@x1:2222/run/x,unix://${other.socket}`, 'status', '--json'], {...env, ARCHON_RSH: `${env['ARCHON_RSH']} x`});
	expect(JSON.parse(json.stdout)).toMatchObject([{host: 'me@x1:2222/run/x', name: 'web', status: 'running'}, {host: `unix://${other.socket}`, name: 'db'}]);
	expect(calls().at(-1)).toBe('x -p 2222 me@x1 archonctl --socket /run/x stdio');
});

test('restart says REFRESHED of each host that has done it, and the others are one line each', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {env} = standIn(archon);
	const answer = await ctl(['-H', 'x1,dead,x2,bare', 'restart', 'web'], env);
	expect(answer.status).toBe(1);
	expect(answer.stdout.split('\n').toSorted()).toEqual(['REFRESHED x1', 'REFRESHED x2']);
	expect(answer.stderr.split('\n').toSorted()).toEqual([
		expect.stringMatching(/^archonctl: bare: cannot reach archon at ssh:\/\/bare: \S+\/rsh found no archonctl there \(.*no-such-archonctl: not found\)$/),
		expect.stringMatching(/^archonctl: dead: cannot reach archon at ssh:\/\/dead: .* \(ssh: connect to host dead port 22: Connection refused\)$/),
	]);
	expect(await ctl(['-H', 'x1,x2', 'restart', 'web'], env)).toMatchObject({status: 0, stderr: ''});
	expect(await ctl(['-H', 'x1,x2', 'restart', 'nginx'], env)).toMatchObject({status: 1, stdout: '', stderr: expect.stringMatching(/^archonctl: x\d: no service matches nginx$/m)});
	const json = await ctl(['-H', 'x1,dead', 'restart', '--json', 'web'], env);
	expect([JSON.parse(json.stdout), JSON.parse(json.stderr)]).toEqual([[{host: 'x1', ok: true}], {host: 'dead', error: expect.stringMatching(/refused\)$/)}]);
});

test('twenty hosts are asked eight at a time', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	// What asks for all hosts has these as its children; the first go on when there are eight of them.
	const {env, calls} = standIn(archon, `parent=$(sed 's/.*) . \\([0-9]*\\) .*/\\1/' /proc/$PPID/stat)
echo "children $(wc -w </proc/$parent/task/$parent/children)" >>$log
until [ "$(grep -c ^children $log)" -ge 8 ]; do sleep 0.05; done`);
	const hosts = Array.from({length: 20}, (_, i) => `x${i}`);
	const answer = await ctl(['-H', hosts.join(), 'status', 'web'], env);
	expect(answer).toMatchObject({status: 0, stderr: ''});
	expect(answer.stdout.split('\n').slice(1).map(line => line.split(/\s+/).slice(0, 3).join(' '))).toEqual(hosts.map(host => `${host} web running`));
	const counts = calls().filter(line => line.startsWith('children')).map(line => Number(line.split(' ')[1]));
	expect(counts).toHaveLength(20);
	expect(Math.max(...counts)).toBe(8);
	expect(calls().filter(line => !line.startsWith('children')).toSorted()).toEqual(hosts.map(host => `${host} archonctl stdio`).toSorted());
});

test('one that is dead, hangs, garbles or never ends holds up no other, and nothing of it stays', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {env, calls} = standIn(archon, 'echo "pid $$" >>$log');
	const answer = await ctl(['--host-timeout', '10s', '-H', 'dead,hanging,mute,garbling,endless,babbling,x1', 'status'], env);
	expect(answer.status).toBe(1);
	expect(answer.stdout).toMatch(/^HOST .*\nx1 +web +running/);
	const told = Object.fromEntries(answer.stderr.split('\n').map(line => [line.split(': ')[1], line]));
	expect(told).toEqual({
		dead: expect.stringMatching(/refused\)$/), garbling: expect.stringMatching(/what answers there is no archon: garbage/),
		endless: expect.stringMatching(/what answers there is no archon/), babbling: expect.stringMatching(/archon's answer is invalid: record too long/),
		hanging: expect.stringMatching(/no answer within 10 s|not done within 10 s; --host-timeout sets another limit$/),
		mute: expect.stringMatching(/not done within 10 s; --host-timeout sets another limit$/),
	});
	const pids = calls().filter(line => line.startsWith('pid ')).map(line => line.slice(4));
	expect(pids).toHaveLength(7);
	const isAlive = (pid: string): boolean => existsSync(`/proc/${pid}/exe`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
	await expect.poll(() => pids.filter(isAlive), WAIT).toEqual([]);
});

test('what another machine says cannot look like a row of a third one', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {env} = standIn(archon);
	const {stdout} = await ctl(['-H', 'forging,x1', 'status'], env);
	expect(stdout.split('\n').map(line => line.split(/\s+/)[0])).toEqual(['HOST', 'forging', 'x1']);
});

test('what is followed comes as it happens, behind the host; it ends with who reads it', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {env} = standIn(archon);
	const [text, json] = [follow(['-H', 'x1,x2', 'logs', '-f', 'archon'], env), follow(['-H', 'x1,x2', 'events', '-f', '--json'], env)];
	const bothSay = async (line: string, event: string): Promise<void> => {
		for (const host of ['x1', 'x2']) {
			await expect.poll(text.said, WAIT).toMatch(new RegExp(`^${host} +\\| .*${line} web`, 'm'));
			await expect.poll(json.said, WAIT).toMatch(new RegExp(`^\\{"host":"${host}","number":\\d+,.*"kind":"${event}","service":"web"`, 'm'));
		}
	};
	await bothSay('started', 'started');
	await archon.ctl('restart', 'web');
	await bothSay('stopped', 'stopped');
	text.client.stdout.destroy();
	expect((await text.client).exitCode).toBe(141);
	json.client.kill('SIGTERM');
	await json.client;
});

test('a list may stand in $ARCHON_HOST, and commands that ask none ask none', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {env, calls} = standIn(archon);
	const list = {...env, ARCHON_HOST: 'x1,x2'};
	expect((await ctl(['is-active', 'web'], list)).stdout.split('\n').toSorted()).toEqual(['x1     | active', 'x2     | active']);
	expect((await ctl(['status', 'web', '--socket', archon.socket], list)).stdout).toMatch(/^NAME/);
	expect(calls()).toHaveLength(2);
	expect((await ctl(['help', 'status'], list)).stdout).toMatch(/^Usage: archonctl status/);
	expect((await ctl(['completion', 'bash'], list)).status).toBe(0);
	expect(calls()).toHaveLength(2);
});

test('a limited stdio never gets its rights back', async () => {
	await using archon = await boot({config: 'services: {web: {command: sleep 1000000}, db: {command: sleep 1000000}}\n'});
	await archon.says(/started db/);
	const said = async (args: readonly string[], input: string): Promise<string> =>
		String((await execa(CTL, ['--socket', archon.socket, 'stdio', ...args], {input, reject: false, all: true})).all);
	expect(await said(['--role', 'observe'], 'Status,web\nStop,web\nLimit,admin\nStop,web\n'))
		.toMatch(/^Row,web,running,.*\nOk\nError,"request refused: Stop of web takes the role operate.*\nOk\nError,"request refused: Stop of web/);
	expect(await said(['--role', 'operate', '--service', 'web'], 'Restart,web\nRestart,db\nShutdown\n'))
		.toMatch(/^Ok\nError,"request refused: Restart of db.*\nError,"request refused: Shutdown takes the role admin/);
	expect(await said(['--role', 'god'], 'Stop,web\n')).toMatch(/^archonctl: --role god: the roles are observe, operate, admin$/m);
	expect(await said(['--service', 'web'], 'Stop,web\n')).toMatch(/^archonctl: --service needs --role$/m);
	expect(await archon.status()).toMatchObject({web: {status: 'running'}, db: {status: 'running', restarts: 0}});
});

const SSHD = '/usr/sbin/sshd';

test.runIf(existsSync(SSHD) && process.getuid?.() === 0)('through the real ssh: two accounts of an sshd, one with a forced command', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {folder} = archon;
	const [port, file] = [21_000 + (process.pid % 9000), (name: string): string => join(folder, name)];
	for (const name of ['host', 'full', 'least']) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
	const [full, least] = ['full.pub', 'least.pub'].map(name => readFileSync(file(name), 'utf8'));
	writeFileSync(file('keys'), `${full}restrict,command="archonctl --socket ${archon.socket} stdio --role observe" ${least}`);
	writeFileSync(file('sshd_config'), `Port ${port}
ListenAddress 127.0.0.1
HostKey ${file('host')}
AuthorizedKeysFile ${file('keys')}
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
SetEnv PATH=${dist}:/usr/bin:/bin ARCHON_SOCKET=${archon.socket}
`);
	mkdirSync('/run/sshd', {recursive: true});
	const sshd = execa(SSHD, ['-D', '-e', '-f', file('sshd_config')], {reject: false});
	undo(() => sshd.kill());
	// The user's own config, in the place of ~/.ssh/config. One of the connections leaves a process behind that has its stderr.
	const place = (key: string): string => `HostName 127.0.0.1\nPort ${port}\nUser root\nIdentityFile ${file(key)}\n`;
	writeFileSync(file('ssh_config'), `Host full\n${place('full')}Host again\n${place('full')}ControlMaster auto\nControlPath ${file('master')}\nControlPersist 20\n`
		+ `Host least\n${place('least')}Host none\nHostName 127.0.0.1\nPort 1\n`
		+ `Host *\nIdentitiesOnly yes\nUserKnownHostsFile ${file('known')}\nStrictHostKeyChecking no\nLogLevel ERROR\n`);
	const env = {ARCHON_RSH: `/usr/bin/ssh -F ${file('ssh_config')}`, ARCHON_HOST: 'full,again,least,none'};
	const leave = async (): Promise<void> => void await execa('/usr/bin/ssh', ['-F', file('ssh_config'), '-O', 'exit', 'again'], {reject: false});
	undo(() => void leave());
	await expect.poll(async () => (await ctl(['-H', 'full', 'status'], env)).stdout, WAIT).toMatch(/^web +running/m);
	const table = await ctl(['status'], env);
	expect(table.stdout).toMatch(/^HOST .*\nfull +web +running.*\nagain +web +running.*\nleast +web +running.*$/);
	expect(table).toMatchObject({status: 1, stderr: expect.stringMatching(/^archonctl: none: .*ssh ended with status 255: it could not connect \(.*[Cc]onnection refused\)$/)});
	const restarted = await ctl(['restart', 'web'], env);
	expect(restarted.stdout.split('\n').toSorted()).toEqual(['REFRESHED again', 'REFRESHED full']);
	expect(restarted.stderr).toMatch(/^archonctl: least: request refused: Restart of web takes the role operate, this connection of .* was limited to observe; /m);
	await leave();
	sshd.kill();
	await sshd;
});
