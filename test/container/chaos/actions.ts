/** What may be done to a container and to the archon in it, drawn from a seed; and how it is all undone again. */
import {readdirSync, rmSync, statfsSync, writeFileSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {setTimeout as wait} from 'node:timers/promises';
import type {Log} from '../../../scripts/log.ts';
import type {Random} from '../../sim/random.ts';
import {config, DAEMONS, SIEGE, TMPFS, TROUBLES} from './scene.ts';
import type {Subject} from './subject.ts';

/** How often each thing was done. */
export type Deeds = Record<string, number>;

export interface Chaos {
	/** Does random things until the time comes, which is in milliseconds as `performance.now()` has it. */
	until(end: number): Promise<void>;
	/** Undoes what would go on: nothing is stopped, full or connected any more, and archon does all that it can. */
	calm(): Promise<void>;
	readonly deeds: Deeds;
}

const SIGNALS = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'] as const;
/** From one crash of PID 1 to the next, in milliseconds; and how long it may take to come back while a storm has the processor. */
const CRASH_PAUSE = 1200;
const CRASH_PATIENCE = 15_000;
const GARBAGE = [
	'\n', '\0\0\0\0', 'Status', '"', 'Run,/bin/true\nStatus\nfrobnicate\n', `Status,${'x'.repeat(100_000)}\n`, 'Logs,archon.follow=yes\n',
	'@1,Run,sleep 0.2\n', 'Status\n'.repeat(500), '\xff\xfe,"\r\n', 'Run,"sleep 5"\n', 'Status\nTree\nHistory,chatty\n', 'Logs,all,archon.lines=1000\n',
] as const;

/** Each thing that is done, and to whom, is an event of the log. */
export function createChaos(subject: Subject, random: Random, log: Log): Chaos {
	const {between, chance, pick} = random;
	const deeds: Deeds = {};
	const stopped = new Map<number, NodeJS.Timeout>();
	const connections = new Set<Socket>();
	const pending = new Set<Promise<unknown>>();
	let edition = 0;
	let crashedAt = 0;
	/** Revivals, once the last crash is survived. */
	let awaited = 0;

	const later = (promise: Promise<unknown>): void => {
		pending.add(promise);
		void promise.finally(() => pending.delete(promise));
	};
	const ask = (record: string): void => {
		log.info({record}, 'asks');
		later(subject.ask(record));
	};

	/** It may have ended by now. */
	function kill(pid: number, signal: NodeJS.Signals): void {
		log.info({pid, signal}, 'signal');
		try {
			process.kill(pid, signal);
		} catch {
			// It has.
		}
	}

	function somebody(): number {
		const others = subject.processes().filter(({inner}) => inner !== 1);
		return others[between(0, others.length - 1)]?.pid ?? 0;
	}

	function freeze(pid: number, millis: number): void {
		if (pid === 0 || stopped.has(pid)) return;
		kill(pid, 'SIGSTOP');
		stopped.set(pid, setTimeout(() => thaw(pid), millis));
	}

	function thaw(pid: number): void {
		clearTimeout(stopped.get(pid));
		stopped.delete(pid);
		kill(pid, 'SIGCONT');
	}

	/** Connects, says something or nothing, and is gone after a while without a word. */
	function visit(bytes: string, millis: number): void {
		const socket = connect(subject.socket);
		connections.add(socket);
		socket.on('error', () => {}).on('close', () => connections.delete(socket));
		// Some read what they get, and some leave it where it is.
		if (chance(0.5)) socket.resume();
		socket.write(Buffer.from(bytes, 'latin1'));
		setTimeout(() => socket.destroy(), millis).unref();
	}

	function fill(): void {
		const {bavail, bsize} = statfsSync(subject.path(TMPFS));
		try {
			writeFileSync(subject.path(`${TMPFS}/fill`), Buffer.alloc(Math.max(0, bavail * bsize)), {flag: 'a'});
		} catch {
			// Full, or filled by somebody else meanwhile.
		}
	}

	function free(): void {
		for (const name of readdirSync(subject.path(TMPFS))) if (name === 'fill') rmSync(subject.path(`${TMPFS}/fill`), {force: true});
	}

	function crash(): boolean {
		const since = performance.now() - crashedAt;
		if (since < (subject.lines.revivals < awaited ? CRASH_PATIENCE : CRASH_PAUSE) || !subject.isArmed()) return false;
		crashedAt = performance.now();
		awaited = subject.lines.revivals + 1;
		kill(subject.pid, pick(SIGNALS));
		return true;
	}

	function reload(): void {
		writeFileSync(subject.path('/etc/archon/archon.yaml'), config(chance(0.3) ? ++edition : edition));
		kill(subject.pid, 'SIGHUP');
	}

	const ACTIONS: Readonly<Record<string, readonly [weight: number, act: () => unknown]>> = {
		'kill -9 of somebody': [10, () => kill(somebody(), 'SIGKILL')],
		'a signal to somebody': [3, () => kill(somebody(), pick(['SIGTERM', 'SIGHUP', 'SIGSEGV', 'SIGUSR1', 'SIGQUIT']))],
		'STOP of somebody': [5, () => freeze(somebody(), between(50, 3000))],
		'STOP of PID 1': [1, () => freeze(subject.pid, between(10, 300))],
		'a crash of PID 1': [6, crash],
		'a reload': [2, reload],
		'a full disk': [1, fill],
		'room on the disk': [2, free],
		'a storm, a hog, orphans or a flood': [3, () => ask(`Start,${pick(TROUBLES)}`)],
		'a siege of what is started': [1, () => ask(`Start,${SIEGE.join(',')}`)],
		'links and FIFOs for log files': [1, () => ask('Start,exchanger')],
		'the end of those': [2, () => ask(`Stop,${TROUBLES.join(',')}`)],
		'a restart': [3, () => ask(`Restart,${pick(DAEMONS)}`)],
		'a stop and a start': [2, () => {
			const name = pick(DAEMONS);
			later(subject.ask(`Stop,${name}`).then(() => subject.ask(`Start,${name}`)));
		}],
		'a client that asks': [4, () => ask(pick(['Status', 'Tree', 'History,chatty', 'Run,/bin/true', 'Logs,chatty,archon.lines=10', 'Version']))],
		'clients with garbage': [4, () => {
			for (let i = between(1, 60); i > 0; i--) visit(pick(GARBAGE), between(0, 50));
		}],
		'a crowd of clients': [1, () => {
			for (let i = between(100, 600); i > 0; i--) visit(chance(0.5) ? 'Status\n' : '', between(100, 2000));
		}],
	};
	const urn = Object.entries(ACTIONS).flatMap(([name, [weight]]) => Array<string>(weight).fill(name)) as [string, ...string[]];

	return {
		deeds,
		async until(end) {
			while (performance.now() < end) {
				const name = pick(urn);
				log.info(name);
				if (ACTIONS[name]?.[1]() !== false) deeds[name] = (deeds[name] ?? 0) + 1;
				await wait(between(50, 200));
			}
		},
		async calm() {
			for (const socket of connections) socket.destroy();
			for (const pid of [...stopped.keys()]) thaw(pid);
			free();
			// Whatever is under way comes to its end, now that nothing delays it; then archon leaves degraded mode.
			await Promise.all(pending);
			if (await subject.ask('Status', 3000) === null) kill(subject.pid, 'SIGHUP');
			while (await subject.ask('Status', 1000) === null) await wait(50);
			await subject.ask(`Stop,${TROUBLES.join(',')}`);
			await subject.ask(`Start,${DAEMONS.join(',')}`);
		},
	};
}
