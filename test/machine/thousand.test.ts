/**
 * PID 1 crashes a hundred times, or as often as $CRASHES says, in the middle of its work: the same services go on with
 * the same pids, each line that they wrote comes out once, and archon is no bigger afterwards.
 */
import {execaSync} from 'execa';
import {constants, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs';
import {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {random} from '../sim/random.ts';
import {type Archon, boot} from './archon.ts';

const CRASHES = Number(process.env['CRASHES'] ?? 100);
const SEED = Number(process.env['SEED'] ?? 1);
/** After this many within a minute archon only does what is needed to keep services running, until it gets SIGHUP. */
const OFTEN = 5;
const SIGNALS = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'] as const;

/** Lines with their numbers, without pause or with one of a millisecond; the last of them says that it is. */
const WRITER = `use strict; $| = 1;
	my ($name, $pause, $n) = (@ARGV, 0);
	my $over = 0;
	$SIG{TERM} = sub { $over = 1 };
	until ($over) {
		# In pieces that end anywhere: there is always the beginning of a line on its way.
		my $text = join '', map { $n++; "$name $n " . ('x' x ($n % 60)) . "\\n" } 1 .. 5;
		my $cut = $n % length $text;
		for my $piece (substr($text, 0, $cut), substr($text, $cut)) {
			for (my $at = 0; $at < length $piece;) { $at += syswrite(STDOUT, $piece, length($piece) - $at, $at) // 0 }
		}
		select undef, undef, undef, $pause;
	}
	syswrite STDOUT, "$name over $n\\n";
`;

/** What came out of a fifo so far: how far each writer is, what is wrong with its lines, and how often archon came back. */
interface Reading {
	readonly numbers: Map<string, number>;
	readonly over: Map<string, number>;
	readonly wrong: string[];
	revivals: number;
}

function readFifo(path: string): Reading {
	const reading: Reading = {numbers: new Map(), over: new Map(), wrong: [], revivals: 0};
	const {numbers, over, wrong} = reading;
	let rest = '';
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	new Socket({fd, readable: true}).on('data', (data: Buffer) => {
		const lines = (rest + data.toString('latin1')).split('\n');
		rest = lines.pop() ?? '';
		for (const line of lines) {
			const [, name, number, text] = /^(?:\w+ +\| )?(\w+) (\d+) (x*)$/.exec(line) ?? [];
			if (name !== undefined) {
				const next = (numbers.get(name) ?? 0) + 1;
				if (Number(number) !== next || text !== 'x'.repeat(next % 60)) wrong.push(`${line} instead of ${next}`);
				numbers.set(name, Number(number));
				continue;
			}
			const end = /^(?:\w+ +\| )?(\w+) over (\d+)$/.exec(line);
			if (end) over.set(end[1] ?? '', Number(end[2]));
			else if (/re-executed: \d+ services? keeps? running/.test(line)) reading.revivals++;
			else if (!/^archon +\| /.test(line)) wrong.push(line);
			else if (/dropped|lost|error|cannot/.test(line)) wrong.push(line);
		}
	});
	return reading;
}

/** How often archon has /dev/null open for itself: for processes, and to spare. */
const nullsOf = ({pid}: Archon): number => readdirSync(`/proc/${pid}/fd`).filter(fd => {
	try {
		return Number(fd) > 2 && readlinkSync(`/proc/${pid}/fd/${fd}`) === '/dev/null';
	} catch {
		return false; // Closed meanwhile.
	}
}).length;

/** Of archon as the kernel sees it: open descriptors, and memory in KiB; `privately` what it has written to. */
function measure({pid}: Archon): {readonly fds: number; readonly rss: number; readonly privately: number} {
	const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
	const sum = (name: RegExp): number => [...text.matchAll(name)].reduce((sum, [, size]) => sum + Number(size), 0);
	return {
		fds: readdirSync(`/proc/${pid}/fd`).length,
		rss: sum(/^Rss: +(\d+)/gm),
		privately: sum(/^Private_Dirty: +(\d+)/gm),
	};
}

test(`${CRASHES} crashes under load change no pid, lose no line, and leave nothing behind`, {timeout: 60_000 + CRASHES * 400}, async () => {
	const {next, between, pick} = random(SEED);
	const folder = mkdtempSync(join(tmpdir(), 'archon-thousand-'));
	const [fifo, writer] = [join(folder, 'fifo'), join(folder, 'writer')];
	execaSync('mkfifo', [fifo]);
	writeFileSync(writer, WRITER);
	const reading = readFifo(fifo);
	const names = ['ann', 'bob', 'cid', 'dan'];
	const services = names.map((name, i) => `  ${name}: {command: "perl ${writer} ${name} ${i === 0 ? 0.0002 : 0.002}"}\n`).join('');
	await using archon = await boot({stdout: openSync(fifo, 'w'), config: `
archon: {logging: {driver: prefix, on_full: block}}
services:
${services}  forker: {command: "sh -c 'while :; do (sleep 0.01 &) ; sleep 0.05; done'"}
  probed: {command: sleep 1000000, healthcheck: {test: 'true', interval: 200ms}}
`});
	const pids = async (): Promise<readonly unknown[]> =>
		Object.entries(await archon.status()).map(([name, {status, pid, restarts}]) => [name, status, pid, restarts]);
	await expect.poll(() => names.every(name => (reading.numbers.get(name) ?? 0) > 0)).toBe(true);
	const before = await pids();

	const revived = async (act: () => void): Promise<void> => {
		const count = reading.revivals;
		act();
		await expect.poll(() => reading.revivals, {interval: 2}).toBe(count + 1);
	};
	let early: ReturnType<typeof measure> | undefined;
	for (let crash = 1; crash <= CRASHES; crash++) {
		// In the middle of anything.
		if (next() < 0.5) await new Promise(resolve => setTimeout(resolve, between(0, 20)));
		const signal = pick(SIGNALS);
		await revived(() => archon.signal(signal));
		if (crash % OFTEN !== 0) continue;
		await revived(() => archon.signal('SIGHUP'));
		if (crash === Math.max(OFTEN, Math.floor(CRASHES / 50) * OFTEN)) {
			// Out of degraded mode it listens again, a moment after it has said so.
			await expect.poll(() => pids().catch(() => [])).toEqual(before);
			// A life that has made no process yet has one /dev/null less.
			await expect.poll(() => nullsOf(archon), {interval: 5}).toBe(2);
			early = measure(archon);
		}
	}
	// Out of degraded mode it listens again, a moment after it has said so.
	await expect.poll(() => pids().catch(() => [])).toEqual(before);
	const late = measure(archon);
	console.log(`${CRASHES} crashes: ${JSON.stringify({early, late, lines: Object.fromEntries(reading.numbers)})}`);
	// A probe that is under way has descriptors for a moment.
	await expect.poll(() => measure(archon).fds).toBeLessThanOrEqual(early?.fds ?? 0);
	// How much waits to be collected differs from moment to moment.
	expect(late.rss).toBeLessThan((early?.rss ?? 0) + 1024);
	expect(late.privately).toBeLessThan((early?.privately ?? 0) + 1024);

	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	await expect.poll(() => reading.over.size).toBe(names.length);
	expect(reading.wrong).toEqual([]);
	for (const name of names) expect(reading.numbers.get(name)).toBe(reading.over.get(name));
});
