/** Drivers of logging: files that are rotated, JSON, both at once, and what becomes of lines when something is slow, full or gone. */
import {execa, execaSync} from 'execa';
import {closeSync, constants, openSync, readdirSync, readFileSync, readSync, renameSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync, zstdDecompressSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {boot} from './archon.ts';

const folder = async (): Promise<string> => (await execa('mktemp', ['-d'])).stdout;

/** A service that writes the given number of lines and ends; with the options of its logging. */
const counter = (name: string, lines: number, logging: string): string =>
	`  ${name}: {type: oneshot, command: [perl, -e, 'for (1 .. ${lines}) { print "$$_ ", "x" x 90, "\\n" }'], logging: ${logging}}\n`;

const ending = (...names: readonly string[]): string =>
	`  end: {command: 'true', essential: true, depends_on: {${names.map(name => `${name}: {condition: service_completed_successfully}`).join(', ')}}}\n`;

/** The lines of a log and of what was rotated away from it, oldest first. */
function linesOf(path: string): string[] {
	const [base = '', at = ''] = [path.slice(path.lastIndexOf('/') + 1), path.slice(0, path.lastIndexOf('/'))];
	const number = (name: string): number => Number(/\.(\d+)/.exec(name.slice(base.length))?.[1] ?? 0);
	const names = readdirSync(at).filter(name => name.startsWith(base)).sort((a, b) => number(b) - number(a));
	return names.flatMap(name => {
		const bytes = readFileSync(join(at, name));
		const text = name.endsWith('.gz') ? gunzipSync(bytes) : name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes;
		expect(text.at(-1), `${name} ends with a whole line`).toBe(10);
		return text.toString('latin1').trimEnd().split('\n');
	});
}

test('a file is rotated between lines, holds no more than it may, and not one line of a million bytes is missing', async () => {
	const logs = await folder();
	const file = `{driver: file, options: {path: "${logs}/{name}.log", max-size: 100k, max-file: 50}}`;
	await using archon = await boot({config: `services:\n${counter('web', 20_000, file)}${ending('web')}`});
	expect(await archon.ended()).toBe(0);
	const sizes = readdirSync(logs).map(name => statSync(join(logs, name)).size);
	expect(Math.max(...sizes)).toBeLessThanOrEqual(102_400);
	expect(sizes.length).toBeGreaterThan(15);
	expect(linesOf(`${logs}/web.log`).map(line => Number(line.split(' ')[0]))).toEqual(Array.from({length: 20_000}, (_, i) => i + 1));
	expect(archon.log()).not.toContain('web | ');
});

test('of rotated files only as many stay as may, and they are the last', async () => {
	const logs = await folder();
	const file = `{driver: file, options: {path: "${logs}/{name}.log", max-size: 20k, max-file: 3}}`;
	await using archon = await boot({config: `services:\n${counter('web', 5000, file)}${ending('web')}`});
	expect(await archon.ended()).toBe(0);
	expect(readdirSync(logs).sort()).toEqual(['web.log', 'web.log.1', 'web.log.2']);
	const numbers = linesOf(`${logs}/web.log`).map(line => Number(line.split(' ')[0]));
	expect(numbers).toEqual(Array.from({length: numbers.length}, (_, i) => 5000 - numbers.length + i + 1));
});

test.for(['gzip', 'zstd'])('what was rotated is compressed with %s, and still all there', async kind => {
	const logs = await folder();
	const suffix = kind === 'gzip' ? 'gz' : 'zst';
	const file = `{driver: file, options: {path: "${logs}/web.log", max-size: 100k, max-file: 99, compress: ${kind}}}`;
	await using archon = await boot({config: `services:\n${counter('web', 5000, file)}  idle: {command: sleep 1000000}\n`});
	await expect.poll(() => readdirSync(logs).filter(name => name.endsWith(suffix)).length).toBe(4);
	await expect.poll(() => readdirSync(logs).sort()).toEqual(['web.log', ...[1, 2, 3, 4].map(number => `web.log.${number}.${suffix}`)]);
	expect(linesOf(`${logs}/web.log`).map(line => Number(line.split(' ')[0]))).toEqual(Array.from({length: 5000}, (_, i) => i + 1));
	expect((await archon.status())['idle']?.status).toBe('running');
});

test('a file for each stream, another for all of them as JSON, and the ordinary lines beside them', async () => {
	const logs = await folder();
	const options = `[prefix, {driver: file, options: {path: "${logs}/{name}.{stream}", format: timestamps}}, {driver: file, options: {path: "${logs}/all", format: json}}]`;
	await using archon = await boot({config: `archon: {logging: ${options}}
services:
  web: {scale: 2, type: oneshot, command: 'sh -c "echo out; echo err >&2"'}
  end: {command: 'true', essential: true, depends_on: {web: {condition: service_completed_successfully}}}
`});
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/^web:0 +\| out$/m);
	const named = readdirSync(logs);
	expect(named.filter(name => name.includes('web')).length).toBe(4);
	for (const name of named.filter(name => name.includes('web'))) {
		expect(readFileSync(join(logs, name), 'utf8')).toMatch(name.endsWith('stdout') ? /^20\S+Z out\n$/ : /^20\S+Z err\n$/);
	}
	const objects = readFileSync(`${logs}/all`, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>);
	expect(objects.filter(({service}) => service === 'web').length).toBe(4);
	expect(objects).toContainEqual(expect.objectContaining({service: 'web', instance: 1, stream: 'stderr', message: 'err'}));
	expect(objects).toContainEqual(expect.objectContaining({service: 'archon', level: 'info', message: expect.stringMatching(/^started web:0/) as string}));
});

test('all of it is one stream of JSON objects, archon\'s own events among them', async () => {
	await using archon = await boot({config: `archon: {logging: json}
services:
  api: {type: oneshot, command: [printf, '{"level":30,"msg":"up"}\\nplain\\n']}
  end: {command: 'false', essential: true, depends_on: {api: {condition: service_completed_successfully}}}
`});
	expect(await archon.ended()).toBe(1);
	const objects = archon.log().trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>);
	expect(objects.filter(({service}) => service === 'api').map(({message}) => message)).toEqual([{level: 30, msg: 'up'}, 'plain']);
	expect(objects.filter(({service}) => service === 'archon').map(({message}) => message)).toContainEqual(expect.stringMatching(/^shutting down: end/));
});

test('no bytes of fifty services at once are unaccounted for, whatever they are and however they are cut', async () => {
	const logs = await folder();
	const names = Array.from({length: 50}, (_, i) => `s${i}`);
	// Random chunks of UTF-8, NULs and newlines; a checksum of its own of all that was written, without its newlines.
	writeFileSync(`${logs}/writer`, `use Digest::MD5; srand($ARGV[0]); $| = 1; my $all = '';
		for (1 .. 200) {
			my $chunk = join '', map { ("\\xe6\\xbc\\xa2", "\\0", "\\n", "x" x rand(300), "\\xff", "\\r", "line\\n")[rand 7] } 1 .. rand(60);
			my ($from, $cut) = (0, 0);
			while ($from < length $chunk) { $cut = 1 + int rand 100; syswrite STDOUT, substr($chunk, $from, $cut); $from += $cut; }
			$all .= $chunk;
		}
		open my $sum, '>', "${logs}/$ARGV[1].sum"; $all =~ s/\\n//g; print $sum Digest::MD5::md5_hex($all);`);
	const services = names.map((name, i) => `  ${name}: {type: oneshot, command: "perl ${logs}/writer ${i} ${name}", logging: {driver: file, options: {path: "${logs}/{name}.log"}}}\n`);
	await using archon = await boot({config: `services:\n${services.join('')}${ending(...names)}`});
	expect(await archon.ended()).toBe(0);
	for (const name of names) {
		const text = readFileSync(`${logs}/${name}.log`, 'latin1').replaceAll('\n', '');
		const {stdout} = await execa('md5sum', {input: Buffer.from(text, 'latin1')});
		expect(stdout.split(' ')[0], name).toBe(readFileSync(`${logs}/${name}.sum`, 'utf8'));
	}
});

test('a line of ten megabytes comes in pieces, all of it', async () => {
	const logs = await folder();
	await using archon = await boot({config: `services:
  long: {type: oneshot, command: [perl, -e, 'print "y" x 10000000'], logging: {driver: file, options: {path: "${logs}/log", max-size: 100m}}}
${ending('long')}`});
	expect(await archon.ended()).toBe(0);
	const text = readFileSync(`${logs}/log`, 'utf8');
	expect(text.replaceAll('…\n', '').trimEnd()).toBe('y'.repeat(10_000_000));
	expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(16 * 1024 + 1);
});

test('where lines may block, a reader that stops stops the service, and no line is lost', async () => {
	const at = await folder();
	await execa('mkfifo', [`${at}/fifo`]);
	const reader = openSync(`${at}/fifo`, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = openSync(`${at}/fifo`, constants.O_WRONLY);
	await using archon = await boot({config: `services:\n${counter('web', 60_000, '{driver: prefix, on_full: block}')}  idle: {command: sleep 1000000}\n`, stdout: writer});
	closeSync(writer);
	// It fills the reader's pipe, archon's room and its own pipe, and then it waits; archon answers all the same.
	await expect.poll(async () => Number(/stopped (\d)/.exec(await blockedOn(archon.pid))?.[1] ?? 0)).toBe(1);
	expect((await archon.ctl('restart', 'idle')).status).toBe(0);
	let text = '';
	const bytes = Buffer.alloc(1 << 20);
	await expect.poll(() => {
		try {
			for (let count = readSync(reader, bytes); count > 0; count = readSync(reader, bytes)) text += bytes.toString('latin1', 0, count);
		} catch {
			// EAGAIN: archon has not written more yet.
		}
		return text.includes('web    | 60000 ');
	}, {interval: 1}).toBe(true);
	const numbers = [...text.matchAll(/^web +\| (\d+) x{90}$/gm)].map(([, number]) => Number(number));
	expect(numbers).toEqual(Array.from({length: 60_000}, (_, i) => i + 1));
	closeSync(reader);
});

/** Whether a perl below archon waits in a write to a pipe. */
async function blockedOn(pid: number): Promise<string> {
	const {stdout} = await execa('ps', ['-o', 'wchan=', '--ppid', String(pid)], {reject: false});
	return `stopped ${stdout.split('\n').filter(line => /pipe/.test(line)).length}`;
}

test('a disk that is full costs lines, which are counted, and no service; when there is room again they go on', async () => {
	const at = await folder();
	await execa('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', at]);
	using _ = undo(() => execaSync('umount', ['-l', at]));
	const file = `{driver: file, options: {path: "${at}/log", max-size: 10m}}`;
	await using archon = await boot({config: `services:\n${counter('web', 40_000, file)}${'  idle: {command: sleep 1000000}\n'}`});
	await archon.says(/warn: cannot write .*\/log: no space left on device; it is tried again/);
	const [, lost] = await archon.says(/warn: (\d+) lines were lost \(web \d+\): cannot write .*\/log: no space left on device/);
	expect((await archon.status())['web']?.status).toBe('exited');
	await execa('mount', ['-o', 'remount,size=64m', at]);
	await archon.says(/\/log is written again/);
	// What waited in archon's memory is written now, and with what was lost that is all there was.
	await expect.poll(() => linesOf(`${at}/log`).length + Number(lost)).toBe(40_000);
});

test('a folder that cannot be written is told, and the service runs on', async () => {
	await using archon = await boot({config: `services:
  web: {command: 'sh -c "while echo line; do sleep 0.05; done"', logging: {driver: file, options: {path: /proc/self/nowhere/log}}}
  idle: {command: sleep 1000000}
`.replace('/proc/self/nowhere', '/etc/hostname')});
	await archon.says(/warn: cannot write \/etc\/hostname\/log: not a directory/);
	expect((await archon.status())['web']?.status).toBe('running');
});

test('lines over a limit are left out, counted and told', async () => {
	await using archon = await boot({config: `services:\n${counter('web', 5000, '{driver: prefix, rate_limit: 100/1s}')}  idle: {command: sleep 1000000}\n`});
	const [, left] = await archon.says(/(\d+) lines of web over its rate_limit were left out/);
	const told = [...archon.log().matchAll(/(\d+) lines of web over/g)].reduce((sum, [, count]) => sum + Number(count), 0);
	expect(Number(left)).toBeGreaterThan(0);
	expect(told + (archon.log().match(/^web +\| /gm)?.length ?? 0)).toBe(5000);
});

test('a file that was moved goes on under its old name until archon is asked to reopen it', async () => {
	const at = await folder();
	await using archon = await boot({config: `services:
  web: {command: 'sh -c "n=0; while echo $$n; do n=$$((n+1)); sleep 0.01; done"', logging: {driver: file, options: {path: "${at}/log"}}}
  idle: {command: sleep 1000000}
`});
	const wrote = (name: string): boolean => readdirSync(at).includes(name) && statSync(join(at, name)).size > 0;
	await expect.poll(() => wrote('log')).toBe(true);
	renameSync(`${at}/log`, `${at}/moved`);
	expect((await archon.ctl('reopen')).status).toBe(0);
	await expect.poll(() => wrote('log')).toBe(true);
	const numbers = ['moved', 'log'].flatMap(name => readFileSync(join(at, name), 'utf8').split('\n').filter(line => line !== '').map(Number));
	expect(numbers).toEqual(numbers.map((_, i) => i));
});

test('a reload changes where lines go without a restart', async () => {
	const at = await folder();
	const config = (logging: string): string => `services:
  web: {command: 'sh -c "while echo line; do sleep 0.01; done"', logging: ${logging}}
  idle: {command: sleep 1000000}
`;
	await using archon = await boot({config: config('prefix')});
	await archon.says(/^web +\| line$/m);
	const before = (await archon.status())['web']?.pid;
	writeFileSync(join(archon.folder, 'archon.yaml'), config(`{driver: file, options: {path: "${at}/log"}}`));
	expect((await archon.ctl('reload')).status).toBe(0);
	await expect.poll(() => readdirSync(at).includes('log') && statSync(`${at}/log`).size > 0).toBe(true);
	expect((await archon.status())['web']?.pid).toBe(before);
});

test('archon leaves the blocking mode of its own streams as it found it', async () => {
	const at = await folder();
	await execa('mkfifo', [`${at}/fifo`]);
	const reader = openSync(`${at}/fifo`, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = openSync(`${at}/fifo`, constants.O_WRONLY);
	await using archon = await boot({
		config: 'services: {one: {command: "sh -c \'echo x; sleep 1000000\'"}, idle: {command: sleep 1000000}}\n', stdout: writer,
	});
	closeSync(writer);
	const bytes = Buffer.alloc(4096);
	const readable = (): string => {
		try {
			return bytes.toString('latin1', 0, readSync(reader, bytes));
		} catch {
			return '';
		}
	};
	await expect.poll(readable).toMatch(/^one +\| x$/m);
	for (const fd of [1, 2]) {
		const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/${archon.pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
		expect(Number.parseInt(flags, 8) & constants.O_NONBLOCK).toBe(0);
	}
	closeSync(reader);
});

test('a process that outlives its service and holds its pipe does not hold up its end', async () => {
	await using archon = await boot({config: `services:
  web: {command: 'sh -c "setsid sh -c \\"sleep 1000; echo late\\" & echo partial; printf without"', restart: "no"}
  idle: {command: sleep 1000000}
`});
	await archon.says(/^web +\| without$/m);
	await archon.says(/web exited with status 0/);
	expect((await archon.status())['web']?.status).toBe('exited');
});
