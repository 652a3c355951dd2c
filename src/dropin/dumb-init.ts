/** dumb-init 1.2. */
import {type Outcome, SIG, type SignalNumber} from '../core/model.ts';
import {readOptions} from './getopt.ts';
import {type Around, everySignalBut, FAULTS, type Reading, run, say, type Voice, type Word} from './order.ts';

const LAST = 31;
/** What a terminal sends to stop who reads or writes in the background, or at ^Z. */
const STOPS: readonly SignalNumber[] = [SIG.TSTP, SIG.TTIN, SIG.TTOU];

const LONG = {'help': 'h', 'single-child': 'c', 'rewrite': 'r', 'verbose': 'v', 'version': 'V'};

const versionOf = (version: string): string => `dumb-init v1.2.5_archon-${version}\n`;

const help = ({name, version}: Around): string => `${versionOf(version)}Usage: ${name} [option] command [[arg] ...]

archon runs the command as dumb-init does: in a session of its own, and every signal goes to its whole process group.

  -c, --single-child  no session, and signals go to the command alone; also DUMB_INIT_SETSID=0
  -r, --rewrite s:r   send signal number r where s was received; 0 sends nothing. May be repeated
  -v, --verbose       tell on stderr what happens; also DUMB_INIT_DEBUG=1
  -h, --help          show this
  -V, --version       show the version
`;

const usage = ({name}: Around): string => `Usage: ${name} [option] program [args]\nTry ${name} --help for full usage.\n`;

const USAGE_REWRITE = `Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and ${LAST}.
This option can be specified multiple times.
Use --help for full usage.
`;

export function readDumbInit(args: readonly string[], around: Around): Reading {
	const {options, words: [program, ...rest]} = readOptions(args, {letters: 'hvVcr:', long: LONG, stopsAtWords: true});
	const rewrites = new Map<SignalNumber, SignalNumber>();
	let isVerbose = around.env['DUMB_INIT_DEBUG'] === '1';
	let isSingle = around.env['DUMB_INIT_SETSID'] === '0';
	for (const option of options) {
		if ('wrong' in option) return say(2, `${around.name}: ${option.wrong}\n`, 1);
		switch (option.letter) {
			case 'h': return say(2, help(around), 0);
			case 'V': return say(2, versionOf(around.version), 0);
			case 'v': isVerbose = true; break;
			case 'c': isSingle = true; break;
			case 'r': {
				const rewrite = rewriteOf(option.value);
				if (!rewrite) return say(2, USAGE_REWRITE, 1);
				rewrites.set(...rewrite);
			}
		}
	}
	if (program === undefined) return say(2, usage(around), 1);
	// A session of its own is an orphaned process group to the kernel, which only SIGSTOP can stop (setpgid(2)).
	const becomes = (signal: SignalNumber): SignalNumber =>
		rewrites.get(signal) ?? (!isSingle && STOPS.includes(signal) ? SIG.STOP : signal);
	const signals = new Map([...everySignalBut(FAULTS).keys()].map(signal => [signal, becomes(signal)]));
	return run({
		argv: [program, ...rest], signals, ignored: [], pauses: STOPS,
		seat: isSingle ? 'beside' : 'attached', toGroup: !isSingle, leavesTerminal: !isSingle,
		farewell: isSingle ? 0 : rewrites.get(SIG.TERM) ?? SIG.TERM,
		isSubreaper: false, parentDeath: null, leavesDirectory: true, closesOthers: false, forgiven: new Set(),
		refusal: {missing: 2, forbidden: 2, other: 2},
		voice: isVerbose ? tell : quiet,
	});
}

/** As sscanf(3) with %d:%d: what is behind it does not matter. */
function rewriteOf(text: string): readonly [SignalNumber, SignalNumber] | null {
	const [, from, to] = /^\s*([+-]?\d+):\s*([+-]?\d+)/.exec(text)?.map(Number) ?? [];
	if (from === undefined || to === undefined) return null;
	return from >= 1 && from <= LAST && to >= 0 && to <= LAST ? [from, to] : null;
}

const tell: Voice = (word, reasonOf) => {
	const text = textOf(word, reasonOf);
	return text === null ? null : {fd: 2, text: `[dumb-init] ${text}\n`};
};

const quiet: Voice = (word, reasonOf) => (word.kind === 'refused' ? tell(word, reasonOf) : null);

function textOf(word: Word, reasonOf: Parameters<Voice>[1]): string | null {
	switch (word.kind) {
		case 'detached': return word.isLeader
			? 'Detached from controlling tty, ignoring the first SIGHUP and SIGCONT we receive.'
			: 'Detached from controlling tty, but was not session leader.';
		case 'undetached': return `Unable to detach from controlling tty (errno=${word.errno} ${reasonOf(word.errno)}).`;
		case 'spawned': return `Child spawned with PID ${word.pid}.`;
		case 'refused': return `${word.program}: ${reasonOf(word.errno)}`;
		case 'heard': return `Received signal ${word.signal}.`;
		case 'skipped': return `Ignoring tty hand-off signal ${word.signal}.`;
		case 'sent': {
			const translated = word.sent === word.signal ? '' : `Translating signal ${word.signal} to ${word.sent}.\n[dumb-init] `;
			return `${translated}${word.sent === 0
				? 'Not forwarding signal 0 to children (ignored).'
				: `Forwarded signal ${word.sent} to children.`}`;
		}
		case 'unsent': return `Unable to forward signal ${word.signal} to children (${reasonOf(word.errno)}).`;
		case 'paused': return 'Suspending self due to TTY signal.';
		case 'reaped': return `A child with PID ${word.pid} ${endOf(word.outcome)}.`;
		case 'over': return `Child exited with status ${word.status}. Goodbye.`;
		default: return null;
	}
}

const endOf = (outcome: Outcome): string =>
	(outcome.kind === 'code' ? `exited with exit status ${outcome.code}` : `was terminated by signal ${outcome.signal}`);
