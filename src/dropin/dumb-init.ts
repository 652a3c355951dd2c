/** dumb-init 1.2. */
import type {Outcome} from '../core/outcome.ts';
import {SIG, type SignalNumber} from '../core/signal-numbers.ts';
import {readOptions} from './getopt.ts';
import {type Around, everySignalBut, type Reading, run, say, type Voice, type Word} from './order.ts';

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
	const [isDebugging, hasNoSession] = [around.env['DUMB_INIT_DEBUG'] === '1', around.env['DUMB_INIT_SETSID'] === '0'];
	let [isVerbose, isSingle] = [isDebugging, hasNoSession];
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
	for (const signal of isSingle ? [] : STOPS) if (!rewrites.has(signal)) rewrites.set(signal, SIG.STOP);
	const signals = new Map([...everySignalBut([]).keys()].map(signal => [signal, rewrites.get(signal) ?? signal]));
	const preface = [...(isDebugging ? ['Running in debug mode.'] : []), ...(hasNoSession ? ['Not running in setsid mode.'] : [])];
	const tell: Voice = (word, reasonOf) => {
		const texts = word.kind === 'begun' ? preface : textsOf(word, reasonOf, rewrites);
		return texts.map(text => ({fd: 2, text: `[dumb-init] ${text}\n`}));
	};
	return run({
		argv: [program, ...rest], signals, ignored: [], pauses: STOPS,
		seat: isSingle ? 'beside' : 'attached', opensTty: false, toGroup: !isSingle, leavesTerminal: !isSingle,
		farewell: rewrites.get(SIG.TERM) ?? SIG.TERM,
		isSubreaper: false, parentDeath: null, leavesDirectory: true, closesOthers: false, passesSockets: false, forgiven: new Set(),
		refusal: {missing: 2, forbidden: 2, other: 2},
		voice: isVerbose ? tell : (word, ...more) => (ALWAYS.includes(word.kind) ? tell(word, ...more) : []),
	});
}

/** As sscanf(3) with %d:%d: what is behind it does not matter. */
function rewriteOf(text: string): readonly [SignalNumber, SignalNumber] | null {
	const [, from, to] = /^\s*([+-]?\d+):\s*([+-]?\d+)/.exec(text)?.map(Number) ?? [];
	if (from === undefined || to === undefined) return null;
	return from >= 1 && from <= LAST && to >= 0 && to <= LAST ? [from, to] : null;
}

/** What is said without -v, too. */
const ALWAYS: readonly Word['kind'][] = ['refused', 'unforked'];

function textsOf(word: Word, reasonOf: Parameters<Voice>[1], rewrites: ReadonlyMap<SignalNumber, SignalNumber>): readonly string[] {
	const reason = 'errno' in word ? `(errno=${word.errno} ${reasonOf(word.errno)})` : '';
	switch (word.kind) {
		case 'detached': return [word.isLeader
			? 'Detached from controlling tty, ignoring the first SIGHUP and SIGCONT we receive.'
			: 'Detached from controlling tty, but was not session leader.'];
		case 'undetached': return [`Unable to detach from controlling tty ${reason}.`];
		case 'unforked': return ['Unable to fork. Exiting.'];
		case 'spawned': return [`Child spawned with PID ${word.pid}.`];
		case 'leading': return [...(word.errno === 0 ? [] : [`Unable to attach to controlling tty ${reason}.`]), 'setsid complete.'];
		case 'refused': return [`${word.program}: ${reasonOf(word.errno)}`];
		case 'heard': return [`Received signal ${word.signal}.`];
		case 'skipped': return [`Ignoring tty hand-off signal ${word.signal}.`];
		// Whether it could be sent is not looked at.
		case 'sent': case 'unsent': return [
			...(rewrites.has(word.signal) ? [`Translating signal ${word.signal} to ${word.sent}.`] : []),
			word.sent === 0 ? 'Not forwarding signal 0 to children (ignored).' : `Forwarded signal ${word.sent} to children.`,
		];
		case 'paused': return ['Suspending self due to TTY signal.'];
		case 'reaped': return [`A child with PID ${word.pid} ${endOf(word.outcome)}.`];
		case 'over': return [`Child exited with status ${word.status}. Goodbye.`];
		default: return [];
	}
}

const endOf = (outcome: Outcome): string =>
	(outcome.kind === 'code' ? `exited with exit status ${outcome.code}` : `was terminated by signal ${outcome.signal}`);
