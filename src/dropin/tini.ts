/** tini 0.19, and docker-init, which is the same. */
import {basename} from '../core/path.ts';
import type {Outcome} from '../core/outcome.ts';
import {RTMIN, SIG, signalName, signalNumber, type SignalNumber} from '../core/signal-numbers.ts';
import {readOptions} from './getopt.ts';
import {type Invocation, everySignalBut, type Line, PERSONAL, type Parsed, run, say, type Describe} from './options.ts';

/** docker reads the version before ` - git.`, and the commit after it. */
const versionOf = (version: string): string => `tini version 0.19.0_archon-${version} - git.archon`;

const help = ({name, version}: Invocation): string => `${basename(name)} (${versionOf(version)})
Usage: ${basename(name)} [OPTIONS] PROGRAM -- [ARGS] | --version

archon runs PROGRAM as tini does: it forwards signals, reaps zombies, and ends as PROGRAM ends.

  -s         receive orphans where this is not PID 1 (as a child subreaper); also TINI_SUBREAPER
  -p SIGNAL  be sent SIGNAL, for example SIGKILL, when the parent ends
  -g         send signals to PROGRAM's whole process group; also TINI_KILL_PROCESS_GROUP
  -e STATUS  end with 0 where PROGRAM ends with STATUS (0 to 255); may be repeated
  -w         warn of every zombie that is reaped
  -v         say more; up to three times. TINI_VERBOSITY sets it: 0 warns of nothing, 1 is what is usual
  -l         show the licence
  -h         show this
  --version  show the version, where nothing else is asked for

`;

/** There is no such process. */
const ESRCH = 3;

/** Signals that tini knows by name: no real-time ones, and not quite all others. */
const UNKNOWN: readonly SignalNumber[] = [16, 29, SIG.PWR];

interface TiniOptions {
	isSubreaper: boolean;
	parentDeath: SignalNumber | null;
	toGroup: boolean;
	verbosity: number;
	isWarningOfZombies: boolean;
	readonly successStatuses: Set<number>;
}

export function readTini(args: readonly string[], invocation: Invocation): Parsed {
	if (args.length === 1 && args[0] === '--version') return say(1, `${versionOf(invocation.version)}\n`, 0);
	const {env} = invocation;
	const settings: TiniOptions = {
		isSubreaper: false, parentDeath: null, toGroup: false, verbosity: 1, isWarningOfZombies: false, successStatuses: new Set(),
	};
	const {options, operands: [program, ...rest]} = readOptions(args, {
		letters: 'p:hvwgle:s', stopsAtOperand: env['POSIXLY_CORRECT'] !== undefined,
	});
	for (const option of options) {
		if ('problem' in option) return say(2, `${invocation.name}: ${option.problem}\n${help(invocation)}`, 1);
		if (option.letter === 'h') return say(1, help(invocation), 0);
		if (option.letter === 'l') return {kind: 'license'};
		if (!apply(settings, option.letter, option.value)) {
			return say(2, lineOf('FATAL', invocation.pid, `Not a valid option for -${option.letter}: ${option.value}`), 1);
		}
	}
	if (program === undefined) return say(2, help(invocation), 1);
	if (env['TINI_SUBREAPER'] !== undefined) settings.isSubreaper = true;
	if (env['TINI_KILL_PROCESS_GROUP'] !== undefined) settings.toGroup = true;
	if (env['TINI_VERBOSITY'] !== undefined) settings.verbosity = verbosityOf(env['TINI_VERBOSITY']);
	const {isSubreaper, parentDeath, toGroup, successStatuses} = settings;
	return run({
		argv: [program, ...rest], isSubreaper, parentDeath, toGroup, successStatuses,
		placement: 'foreground', opensTty: false,
		// The terminal's stop signals would stop an init that has given the terminal away.
		signals: everySignalBut([...PERSONAL, SIG.TTIN, SIG.TTOU]), ignored: [SIG.TTIN, SIG.TTOU],
		suspends: [], finalSignal: null, leavesTerminal: false, leavesDirectory: false, closesOthers: false, passesSockets: false,
		refusal: {missing: 127, forbidden: 126, other: 1},
		describe: describeWith(settings),
	});
}

/** Applies an option; false: its value is not valid. */
function apply(settings: TiniOptions, letter: string, value: string): boolean {
	switch (letter) {
		case 's': settings.isSubreaper = true; break;
		case 'g': settings.toGroup = true; break;
		case 'w': settings.isWarningOfZombies = true; break;
		case 'v': settings.verbosity++; break;
		case 'p': {
			const signal = /^SIG[A-Z0-9]+$/.test(value) ? signalNumber(value) : null;
			if (signal === null || signal > SIG.SYS || UNKNOWN.includes(signal) || signalName(signal) !== value) return false;
			settings.parentDeath = signal;
			break;
		}
		case 'e': {
			// As strtol(3) reads it: an empty text is 0.
			if (!/^(\s*[+-]?\d+)?$/.test(value) || Number(value) < 0 || Number(value) > 255) return false;
			settings.successStatuses.add(Number(value));
			break;
		}
	}
	return true;
}

/** As atoi(3) reads it into an unsigned: text is 0, and a negative number is a very large one. */
function verbosityOf(text: string): number {
	const number = Number(/^\s*[+-]?\d+/.exec(text)?.[0] ?? 0);
	return number < 0 ? Infinity : number;
}

type Level = 'FATAL' | 'WARN ' | 'INFO ' | 'DEBUG' | 'TRACE';

const lineOf = (level: Level, pid: number, text: string): string => `[${level} tini (${pid})] ${text}\n`;

const BYSTANDER = `Tini is not running as PID 1 and isn't registered as a child subreaper.
Zombie processes will not be re-parented to Tini, so zombie reaping won't work.
To fix the problem, use the -s option or set the environment variable TINI_SUBREAPER to register Tini as a child subreaper, \
or run Tini as PID 1.`;

/** Signals 1 to 31 as strsignal(3) of the GNU C library describes them. */
const WORDS = ['Hangup', 'Interrupt', 'Quit', 'Illegal instruction', 'Trace/breakpoint trap', 'Aborted', 'Bus error',
	'Floating point exception', 'Killed', 'User defined signal 1', 'Segmentation fault', 'User defined signal 2', 'Broken pipe', 'Alarm clock',
	'Terminated', 'Stack fault', 'Child exited', 'Continued', 'Stopped (signal)', 'Stopped', 'Stopped (tty input)', 'Stopped (tty output)',
	'Urgent I/O condition', 'CPU time limit exceeded', 'File size limit exceeded', 'Virtual timer expired', 'Profiling timer expired',
	'Window changed', 'I/O possible', 'Power failure', 'Bad system call'];

const wordsOf = (signal: SignalNumber): string => WORDS[signal - 1] ?? `Real-time signal ${signal - RTMIN}`;

function describeWith({verbosity, isWarningOfZombies}: TiniOptions): Describe {
	return (event, reasonOf, pid) => {
		const line = (level: Level, from: number, text: string): readonly Line[] =>
			(verbosity < from ? [] : [{fd: from <= 1 ? 2 : 1, text: lineOf(level, pid, text)}]);
		const fatal = (text: string): readonly Line[] => line('FATAL', 0, text);
		const warn = (text: string): readonly Line[] => line('WARN ', 1, text);
		const info = (text: string): readonly Line[] => line('INFO ', 2, text);
		const debug = (text: string): readonly Line[] => line('DEBUG', 3, text);
		const trace = (text: string): readonly Line[] => line('TRACE', 4, text);
		switch (event.kind) {
			case 'subreaper': return trace('Registered as child subreaper');
			case 'bystander': return warn(BYSTANDER);
			case 'unforked': return fatal(`fork failed: ${reasonOf(event.errno)}`);
			case 'spawned': return info(`Spawned child process '${event.program}' with pid '${event.pid}'`);
			case 'refused': return fatal(`exec ${event.program} failed: ${reasonOf(event.errno)}`);
			case 'heard': return debug(event.signal === SIG.CHLD ? 'Received SIGCHLD' : `Passing signal: '${wordsOf(event.signal)}'`);
			case 'unsent': return warn(event.errno === ESRCH
				? 'Child was dead when forwarding signal'
				: `Unexpected error when forwarding signal: '${reasonOf(event.errno)}'`);
			case 'reaped': return [
				...debug(`Reaped child with pid: '${event.pid}'`),
				...(event.isCommand ? info(`Main child exited ${endOf(event.outcome)}`) : []),
				...(!event.isCommand && isWarningOfZombies ? warn(`Reaped zombie process with pid=${event.pid}`) : []),
			];
			case 'drained': return trace(event.isChildless ? 'No child to wait' : 'No child to reap');
			case 'over': return trace('Exiting: child has exited');
			default: return [];
		}
	};
}

const endOf = (outcome: Outcome): string => (outcome.kind === 'code'
	? `normally (with status '${outcome.code}')`
	: `with signal (with signal '${wordsOf(outcome.signal)}')`);
