/** What `archonctl doctor` makes of what archon knows of its container: each finding well or not, with advice. Pure. */
import type {StatusRow} from '../control/requests/status/wire.ts';
import type {TreeRow} from '../control/requests/tree/wire.ts';
import {duration} from '../core/duration.ts';
import {age, size} from './figures.ts';

export type Verdict = 'ok' | 'warn' | 'bad';

export interface Finding {
	/** What was looked at, in a word or two. */
	readonly about: string;
	readonly verdict: Verdict;
	/** What was found. */
	readonly found: string;
	/** What to do; null: nothing. */
	readonly advice: string | null;
}

export interface Seen {
	/** As `Doctor` tells them. */
	readonly facts: ReadonlyMap<string, string | null>;
	readonly services: readonly StatusRow[];
	readonly processes: readonly TreeRow[];
	/** In milliseconds since 1970. */
	readonly now: number;
}

/** How long docker waits before it kills, and Kubernetes, unless they are told otherwise, in milliseconds. */
const [DOCKER, KUBERNETES] = [10_000, 30_000];

/** Shares of a limit from which on it is told. */
const [HIGH, FULL] = [0.9, 0.97];

/** What root needs for what is usual (capabilities(7)). */
const NEEDED: readonly (readonly [bit: number, name: string, what: string])[] = [
	[5, 'CAP_KILL', 'services of other users cannot be stopped'], [6, 'CAP_SETGID', 'services cannot have other users'],
	[7, 'CAP_SETUID', 'services cannot have other users'],
];

const ok = (about: string, found: string): Finding => ({about, verdict: 'ok', found, advice: null});
const warn = (about: string, found: string, advice: string): Finding => ({about, verdict: 'warn', found, advice});
const bad = (about: string, found: string, advice: string): Finding => ({about, verdict: 'bad', found, advice});

/** In the order in which people read them. */
export function judge(seen: Seen): readonly Finding[] {
	const {facts, now} = seen;
	const text = (name: string): string | null => facts.get(name) ?? null;
	const number = (name: string): number | null => (facts.get(name) ? Number(facts.get(name)) : null);
	return [
		place(text('pid'), text('subreaper') === 'yes'),
		life(number('started'), number('lives') ?? 0, text('cause'), now),
		socket(text('socket')),
		...rights(text('uid'), text('capabilities'), text('no_new_privs') === 'yes'),
		cgroup(text('cgroup'), text('cgroup_writable') === 'yes'),
		filled('memory', number('memory_used'), number('memory_limit'), size, 'raise the limit of the container, or limit services (mem_limit)'),
		filled('processes', number('pids_used'), number('pids_limit'), String,
			'raise the pids limit of the container; archonctl tree shows whose they are'),
		filled('open files of archon', number('fds_used'), number('fds_limit'), String, 'raise the limit: docker run --ulimit nofile=…'),
		watches(number('inotify_limit')),
		stopping(number('stop_at_most'), number('stop_grace'), text('stop_chain')),
		lines(number('lines_lost') ?? 0),
		...services(seen.services),
		zombies(seen.processes),
	];
}

function place(pid: string | null, isSubreaper: boolean): Finding {
	if (pid === '1') return ok('place', 'PID 1');
	if (isSubreaper) return ok('place', `pid ${pid}, not PID 1: orphans of its services come to it, as it is subreaper`);
	return bad('place', `pid ${pid}, neither PID 1 nor subreaper`,
		'orphans are lost: start archon as the ENTRYPOINT, without another init before it');
}

function life(started: number | null, lives: number, cause: string | null, now: number): Finding {
	const since = started === null ? 'not known' : `up for ${age(now - started)}`;
	if (lives === 0) return ok('life', since);
	const times = `re-executed ${lives === 1 ? 'once' : `${lives} times`}, last because of ${cause ?? 'something unknown'}`;
	if (cause === 'upgrade') return ok('life', `${since}, ${times}`);
	return warn('life', `${since}, ${times}`, 'services kept running; archonctl logs archon tells what happened: please report it');
}

function socket(path: string | null): Finding {
	if (path?.startsWith('/tmp/archon-')) {
		return warn('socket', path, 'others may write there: mount a tmpfs at /run (docker run --tmpfs /run), or name a path by --socket');
	}
	return ok('socket', path ?? 'not known');
}

function rights(uid: string | null, capabilities: string | null, hasNoNewPrivs: boolean): readonly Finding[] {
	const privileges = ok('no_new_privs', hasNoNewPrivs ? 'set: no process gains rights by setuid programs' : 'not set');
	if (uid !== '0') return [ok('user', `uid ${uid}: services have the same`), privileges];
	const held = BigInt(`0x${capabilities ?? '0'}`);
	const missing = NEEDED.filter(([bit]) => capabilities !== null && (held >> BigInt(bit) & 1n) === 0n);
	if (missing.length === 0) return [ok('user', 'root, with what it needs'), privileges];
	const effects = [...new Set(missing.map(([, , what]) => what))].join(', ');
	const names = missing.map(([, name]) => name).join(', ');
	return [warn('user', `root without ${names}: ${effects}`, 'add them: docker run --cap-add'), privileges];
}

function cgroup(path: string | null, isWritable: boolean): Finding {
	if (path === null) return ok('cgroup', 'none can be seen: trees of processes are ended by way of /proc, and services cannot be limited');
	if (path.includes('version 1')) return ok('cgroup', `${path}: services cannot be limited (mem_limit, cpus, pids_limit)`);
	if (isWritable) return ok('cgroup', `${path}: services can be limited`);
	return ok('cgroup', `${path}, read-only: services cannot be limited (mem_limit, cpus, pids_limit)`);
}

function filled(about: string, used: number | null, limit: number | null, shown: (amount: number) => string, advice: string): Finding {
	if (used === null) return ok(about, limit === null ? 'not known' : `at most ${shown(limit)}`);
	if (limit === null) return ok(about, `${shown(used)} used, without a limit`);
	const found = `${shown(used)} of ${shown(limit)} used`;
	if (used >= limit * FULL) return bad(about, found, advice);
	return used >= limit * HIGH ? warn(about, found, advice) : ok(about, found);
}

function watches(limit: number | null): Finding {
	if (limit === null) return ok('inotify', 'not known');
	const advice = 'all containers of this machine share them: raise fs.inotify.max_user_instances there if a watch fails';
	if (limit < 128) return warn('inotify', `only ${limit} instances for each user`, advice);
	return ok('inotify', `${limit} instances for each user of the machine`);
}

function stopping(most: number | null, grace: number | null, chain: string | null): Finding {
	const about = 'shutdown';
	const cut = most !== null && most === grace ? ', cut to shutdown.grace_period' : '';
	const how = chain === null ? '' : ` (${chain.replaceAll(' ', ', then ')}${cut})`;
	if (most === null) return warn(about, `may take for ever${how}`, 'set shutdown.grace_period below what the container is given');
	const found = `takes ${duration(most)} at most${how}`;
	if (most < DOCKER) return ok(about, `${found}; docker waits 10 s, Kubernetes 30 s`);
	if (most < KUBERNETES) {
		return warn(about, `${found}, and docker kills after 10 s`,
			`docker run --stop-timeout ${over(most)}, stop_grace_period of compose, or a lower shutdown.grace_period`);
	}
	return warn(about, `${found}; docker kills after 10 s, Kubernetes after 30 s`,
		`docker run --stop-timeout ${over(most)}, terminationGracePeriodSeconds: ${over(most)}, or a lower shutdown.grace_period`);
}

/** With time for the end of archon itself. */
const over = (millis: number): number => Math.ceil(millis / 1000) + 2;

const lines = (lost: number): Finding => lost === 0
	? ok('logs', 'no line was dropped')
	: warn('logs', `${lost} ${lost === 1 ? 'line was' : 'lines were'} dropped`,
		'what reads them is too slow, or a disk is full: archonctl logs archon tells which');

function services(rows: readonly StatusRow[]): readonly Finding[] {
	const of = (wanted: string): string => rows.filter(({status}) => status === wanted).map(({name}) => name).join(', ');
	const [failed, again, unhealthy] = [of('failed'), of('backoff'), of('unhealthy')];
	const findings = [
		...failed ? [warn('services', `failed: ${failed}`, 'archonctl why NAME tells the reason')] : [],
		...again ? [warn('services', `restarted again and again: ${again}`, 'archonctl why NAME tells the reason')] : [],
		...unhealthy ? [warn('services', `unhealthy: ${unhealthy}`, 'archonctl why NAME tells the reason')] : [],
	];
	return findings.length > 0 ? findings : [ok('services', `${rows.length}, none failed or in trouble`)];
}

/** archon waits for its own. */
function zombies(processes: readonly TreeRow[]): Finding {
	const own = processes.find(({kind}) => kind === 'archon')?.pid;
	const dead = processes.filter(({zombie, parent}) => zombie && parent !== own);
	if (dead.length === 0) return ok('zombies', 'none');
	const whose = [...new Set(dead.map(({service}) => service ?? 'no service'))].join(', ');
	return warn('zombies', `${dead.length}, of ${whose}`, 'these do not wait for their children: a bug of theirs, which takes pids');
}
