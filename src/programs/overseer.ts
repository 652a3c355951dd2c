/** `overseer`: triggers overseer's daemon, and starts it where none runs; its machine is in `features/overseer/core/machines.ts`. */
import {plainText} from '../core/plain.ts';
import type {Homes} from '../features/overseer/core/homes.ts';
import {begin, CLIENT, type ClientState, type Outcome} from '../features/overseer/core/machines.ts';
import {callDaemon, deleteStale, hear, isThere, say as sayTo} from '../features/overseer/os/caller.ts';
import {prepareHomes} from '../features/overseer/os/homes.ts';
import {launchDaemon} from '../features/overseer/os/launch.ts';
import {close} from '../os/descriptors.ts';
import {run} from '../os/reactor.ts';
import {ERRNO, sys} from '../os/sys.ts';
import {readClientArguments} from './overseer-arguments.ts';
import {refuse, say, type Status, SYSTEM, USAGE, write} from './streams.ts';

const HELP = (version: string): string => `overseer (archon ${version}): triggers overseerd, which it starts where none runs

usage: overseer [--trace-fsm] [DIE]

The daemon reads its config again, runs the test of every job, starts and stops what differs, and says in one line what it has done.
With DIE it ends. --trace-fsm: the steps of the state machine on stderr. exit status: 0; 1 and the error's name where that fails.
`;

/** Whatever the error. */
const FAILED = 1;
/** How often a daemon is started that then cannot be reached. */
const LAUNCHES_MAX = 3;
const DIE = 'DIE';

export function overseer(args: readonly string[], version: string): Status {
	const options = readClientArguments(args);
	if (options === 'help') return say(HELP(version));
	if (options === 'version') return say(`overseer (archon ${version})\n`);
	if (typeof options === 'string') return refuse(`overseer: ${options}; see overseer --help`, USAGE);
	const {request, isTraced} = options;
	void walk(request, line => isTraced && write(2, `overseer: ${line}\n`)).then(sys.exit, (error: unknown) =>
		sys.exit(refuse(`overseer: ${error instanceof Error ? error.message : error}`, SYSTEM)));
	run();
	return null;
}

/** From Start to Done: the exit status. */
async function walk(request: string, told: (line: string) => void): Promise<number> {
	const machine = begin<ClientState>(CLIENT, {kind: 'Start'}, told);
	let why = '';
	let [fd, launched, errno, launches] = [-1, -1, 0, 0];
	let answer = '';

	const failed = (reason: string): Outcome => {
		why = reason;
		return 'failure';
	};

	/** The connection by which a launched daemon was found to accept is used. */
	function openSocket(homes: Homes): Outcome {
		[fd, launched] = [launched, -1];
		if (fd >= 0) return 'success';
		const called = callDaemon(homes);
		if (!called.ok) {
			errno = called.error.errno;
			return failed(called.error.why);
		}
		fd = called.value;
		return 'success';
	}

	async function launch(homes: Homes): Promise<Outcome> {
		if (request === DIE) return failed('there is no overseerd to end');
		if (launches++ === LAUNCHES_MAX) return failed(`started ${LAUNCHES_MAX} times, and cannot be reached: ${why}`);
		const reached = await launchDaemon(homes);
		if (!reached.ok) return failed(reached.error);
		launched = reached.value;
		return 'success';
	}

	async function receive(): Promise<Outcome> {
		const heard = await hear(fd);
		if (!heard.ok) return failed(heard.error);
		answer = heard.value;
		return answer === '' && request !== DIE ? failed('the daemon has closed the connection without an answer') : 'success';
	}

	/** What is done in a state. */
	async function act({kind}: ClientState, homes: Homes): Promise<Outcome> {
		switch (kind) {
			case 'CheckSocketExists': return isThere(homes) ? 'success' : 'failure';
			case 'OpenSocket': return openSocket(homes);
			case 'SendRequest': {
				const reason = await sayTo(fd, request);
				return reason === null ? 'success' : failed(reason);
			}
			case 'ReadResponse': return receive();
			case 'CloseSocket':
				close(fd);
				return 'next';
			case 'DeleteSocketFile':
				// All else that may be wrong with it is no reason to remove it; the daemon says what is.
				if (errno === ERRNO.ECONNREFUSED) deleteStale(homes);
				return 'next';
			case 'LaunchDaemon': return launch(homes);
			case 'PrintResponse':
				if (answer !== '') write(1, `${plainText(answer)}\n`);
				return 'next';
			default: return 'next';
		}
	}

	machine.go('next');
	const homes = prepareHomes();
	let state = machine.go(homes.ok ? 'success' : failed(homes.error));
	let error: string | null = null;
	while (state.kind !== 'Done') {
		if (state.kind === 'Exit') error = state.error;
		state = machine.go(homes.ok ? await act(state, homes.value) : 'next');
	}
	return error === null ? 0 : refuse(`overseer: ${error}: ${plainText(why)}`, FAILED);
}
