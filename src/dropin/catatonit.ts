/** catatonit 0.1.7, which podman runs as well. */
import type {Outcome} from '../core/outcome.ts';
import type {Command} from '../core/service.ts';
import {SIG} from '../core/signal-numbers.ts';
import {readOptions} from './getopt.ts';
import {type Invocation, everySignalBut, type Line, PERSONAL, type Parsed, run, say, type Describe} from './options.ts';

const LETTERS = 'ghLPV';

// docker takes the init whose version it reads for a tini.
const versionOf = (version: string): string => `tini version 0.1.7_catatonit_archon-${version} - git.archon\n`;

const USAGE = `usage: catatonit [-${LETTERS}] [--] <progname> [<arguments>...]\n`;

const HELP = `${USAGE}
archon runs the program as catatonit does: it forwards signals, reaps zombies, and ends as the program ends.

  -g             send signals to the program's whole process group
  -P             run nothing, reap, and end at SIGINT or SIGTERM
  -L             show the licence
  -h             show this
  -V, --version  show the version
`;

export function readCatatonit(args: readonly string[], invocation: Invocation): Parsed {
	const {env, pid} = invocation;
	const wrong = (text: string, more = ''): Parsed => say(2, lineOf('ERROR', pid, text) + more, 1);
	if (env['CATATONIT_LOG'] !== undefined) return wrong('CATATONIT_LOG is reserved for future use');
	let [toGroup, isPause] = [false, false];
	const {options, operands: [program, ...rest]} = readOptions(args, {
		letters: LETTERS, long: {version: 'V'}, stopsAtOperand: env['POSIXLY_CORRECT'] !== undefined,
	});
	for (const option of options) {
		if ('problem' in option) return say(2, `${invocation.name}: ${option.problem}\n${USAGE}`, 1);
		switch (option.letter) {
			case 'h': return say(2, HELP, 0);
			case 'L': return {kind: 'license'};
			case 'V': return say(1, versionOf(invocation.version), 0);
			case 'g': toGroup = true; break;
			case 'P': isPause = true;
		}
	}
	if (program === undefined && !isPause) return wrong('missing program name', USAGE);
	const argv: Command | null = isPause || program === undefined ? null : [program, ...rest];
	const signals = everySignalBut(PERSONAL);
	// From a terminal that is the program's these can come only for archon.
	for (const signal of [SIG.TSTP, SIG.TTIN, SIG.TTOU]) signals.set(signal, 0);
	return run({
		argv, toGroup, signals, ignored: [], placement: 'foreground', opensTty: true,
		suspends: [], finalSignal: null, isSubreaper: true, parentDeath: null, leavesTerminal: false, leavesDirectory: true, closesOthers: true,
		passesSockets: true, successStatuses: new Set(), refusal: {missing: 1, forbidden: 1, other: 1},
		describe: describeWith(env['CATATONIT_DEBUG'] !== undefined),
	});
}

const lineOf = (level: string, pid: number, text: string): string => `${level} (catatonit:${pid}): ${text}\n`;

/** There is no such device. */
const ENXIO = 6;

function describeWith(isVerbose: boolean): Describe {
	return (event, reasonOf, pid) => {
		const line = (level: string, text: string): readonly Line[] => [{fd: 2, text: lineOf(level, pid, text)}];
		const reason = 'errno' in event ? reasonOf(event.errno) : '';
		if (event.kind === 'unforked') return line('ERROR', `failed to fork child: ${reason}`);
		if (event.kind === 'refused') return line('ERROR', `failed to exec pid1: ${reason}`);
		if (!isVerbose) return [];
		switch (event.kind) {
			case 'spawned': return line('DEBUG', `pid1 (${event.pid}) spawned: ${event.program}`);
			case 'ttyless': return line('INFO', `using stdin as tty fd: could not open /dev/tty: ${reason}`);
			case 'background':
				return line('DEBUG', `setting foreground process failed: no ${event.errno === ENXIO ? 'such device' : `tty present: ${reason}`}`);
			case 'sent': return event.sent === 0 ? line('DEBUG', 'ignoring kernel attempting to stop us: tty has TOSTOP set') : [];
			case 'reaped': return event.isCommand ? [] : line('DEBUG', `child process ${event.pid} ${endOf(event.outcome)}`);
			case 'drained': return event.isChildless ? line('DEBUG', 'got ECHILD: no children left to monitor') : [];
			case 'unsent': return line('WARN', `forwarding of signal ${event.signal} to pid1 (${event.target}) failed: ${reason}`);
			default: return [];
		}
	};
}

const endOf = (outcome: Outcome): string =>
	(outcome.kind === 'code' ? `exited with code ${outcome.code}` : `exited due to signal ${outcome.signal}`);
