/** One container, rounds of chaos and calm in it, and what has to be true of it whenever it is calm. */
import {lstatSync, readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect} from 'vitest';
import {createLog, type Log} from '../../../scripts/log.ts';
import {undo} from '../../../scripts/undo.ts';
import {random} from '../../sim/random.ts';
import {boot, type Box} from '../harness.ts';
import {ROOT} from '../places.ts';
import {type Chaos, createChaos} from './actions.ts';
import {CANARY, config, DAEMONS, HELPED, HELPERS, KEPT, LUA, MEMORY, RULES, TMPFS, TMPFS_SIZE, TROUBLES} from './scene.ts';
import {type Measures, type Process, type Standing, type Subject, subjectOf} from './subject.ts';

export interface Trial extends AsyncDisposable {
	readonly box: Box;
	readonly subject: Subject;
	readonly chaos: Chaos;
	/** Before the chaos. */
	readonly first: Measures;
	/** The milliseconds of chaos; then it is calm, and everything is as it has to be. */
	round(millis: number): Promise<Figures>;
	/** `docker stop`: its status. */
	stop(): Promise<number>;
}

/** What was seen once it was calm again. */
export interface Figures extends Measures {
	/** From a request for the status to its answer, in milliseconds: the slowest of a hundred, and the one in the middle. */
	readonly slowest: number;
	readonly median: number;
	/** Of all services since they were first started, but for the one that is besieged. */
	readonly restarts: number;
	readonly besieged: number;
	readonly zombies: number;
}

/** What happens is told by `dist/logs/chaos-SEED.log`, and what the container said at its end by `….container.log` beside it. */
export async function begin(seed: number): Promise<Trial> {
	const path = join(ROOT, 'dist', 'logs', `chaos-${seed}`);
	const log = createLog(`${path}.log`);
	let isOver = false;
	undo(() => isOver || log.error('interrupted'));
	const box = await boot({image: 'plain', config: config(0), rules: LUA, tmpfs: [`${TMPFS}:size=${TMPFS_SIZE}`], memory: MEMORY, pids: 500});
	for (const name of [...DAEMONS, ...HELPERS]) await box.comesTo(name, 'running');
	const subject = await subjectOf(box.id);
	// Once started, a service has its pipes for good.
	await subject.ask(`Start,${TROUBLES.join(',')}`);
	await subject.ask(`Stop,${TROUBLES.join(',')}`);
	await settles(subject, log);
	const chaos = createChaos(subject, random(seed), log);
	const first = await atRest(subject);
	log.info({seed, container: box.id, pid: subject.pid, first}, 'begins');
	const canary = aboutCanary(subject);
	return {
		box, subject, chaos, first,
		async round(millis) {
			log.info({millis}, 'a round begins');
			const looker = execa('perl', ['-e', LOOKER, String(subject.pid)]);
			await chaos.until(performance.now() + millis);
			looker.kill('SIGTERM');
			const [looks = 0, deaths] = (await looker).stdout.split(' ').map(Number);
			expect({isSeen: looks > millis / 100, deaths}).toEqual({isSeen: true, deaths: 0});
			log.info({looks, deaths}, 'calm');
			await chaos.calm();
			await settles(subject, log);
			expect(aboutCanary(subject)).toEqual(canary);
			for (const path of KEPT) await goesOn(subject, path);
			await rulesAreInForce(subject);
			const figures = await look(subject, await atRest(subject));
			log.info({...figures, lines: subject.lines, deeds: chaos.deeds}, 'the round is over');
			return figures;
		},
		async stop() {
			const status = await box.stop(20);
			log.info({status}, 'stopped');
			return status;
		},
		async [Symbol.asyncDispose]() {
			const {all} = await execa('docker', ['logs', '--tail', '20000', box.id], {all: true, reject: false});
			await writeFile(`${path}.container.log`, all);
			await box[Symbol.asyncDispose]();
			isOver = true;
			log.info('ends');
		},
	};
}

/** All that would change if somebody wrote to it, renamed it, or gave it to others. */
function aboutCanary({path}: Subject): object {
	const {ino, size, mode, uid, nlink, mtimeMs, ctimeMs} = lstatSync(path(CANARY));
	return {ino, size, mode, uid, nlink, mtimeMs, ctimeMs, content: readFileSync(path(CANARY), 'utf8')};
}

/** Waits until something was written to it. */
async function goesOn({path}: Subject, file: string): Promise<void> {
	const state = (): string => {
		const {ino, size} = lstatSync(path(file));
		return `${ino} ${size}`;
	};
	const before = state();
	await expect.poll(state, {message: `${file} goes on`}).not.toBe(before);
}

/** Whatever became of their helper. */
async function rulesAreInForce(subject: Subject): Promise<void> {
	const states = async (): Promise<readonly string[] | undefined> => (await subject.ask('Rules'))?.flatMap(row => {
		const [, name, , , , state] = row.split(',');
		return row.startsWith('Row,') ? [`${name} is ${state}`] : [];
	});
	await expect.poll(states, {timeout: 20_000}).toEqual(RULES.map(name => `${name} is enabled`));
}

/** Looks at PID 1's state as fast as it can: a runtime that sees a zombie for a moment takes the container for stopped. */
const LOOKER = `my ($end, $looks, $dead) = (0, 0, 0); $SIG{TERM} = sub { $end = 1 };
	until ($end) {
		open my $stat, "<", "/proc/$ARGV[0]/stat" or last; $looks++; $dead++ if <$stat> =~ /\\) [ZX] /; select undef, undef, undef, 0.0005
	}
	print "$looks $dead"`;

/** Waits until everything that should run does, each exactly once, and nothing else is there. */
async function settles(subject: Subject, log: Log): Promise<void> {
	let known = '';
	const look = async (): Promise<readonly string[]> => {
		const wrong = faults(await subject.status(), subject.processes());
		if (wrong.join() !== known) log.warn({wrong}, 'not yet as it should be');
		known = wrong.join();
		return wrong;
	};
	// Twice in a row: nothing may still be on its way.
	for (let i = 0; i < 2; i++) await expect.poll(look, {timeout: 40_000, interval: 100}).toEqual([]);
}

/** What is not as it should be. */
function faults(status: ReadonlyMap<string, Standing> | null, processes: readonly Process[]): readonly string[] {
	if (!status) return ['archon does not answer'];
	const wrong: string[] = [];
	const isOf = (name: string): readonly Process[] => processes.filter(({service}) => service === name);
	for (const name of [...DAEMONS, ...HELPERS]) {
		const {status: is, pid} = status.get(name) ?? {status: 'unknown', pid: 0};
		const [mine, main] = [isOf(name), processes.filter(({inner}) => inner === pid)];
		if (is !== 'running') wrong.push(`${name} is ${is}`);
		if (main.length !== 1 || main[0]?.parent !== 1) wrong.push(`${name} has pid ${pid}, which is ${JSON.stringify(main)}`);
		if (new Set(mine.map(({run}) => run)).size > 1) wrong.push(`${name} is there more than once: ${JSON.stringify(mine)}`);
		// Below itself it may have others; beside itself only what it makes on purpose.
		const beside = mine.filter(({parent, inner}) => parent === 1 && inner !== pid && name !== 'forker' && !HELPED.includes(name));
		if (beside.length > (name === 'family' ? 1 : 0)) wrong.push(`${name} has ${JSON.stringify(beside)} beside it`);
	}
	for (const name of TROUBLES) if (isOf(name).length > 0) wrong.push(`${name} is still there`);
	// What clients ran whose archon crashed is given up after a while.
	for (const name of status.keys()) if (/^run-\d+$/.test(name)) wrong.push(`${name} is still there`);
	for (const one of processes) {
		if (one.state === 'T') wrong.push(`stopped: ${JSON.stringify(one)}`);
		if (one.state === 'Z' && !one.command.includes('forker') && one.parent !== 1) wrong.push(`a zombie of another's: ${JSON.stringify(one)}`);
		if (one.inner !== 1 && one.service === '' && one.state !== 'Z') wrong.push(`nobody's: ${JSON.stringify(one)}`);
	}
	return wrong;
}

/** The least of many looks: probes and clients come and go. */
async function atRest({measure}: Subject): Promise<Measures> {
	const all: Measures[] = [];
	for (let i = 0; i < 40; i++) {
		all.push(measure());
		await new Promise(resolve => setTimeout(resolve, 25));
	}
	const least = (key: keyof Measures): number => Math.min(...all.map(one => one[key]));
	return {rss: least('rss'), privately: least('privately'), fds: least('fds'), threads: least('threads')};
}

async function look(subject: Subject, measures: Measures): Promise<Figures> {
	const times: number[] = [];
	for (let i = 0; i < 100; i++) {
		const start = performance.now();
		expect(await subject.status()).not.toBe(null);
		times.push(performance.now() - start);
	}
	times.sort((a, b) => a - b);
	const status = await subject.status();
	// One that ended just now is no zombie: those are who stay.
	const zombies = (): readonly number[] => subject.processes().filter(({state}) => state === 'Z').map(({inner}) => inner);
	let stay = zombies();
	for (let i = 0; i < 5 && stay.length > 0; i++) {
		await new Promise(resolve => setTimeout(resolve, 50));
		const now = zombies();
		stay = stay.filter(pid => now.includes(pid));
	}
	return {
		...measures, median: times[50] ?? 0, slowest: times.at(-1) ?? 0, zombies: stay.length,
		restarts: [...status ?? []].reduce((sum, [name, {restarts}]) => sum + (name === 'victim' ? 0 : restarts), 0),
		besieged: status?.get('victim')?.restarts ?? 0,
	};
}
