/**
 * What archon says of itself to a service manager outside of it (sd_notify(3)): systemd, or podman with
 * `--sdnotify=container`. It is an extra: nothing that becomes of it holds archon up.
 */
import type {Millis} from '../core/time.ts';
import {bytesOf} from './bytes.ts';
import {after, now} from './clock.ts';
import type {Environment} from './environment.ts';
import {pid as ownPid} from './identity.ts';
import type {Owner} from './owners.ts';
import {ERRNO, MSG_DONTWAIT, type Outcome, SOCK_DGRAM, SOCK_NONBLOCK, sys} from './sys.ts';

export interface Manager {
	/** All is up. */
	ready(status: string): void;
	/** The config is read again. */
	reloading(): void;
	stopping(why: string): void;
	/** One line for people. */
	status(text: string): void;
}

/** Messages that wait for a receiver who is slow, how often each is tried, and when. */
const WAITING_MAX = 16;
const TRIES_MAX = 50;
const PAUSE: Millis = 100;

const NO_MANAGER: Manager = {ready() {}, reloading() {}, stopping() {}, status() {}};

/** The manager that the environment names, if it names one. */
export function createManager(environment: Environment): Manager {
	const address = environment['NOTIFY_SOCKET'] ?? '';
	if (!/^[/@]./.test(address)) return NO_MANAGER;
	const path = address.startsWith('@') ? `\0${address.slice(1)}` : address;
	const waiting: string[] = [];
	let tries = 0;

	/** A manager that does not listen any more is not told. */
	function flush(): void {
		for (let text = waiting[0]; text !== undefined; text = waiting[0]) {
			if (send(path, text) === -ERRNO.EAGAIN && ++tries < TRIES_MAX) return void after(PAUSE, flush);
			tries = 0;
			waiting.shift();
		}
	}

	function say(...words: readonly string[]): void {
		if (waiting.length >= WAITING_MAX) return;
		waiting.push(words.join('\n'));
		if (waiting.length === 1) flush();
	}

	const interval = watchdogOf(environment);
	function live(): void {
		if (waiting.length === 0) say('WATCHDOG=1');
		if (interval !== null) after(interval / 2, live);
	}
	if (interval !== null) live();

	return {
		ready: status => say('READY=1', `STATUS=${lineOf(status)}`),
		reloading: () => say('RELOADING=1', `MONOTONIC_USEC=${Math.round(now() * 1000)}`, 'STATUS=reading the config again'),
		stopping: why => say('STOPPING=1', `STATUS=shutting down: ${lineOf(why)}`),
		status: text => say(`STATUS=${lineOf(text)}`),
	};
}

/** What it is told of the whole. */
export function ownManager(manager: Manager = NO_MANAGER): Owner<'stage' | 'arrived'> {
	return {
		arms: {
			stage({stage}) {
				if (stage.kind === 'stopping' && stage.force === 1) manager.stopping(stage.why);
			},
			arrived: () => manager.ready('all services are up'),
		},
	};
}

/** How often the watchdog is to be told that archon lives, if it is archon's to tell (sd_watchdog_enabled(3)). */
function watchdogOf({WATCHDOG_USEC: micros = '', WATCHDOG_PID: pid}: Environment): Millis | null {
	const isOurs = pid === undefined || pid === String(ownPid);
	return isOurs && /^[1-9]\d{3,14}$/.test(micros) ? Number(micros) / 1000 : null;
}

/** A line of its own would be another word. */
const lineOf = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 200);

function send(path: string, text: string): Outcome {
	const fd = sys.connectUnix(path, SOCK_DGRAM | SOCK_NONBLOCK);
	if (fd < 0) return fd;
	const result = sys.send(fd, bytesOf(text), [], MSG_DONTWAIT);
	sys.close(fd);
	return result;
}
