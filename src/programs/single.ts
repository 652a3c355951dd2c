/** Runs a single command as tini and similar inits do: no services, no socket, no log. */
import {exitStatus} from '../core/outcome.ts';
import type {Command} from '../core/service.ts';
import {SIG, type SignalNumber} from '../core/signal-numbers.ts';
import type {InitOptions, InitEvent} from '../dropin/options.ts';
import {bytesOf} from '../os/bytes.ts';
import {execute} from '../os/spawn/execute.ts';
import {env} from '../os/environment.ts';
import {pid as ownPid} from '../os/identity.ts';
import {SIGNAL_REPORT} from '../os/layouts.ts';
import {lastingFds} from '../os/reexec/inherited.ts';
import {newReport, outcomeOf, pidOf} from '../os/reap/outcome.ts';
import {ERRNO, O, sys} from '../os/sys.ts';
import {traceOf} from '../os/trace.ts';

/** The exit status after an error of its own. */
const FAILED = 1;

/** The errors that say that there is no terminal, which are ignored. */
const NO_TERMINAL: readonly number[] = [ERRNO.ENOTTY, ERRNO.ENXIO, ERRNO.EBADF];

/** `name`: what `ps` shows. */
export function runSingle(options: InitOptions, name: string): never {
	const {argv, signals, refusal} = options;
	const report = newReport();
	/** Signals that detaching from the terminal causes once. */
	const skips = new Set<SignalNumber>();
	let command = 0;

	function tell(event: InitEvent): void {
		for (const line of options.describe(event, sys.strerror, sys.getpid())) sys.write(line.fd, bytesOf(line.text));
	}

	function heard(signal: SignalNumber): void {
		if (argv === null && (signal === SIG.TERM || signal === SIG.INT)) sys.exit(0);
		tell({kind: 'heard', signal});
		if (signal === SIG.CHLD) return reap();
		if (skips.delete(signal)) return tell({kind: 'skipped', signal});
		forward(signal, signals.get(signal) ?? 0);
		if (!options.suspends.includes(signal)) return;
		tell({kind: 'paused'});
		sys.kill(ownPid, SIG.STOP);
	}

	function forward(signal: SignalNumber, sent: SignalNumber): void {
		if (command === 0) return;
		const target = options.toGroup ? -command : command;
		let result = sent === 0 ? 0 : sys.kill(target, sent);
		// It leads a group of its own as soon as it runs.
		if (result === -ERRNO.ESRCH && target < 0) result = sys.kill(command, sent);
		tell(result < 0 ? {kind: 'unsent', signal, sent, target, errno: -result} : {kind: 'sent', signal, sent});
	}

	/** Reaps all children that have ended, as one SIGCHLD can stand for several. */
	function reap(): void {
		let status: number | null = null;
		let result = 0;
		while ((result = sys.waitAny(report, false)) >= 0) {
			const pid = pidOf(report);
			if (pid === 0) break;
			const outcome = outcomeOf(report);
			if (pid === command) status = exitStatus(outcome);
			tell({kind: 'reaped', pid, outcome, isCommand: pid === command});
		}
		tell({kind: 'drained', isChildless: result < 0});
		if (status !== null) leave(status);
	}

	/** Exits. The kernel ends the remaining processes if archon is PID 1. */
	function leave(status: number): never {
		const {finalSignal, toGroup} = options;
		// Its pid can be reused by now, but not the number of its group while that has members.
		if (finalSignal !== null && finalSignal !== 0 && toGroup) sys.kill(-command, finalSignal);
		if (finalSignal !== null) tell({kind: 'sent', signal: SIG.TERM, sent: finalSignal});
		tell({kind: 'over', status});
		sys.exit(options.successStatuses.has(status) ? 0 : status);
	}

	/** Reports a bug in the handling of one signal, so that later signals are handled. */
	function attempt(act: () => void): void {
		try {
			act();
		} catch (error) {
			sys.write(2, bytesOf(`a bug in archon: ${traceOf(error)}\n`));
		}
	}

	/** Waits for signals, and nothing else. */
	function listenForSignals(fd: number): never {
		const next = new Int32Array(Object.keys(SIGNAL_REPORT).length);
		for (;;) {
			while (sys.readSignal(fd, next) === 1) attempt(() => heard(next[SIGNAL_REPORT.number] ?? 0));
			sys.awaitReadable(fd, -1);
		}
	}

	/** What the command's process does before it executes: it has all as archon was started, except for session and group. */
	function become(command: Command, directory: number): never {
		attempt(() => {
			if (directory >= 0) sys.fchdir(directory);
			if (options.passesSockets && isForArchon(env()['LISTEN_PID'])) sys.setVariable('LISTEN_PID', String(sys.getpid()));
			place();
			sys.restoreSignals();
			const errno = execute(command);
			tell({kind: 'refused', program: command[0], errno});
			sys.exit(errno === ERRNO.ENOENT ? refusal.missing : errno === ERRNO.EACCES ? refusal.forbidden : refusal.other);
		});
		sys.exit(FAILED);
	}

	function place(): void {
		if (options.placement === 'attached') {
			sys.setsid();
			tell({kind: 'leading', errno: Math.max(0, -sys.attachTerminal())});
		}
		if (options.placement !== 'foreground') return;
		sys.setpgid(0, 0);
		const tty = options.opensTty ? sys.open('/dev/tty', O.RDWR, 0) : 0;
		if (tty < 0) tell({kind: 'ttyless', errno: -tty});
		const taken = sys.takeTerminal(Math.max(0, tty));
		if (tty > 0) sys.close(tty);
		if (taken >= 0) return;
		tell({kind: 'background', errno: -taken});
		if (!NO_TERMINAL.includes(-taken)) sys.exit(FAILED);
	}

	/** Its pid. From before it is there on archon is where it is to be. */
	function start(argv: Command): number {
		const directory = options.leavesDirectory ? sys.open('.', O.PATH | O.DIRECTORY, 0) : -1;
		if (directory >= 0) sys.chdir('/');
		const pid = sys.fork();
		if (pid === 0) become(argv, directory);
		if (pid < 0) {
			tell({kind: 'unforked', errno: -pid});
			sys.exit(FAILED);
		}
		// Both processes do this, so that the group exists before a signal can come.
		if (options.placement === 'foreground') sys.setpgid(pid, pid);
		tell({kind: 'spawned', program: argv[0], pid});
		if (directory >= 0) sys.close(directory);
		return pid;
	}

	tell({kind: 'begun'});
	sys.setName(name);
	for (const signal of options.ignored) sys.ignoreSignal(signal);
	const fd = sys.openSignals([SIG.CHLD, ...signals.keys()]);
	if (fd < 0) throw new Error(`signals cannot be heard: ${sys.strerror(-fd)}`);
	if (options.parentDeath !== null) sys.setParentDeathSignal(options.parentDeath);
	if (options.isSubreaper && sys.becomeSubreaper() >= 0) tell({kind: 'subreaper'});
	else if (ownPid !== 1 && !sys.isSubreaper()) tell({kind: 'bystander'});
	if (options.leavesTerminal) {
		const left = sys.leaveTerminal();
		const isLeader = left >= 0 && sys.getsid(0) === ownPid;
		tell(left < 0 ? {kind: 'undetached', errno: -left} : {kind: 'detached', isLeader});
		if (isLeader) for (const signal of [SIG.HUP, SIG.CONT]) skips.add(signal);
	}
	if (argv !== null) command = start(argv);
	// Where the directory cannot be opened, the command had to be there first.
	if (options.leavesDirectory) sys.chdir('/');
	if (options.closesOthers) for (const fd of lastingFds()) sys.close(fd);
	return listenForSignals(fd);
}

/** As strtoll(3) reads it. */
const isForArchon = (listenPid = ''): boolean => Number(/^\s*[+-]?\d+/.exec(listenPid)?.[0] ?? 0) === ownPid;
