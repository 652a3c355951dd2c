/** Clients of a pool: what they give to a command arrives, and each gets an exit status, whatever ends. */
import {describe, expect, test} from 'vitest';
import {lives, parentOf, PATIENCE, pool} from './pools.ts';

const CODE = `
import os, signal, sys, time
def echo(): print(*sys.argv[1:])
def args(): sys.stdout.write(repr(sys.argv[1:]))
def count(): print(len(sys.argv) - 1, sum(len(arg) for arg in sys.argv[1:]))
def cat():
    sys.stdout.write(sys.stdin.read())
    print('done', file=sys.stderr)
def leave(): sys.exit(int(sys.argv[1]))
def suicide(): os.kill(os.getpid(), signal.SIGTERM)
def who(): print(os.getppid())
def stay():
    print('here', flush=True)
    time.sleep(1000)
def env(): print(os.environ.get('COLOUR'), os.environ.get('SECRET'))
`;

const COMMANDS = {args: ['a'], count: [], cat: [], leave: [], suicide: [], who: [], stay: [], env: [], echo: []};
const start = (): ReturnType<typeof pool> => pool({plan: {boot: {app: COMMANDS}}, code: CODE});

describe('a client', () => {
	test('has its arguments, its stdin and its streams at the command, and gets its exit status', async () => {
		await using it = await start();
		await it.ready('app');
		const words = ['', 'a b', 'x\ny', 'c:d', 'é', '"', '-v'];
		expect((await it.client('run', 'args', ...words)).stdout).toBe("['', 'a b', 'x\\ny', 'c:d', 'é', '\"', '-v']");
		expect((await it.client('run', 'a', 'alias')).stdout).toBe("['alias']");
		const many = Array.from({length: 10}, () => 'x'.repeat(100_000));
		expect((await it.client('run', 'count', ...many)).stdout).toBe('10 1000000\n');
		const input = 'line\n'.repeat(40_000);
		expect(await it.feed(input, 'run', 'cat')).toEqual({status: 0, stdout: input, stderr: 'done\n'});
		expect((await it.client('run', 'leave', '7')).status).toBe(7);
		expect((await it.client('run', 'suicide')).status).toBe(143);
	}, PATIENCE);

	test('that asks for what there is not is told so at once', async () => {
		await using it = await start();
		const {status, stderr} = await it.client('run', 'nope');
		expect(status).toBe(127);
		expect(stderr).toContain('nope');
	}, PATIENCE);

	test('that asks before the node is ready waits for it', async () => {
		await using it = await pool({plan: {boot: {app: {args: []}}}, code: `${CODE}\ndef app(): time.sleep(2)\n`});
		expect(await it.client('run', 'args', 'x')).toMatchObject({status: 0, stdout: "['x']"});
	}, PATIENCE);

	test('that is killed takes its command with it', async () => {
		await using it = await start();
		await it.ready('app');
		const client = it.begin('hold', 'stay');
		const command = Number((await client.says(/^(\d+)$/m))[1]);
		expect(lives(command)).toBe(true);
		client.child.kill('SIGKILL');
		await expect.poll(() => lives(command), {timeout: PATIENCE}).toBe(false);
	}, PATIENCE);

	test.each(['command', 'runner', 'both'])('whose %s is killed gets an exit status', async what => {
		await using it = await start();
		await it.ready('app');
		const client = it.begin('hold', 'stay');
		const command = Number((await client.says(/^(\d+)$/m))[1]);
		const runner = parentOf(command);
		if (what !== 'command') process.kill(runner, 'SIGKILL');
		if (what !== 'runner') process.kill(command, 'SIGKILL');
		const [, status] = await client.says(/^status (\d+)$/m);
		expect(Number(status)).toBeGreaterThan(0);
		await expect.poll(() => lives(command) || lives(runner), {timeout: PATIENCE}).toBe(false);
	}, PATIENCE);

	test('goes on with its command when the node that it was forked from is booted again', async () => {
		await using it = await start();
		const app = await it.ready('app');
		const client = it.begin('hold', 'stay');
		const command = Number((await client.says(/^(\d+)$/m))[1]);
		process.kill(app, 'SIGKILL');
		await it.ready('app', app);
		expect(lives(command)).toBe(true);
		client.child.kill('SIGKILL');
		await expect.poll(() => lives(command), {timeout: PATIENCE}).toBe(false);
	}, PATIENCE);

	test('gives its command no variable that the config does not name', async () => {
		await using it = await start();
		await it.ready('app');
		expect((await it.client('env', 'env', 'COLOUR=red', 'SECRET=x')).stdout).toBe('None None\n');
	}, PATIENCE);
});

describe('300 clients at once', () => {
	test('each get what is theirs', async () => {
		await using it = await start();
		await it.ready('app');
		expect((await it.client('many', '300', 'echo')).stdout).toBe('300 300\n');
		expect((await it.client('run', 'args', 'after')).stdout).toBe("['after']");
	}, 4 * PATIENCE);

	test('of a pool that may open few files each get a status, and no node is hurt', async () => {
		await using it = await pool({plan: {boot: {app: COMMANDS}}, code: CODE, wrapper: ['prlimit', '--nofile=256']});
		const app = await it.ready('app');
		const {statuses, texts} = JSON.parse((await it.client('crowd', '300', 'echo')).stdout);
		expect(Object.keys(statuses).filter(status => status !== '0' && status !== '1')).toEqual([]);
		expect(statuses[0] + (statuses[1] ?? 0)).toBe(300);
		expect(statuses[0]).toBeGreaterThan(20);
		for (const text of texts) expect(text).toMatch(/^archon zeus: the pool has \d+ clients already, as many as it may by the number of files/);
		expect((await it.client('run', 'args', 'after')).stdout).toBe("['after']");
		expect(await it.ready('app')).toBe(app);
		expect(it.log()).not.toMatch(/it ended|turned away|is ended/);
	}, 4 * PATIENCE);
});

describe('more than 1024 clients', () => {
	test('are told so', async () => {
		await using it = await pool({plan: {boot: {app: {echo: []}}}, code: `${CODE}\ndef app(): time.sleep(1000)\n`});
		await it.ready('boot');
		const first = [200, 200, 200, 200, 200, 24].map(count => it.begin('crowd', String(count), 'echo'));
		await expect.poll(() => it.descriptors(), {timeout: PATIENCE}).toBeGreaterThan(4 * 1024);
		const {statuses, texts} = JSON.parse((await it.client('crowd', '100', 'echo')).stdout);
		expect(statuses).toEqual({1: 100});
		expect(texts).toEqual(['archon zeus: the pool has 1024 clients already\n']);
		for (const {child} of first) child.kill('SIGKILL');
		await expect.poll(() => it.descriptors(), {timeout: PATIENCE}).toBeLessThan(100);
	}, 4 * PATIENCE);
});
