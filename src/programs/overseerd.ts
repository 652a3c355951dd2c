/** `overseerd`: archon as overseer's daemon, for the jobs of one user; its machine is in `features/overseer/core/machines.ts`. */
import {recording} from '../config/kept.ts';
import {formatProblem} from '../config/problems.ts';
import {needsOf} from '../config/yaml/parse.ts';
import {ok, type Result} from '../core/result.ts';
import {SUPERVISING} from '../core/signals.ts';
import {type Homes, homesOf} from '../features/overseer/core/homes.ts';
import {begin, DAEMON, type DaemonState} from '../features/overseer/core/machines.ts';
import {type Request, serveRequests} from '../features/overseer/os/connections.ts';
import {closeDoors, type Doors, openDoors, signLock, takeLock} from '../features/overseer/os/doors.ts';
import {prepareHomes} from '../features/overseer/os/homes.ts';
import {bytesOf} from '../os/bytes.ts';
import {now} from '../os/clock.ts';
import {env, isReexecuted} from '../os/environment.ts';
import {files, filesAtStart} from '../os/files.ts';
import {pid} from '../os/identity.ts';
import {sys} from '../os/sys.ts';
import {judge, createConfigSource} from './config-source.ts';
import {loadFor} from './lookups.ts';
import {readDaemonArguments} from './overseer-arguments.ts';
import {findJobs} from './overseer-config.ts';
import {createTrigger} from './overseer-trigger.ts';
import {refuse, say, type Status, USAGE} from './streams.ts';
import {type AlsoParts, runDaemon} from './supervise.ts';

const HELP = (version: string): string => `overseerd (archon ${version}): keeps the jobs of one user running

usage: overseerd [--port N] [--log-files] [--trace-fsm]

jobs are read from the files *.yaml and *.json in $XDG_CONFIG_HOME/overseer, else ~/.config/overseer, when it starts and with each
trigger; overseer triggers it, and so does any line at overseer.sock or at the port that port names, in $XDG_DATA_HOME/overseer, else
~/.local/share/overseer. DIE ends it.
--port N, else $OVERSEER_PORT: the port of 127.0.0.1; else one that is free. --log-files: its log and its jobs' output go to files
beside its state. --trace-fsm: the steps of its state machine on stderr. archonctl --socket …/overseer/control.sock looks and steers.
`;

/** Whatever the error. */
const FAILED = 1;
/** Between two triggers of other users, who get no say in how busy this one is (ms). */
const STRANGERS_PAUSE = 10_000;
/** Errors of connections that are logged in so long; the rest is left out (ms). */
const [ERRORS_MAX, ERRORS_PERIOD] = [10, 60_000];

/** What the daemon has, where this is not a re-executed one that has inherited it. */
interface Opened {
	readonly lock: number;
	readonly doors: Doors;
}

export async function overseerd(args: readonly string[], version: string): Promise<Status> {
	const options = readDaemonArguments(args, env());
	if (options === 'help') return say(HELP(version));
	if (options === 'version') return say(`overseerd (archon ${version})\n`);
	if (typeof options === 'string') return refuse(`overseerd: ${options}; see overseerd --help`, USAGE);
	if (pid === 1) return refuse(AS_INIT, USAGE);
	const told = (line: string): void => {
		if (options.isTraced) trace(line);
	};
	const machine = begin<DaemonState>(DAEMON, {kind: 'Start'}, told);
	const fail = (why: string): number => {
		const state = machine.go('failure');
		machine.go('next');
		return refuse(`overseerd: ${state.kind === 'Exit' ? state.error : ''}: ${why}`, FAILED);
	};
	machine.go('next');
	// One that is re-executed goes on with what it had, whatever has become of the homes.
	const homes = isReexecuted() ? homesOf(env()) : prepareHomes();
	if (!homes.ok) return fail(homes.error);
	const find = (from: typeof files) => findJobs(homes.value, options.logsToFiles, from);
	const asked = {named: [], envFiles: [], profiles: [], command: [], find, mayBeEmpty: true};
	const recorder = recording(filesAtStart);
	const found = find(recorder.files);
	const loaded = await loadFor(needsOf(found.files));
	const reading = isReexecuted() ? null : judge({found, recorder}, asked, loaded);
	if (reading && !reading.config.ok) return fail(`the config has problems\n${reading.config.error.map(formatProblem).join('\n')}`);
	machine.go('success');
	const opened = isReexecuted() ? null : open(homes.value, options.port);
	if (opened && !opened.ok) return fail(opened.error);
	machine.go('success');
	runDaemon({
		config: reading?.config.ok ? reading.config.value : null, kept: reading?.kept ?? null,
		meanings: SUPERVISING, sockets: [homes.value.control], notes: reading ? reading.notes.map(formatProblem) : [], version,
		source: createConfigSource(asked, loaded), name: 'overseerd',
		serveAlso: parts => serve(homes.value, opened?.value ?? null, options, parts),
	});
	return null;
}

/** Its own part is always there. */
const hasJobs = (homes: Homes): boolean => findJobs(homes, false, files).files.length > 1;

/** A step of a machine, on stderr. */
const trace = (line: string): void => void sys.write(2, bytesOf(`overseerd: ${line}\n`));

const AS_INIT = 'overseerd: it keeps the jobs of one user and is no init: as PID 1 run archon, with the same jobs: archon -c jobs.yaml';

function open(homes: Homes, port: number): Result<Opened, string> {
	const lock = takeLock(homes);
	if (!lock.ok) return lock;
	signLock(lock.value);
	const doors = openDoors(homes, port);
	return doors.ok ? ok({lock: lock.value, doors: doors.value}) : doors;
}

/** Serves the doors; a re-executed daemon goes on with those of the one before it. */
function serve(
	homes: Homes, opened: Opened | null, {port, isTraced}: {readonly port: number; readonly isTraced: boolean}, parts: AlsoParts,
): () => void {
	const {poller, kept, log, listener, isDegraded, dispatch} = parts;
	const inherit = (key: string, opened: readonly number[] | undefined): readonly number[] => {
		const last = kept.inherited(key);
		if (last.length === 0 && opened) kept.keep(key, opened);
		return last.length > 0 ? last : opened ?? [];
	};
	inherit('overseer lock', opened ? [opened.lock] : undefined);
	const nothing = (): void => {};
	if (isDegraded) return nothing;
	let [socket, tcp] = inherit('overseer doors', opened ? [opened.doors.socket, opened.doors.tcp] : undefined);
	if (socket === undefined || tcp === undefined) {
		const again = openDoors(homes, port);
		if (!again.ok) {
			log.error(`overseer cannot reach this daemon any more: ${again.error}`);
			return nothing;
		}
		({socket, tcp} = again.value);
		kept.keep('overseer doors', [socket, tcp]);
	}
	const doors = {socket, tcp};
	const trigger = createTrigger({poller, listener: () => listener});
	let strangersAt = -Infinity;
	let [errors, since] = [0, -Infinity];
	const end = serveRequests(doors, {
		poller,
		told(number, line) {
			if (isTraced) trace(`[${number}] ${line}`);
		},
		failed(error, why) {
			if (now() - since > ERRORS_PERIOD) [errors, since] = [0, now()];
			if (++errors <= ERRORS_MAX) log.warn(`${error}: a client of overseer: ${why}`);
		},
		hear({line, isOwner}: Request, respond) {
			if (line === 'DIE' && isOwner) {
				dispatch({kind: 'shutdown', why: 'DIE'});
				return 'DIE';
			}
			if (line === 'DIE') respond('only the user whose daemon this is may end it');
			else if (HTTP.test(line)) respond('this is no web server');
			else if (isOwner) trigger(line => respond(hasJobs(homes) ? line : `${line}; no jobs: write ${homes.config}/jobs.yaml`));
			else if (now() - strangersAt < STRANGERS_PAUSE) respond('triggered a moment ago');
			else {
				strangersAt = now();
				trigger(() => respond('triggered'));
			}
			return 'other';
		},
	});
	return () => {
		end();
		closeDoors(homes, doors);
	};
}

/** What a browser says that another web site has sent here. */
const HTTP = /^[A-Z]{1,16} \S+ HTTP\/\d/;
