/** From a service to a process: whatever its context takes is looked up, and spawn.c makes it. */
import {byNeed} from '../../core/by-need.ts';
import type {News} from '../../core/event.ts';
import type {Run} from '../../core/ids.ts';
import type {Refusal} from '../../core/outcome.ts';
import {err, ok, type Result} from '../../core/result.ts';
import type {Command, Exec, Service} from '../../core/service.ts';
import {CAPABILITIES, RESOURCES} from '../../core/linux.ts';
import {cgroupOf, openCgroup} from '../reap/cgroups.ts';
import {directoryVariables, makeDirectories} from './directories.ts';
import {type Environment, env, heritable} from '../environment.ts';
import {errnoText, isTemporary} from '../errno.ts';
import {gid as ownGid, ownPath, pid as ownPid, uid as ownUid} from '../identity.ts';
import {candidates, DEFAULT_PATH} from './lookup.ts';
import {inheritedFds} from '../reexec/inherited.ts';
import {tagFor} from '../reap/run-tag.ts';
import {handicapFor, memoryLimit} from '../oom.ts';
import {portVariables} from './port-variables.ts';
import {type Block, blockOf, encode, type Request} from './request.ts';
import {REQUEST_FDS_MAX, SPAWN_REPORT, STAGES, STAT} from '../layouts.ts';
import {ERRNO, isFifo, newStat, PIPE_MODE, sys} from '../sys.ts';
import {findGroups, findUser, type Identity} from './users.ts';

const cleaning = byNeed(() => import('./clean.ts'));
const diagnosing = byNeed(() => import('./diagnose.ts'));
const limiting = byNeed(() => import('../reap/cgroup-limits.ts'));
const opening = byNeed(() => import('./secrets.ts'));

/** The child's descriptors 0, 1 and 2, as archon's own. */
export type Streams = readonly [stdin: number, stdout: number, stderr: number];

/** What a process is given beyond its streams. */
export interface Given {
	/** Over the service's own. */
	readonly environment?: Readonly<Record<string, string>>;
	/** Further descriptors: the child's number, and archon's own. */
	readonly fds?: readonly {readonly target: number; readonly fd: number}[];
	/** Its own pid is to stand in $LISTEN_PID, for which there is room in `environment` (sd_listen_fds(3)). */
	readonly isListening?: boolean;
	/** It is to become a daemon, for which one takes itself already that leads a session below PID 1 (sshd). */
	readonly isForking?: boolean;
	/** Hears what went wrong without keeping the process from being made. */
	readonly note?: (text: string) => void;
}

type Stage = (typeof STAGES)[keyof typeof STAGES];

/** By number, as C reports them. */
const IN_ORDER: readonly Stage[] = Object.values(STAGES);

/** What `base: clean` leaves of archon's environment. */
const BARE = ['PATH', 'TERM'];

const OOM_MAX = 1000;

/** What a stage takes that archon may lack. */
const RIGHTS: Partial<Record<Stage, string>> = {
	'setting oom_score_adj': 'SYS_RESOURCE', 'setting a limit': 'SYS_RESOURCE',
	'setting nice': 'SYS_NICE', 'setting ionice': 'SYS_NICE',
	'dropping capabilities': 'SETPCAP', 'setting groups': 'SETGID', 'setting the group': 'SETGID', 'setting the user': 'SETUID',
};

export type Spawned = Extract<News, {kind: 'spawned' | 'refused'}>;

/**
 * Begins to make a run's process; what came of it is asked for at the end. The streams are needed no more. Every run carries
 * its service and number, by which its descendants are known.
 */
export function spawnRun(service: Service, run: Run, streams: Streams, given: Given = {}): () => Spawned {
	const {exec, name, ready} = service;
	const refusal = makeDirectories(service);
	if (refusal) return () => ({kind: 'refused', refusal});
	const notes = exec.clean.length > 0 ? cleaning().clean(exec.clean, exec.cwd ?? '.') : [];
	for (const note of notes) given.note?.(`${name}: ${note}`);
	// The file of an earlier run names another process, and many a daemon would not start beside it.
	if (service.forks && service.pidFile !== null) for (const note of cleaning().cleanFile(service.pidFile)) given.note?.(`${name}: ${note}`);
	const number = ready?.kind === 'fd' && ready.variable !== null ? {[ready.variable]: String(ready.fd)} : {};
	const environment = {...number, ...given.environment, ARCHON_RUN: String(run)};
	const end = make(name, exec, streams, {...given, environment, isForking: service.forks});
	return () => {
		const made = end();
		return made.ok ? {kind: 'spawned', pid: made.value} : {kind: 'refused', refusal: made.error};
	};
}

/** A process of archon's for a service, in its context and a session of its own: a probe, or a command of a hook. */
export function spawnHelper(service: Service, command: Command, streams: Streams, given: Given = {}): Result<number, Refusal> {
	const environment = {...portVariables(service), ...given.environment};
	return make(service.name, {...service.exec, argv: command, tty: false, interactive: false}, streams, {...given, environment})();
}

/** What came of a process, once that is to be known. */
type Making = () => Result<number, Refusal>;

function make(name: string, exec: Exec, streams: Streams, given: Given): Making {
	const user = exec.user ? findUser(exec.user) : null;
	if (user && !user.ok) return never('finding the user', ERRNO.ENOENT, user.error);
	const further = findGroups(exec.limits.groups);
	if (!further.ok) return never('finding the groups', ERRNO.ENOENT, further.error);
	const identity = become(user?.value ?? null, further.value);
	const passed = exec.asStarted ? inheritedFds().filter(fd => fd < REQUEST_FDS_MAX).map(fd => ({target: fd, fd})) : [];
	const fds = place(streams, [...passed, ...given.fds ?? []]);
	if (!fds) return never('placing descriptors', ERRNO.EINVAL, `only numbers from 0 to ${REQUEST_FDS_MAX - 1} can be had`);
	const environment = environmentOf(name, exec, user?.value ?? null, given);
	if (!environment.ok) return () => environment;
	const paths = exec.isArchon ? ownFiles() : candidates(exec.argv[0], environment.value.path ?? DEFAULT_PATH);

	const cgroup = findCgroup(name, exec, given);
	if (cgroup && !cgroup.ok) return never(`entering the cgroup ${exec.limits.cgroup}`, cgroup.error.errno, cgroup.error.reason);
	const request: Request = {
		exec, paths, environment: environment.value.blocks, ...identity, fds, cgroup: cgroup?.value ?? null, oom: oomOf(exec),
		isListening: given.isListening === true,
		tag: exec.asStarted ? 0 : tagFor(Number(given.environment?.['ARCHON_RUN'] ?? 0)),
		seat: given.isForking ? 'group' : exec.tty ? 'terminal' : exec.interactive && sys.isTerminal(streams[0]) ? 'foreground' : 'session',
	};
	if (identity.uid !== null) giveAway(exec, streams, identity.uid);
	else if (exec.output.kind === 'inherit' && !exec.asStarted && ownPid === 1) openUp(streams);
	try {
		return begin(request, given);
	} finally {
		if (cgroup) sys.close(cgroup.value);
	}
}

/** By the names of cgroups: what their limits were when a process was made in them last. */
const limited = new Map<string, {readonly resources: Exec['resources']; readonly isLimited: boolean}>();
/** Why limits are not in force is said once for all services. */
const told = new Set<string>();

/** The open cgroup.procs of the service's cgroup, with its limits; null: it has none, or none can be had for the sake of limits alone. */
function findCgroup(name: string, exec: Exec, {note}: Given): ReturnType<typeof openCgroup> | null {
	const {resources, limits: {cgroup}} = exec;
	const group = cgroupOf(name, exec);
	if (group === null) return null;
	if (resources && (note || limited.get(group)?.resources !== resources)) {
		const {isLimited, failed} = limiting().limitCgroup(group, resources);
		limited.set(group, {resources, isLimited});
		for (const [reason, keys] of note ? failed : []) {
			if (!told.has(reason)) note?.(`${name}: not in force: ${keys.join(', ')}, as ${reason}`);
			told.add(reason);
		}
	}
	if (cgroup === null && !limited.get(group)?.isLimited) return null;
	const opened = openCgroup(group);
	return opened.ok || cgroup !== null ? opened : null;
}

/**
 * archon's executable: by the kernel's link, which leads to it also after it was moved or removed; where there is no
 * /proc, by its path.
 */
const ownFiles = (): readonly string[] => ['/proc/self/exe', ownPath() || (sys.arguments()[0] ?? '')].filter(path => path.startsWith('/'));

function begin(request: Request, given: Given): Making {
	const {exec} = request;
	const bytes = encode(request);
	if (!bytes) return never(`executing ${exec.argv[0]}`, ERRNO.EINVAL, 'an argument or variable holds a NUL character');
	const number = sys.beginSpawn(bytes);
	return number < 0 ? never(STAGES.fork, -number, errnoText(-number)) : () => end(number, request, given);
}

function end(number: number, {exec, paths}: Request, {note}: Given): Result<number, Refusal> {
	const report = new Int32Array(SPAWN_REPORT.size / 4);
	const pid = sys.endSpawn(number, report);
	const [at = 0, errno = 0, detail = -1] = report;
	if (pid > 0) {
		// Its end will tell: a program that cannot be executed exits with 127.
		if (errno === ERRNO.EINPROGRESS) note?.(`executing ${exec.argv[0]} as pid ${pid} takes long, and archon does not wait for it`);
		return ok(pid);
	}
	const stage = IN_ORDER[at] ?? STAGES.fork;
	if (stage !== 'executing') return refused(describe(stage, detail, exec), errno, reasonOf(stage, errno));
	// A path that starts in the service's own directory cannot be looked at from archon's.
	const files = paths.map(path => (path.startsWith('/') ? path : `${exec.cwd ?? '.'}/${path}`));
	const {diagnose, isNowhere} = diagnosing();
	const known = errno === ERRNO.EACCES && isNowhere(files) ? ERRNO.ENOENT : errno;
	return refused(`executing ${exec.argv[0]}`, known, diagnose(known, files));
}

const never = (stage: string, errno: number, reason: string): Making => () => refused(stage, errno, reason);

const refused = (stage: string, errno: number, reason: string): Result<never, Refusal> =>
	err({stage, errno, reason, temporary: isTemporary(errno)});

interface Change {
	readonly uid: number | null;
	readonly gid: number | null;
	readonly groups: readonly number[] | null;
}

const AS_ARCHON: Change = {uid: null, gid: null, groups: null};

/** What has to change of archon's own identity; nothing that needs no change, as that may take rights. */
function become(user: Identity | null, further: readonly number[]): Change {
	if (!user && further.length === 0) return AS_ARCHON;
	if (user && (ownUid === 0 || user.uid !== ownUid || user.gid !== ownGid)) {
		return {uid: user.uid === ownUid ? null : user.uid, gid: user.gid, groups: [...new Set([...user.groups, ...further])]};
	}
	const own = sys.getgroups();
	const isMember = further.every(group => own.includes(group));
	return {uid: null, gid: null, groups: isMember ? null : [...new Set([...own, ...further])]};
}

/** archon's descriptor for each of the child's; null where there is no room for one. */
function place(streams: Streams, further: NonNullable<Given['fds']>): readonly number[] | null {
	const fds: number[] = [...streams];
	for (const {target, fd} of further) {
		if (target < 0 || target >= REQUEST_FDS_MAX) return null;
		while (fds.length < target) fds.push(-1);
		fds[target] = fd;
	}
	return fds;
}

/** What a process finds in its environment, and PATH, which archon needs as well. */
interface Variables {
	readonly path: string | undefined;
	readonly blocks: readonly (Block | null)[];
}

/**
 * archon's own, the user's, what the config gives to all, what the service's sources hold, its own, and what archon adds,
 * each over those before.
 */
function environmentOf(name: string, exec: Exec, user: Identity | null, given: Given): Result<Variables, Refusal> {
	const base = inherited(exec);
	const added: Environment = {...given.environment, ...directoryVariables(exec.directories), ARCHON_SERVICE: name};
	const {common, sourced: {variables: sourced, foreign}, environment: written} = exec;
	const layers = [base, user?.environment, common, sourced, written].filter(layer => layer !== undefined);
	if (!exec.secretsFromFiles) return ok(variablesOf([...layers, added]));
	const theirs = foreign?.filter(name => !(name in written));
	const read = opening().readSecrets({...base, ...user?.environment}, {...common, ...sourced, ...written}, theirs);
	if (read.ok) return ok(variablesOf([read.value, added]));
	const {variable, errno, reason} = read.error;
	return refused(`reading the secret ${variable}`, errno, reason);
}

/** One block for each layer where none changes another, as archon's own and a service's are the same for every process. */
function variablesOf(layers: readonly Environment[]): Variables {
	const isSplit = layers.every((layer, i) => !layers.slice(0, i).some(below => isOver(layer, below)));
	const split = isSplit ? layers : [layers.reduce((all, layer) => ({...all, ...layer}), {})];
	return {path: split.find(layer => layer['PATH'] !== undefined)?.['PATH'], blocks: split.map(blockFor)};
}

function isOver(above: Environment, below: Environment): boolean {
	for (const name in above) if (name in below) return true;
	return false;
}

/** The variables of archon and of a service do not change. */
const blocks = new WeakMap<Environment, Block | null>();

function blockFor(variables: Environment): Block | null {
	let block = blocks.get(variables);
	if (block === undefined) blocks.set(variables, block = blockOf(variables));
	return block;
}

/** A variable as a process of the service finds it, unless a file has its value (`secrets_from_files`). */
export function variableOf({exec}: Service, name: string): string | undefined {
	const user = exec.user ? findUser(exec.user) : null;
	const layers = [exec.environment, exec.sourced.variables, exec.common, user?.ok ? user.value.environment : {}, inherited(exec)];
	return layers.find(layer => Object.hasOwn(layer, name))?.[name];
}

let bare: Environment | undefined;

/** What of archon's own environment is passed on. */
function inherited({base, asStarted}: Exec): Environment {
	if (base === 'inherit') return asStarted ? env() : heritable();
	return base === 'clean' ? bare ??= only(BARE) : only(base);
}

const only = (names: readonly string[]): Environment =>
	Object.fromEntries(names.flatMap(name => (env()[name] === undefined ? [] : [[name, env()[name]]])));

let usualAdjustment: number | null | undefined;

/**
 * When memory runs out the kernel may take any of them before the one that keeps the others, unless a service says
 * otherwise. archon's own is read once; nothing is done where it cannot be read, as where there is no /proc.
 */
function oomOf({limits: {oomScoreAdj}, asStarted}: Exec): {readonly adjustment: number; readonly mustWork: boolean} | null {
	if (asStarted) return null;
	if (oomScoreAdj !== null) return {adjustment: oomScoreAdj, mustWork: true};
	if (usualAdjustment === undefined) {
		const own = sys.readText('/proc/self/oom_score_adj', 16);
		usualAdjustment = typeof own === 'string' ? Number(own) + handicapFor(memoryLimit()) : null;
	}
	return usualAdjustment === null ? null : {adjustment: Math.min(OOM_MAX, usualAdjustment), mustWork: false};
}

/**
 * Pipes and its own terminal belong to the user that writes to them: /dev/stdout opens them again, and a program that gave up
 * root could not. Container runtimes do the same for the container's user. What cannot be given is used as it is.
 */
function giveAway({output, tty}: Exec, streams: Streams, uid: number): void {
	if (output.kind === 'passed') return;
	const about = newStat();
	for (const fd of new Set(streams)) {
		if (sys.fstat(fd, about) < 0 || about[STAT.uid] === uid) continue;
		if (isFifo(about) || (tty && sys.isTerminal(fd))) sys.fchown(fd, uid, -1);
	}
}

/**
 * The same for a service that has archon's own streams and gives up root by itself: the runtime's pipes are for any user
 * that is given them. Elsewhere than in a container they are not archon's to change.
 */
function openUp(streams: Streams): void {
	const about = newStat();
	for (const fd of new Set(streams)) {
		const isOpen = sys.fstat(fd, about) < 0 || !isFifo(about) || ((about[STAT.mode] ?? 0) & PIPE_MODE) === PIPE_MODE;
		if (!isOpen && about[STAT.uid] === ownUid) sys.fchmod(fd, PIPE_MODE);
	}
}

/** The stage with what it was about: `changing directory to /srv`. */
function describe(stage: Stage, detail: number, {cwd, limits, affinity}: Exec): string {
	switch (stage) {
		case 'changing directory': return `changing directory to ${cwd}`;
		case 'entering the cgroup': return `entering the cgroup ${limits.cgroup}`;
		case 'placing descriptors': return detail < 0 ? stage : `placing descriptor ${detail}`;
		case 'setting oom_score_adj': return `setting oom_score_adj to ${limits.oomScoreAdj}`;
		case 'setting a limit': return `setting the limit ${RESOURCES[detail] ?? detail}`;
		case 'setting nice': return `setting nice to ${limits.nice}`;
		case 'setting cpuset': return `setting cpuset to ${affinity?.join(',')}`;
		case 'dropping capabilities': return `dropping the capability ${CAPABILITIES[detail] ?? detail}`;
		case 'keeping capabilities': return detail < 0 ? stage : `keeping the capability ${CAPABILITIES[detail] ?? detail}`;
		default: return stage;
	}
}

/** The errno in words, and what a person can do about it. */
function reasonOf(stage: Stage, errno: number): string {
	const text = errnoText(errno);
	if (errno === ERRNO.EINVAL && stage === 'setting cpuset') return 'archon may use none of these processors';
	if (errno === ERRNO.EINVAL && stage === 'setting a limit') return `${text}: the soft limit is above the hard one`;
	if (errno !== ERRNO.EPERM && errno !== ERRNO.EACCES) return text;
	if (stage === 'keeping capabilities') return `${text}: archon does not have it and cannot pass it on`;
	return RIGHTS[stage] ? `${text}: that takes the capability ${RIGHTS[stage]}, which archon does not have` : text;
}
