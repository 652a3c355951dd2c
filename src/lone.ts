/** One command and nothing else, in the manner of tini and its kin: no services, no socket, no log. */
import {exitStatus, SIG, type SignalNumber} from './core/model.ts';
import type {Order, Word} from './dropin/order.ts';
import {bytesOf} from './os/bytes.ts';
import {startCommand} from './os/command.ts';
import {pid as ownPid} from './os/identity.ts';
import {inheritedFds} from './os/inherited.ts';
import {newReport, outcomeOf, pidOf} from './os/outcome.ts';
import {ERRNO, sys} from './os/sys.ts';
import {traceOf} from './os/trace.ts';

/** `name`: what `ps` shows. */
export function runLone(order: Order, name: string): never {
	const {argv, signals, refusal} = order;
	const inherited = inheritedFds();
	const report = newReport();
	/** Signals that come once of giving the terminal up. */
	const skips = new Set<SignalNumber>();
	let command = 0;

	function tell(word: Word): void {
		const line = order.voice(word, sys.strerror);
		if (line) sys.write(line.fd, bytesOf(line.text));
	}

	function heard(signal: SignalNumber): void {
		if (argv === null && (signal === SIG.TERM || signal === SIG.INT)) sys.exit(0);
		tell({kind: 'heard', signal});
		if (signal === SIG.CHLD) return reap();
		if (skips.delete(signal)) return tell({kind: 'skipped', signal});
		forward(signal, signals.get(signal) ?? 0);
		if (!order.pauses.includes(signal)) return;
		tell({kind: 'paused'});
		sys.kill(ownPid, SIG.STOP);
	}

	function forward(signal: SignalNumber, sent: SignalNumber): void {
		if (command === 0) return;
		const result = sent === 0 ? 0 : sys.kill(order.toGroup ? -command : command, sent);
		tell(result < 0 ? {kind: 'unsent', signal, errno: -result} : {kind: 'sent', signal, sent});
	}

	/** All that have ended: SIGCHLDs coalesce. */
	function reap(): void {
		let status: number | null = null;
		while (sys.waitAny(report, false) >= 0) {
			const pid = pidOf(report);
			if (pid === 0) break;
			const outcome = outcomeOf(report);
			if (pid === command) status = exitStatus(outcome);
			tell({kind: 'reaped', pid, outcome, isCommand: pid === command});
		}
		if (status !== null) leave(status);
	}

	/** Whoever is left has nobody to wait for it; as PID 1 the kernel ends it. */
	function leave(status: number): never {
		if (order.farewell !== 0) forward(SIG.TERM, order.farewell);
		tell({kind: 'over', status});
		sys.exit(order.forgiven.has(status) ? 0 : status);
	}

	/** One signal that leads to a bug takes no other with it. */
	function attempt(act: () => void): void {
		try {
			act();
		} catch (error) {
			sys.write(2, bytesOf(`a bug in archon: ${traceOf(error)}\n`));
		}
	}

	/** Nothing else is waited for than signals. */
	function hearSignals(fd: number): never {
		const next = new Int32Array(4);
		for (;;) {
			while (sys.readSignal(fd, next) === 1) attempt(() => heard(next[0] ?? 0));
			sys.awaitReadable(fd, -1);
		}
	}

	sys.setName(name);
	for (const signal of order.ignored) sys.ignoreSignal(signal);
	const fd = sys.openSignals([SIG.CHLD, ...signals.keys()]);
	if (fd < 0) throw new Error(`signals cannot be heard: ${sys.strerror(-fd)}`);
	if (order.parentDeath !== null) sys.setParentDeathSignal(order.parentDeath);
	if (order.isSubreaper) sys.becomeSubreaper();
	else if (ownPid !== 1 && !sys.isSubreaper()) tell({kind: 'bystander'});
	if (order.leavesTerminal) {
		const left = sys.leaveTerminal();
		const isLeader = left >= 0 && sys.getsid(0) === ownPid;
		tell(left < 0 ? {kind: 'undetached', errno: -left} : {kind: 'detached', isLeader});
		if (isLeader) for (const signal of [SIG.HUP, SIG.CONT]) skips.add(signal);
	}
	if (argv !== null) {
		const started = startCommand(argv, order.seat, inherited);
		if (!started.ok) {
			const errno = started.error;
			tell({kind: 'refused', program: argv[0], errno});
			sys.exit(errno === ERRNO.ENOENT ? refusal.missing : errno === ERRNO.EACCES ? refusal.forbidden : refusal.other);
		}
		command = started.value;
		tell({kind: 'spawned', program: argv[0], pid: command});
	}
	if (order.leavesDirectory) sys.chdir('/');
	if (order.closesOthers) for (const fd of inherited) sys.close(fd);
	// Whoever ended before anybody listened.
	attempt(reap);
	return hearSignals(fd);
}
