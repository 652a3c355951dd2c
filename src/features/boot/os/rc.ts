/** Runs the boot script before all services; when it has failed, what the config says is done. */
import {exec, service as standard} from '../../../core/defaults.ts';
import {duration} from '../../../core/duration.ts';
import {exitStatus, type Outcome} from '../../../core/outcome.ts';
import type {Command, Service} from '../../../core/service.ts';
import {signalName} from '../../../core/signal-numbers.ts';
import type {Millis} from '../../../core/time.ts';
import {after, soon} from '../../../os/clock.ts';
import type {Log} from '../../../os/log.ts';
import {isPersonThere} from '../../../os/person.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Reaper} from '../../../os/reap/reaper.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import {spawnHelper, spawnRun} from '../../../os/spawn/spawner.ts';
import {sys} from '../../../os/sys.ts';
import type {Output} from '../../logging/os/output.ts';
import type {BootScript} from '../core.ts';

export interface RcParts {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Pick<Output, 'nothing' | 'hold' | 'whenWritten'>;
	readonly handoff: Handoff;
	readonly log: Log;
	/** It has come to its end, and services start. */
	readonly boots: () => void;
	/** It has failed, and the container ends. */
	readonly ends: (why: string, status: number) => void;
}

/** How a script or a shell has ended; `status` is a shell's, 0: with success. */
interface End {
	readonly status: number;
	readonly how: string;
}

/** Where its pid is written down for the next instance of archon. */
const KEY = 'boot script';

const SHELL: Command = ['/bin/sh'];

/** How long a log that takes nothing holds the shell up (ms). */
const PATIENCE: Millis = 1000;

/** Not found, as a shell says it. */
const NOT_FOUND = 127;

export function runBootScript({command, onFailure, timeout}: BootScript, parts: RcParts): void {
	const {reaper, poller, output, handoff, log, boots, ends} = parts;
	const left = Number(handoff.past.get(KEY) ?? 0);

	function done({status, how}: End): void {
		handoff.delete(KEY);
		if (status === 0) return boots();
		const failed = `the boot script ${command[0]} has failed: ${how}`;
		if (onFailure === 'continue') {
			log.error(`${failed}; services start all the same (boot.on_failure)`);
			return boots();
		}
		if (onFailure === 'exit') return ends(failed, status);
		if (!isPersonThere()) {
			log.error(`${failed}; boot.on_failure asks for a shell, and there is no terminal for it (docker run -it gives one)`);
			return ends(failed, status);
		}
		log.error(`${failed}; a shell: with "exit 0" services start, with any other status the container ends`);
		// Its prompt stands below that line.
		let isAsked = false;
		const ask = (): void => {
			if (isAsked) return;
			isAsked = true;
			cancel();
			askShell(failed);
		};
		const cancel = after(PATIENCE, () => poller.whole(ask));
		output.whenWritten(() => poller.whole(ask));
	}

	/** On archon's own terminal, which it has to itself. */
	function askShell(failed: string): void {
		output.hold(true);
		const service: Service = {...OWN, exec: {...OWN.exec, argv: SHELL, interactive: true}};
		const made = spawnRun(service, 0, [0, 1, 2])();
		const leave = (act: () => void): void => {
			sys.takeTerminal(0);
			output.hold(false);
			act();
		};
		if (made.kind === 'refused') return leave(() => ends(`${failed}; ${SHELL[0]}: ${made.refusal.reason}`, 1));
		awaitEnd(made.pid, ({status, how}) => leave(() => (status === 0 ? boots() : ends(`${failed}; the shell: ${how}`, status))));
	}

	function awaitEnd(pid: number, told: (end: End) => void): () => void {
		let isOver = false;
		const tell = (end: End): void => {
			if (isOver) return;
			isOver = true;
			told(end);
		};
		reaper.registerHelper(pid, false, outcome => poller.whole(() => tell(endOf(outcome))));
		return () => {
			reaper.endHelper(pid);
			tell({status: 1, how: `took longer than ${duration(timeout)}`});
		};
	}

	function watch(pid: number): void {
		handoff.put(KEY, String(pid));
		let forgetTime = (): void => {};
		const late = awaitEnd(pid, end => {
			forgetTime();
			done(end);
		});
		if (Number.isFinite(timeout)) forgetTime = after(timeout, () => poller.whole(late));
	}

	if (left > 0) {
		// The previous instance of archon has made it.
		const isThere = reaper.adoptHelper(left, 0, () => {});
		if (isThere) watch(left);
		else soon(() => poller.whole(() => done({status: 1, how: 'it ended while archon was re-executed'})));
		return;
	}
	const nothing = output.nothing();
	const made = spawnHelper(OWN, command, [nothing, 1, 2]);
	if (made.ok) return watch(made.value);
	const {stage, reason} = made.error;
	soon(() => poller.whole(() => done({status: NOT_FOUND, how: `${stage}: ${reason}`})));
}

const endOf = (outcome: Outcome): End => ({
	status: exitStatus(outcome),
	how: outcome.kind === 'signal' ? `killed by ${signalName(outcome.signal)}` : `exit status ${outcome.code}`,
});

/** It runs as archon itself, on its own streams. */
const OWN: Service = (() => {
	const made = standard('archon.rc', ['rc']);
	return {...made, exec: {...exec(['rc']), output: {kind: 'inherit'}}};
})();
