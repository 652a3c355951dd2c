/** `archonctl` to an archon elsewhere: through a stand-in for ssh, and over standard input and output. */
import {execa} from 'execa';
import {chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {type Answer, type Archon, ARCHON, boot} from './archon.ts';

const config = 'services: {web: {command: sleep 1000000}}\n';
const dist = join(ARCHON, '..');

/** An `ssh` that executes here what it is to execute there, and writes down what it was called with. */
function fakeSsh({folder}: Archon): {readonly path: string; readonly calls: () => string} {
	const [bin, log] = [join(folder, 'bin'), join(folder, 'ssh.log')];
	mkdirSync(bin);
	writeFileSync(join(bin, 'ssh'), `#!/bin/sh
echo "$@" >>${log}
while [ "$1" != -- ]; do shift; done
[ "$2" != refused ] || { echo 'ssh: connect to host refused port 22: Connection refused' >&2; exit 255; }
[ "$2" != bare ] || PATH=/usr/bin:/bin
exec sh -c "$3"
`);
	chmodSync(join(bin, 'ssh'), 0o755);
	return {path: `${bin}:${dist}:${process.env['PATH']}`, calls: () => readFileSync(log, 'utf8')};
}

async function ctl(args: readonly string[], env: Record<string, string>, input = ''): Promise<Answer> {
	const {exitCode, stdout, stderr} = await execa(join(dist, 'archonctl'), args, {env, reject: false, input});
	return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
}

test('stdio carries what is said on the socket, from a pipe and from a file, and ends with it', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const env = {ARCHON_SOCKET: archon.socket};
	const many = Array.from({length: 300}, (_, i) => `@${i},Status,web\n`).join('');
	const {status, stdout} = await ctl(['stdio'], env, `Version\n${many}`);
	expect([status, stdout.match(/^@\d+,Ok$/gm)?.length]).toEqual([0, 300]);
	const file = join(archon.folder, 'requests');
	writeFileSync(file, 'Status\n');
	const {stdout: said} = await execa('sh', ['-c', `exec ${join(dist, 'archonctl')} stdio <${file}`], {env});
	expect(said).toMatch(/^Row,web,running,\d+,.*\nOk$/);
	expect(await ctl(['stdio'], {ARCHON_SOCKET: join(archon.folder, 'none')})).toMatchObject({status: 111, stderr: expect.stringMatching(/no such file/)});
});

test('what stdio carries ends when its reader does', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const env = {ARCHON_SOCKET: archon.socket};
	const client = execa(join(dist, 'archonctl'), ['stdio'], {env, reject: false});
	client.stdin.write('Run,sleep 1000000,archon.name=job\n');
	await archon.says(/started job/);
	client.kill('SIGKILL');
	await archon.says(/stopped job/);
});

test('by ssh all commands work, and run is executed there', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {path: PATH, calls} = fakeSsh(archon);
	const url = `ssh://me@box:2222${archon.socket}`;
	expect((await ctl(['-H', url, 'status'], {PATH})).stdout).toMatch(/^web +running/m);
	expect(calls()).toBe(`-T -p 2222 -- me@box archonctl --socket ${archon.socket} stdio\n`);
	expect(await ctl(['restart', 'web'], {PATH, ARCHON_HOST: url})).toMatchObject({status: 0});
	await archon.says(/stopped web/);
	const command = ['sh', '-c', 'cat; echo "it\'s  $1"; exit 3', 'sh', 'a  b'];
	expect(await ctl(['run', '-H', url, '--', ...command], {PATH}, 'in')).toEqual({status: 3, stdout: 'init\'s  a  b', stderr: ''});
	expect(calls().split('\n').at(-2)).toMatch(/ run -- sh -c /);
});

test('what goes wrong by ssh is told, once', async () => {
	await using archon = await boot({config});
	const {path: PATH, calls} = fakeSsh(archon);
	expect(await ctl(['-H', 'ssh://refused', 'status'], {PATH})).toEqual({
		status: 111, stdout: '', stderr: expect.stringMatching(/Connection refused\narchonctl: cannot reach archon at ssh:\/\/refused: ssh ended with status 255: it could not connect$/),
	});
	expect((await ctl(['-H', 'ssh://bare', 'status'], {PATH})).stderr).toMatch(/ssh found no archonctl there$/);
	expect((await ctl(['-H', `ssh://box${archon.folder}/none`, 'status'], {PATH})).stderr).toMatch(/no such file or directory.*\n.*ssh ended with status 111$/);
	expect((await ctl(['-H', 'ssh://box', 'status'], {PATH: '/no/such'})).stderr).toMatch(/cannot execute ssh: no such file or directory$/);
	expect(calls().split('\n')).toHaveLength(4);
});

test('archon is re-executed: who follows it finds it again, through another ssh', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {path: PATH, calls} = fakeSsh(archon);
	const follow = execa(join(dist, 'archonctl'), ['-H', `ssh://box${archon.socket}`, 'logs', '-f', 'archon'], {env: {PATH}, reject: false});
	let said = '';
	follow.stdout.on('data', data => (said += String(data)));
	await expect.poll(() => said).toMatch(/started web/);
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed/);
	await archon.ctl('restart', 'web');
	await expect.poll(() => said).toMatch(/stopped web/);
	expect(calls().trim().split('\n')).toHaveLength(2);
	follow.kill();
});

const SSHD = '/usr/sbin/sshd';

test.runIf(existsSync(SSHD) && process.getuid?.() === 0)('through the real ssh and sshd', async () => {
	await using archon = await boot({config});
	await archon.says(/started web/);
	const {folder} = archon;
	const [port, file] = [30_000 + (process.pid % 9000), (name: string): string => join(folder, name)];
	for (const name of ['host', 'user']) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
	writeFileSync(file('sshd_config'), `Port ${port}
ListenAddress 127.0.0.1
HostKey ${file('host')}
AuthorizedKeysFile ${file('user.pub')}
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
SetEnv PATH=${dist}:/usr/bin:/bin
`);
	mkdirSync('/run/sshd', {recursive: true});
	const sshd = execa(SSHD, ['-D', '-e', '-f', file('sshd_config')], {reject: false});
	undo(() => sshd.kill());
	mkdirSync(file('bin'));
	// The user's own config, in the place of ~/.ssh/config.
	writeFileSync(file('ssh_config'), `IdentityFile ${file('user')}\nUserKnownHostsFile ${file('known')}\nStrictHostKeyChecking no\nLogLevel ERROR\n`);
	writeFileSync(file('bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${file('ssh_config')} "$@"\n`, {mode: 0o755});
	const env = {PATH: `${file('bin')}:${dist}:${process.env['PATH']}`, ARCHON_HOST: `ssh://root@127.0.0.1:${port}${archon.socket}`};
	await expect.poll(async () => (await ctl(['status'], env)).stdout, {timeout: 10_000}).toMatch(/^web +running/m);
	expect(await ctl(['run', '--', 'sh', '-c', 'cat; echo "it\'s"; exit 3'], env, 'in ')).toEqual({status: 3, stdout: 'in it\'s', stderr: ''});
	const follow = execa(join(dist, 'archonctl'), ['logs', '-f', 'archon'], {env, reject: false});
	let said = '';
	follow.stdout.on('data', data => (said += String(data)));
	await expect.poll(() => said).toMatch(/started web/);
	expect((await ctl(['restart', 'web'], env)).status).toBe(0);
	await expect.poll(() => said).toMatch(/stopped web/);
	follow.kill();
	sshd.kill();
	await sshd;
	expect(await ctl(['status'], env)).toMatchObject({status: 111, stderr: expect.stringMatching(/ssh ended with status 255: it could not connect$/)});
});

test.each([
	[['-H', 'http://box', 'status'], /^archonctl: the host http:\/\/box is not one of \[ssh:\/\/\]\[user@\]host\[:port\]\[\/path\], docker:/],
	[['-H', '-oProxyCommand=x', 'status'], /^archonctl: the host -oProxyCommand=x takes a host/],
	[['-H', 'a,b\x1b[2J', 'status'], /^archonctl: the host b\\x1b\[2J holds a control character$/],
	[['-H', 'a,,b', 'status'], /^archonctl: --host a,,b: a host of the list is empty$/],
	[['-H', 'a,b', '--socket', '/x', 'status'], /--host and --socket exclude each other/],
	[['-H', 'a,b', '--host-timeout', 'soon', 'status'], /--host-timeout soon: not a duration/],
	[['-H', 'tcp://box:1', 'status'], /takes a token: --token-file FILE, or \$ARCHON_TOKEN_FILE$/],
	[['-H', 'tcp://box:1', '--token-file', '/no/such', 'status'], /cannot read the token file \/no\/such: no such file or directory$/],
	[['-H', 'tcp://box:1', '--token-file', '/dev/null', 'status'], /the token file \/dev\/null holds no token$/],
	[['-H', 'ssh://box', '--socket', '/x', 'status'], /--host and --socket exclude each other/],
	[['-H', 'tcp://box:1', 'run', 'true'], /run hands its streams to archon, which tcp:\/\/ cannot carry; use ssh:\/\//],
])('%j is refused before anything is sent', async (args, why) => {
	expect(await ctl(args, {})).toMatchObject({status: args.includes('--token-file') ? 111 : 100, stderr: expect.stringMatching(why)});
});

test.each(['run -it sh', 'run true', 'attach web', 'top', 'shell', 'raw Version', 'stdio', 'status --watch'])('%s is for one host', async line => {
	expect(await ctl(['-H', 'a,b', ...line.split(' ')], {})).toMatchObject({status: 100, stderr: expect.stringMatching(/^archonctl: several hosts: /)});
});
