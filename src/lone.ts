/** One command and nothing else, in the manner of tini and its kin: no services, no socket, no log. */
import {exitStatus, SIG, type SignalNumber} from './core/model.ts';
import type {Order, Word} from './dropin/order.ts';
import {startCommand} from './kernel/command.ts';
import {ENOENT} from './kernel/diagnose.ts';
import {inheritedFds} from './kernel/inherited.ts';
import {
	becomeSubreaper, close, exitNow, ignoreSignal, isSubreaper, kill, leaveTerminal, onSignals, setName, tieToParent, waitForAny,
	wordsOf, write,
} from './kernel/native.ts';
import {INFO_SIZE, outcomeOf, pidOf} from './kernel/outcome.ts';

const EACCES = 13;

/** `name`: what `ps` shows. */
export function runLone(order: Order, name: string): void {
	const {argv, signals, refusal} = order;
	const inherited = inheritedFds();
	const info = Buffer.alloc(INFO_SIZE);
	/** Signals that come once of giving the terminal up. */
	const skips = new Set<SignalNumber>();
	let command = 0;

	function tell(word: Word): void {
		const line = order.voice(word, wordsOf);
		if (line) write(line.fd, Buffer.from(line.text));
	}

	function heard(signal: SignalNumber): void {
		if (argv === null && (signal === SIG.TERM || signal === SIG.INT)) exitNow(0);
		tell({kind: 'heard', signal});
		if (signal === SIG.CHLD) return reap();
		if (skips.delete(signal)) return tell({kind: 'skipped', signal});
		forward(signal, signals.get(signal) ?? 0);
		if (!order.pauses.includes(signal)) return;
		tell({kind: 'paused'});
		kill(process.pid, SIG.STOP);
	}

	function forward(signal: SignalNumber, sent: SignalNumber): void {
		if (command === 0) return;
		const result = sent === 0 ? 0 : kill(order.toGroup ? -command : command, sent);
		tell(result < 0 ? {kind: 'unsent', signal, errno: -result} : {kind: 'sent', signal, sent});
	}

	/** All that have ended: SIGCHLDs coalesce. */
	function reap(): void {
		let status: number | null = null;
		for (;;) {
			info.fill(0);
			const pid = waitForAny(info, false) < 0 ? 0 : pidOf(info);
			if (pid === 0) break;
			const outcome = outcomeOf(info);
			if (pid === command) status = exitStatus(outcome);
			tell({kind: 'reaped', pid, outcome, isCommand: pid === command});
		}
		if (status !== null) leave(status);
	}

	/** Whoever is left has nobody to wait for it; as PID 1 the kernel ends it. */
	function leave(status: number): never {
		if (order.farewell !== 0) forward(SIG.TERM, order.farewell);
		tell({kind: 'over', status});
		exitNow(order.forgiven.has(status) ? 0 : status);
	}

	setName(name);
	process.on('uncaughtException', error => {
		write(2, Buffer.from(`a bug in archon: ${error.stack}\n`));
	});
	for (const signal of order.ignored) ignoreSignal(signal);
	onSignals([SIG.CHLD, ...signals.keys()], heard);
	if (order.parentDeath !== null) tieToParent(order.parentDeath);
	if (order.isSubreaper) becomeSubreaper();
	else if (process.pid !== 1 && !isSubreaper()) tell({kind: 'bystander'});
	if (order.leavesTerminal) {
		const left = leaveTerminal();
		tell(typeof left === 'number' ? {kind: 'undetached', errno: -left} : {kind: 'detached', isLeader: left});
		if (left === true) for (const signal of [SIG.HUP, SIG.CONT]) skips.add(signal);
	}
	if (argv !== null) {
		const started = startCommand(argv, order.seat, inherited);
		if (!started.ok) {
			const errno = started.error;
			tell({kind: 'refused', program: argv[0], errno});
			exitNow(errno === ENOENT ? refusal.missing : errno === EACCES ? refusal.forbidden : refusal.other);
		}
		command = started.value;
		tell({kind: 'spawned', program: argv[0], pid: command});
	}
	if (order.leavesDirectory) process.chdir('/');
	if (order.closesOthers) for (const fd of inherited) close(fd);
	// Whoever ended before anybody listened.
	reap();
}
