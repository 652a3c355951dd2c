/** dumb-init 1.2. */
import type {Outcome} from '../core/outcome.ts';
import {SIG, type SignalNumber} from '../core/signal-numbers.ts';
import {readOptions} from './getopt.ts';
import {type Invocation, everySignalBut, type Parsed, run, say, type Describe, type InitEvent} from './options.ts';

const LAST = 31;
/** The signals by which a terminal stops processes: at ^Z, and those that read or write in the background. */
const STOPS: readonly SignalNumber[] = [SIG.TSTP, SIG.TTIN, SIG.TTOU];

const LONG = {'help': 'h', 'single-child': 'c', 'rewrite': 'r', 'verbose': 'v', 'version': 'V'};

const versionOf = (version: string): string => `dumb-init v1.2.5_archon-${version}\n`;

const help = ({name, version}: Invocation): string => `${versionOf(version)}Usage: ${name} [option] command [[arg] ...]

archon runs the command as dumb-init does: in a session of its own, and every signal goes to its whole process group.

  -c, --single-child  no session, and signals go to the command alone; also DUMB_INIT_SETSID=0
  -r, --rewrite s:r   send signal number r where s was received; 0 sends nothing. May be repeated
  -v, --verbose       tell on stderr what happens; also DUMB_INIT_DEBUG=1
  -h, --help          show this
  -V, --version       show the version
`;

const usage = ({name}: Invocation): string => `Usage: ${name} [option] program [args]\nTry ${name} --help for full usage.\n`;

const USAGE_REWRITE = `Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and ${LAST}.
This option can be specified multiple times.
Use --help for full usage.
`;

export function readDumbInit(args: readonly string[], invocation: Invocation): Parsed {
	const {options, operands: [program, ...rest]} = readOptions(args, {letters: 'hvVcr:', long: LONG, stopsAtOperand: true});
	const rewrites = new Map<SignalNumber, SignalNumber>();
	const [isDebugging, hasNoSession] = [invocation.env['DUMB_INIT_DEBUG'] === '1', invocation.env['DUMB_INIT_SETSID'] === '0'];
	let [isVerbose, isSingle] = [isDebugging, hasNoSession];
	for (const option of options) {
		if ('problem' in option) return say(2, `${invocation.name}: ${option.problem}\n`, 1);
		switch (option.letter) {
			case 'h': return say(2, help(invocation), 0);
			case 'V': return say(2, versionOf(invocation.version), 0);
			case 'v': isVerbose = true; break;
			case 'c': isSingle = true; break;
			case 'r': {
				const rewrite = rewriteOf(option.value);
				if (!rewrite) return say(2, USAGE_REWRITE, 1);
				rewrites.set(...rewrite);
			}
		}
	}
	if (program === undefined) return say(2, usage(invocation), 1);
	// A session of its own is an orphaned process group to the kernel, which only SIGSTOP can stop (setpgid(2)).
	for (const signal of isSingle ? [] : STOPS) if (!rewrites.has(signal)) rewrites.set(signal, SIG.STOP);
	const signals = new Map([...everySignalBut([]).keys()].map(signal => [signal, rewrites.get(signal) ?? signal]));
	const preface = [...(isDebugging ? ['Running in debug mode.'] : []), ...(hasNoSession ? ['Not running in setsid mode.'] : [])];
	const tell: Describe = (event, reasonOf) => {
		const texts = event.kind === 'begun' ? preface : textsOf(event, reasonOf, rewrites);
		return texts.map(text => ({fd: 2, text: `[dumb-init] ${text}\n`}));
	};
	return run({
		argv: [program, ...rest], signals, ignored: [], suspends: STOPS,
		placement: isSingle ? 'beside' : 'attached', opensTty: false, toGroup: !isSingle, leavesTerminal: !isSingle,
		finalSignal: rewrites.get(SIG.TERM) ?? SIG.TERM,
		isSubreaper: false, parentDeath: null, leavesDirectory: true, closesOthers: false, passesSockets: false, successStatuses: new Set(),
		refusal: {missing: 2, forbidden: 2, other: 2},
		describe: isVerbose ? tell : (event, ...more) => (ALWAYS.includes(event.kind) ? tell(event, ...more) : []),
	});
}

/** As sscanf(3) reads `%d:%d`: text after it is ignored. */
function rewriteOf(text: string): readonly [SignalNumber, SignalNumber] | null {
	const [, from, to] = /^\s*([+-]?\d+):\s*([+-]?\d+)/.exec(text)?.map(Number) ?? [];
	if (from === undefined || to === undefined) return null;
	return from >= 1 && from <= LAST && to >= 0 && to <= LAST ? [from, to] : null;
}

/** The events that are told without -v as well. */
const ALWAYS: readonly InitEvent['kind'][] = ['refused', 'unforked'];

function textsOf(
	event: InitEvent, reasonOf: Parameters<Describe>[1], rewrites: ReadonlyMap<SignalNumber, SignalNumber>,
): readonly string[] {
	const reason = 'errno' in event ? `(errno=${event.errno} ${reasonOf(event.errno)})` : '';
	switch (event.kind) {
		case 'detached': return [event.isLeader
			? 'Detached from controlling tty, ignoring the first SIGHUP and SIGCONT we receive.'
			: 'Detached from controlling tty, but was not session leader.'];
		case 'undetached': return [`Unable to detach from controlling tty ${reason}.`];
		case 'unforked': return ['Unable to fork. Exiting.'];
		case 'spawned': return [`Child spawned with PID ${event.pid}.`];
		case 'leading': return [...(event.errno === 0 ? [] : [`Unable to attach to controlling tty ${reason}.`]), 'setsid complete.'];
		case 'refused': return [`${event.program}: ${reasonOf(event.errno)}`];
		case 'heard': return [`Received signal ${event.signal}.`];
		case 'skipped': return [`Ignoring tty hand-off signal ${event.signal}.`];
		// Whether it could be sent is not looked at.
		case 'sent': case 'unsent': return [
			...(rewrites.has(event.signal) ? [`Translating signal ${event.signal} to ${event.sent}.`] : []),
			event.sent === 0 ? 'Not forwarding signal 0 to children (ignored).' : `Forwarded signal ${event.sent} to children.`,
		];
		case 'paused': return ['Suspending self due to TTY signal.'];
		case 'reaped': return [`A child with PID ${event.pid} ${endOf(event.outcome)}.`];
		case 'over': return [`Child exited with status ${event.status}. Goodbye.`];
		default: return [];
	}
}

const endOf = (outcome: Outcome): string =>
	(outcome.kind === 'code' ? `exited with exit status ${outcome.code}` : `was terminated by signal ${outcome.signal}`);
