/** `overseer`: triggers overseer's daemon, and starts it where none runs; its machine is in `features/overseer/core/machines.ts`. */
import {plainText} from '../core/plain.ts';
import {err, ok} from '../core/result.ts';
import type {Homes} from '../features/overseer/core/homes.ts';
import {callDaemon, deleteStale, hear, isThere, say as sayTo} from '../features/overseer/os/caller.ts';
import {prepareHomes} from '../features/overseer/os/homes.ts';
import {launchDaemon} from '../features/overseer/os/launch.ts';
import {close} from '../os/descriptors.ts';
import {run} from '../os/reactor.ts';
import {ERRNO, sys} from '../os/sys.ts';
import {readClientArguments} from './overseer-arguments.ts';
import {type Hands, walk} from './overseer-client.ts';
import {refuse, say, type Status, SYSTEM, USAGE, write} from './streams.ts';

const HELP = (version: string): string => `overseer (archon ${version}): triggers overseerd, which it starts where none runs

usage: overseer [--trace-fsm] [DIE]

The daemon reads its config again, runs the test of every job, starts and stops what differs, and says in one line what it has done.
With DIE it ends; any other word is a trigger as well. --trace-fsm: the steps of the state machine on stderr.
exit status: 0; 1 and the error's name where the daemon was not reached or has not answered.
`;

/** Whatever the error. */
const FAILED = 1;

export function overseer(args: readonly string[], version: string): Status {
	const options = readClientArguments(args);
	if (options === 'help') return say(HELP(version));
	if (options === 'version') return say(`overseer (archon ${version})\n`);
	if (typeof options === 'string') return refuse(`overseer: ${options}; see overseer --help`, USAGE);
	const {request, isTraced} = options;
	const told = (line: string): void => {
		if (isTraced) write(2, `overseer: ${line}\n`);
	};
	const homes = prepareHomes();
	void walk(request, homes.ok ? ok(handsFor(homes.value)) : homes, told).then(
		({error, why}) => sys.exit(error === null ? 0 : refuse(`overseer: ${error}: ${plainText(why)}`, FAILED)),
		(error: unknown) => sys.exit(refuse(`overseer: ${error instanceof Error ? error.message : error}`, SYSTEM)),
	);
	run();
	return null;
}

const handsFor = (homes: Homes): Hands => ({
	isThere: () => isThere(homes),
	open() {
		const called = callDaemon(homes);
		return called.ok ? called : err({why: called.error.why, isStale: called.error.errno === ERRNO.ECONNREFUSED});
	},
	deleteStale: () => deleteStale(homes),
	launch: () => launchDaemon(homes),
	send: sayTo,
	receive: hear,
	close: fd => void close(fd),
	print: answer => write(1, `${plainText(answer)}\n`),
});
