/** `archonctl logs` against a real archon: what is kept, what comes, files that are rotated meanwhile, and readers of all speeds. */
import {type ChildProcess, spawn} from 'node:child_process';
import {chmodSync, closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, readSync, renameSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';

const ARCHONCTL = join(ARCHON, '../archonctl');
const folder = (): string => mkdtempSync(join(tmpdir(), 'archon-logs-'));

/** An archon that can be asked, with these services. */
async function up(services: string): Promise<Archon> {
	const archon = await boot({config: `services:\n${services}`});
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	return archon;
}

/** Numbered lines, as many as there are, and then rest. */
const counts = (lines: number): string =>
	`[perl, -e, '$$| = 1; for (1 .. ${lines}) { print "$$_ ", "x" x 90, "\\n" } sleep 1000000']`;

const QUIET = '  quiet: {command: sleep 1000000}\n';

interface Follower extends AsyncDisposable {
	readonly child: ChildProcess;
	text(): string;
	/** Its exit status or the signal that ended it. */
	readonly ended: Promise<number | NodeJS.Signals | null>;
	shows(pattern: RegExp): Promise<void>;
}

/** An archonctl that goes on; `stdout`: where its lines go instead. */
function follow(archon: Archon, args: readonly string[], stdout?: number): Follower {
	const child = spawn(ARCHONCTL, ['logs', '-f', ...args], {
		env: {...process.env, ARCHON_SOCKET: archon.socket}, stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
	});
	// What is told on stderr may come in the midst of a line of stdout: each for itself.
	const pieces = [child.stderr, child.stdout].map(stream => {
		const own: Buffer[] = [];
		stream?.on('data', (data: Buffer) => void own.push(data));
		return own;
	});
	const ended = new Promise<number | NodeJS.Signals | null>(resolve => {
		child.once('close', (code, signal) => resolve(signal ?? code));
	});
	const text = (): string => Buffer.concat(pieces.flat()).toString();
	return {
		child, text, ended,
		shows: pattern => expect.poll(text).toMatch(pattern),
		async [Symbol.asyncDispose]() {
			child.kill('SIGKILL');
			await ended;
		},
	};
}

const numbers = (text: string): number[] => [...text.matchAll(/^(\d+) x+$/gm)].map(([, number]) => Number(number));
const upTo = (last: number, first = 1): number[] => Array.from({length: last - first + 1}, (_, index) => first + index);

describe('what is kept', () => {
	test('is shown of each service, of archon itself, and of all together', async () => {
		await using archon = await up(`  web: {command: sh -c "echo out; echo err >&2; exec sleep 1000000"}\n${QUIET}`);
		await expect.poll(async () => (await archon.ctl('logs', 'web')).stdout.split('\n').sort()).toEqual(['err', 'out']);
		expect(await archon.ctl('logs', '--stream', 'stderr', 'web')).toEqual({status: 0, stdout: 'err', stderr: ''});
		expect((await archon.ctl('logs', 'archon')).stdout).toMatch(/^started (web|quiet) \(pid \d+\)$/m);
		const {stdout} = await archon.ctl('logs');
		expect(stdout).toMatch(/^web {4}\| out$/m);
		expect(stdout).toMatch(/^archon \| started quiet \(pid \d+\)$/m);
		expect(JSON.parse((await archon.ctl('logs', '--json', '--stream=stdout', 'web')).stdout))
			.toMatchObject({service: 'web', stream: 'stdout', message: 'out', time: expect.stringMatching(/^\d{4}-.*Z$/)});
		expect((await archon.ctl('logs', '--since', '1h', '-t', 'web')).stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z out$/m);
		expect((await archon.ctl('logs', 'wbe')).stderr).toBe('archonctl: no service matches wbe; did you mean web?');
	});

	test('is a bounded number of the last lines in memory', async () => {
		await using archon = await up(`  web: {command: ${counts(20_000)}}\n${QUIET}`);
		await expect.poll(async () => numbers((await archon.ctl('logs', '-n', '1', 'web')).stdout)).toEqual([20_000]);
		const kept = numbers((await archon.ctl('logs', 'web')).stdout);
		expect(kept.length).toBeGreaterThan(300);
		expect(kept).toEqual(upTo(20_000, 20_001 - kept.length));
	});

	test('is not sent to a client that has stopped reading', async () => {
		await using archon = await up(`  web: {command: ${counts(20_000)}}\n${QUIET}`);
		await expect.poll(async () => numbers((await archon.ctl('logs', '-n', '1', 'web')).stdout)).toEqual([20_000]);
		const {stdout, stderr} = await execa('sh', ['-c', `${ARCHONCTL} logs -f | head -n 1`], {env: {ARCHON_SOCKET: archon.socket}});
		expect(stdout.split('\n')).toHaveLength(1);
		expect(stderr).toBe('');
	});
});

describe('what comes', () => {
	test('is not waited for by a client whose reader went away', async () => {
		await using archon = await up(`  web: {command: sh -c "echo out; exec sleep 1000000"}\n${QUIET}`);
		await archon.says(/out/);
		const {stdout} = await execa('sh', ['-c', `${ARCHONCTL} logs -f web | head -n 1`], {env: {ARCHON_SOCKET: archon.socket}});
		expect(stdout).toBe('out');
	});

	test('joins what was kept with no line between and none twice, for any number of readers', async () => {
		const go = join(folder(), 'go');
		const script = `until (-e "${go}") { select undef, undef, undef, 0.01 }`;
		const web = `[perl, -e, '$$| = 1; for (1 .. 20000) { print "$$_ xxx\\n"; if ($$_ == 100) { ${script} } } sleep 1000000']`;
		await using archon = await up(`  web: {command: ${web}}\n${QUIET}`);
		await using first = follow(archon, ['web']);
		await first.shows(/^100 x/m);
		await using second = follow(archon, ['-n', '1', 'web']);
		await second.shows(/^100 x/m);
		writeFileSync(go, '');
		await first.shows(/^20000 x/m);
		await second.shows(/^20000 x/m);
		expect(numbers(first.text())).toEqual(upTo(20_000));
		expect(numbers(second.text())).toEqual(upTo(20_000, 100));
	});

	test('is followed over restarts, and of a service that had no process yet', async () => {
		await using archon = await up(`  web: {command: sh -c "echo life; exec sleep 1000000", autostart: false}\n${QUIET}`);
		await expect.poll(async () => (await archon.status().catch(() => null))?.['web']?.status).toBe('stopped');
		await using reader = follow(archon, ['web']);
		await using all = follow(archon, []);
		await all.shows(/archon \| started quiet/);
		expect((await archon.ctl('start', 'web')).status).toBe(0);
		await reader.shows(/^life\n$/);
		expect((await archon.ctl('restart', 'web')).status).toBe(0);
		await reader.shows(/^life\nlife\n$/);
		expect((await archon.ctl('daemon', '--name', 'late', 'echo', 'hello')).status).toBe(0);
		await all.shows(/^late {3}\| hello$/m);
	});

	test('ends with archon, and with Ctrl-C as every command', async () => {
		await using archon = await up(`  web: {command: sh -c "echo life; exec sleep 1000000"}\n${QUIET}`);
		await using interrupted = follow(archon, ['web']);
		await using reader = follow(archon, ['web']);
		await interrupted.shows(/^life$/m);
		await reader.shows(/^life$/m);
		interrupted.child.kill('SIGINT');
		expect(await interrupted.ended).toBe('SIGINT');
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(await reader.ended).toBe(0);
		expect(reader.text()).toBe('life\n');
	});

	test('is dropped for a reader that stops, which is told, and for no other client', {timeout: 90_000}, async () => {
		const here = folder();
		const [go, fifo] = [join(here, 'go'), join(here, 'fifo')];
		const lines = `for (0 .. 100000) { print "$$_ ", "x" x 90, "\\n"; until ($$_ || -e "${go}") { select undef, undef, undef, 0.01 } }`;
		await using archon = await up(`  web: {command: [perl, -e, '$$| = 1; ${lines} sleep 1000000'], logging: {driver: none}}\n${QUIET}`);
		await execa('mkfifo', [fifo]);
		const end = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
		const pipe = openSync(fifo, 'w');
		await using deaf = follow(archon, ['web'], pipe);
		closeSync(pipe);
		await using reader = follow(archon, ['web']);
		let text = '';
		const bytes = Buffer.alloc(65_536);
		const readOn = (): string => {
			try {
				for (let count = readSync(end, bytes); count > 0; count = readSync(end, bytes)) text += bytes.toString('latin1', 0, count);
			} catch {
				// EAGAIN: there is no more yet.
			}
			return text;
		};
		await expect.poll(readOn).toMatch(/^0 x/);
		await reader.shows(/^0 x/);
		writeFileSync(go, '');
		// Ten megabytes, and the pipe is not read: still all of them are taken off the service's hands.
		const told = (text: string): number => [...text.matchAll(/(\d+) lines were dropped/g)].reduce((sum, [, count]) => sum + Number(count), 0);
		// Megabytes are looked through each time: not too often.
		const patience = {timeout: 40_000, interval: 300};
		await expect.poll(() => numbers(reader.text()).length + told(reader.text()), patience).toBe(100_001);
		expect((await archon.status())['web']).toMatchObject({status: 'running', restarts: 0});
		await expect.poll(() => numbers(readOn()).length + told(deaf.text()), patience).toBe(100_001);
		expect(deaf.text()).toMatch(/^archonctl: \d+ lines were dropped: this terminal reads too slowly$/m);
		expect(numbers(text)).toEqual(numbers(text).toSorted((a, b) => a - b));
		expect(numbers(reader.text()).length).toBeGreaterThan(numbers(text).length);
		closeSync(end);
	});
});

describe('files', () => {
	const logging = (path: string, more = '', format = 'raw'): string =>
		`logging: {driver: file, options: {path: "${path}", format: ${format}${more}}}`;

	test.each([['raw', ''], ['timestamps', ', compress: gzip'], ['json', ', compress: zstd']])(
		'of format %s give what memory no longer has, rotated and compressed%s', async (format, compress) => {
			const path = join(folder(), 'web.log');
			await using archon = await up(`  web: {command: ${counts(20_000)}, ${logging(path, `, max-size: 200k, max-file: 99${compress}`, format)}}
${QUIET}`);
			await expect.poll(async () => numbers((await archon.ctl('logs', '-n', '1', 'web')).stdout)).toEqual([20_000]);
			await expect.poll(async () => numbers((await archon.ctl('logs', 'web')).stdout)).toEqual(upTo(20_000));
			expect(numbers((await archon.ctl('logs', '-n', '7000', 'web')).stdout)).toEqual(upTo(20_000, 13_001));
			expect((await archon.ctl('logs', '-n', '7000', 'web')).stderr).toBe('');
			// Of those that match: the last of them may be far back.
			expect(numbers((await archon.ctl('logs', '--grep', '^[1-9]000 ', '-n', '3', 'web')).stdout)).toEqual([7000, 8000, 9000]);
		});

	test('are joined by what comes while they are written and rotated: no line is missing and none there twice', async () => {
		const here = folder();
		const path = join(here, 'web.log');
		const slow = `[perl, -e, '$$| = 1; for (1 .. 30000) { print "$$_ ", "x" x 90, "\\n"; select undef, undef, undef, 0.001 unless $$_ % 20 } sleep 1000000']`;
		await using archon = await up(`  web: {command: ${slow}, ${logging(path, ', max-size: 100k, max-file: 99')}}\n${QUIET}`);
		for (const past of [2000, 8000, 15_000]) {
			await expect.poll(async () => numbers((await archon.ctl('logs', '-n', '1', 'web')).stdout)[0]).toBeGreaterThan(past);
			await using reader = follow(archon, ['web']);
			await expect.poll(() => numbers(reader.text()).at(-1)).toBeGreaterThan(past + 3000);
			const seen = numbers(reader.text());
			expect(seen).toEqual(upTo(seen.length));
			expect(reader.text()).not.toContain('archonctl');
		}
	});

	test('that somebody has moved are created again when archon is told to reopen them', async () => {
		const here = folder();
		const path = join(here, 'web.log');
		const go = join(here, 'go');
		const web = `[perl, -e, '$$| = 1; print "1 x\\n"; until (-e "${go}") { select undef, undef, undef, 0.01 } print "2 x\\n"; sleep 1000000']`;
		await using archon = await up(`  web: {command: ${web}, ${logging(path)}}\n${QUIET}`);
		const content = (file: string): string => {
			try {
				return readFileSync(file, 'utf8');
			} catch {
				return '';
			}
		};
		await expect.poll(() => content(path)).toBe('1 x\n');
		renameSync(path, `${path}.1`);
		expect(await archon.ctl('reopen')).toEqual({status: 0, stdout: '', stderr: ''});
		writeFileSync(go, '');
		await expect.poll(() => content(path)).toBe('2 x\n');
		expect((await archon.ctl('logs', 'web')).stdout).toBe('1 x\n2 x');
	});

	test('that the user of archonctl may not read are told, and memory is shown', async () => {
		const here = folder();
		const path = join(here, 'web.log');
		await using archon = await up(`  web: {command: sh -c "echo hello; exec sleep 1000000", ${logging(path)}}\n${QUIET}`);
		await expect.poll(async () => (await archon.ctl('logs', 'web')).stdout).toBe('hello');
		// Root may read all, but for what is not there.
		renameSync(path, `${path}.moved`);
		chmodSync(`${path}.moved`, 0);
		expect(await archon.ctl('logs', 'web')).toEqual({
			status: 0, stdout: 'hello',
			stderr: `archonctl: cannot read ${path}: no such file or directory; of web only what archon has in memory is shown`,
		});
	});
});

test('a service that has archon\'s own streams is told to have nothing kept', async () => {
	await using archon = await up('  lone: {command: sh -c "echo hello; exec sleep 1000000"}\n');
	await archon.says(/hello/);
	const {stderr} = await archon.ctl('logs', 'lone');
	expect(stderr).toBe('archonctl: archon does not read the output of lone: it has archon\'s own stdout and stderr');
});
