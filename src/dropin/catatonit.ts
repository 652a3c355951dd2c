/** catatonit 0.1.7, which podman runs as well. */
import {type Command, type Outcome, SIG} from '../core/model.ts';
import {readOptions} from './getopt.ts';
import {type Around, everySignalBut, type Line, PERSONAL, type Reading, run, say, type Voice} from './order.ts';

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

export function readCatatonit(args: readonly string[], around: Around): Reading {
	const {env, pid} = around;
	const wrong = (text: string, more = ''): Reading => say(2, lineOf('ERROR', pid, text) + more, 1);
	if (env['CATATONIT_LOG'] !== undefined) return wrong('CATATONIT_LOG is reserved for future use');
	let [toGroup, isPause] = [false, false];
	const {options, words: [program, ...rest]} = readOptions(args, {
		letters: LETTERS, long: {version: 'V'}, stopsAtWords: env['POSIXLY_CORRECT'] !== undefined,
	});
	for (const option of options) {
		if ('wrong' in option) return say(2, `${around.name}: ${option.wrong}\n${USAGE}`, 1);
		switch (option.letter) {
			case 'h': return say(2, HELP, 0);
			case 'L': return {kind: 'license'};
			case 'V': return say(1, versionOf(around.version), 0);
			case 'g': toGroup = true; break;
			case 'P': isPause = true;
		}
	}
	if (program === undefined && !isPause) return wrong('missing program name', USAGE);
	const argv: Command | null = isPause || program === undefined ? null : [program, ...rest];
	// Of a terminal that is the program's these can come only for archon.
	const ignored = [SIG.TSTP, SIG.TTIN, SIG.TTOU];
	return run({
		argv, toGroup, ignored, seat: 'foreground', signals: everySignalBut([...PERSONAL, ...ignored]),
		pauses: [], farewell: 0, isSubreaper: true, parentDeath: null, leavesTerminal: false, leavesDirectory: true, closesOthers: true,
		forgiven: new Set(), refusal: {missing: 1, forbidden: 1, other: 1},
		voice: voiceOf(pid, env['CATATONIT_DEBUG'] !== undefined),
	});
}

const lineOf = (level: string, pid: number, text: string): string => `${level} (catatonit:${pid}): ${text}\n`;

function voiceOf(pid: number, isVerbose: boolean): Voice {
	const line = (level: string, text: string): Line => ({fd: 2, text: lineOf(level, pid, text)});
	return (word, reasonOf) => {
		if (word.kind === 'refused') return line('ERROR', `failed to exec pid1: ${reasonOf(word.errno)}`);
		if (!isVerbose) return null;
		switch (word.kind) {
			case 'spawned': return line('DEBUG', `pid1 (${word.pid}) spawned: ${word.program}`);
			case 'reaped': return word.isCommand ? null : line('DEBUG', `child process ${word.pid} ${endOf(word.outcome)}`);
			case 'unsent': return line('WARN', `forwarding of signal ${word.signal} to pid1 failed: ${reasonOf(word.errno)}`);
			default: return null;
		}
	};
}

const endOf = (outcome: Outcome): string =>
	(outcome.kind === 'code' ? `exited with code ${outcome.code}` : `exited due to signal ${outcome.signal}`);
