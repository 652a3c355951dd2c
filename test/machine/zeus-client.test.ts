/** A command of a pool, called without a terminal: its arguments, streams and exit status are as if it were started here. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {fileIn, openPool, type Pool, ZEUS} from './zeus.ts';

/** The user of that name. */
const NOBODY = 65_534;

let pool: Pool;
beforeAll(async () => {
	pool = await openPool();
});
afterAll(async () => pool[Symbol.asyncDispose]());

const isAlive = (pid: string | undefined): boolean => existsSync(`/proc/${pid}`) && !fileOf(`/proc/${pid}/stat`).includes(') Z ');
const fileOf = (path: string): string => {
	try {
		return fileIn('/', path);
	} catch {
		return ') Z ';
	}
};

describe('arguments come exactly', () => {
	test.each([
		[[], '[]\n'],
		[['a b', '', '\n', 'a:b', '-t', '--'], `[b'a b', b'', b'\\n', b'a:b', b'-t', b'--']\n`],
		[['zażółć', '😀'], `[b'za\\xc5\\xbc\\xc3\\xb3\\xc5\\x82\\xc4\\x87', b'\\xf0\\x9f\\x98\\x80']\n`],
	])('%j', async (args, expected) => {
		expect(await pool.run(['args', ...args])).toEqual({status: 0, stdout: expected, stderr: ''});
	});

	test('bytes that are no text', async () => {
		const {stdout} = await execa('bash', ['-c', `exec ${ZEUS} args $'\\xff\\xfe\\x01' $'a\\x80'`], {cwd: pool.folder});
		expect(stdout).toBe(`[b'\\xff\\xfe\\x01', b'a\\x80']`);
	});

	test('a mebibyte', async () => {
		const args = Array.from({length: 64}, (_, i) => String.fromCharCode(97 + i % 26).repeat(16 * 1024));
		expect(await pool.run(['sum', ...args])).toMatchObject({status: 0, stdout: `64 ${1 << 20}\n`});
		const many = Array.from({length: 20_000}, () => 'x');
		expect(await pool.run(['sum', ...many])).toMatchObject({status: 0, stdout: '20000 20000\n'});
	});
});

describe('the exit status is that of the command', () => {
	test.each([
		[['exit', '0'], 0], [['exit', '7'], 7], [['exit', '255'], 255], [['die', '15'], 143], [['die', '9'], 137], [['die', '2'], 130],
	])('%j: %i', async (args, status) => {
		expect(await pool.run(args)).toEqual({status, stdout: '', stderr: ''});
	});
});

describe('streams', () => {
	test('stdout and stderr are separate and complete, and stdin is read to its end', async () => {
		expect(await pool.run(['echo'])).toEqual({status: 0, stdout: 'out\n', stderr: 'err\n'});
		expect(await pool.run(['cat'], {input: 'a\nb'})).toEqual({status: 0, stdout: 'a\nb', stderr: ''});
		expect(await pool.run(['count'], {input: new Uint8Array(5 << 20)})).toMatchObject({stdout: `${5 << 20}\n`});
		expect(await pool.run(['cat'], {input: ''})).toMatchObject({status: 0, stdout: ''});
	});

	test('files are read and written as they are', async () => {
		writeFileSync(join(pool.folder, 'in'), 'x'.repeat(3_000_000));
		const script = `${ZEUS} count <in >out 2>err; ${ZEUS} echo </dev/null >>out 2>>err; ${ZEUS} echo >/dev/null 2>&1; ${ZEUS} cat <in | cmp - in`;
		expect((await execa('bash', ['-c', script], {cwd: pool.folder})).exitCode).toBe(0);
		expect([fileIn(pool.folder, 'out'), fileIn(pool.folder, 'err')]).toEqual(['3000000\nout\n', 'err\n']);
	});

	test('without a terminal here the command has none either, and --tty gives it one', async () => {
		expect((await pool.run(['streams'])).stdout).toBe('False False False\n');
		expect((await pool.run(['-T', 'streams'])).stdout).toBe('False False False\n');
		expect((await pool.run(['-t', 'streams'])).stdout).toBe('True True True\r\n');
	});

	test('what is piped into a terminal that --tty makes has an end, and is not echoed', async () => {
		expect(await pool.run(['-t', 'cat'], {input: 'one\ntwo\n'})).toMatchObject({status: 0, stdout: 'one\r\ntwo\r\n'});
		expect(await pool.run(['--tty', 'cat'], {input: 'no newline'})).toMatchObject({status: 0, stdout: 'no newline'});
	});

	test('all that was written comes before the end, however slowly it is read', async () => {
		const {stdout} = await execa('bash', ['-c', `${ZEUS} flood 3000000 | (read -rn 1; sleep 0.2; wc -c); echo \${PIPESTATUS[0]}`], {cwd: pool.folder});
		expect(stdout).toBe('2999999\n3');
	});

	test('a reader that goes away ends a command that writes on', async () => {
		const {stdout} = await execa('bash', ['-c', `${ZEUS} forever 2>/dev/null | head -c 5`], {cwd: pool.folder});
		expect(stdout).toBe('yyyyy');
		await pool.says(/ended forever/);
	});

	test('a process that the command leaves behind does not hold it up', async () => {
		expect(await pool.run(['leaves'])).toEqual({status: 0, stdout: 'left\n', stderr: ''});
	});

	test('stdin stays where it is when there is no such command', async () => {
		const {stdout} = await execa('bash', ['-c', `(${ZEUS} nope 2>/dev/null; cat) <<<kept`], {cwd: pool.folder});
		expect(stdout).toBe('kept');
	});
});

describe('signals', () => {
	const begin = async (...args: readonly string[]) => {
		const child = spawn(ZEUS, args, {cwd: pool.folder, stdio: ['ignore', 'pipe', 'pipe']});
		const end = once(child, 'exit');
		let text = '';
		child.stdout.on('data', data => text += String(data));
		await expect.poll(() => text).toMatch(/\n/);
		return {child, end, text: () => text};
	};

	test('go to the command, which may live on', async () => {
		const {child, end, text} = await begin('signals');
		for (const [signal, count] of [['SIGINT', 2], ['SIGQUIT', 3], ['SIGUSR1', 4]] as const) {
			child.kill(signal);
			await expect.poll(() => text().split('\n').length).toBe(count + 1);
		}
		child.kill('SIGTERM');
		expect(await end).toEqual([0, null]);
		expect(text()).toBe('hears\nSIGINT\nSIGQUIT\nSIGUSR1\nSIGTERM\n');
	});

	test('end the command, and then the client as it', async () => {
		const {child, end} = await begin('wait');
		child.kill('SIGTERM');
		expect(await end).toEqual([143, null]);
	});

	test('SIGHUP ends the client although the command does not care, and that command as well', async () => {
		const {child, end, text} = await begin('signals');
		const [, pid] = await pool.says(new RegExp(`runs signals (\\d+) ${child.pid}\n`));
		child.kill('SIGHUP');
		expect(await end).toEqual([129, null]);
		expect(text()).toContain('SIGHUP');
		await expect.poll(() => isAlive(pid)).toBe(false);
	});

	test('before the command begins they end the client', async () => {
		const child = spawn(ZEUS, ['slow'], {cwd: pool.folder, stdio: 'ignore'});
		const end = once(child, 'exit');
		await pool.says(new RegExp(`asked ${child.pid}\n`));
		child.kill('SIGINT');
		expect(await end).toEqual([130, null]);
	});
});

test('the environment is told beside the streams', async () => {
	expect((await pool.run(['env', 'TOLD'], {env: {TOLD: 'a=b\nc'}})).stdout).toBe('a=b\nc\n');
	expect((await pool.run(['env', 'UNTOLD'])).stdout).toBe('unset\n');
});

describe('a pool that fails', () => {
	test('has no such command: its text, and 127 at once', async () => {
		expect(await pool.run(['nope'])).toEqual({status: 127, stdout: '', stderr: 'there is no command nope; did you mean note?\n'});
	});

	test('has a crashed node: its text, and 1', async () => {
		expect(await pool.run(['crashed'])).toEqual({status: 1, stdout: 'it is broken\nat line 2\n', stderr: ''});
	});

	test.each([
		['never', 'has ended before never began'], ['strange', 'does not speak as a pool does'], ['orphan', 'has ended, and orphan with it'],
	])('%s', async (name, why) => {
		const {status, stderr} = await pool.run([name]);
		expect([status, stderr]).toEqual([1, expect.stringContaining(why)]);
	});

	test('is killed: the client ends with 1, and the command with it', async () => {
		await using own = await openPool();
		const child = spawn(ZEUS, ['wait', 'alone'], {cwd: own.folder, stdio: ['ignore', 'pipe', 'pipe']});
		const end = once(child, 'exit');
		await once(child.stdout, 'data');
		const [, pid] = await own.says(/runs wait (\d+)/);
		// The process that serves this client.
		const server = fileIn('/', `/proc/${pid}/stat`).split(' ')[3];
		process.kill(Number(server), 'SIGKILL');
		expect(await end).toEqual([1, null]);
		await expect.poll(() => isAlive(pid)).toBe(false);
	});
});

test('twenty at once', async () => {
	const answers = await Promise.all(Array.from({length: 20}, (_, i) => pool.run(['exit', String(i)])));
	expect(answers.map(({status}) => status)).toEqual(Array.from({length: 20}, (_, i) => i));
});

describe('which pool', () => {
	test('that of the nearest project upward, from any of its folders', async () => {
		const deep = join(pool.folder, 'a', 'b');
		mkdirSync(deep, {recursive: true});
		expect(await pool.run(['exit', '3'], {cwd: deep})).toMatchObject({status: 3});
		writeFileSync(join(pool.folder, 'a', 'zeus.json'), '{}');
		const {status, stderr} = await pool.run(['exit', '3'], {cwd: deep});
		expect([status, stderr]).toEqual([1, expect.stringContaining(`no pool runs in ${join(pool.folder, 'a')}`)]);
		expect(stderr).toContain('archon zeus start, or archonctl start');
	});

	test('that of $ZEUSSOCK, from anywhere', async () => {
		expect(await pool.run(['exit', '3'], {cwd: '/', env: {ZEUSSOCK: pool.socket}})).toMatchObject({status: 3});
	});

	test('none of a folder in no project', async () => {
		const {status, stderr} = await pool.run(['exit', '3'], {cwd: '/proc/self'});
		expect([status, stderr]).toEqual([1, expect.stringContaining('this folder is in no project')]);
	});

	test('none where only a socket is left', async () => {
		const left = await openPool();
		await left.kill();
		const {status, stderr} = await left.run(['exit', '3']);
		expect([status, stderr]).toEqual([1, expect.stringContaining('has ended, and nothing listens at')]);
	});

	test('none at a path that no socket can have', async () => {
		const {status, stderr} = await pool.run(['exit', '3'], {env: {ZEUSSOCK: `/${'x'.repeat(120)}`}});
		expect([status, stderr]).toEqual([1, expect.stringContaining('a name that is too long for a socket')]);
	});

	test('none of another user, but for root', async () => {
		await using other = await openPool(NOBODY);
		chmodSync(other.folder, 0o755);
		chmodSync(other.socket, 0o666);
		const {status, stderr} = await other.run(['exit', '3'], {uid: 1000});
		expect([status, stderr]).toEqual([1, expect.stringContaining(`is of another user (${NOBODY}), and is not trusted`)]);
		expect(await other.run(['exit', '3'], {uid: NOBODY})).toMatchObject({status: 3});
		expect(await other.run(['exit', '3'])).toMatchObject({status: 3});
	});
});

describe('a pool of another user, which root may use', () => {
	test('is not told root\'s environment', async () => {
		await using other = await openPool(NOBODY);
		expect((await other.run(['env', 'TOLD'], {env: {TOLD: 'secret'}})).stdout).toBe('unset\n');
	});

	test('cannot have root end a process that is not its own', async () => {
		await using other = await openPool(NOBODY);
		const victim = spawn('sleep', ['1000']);
		const end = once(victim, 'exit');
		for (const pid of [victim.pid, 1, process.pid]) expect(await other.run(['tells', String(pid)])).toMatchObject({status: 1});
		expect(isAlive(String(victim.pid))).toBe(true);
		// What is the user's own anyway is ended: the test can tell.
		await pool.run(['tells', String(victim.pid)]);
		expect(await end).toEqual([null, 'SIGKILL']);
	});

	test('has its command sent signals', async () => {
		await using other = await openPool(NOBODY);
		const child = spawn(ZEUS, ['wait'], {cwd: other.folder, stdio: ['ignore', 'pipe', 'pipe']});
		const end = once(child, 'exit');
		await once(child.stdout, 'data');
		child.kill('SIGTERM');
		expect(await end).toEqual([143, null]);
	});
});
