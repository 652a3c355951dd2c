/** Pools as services of archon: what is shown of them, and that they go on where archon is re-executed. */
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {type Archon, ARCHON, boot} from './archon.ts';

const WORKER = join(import.meta.dirname, '../../workers/archon_worker.py');
const PATIENCE = {timeout: 60_000, interval: 50};

const PLAN = 'def boot():\n\timport json\n\ndef default_env(): pass\n\ndef hello():\n\timport sys\n\tprint("hello", *sys.argv[1:])\n';

interface Node {
	readonly node: string;
	readonly parent: string | null;
	readonly status: string;
	readonly pid: number | null;
	readonly pss: number | null;
	readonly why: string | null;
}

async function start({command = `python3 ${WORKER} plan.py`, code = PLAN} = {}): Promise<Archon & {readonly project: string}> {
	const project = mkdtempSync(join(tmpdir(), 'pool-'));
	undo(() => rmSync(project, {recursive: true, force: true}));
	writeFileSync(join(project, 'plan.py'), code);
	const archon = await boot({config: `pools: {app: {command: ${command}, dir: ${project}, plan: {boot: {default_env: {hello: [h]}}}}}\n`});
	return Object.assign(archon, {project});
}

async function tree(archon: Archon, ...options: readonly string[]): Promise<readonly Node[]> {
	const {stdout} = await archon.ctl('pool', 'tree', 'app', '--json', ...options);
	return stdout === '' ? [] : JSON.parse(stdout) as readonly Node[];
}

const statuses = async (archon: Archon): Promise<readonly string[]> => (await tree(archon)).map(({status}) => status);
const allReady = (archon: Archon) => expect.poll(() => statuses(archon), PATIENCE).toEqual(['ready', 'ready']);

test('a node has a pid when it is booted, and all nodes and commands of the plan are shown at any time', async () => {
	await using archon = await start();
	await allReady(archon);
	await archon.says(/app is ready/);
	expect((await archon.ctl('status')).stdout).not.toMatch(/nodes (are )?ready/);
	const [root, child] = await tree(archon, '--memory');
	expect(root).toMatchObject({node: 'boot', parent: null});
	expect(child).toMatchObject({node: 'default_env', parent: 'boot'});
	expect(root?.pss).toBeGreaterThan(0);
	expect(JSON.parse((await archon.ctl('pool', 'commands', '--json')).stdout)).toEqual([
		{command: 'hello', aliases: ['h'], node: 'default_env', status: 'ready', running: 0},
	]);
	const {stdout: files} = await archon.ctl('pool', 'features', 'app', '--json');
	expect(JSON.parse(files)).toContainEqual({node: 'boot', path: expect.stringMatching(/json\/__init__\.py$/) as string});
	expect(files).not.toContain('default_env');
	expect((await archon.ctl('tree')).stdout).toMatch(/python3?.* · default_env ready$/m);
	expect((await archon.status())['app']).toMatchObject({status: 'running'});

	const {stdout} = await execa(ARCHON, ['zeus', 'h', 'a b', ''], {cwd: archon.project, stdin: 'ignore'});
	expect(stdout).toBe('hello a b ');
	await expect.poll(async () => (await archon.ctl('events')).stdout, PATIENCE).toMatch(/app +command-ended +(pid \d+; )?hello of default_env/);
	expect((await archon.ctl('events', '--kinds', 'node-ready')).stdout.split('\n')).toHaveLength(2);
});

test('with a worker that never registers every node waits, and has no pid', async () => {
	await using archon = await start({command: 'sleep 100000'});
	await archon.says(/started app/);
	await expect.poll(async () => (await tree(archon)).map(({node, status}) => [node, status]), PATIENCE)
		.toEqual([['boot', 'waiting'], ['default_env', 'waiting']]);
	expect((await archon.status())['app']).toMatchObject({status: 'starting'});
	expect((await archon.ctl('status')).stdout).toContain('0 of 2 nodes ready');
});

test('a node that crashes is in the note, and the file that is mended boots it again', async () => {
	await using archon = await start({code: `${PLAN}def bad(:\n`});
	await expect.poll(() => statuses(archon), PATIENCE).toEqual(['crashed', 'crashed']);
	await expect.poll(async () => (await archon.ctl('status')).stdout, PATIENCE).toMatch(/0 of 2 nodes ready; boot crashed: SyntaxError: /);
	expect((await archon.ctl('why', 'app')).stdout).toMatch(/boot crashed: SyntaxError: /);
	expect((await archon.ctl('pool', 'tree')).stdout).toMatch(/^boot +crashed +- .* SyntaxError: [^;]*$/m);
	expect((await tree(archon)).map(({why}) => why?.trimEnd().split('\n').length)).toEqual([4, 4]);
	expect((await archon.ctl('events')).stdout).toMatch(/app +node-crashed +boot: /);
	writeFileSync(join(archon.project, 'plan.py'), PLAN);
	await allReady(archon);
});

test('a pool goes on where archon is re-executed, and it is said; then it can be asked, booted again and stopped', async () => {
	await using archon = await start();
	await allReady(archon);
	const before = await tree(archon);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await archon.says(/pool app goes on: 2 of 2 nodes ready/);
	expect(await tree(archon)).toEqual(before);

	expect((await archon.ctl('pool', 'restart', 'app', 'default_env')).status).toBe(0);
	await expect.poll(async () => (await tree(archon)).every(({status, pid}, index) =>
		status === 'ready' && (pid !== before[index]?.pid) === (index === 1)), PATIENCE).toBe(true);
	const master = (await archon.status())['app']?.pid;
	expect((await archon.ctl('reload', 'app')).status).toBe(0);
	await expect.poll(async () => (await tree(archon)).every(({status, pid}, index) =>
		status === 'ready' && pid !== before[index]?.pid), PATIENCE).toBe(true);
	expect((await archon.status())['app']?.pid).toBe(master);
	expect(await archon.ctl('pool', 'restart', 'app', 'nope')).toMatchObject({status: 1, stderr: expect.stringContaining('there is no node nope') as string});

	expect((await archon.ctl('pool', 'stop', 'app')).status).toBe(0);
	expect(existsSync(join(archon.project, '.zeus.sock'))).toBe(false);
	expect((await archon.ctl('tree')).stdout).not.toContain('archon_worker');
	expect(await archon.ctl('pool', 'tree', 'app')).toMatchObject({status: 1, stderr: expect.stringContaining('does not run') as string});
});

test('watch tells all nodes and then each change, also over a re-execution', async () => {
	await using archon = await start();
	await allReady(archon);
	const watching = execa(`${ARCHON}ctl`, ['pool', 'watch', 'app'], {env: {ARCHON_SOCKET: archon.socket}, reject: false, stdin: 'ignore'});
	let text = '';
	watching.stdout.on('data', (data: Buffer) => void (text += data.toString()));
	const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
	await expect.poll(() => count(/^\S+ default_env ready \d+$/gm), PATIENCE).toBe(1);
	expect(count(/^\S+ boot ready \d+$/gm)).toBe(1);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await expect.poll(() => count(/^\S+ default_env ready \d+$/gm), PATIENCE).toBe(2);
	expect((await archon.ctl('pool', 'restart', 'app', 'default_env')).status).toBe(0);
	await expect.poll(() => count(/^\S+ default_env ready \d+$/gm), PATIENCE).toBe(3);
	expect(count(/^\S+ boot ready \d+$/gm)).toBe(2);
	watching.kill();
	await watching;
});

test('a reload of the config with another plan starts the pool again', async () => {
	await using archon = await start();
	await allReady(archon);
	const file = join(archon.folder, 'archon.yaml');
	writeFileSync(file, readFileSync(file, 'utf8').replace('default_env', 'other_env'));
	writeFileSync(join(archon.project, 'plan.py'), PLAN.replace('default_env', 'other_env'));
	expect((await archon.ctl('reload')).status).toBe(0);
	await expect.poll(async () => (await tree(archon)).map(({node, status}) => `${node} ${status}`), PATIENCE).toEqual(['boot ready', 'other_env ready']);
});

test('commands get what env_pass names of their clients, and no other variable; clients get their status', async () => {
	const code = `${PLAN}
def env():
	import os, sys
	print(os.environ.get('COLOUR'), os.environ.get('SECRET'))
	sys.exit(int(sys.argv[1]))
`;
	const project = mkdtempSync(join(tmpdir(), 'pool-'));
	undo(() => rmSync(project, {recursive: true, force: true}));
	writeFileSync(join(project, 'plan.py'), code);
	const plan = 'plan: {boot: {default_env: {hello: [h], env: [e]}}}';
	await using archon = await boot({
		config: `pools: {app: {command: python3 ${WORKER} plan.py, dir: ${project}, env_pass: [COLOUR], ${plan}}}\n`,
	});
	await allReady(archon);
	const zeus = (...words: readonly string[]) =>
		execa(ARCHON, ['zeus', ...words], {cwd: project, stdin: 'ignore', reject: false, env: {COLOUR: 'red', SECRET: 'x'}});
	expect(await zeus('env', '7')).toMatchObject({exitCode: 7, stdout: 'red None'});
	expect(await zeus('e', '0')).toMatchObject({exitCode: 0, stdout: 'red None'});
	expect(await zeus('hello', '', 'a\nb', '-x')).toMatchObject({exitCode: 0, stdout: 'hello  a\nb -x'});
	expect(await zeus('helo')).toMatchObject({exitCode: 127, stdout: '', stderr: expect.stringContaining('did you mean hello?') as string});
});
