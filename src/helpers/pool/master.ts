/** The master of a pool: its machine decides, and what it asks for is done here with sockets, descriptors and processes. */
import type {Outcome as End} from '../../core/outcome.ts';
import {ok, type Result} from '../../core/result.ts';
import type {Effect, Level} from '../../features/pools/core/effect.ts';
import type {Event} from '../../features/pools/core/event.ts';
import type {NodeRow} from '../../features/pools/core/link.ts';
import {createPool, nextDeadline, type Pool, step} from '../../features/pools/core/pool.ts';
import {crashTextOf, rows as rowsOf} from '../../features/pools/core/view.ts';
import type {PoolSpec} from '../../features/pools/core/spec.ts';
import {CAPABILITIES} from '../../features/pools/core/wire.ts';
import {createTimer, now, soon, wallClock} from '../../os/clock.ts';
import type {Poller} from '../../os/poller.ts';
import {sys} from '../../os/sys.ts';
import {type NoDoor, openDoor} from './door.ts';
import {createFileMonitor} from './files/monitor.ts';
import {openNetworkFiles} from './network-files.ts';
import {createNodes} from './nodes.ts';
import {createProcesses, MASTER_FD} from './processes.ts';
import {roomOf} from './room.ts';
import {createRuns} from './runs.ts';

/** Who hears of what becomes of a pool. */
export interface Seen {
	log(level: Level, text: string): void;
	/** A row is another one now, and was that one before. */
	node(row: NodeRow, before: NodeRow): void;
	/** A command has begun or ended, or a part of the tree restarts. */
	happened(what: Extract<Effect, {kind: 'command' | 'restarted'}>): void;
	/** All rows are others: there is another plan. */
	planned(): void;
	/** All nodes have been ready at one time. */
	ready(): void;
	/** No process is left, and no client finds the socket any more. */
	over(): void;
}

export interface MasterOptions {
	/** An absolute path. */
	readonly socket: string;
	readonly socketMode: number;
	readonly spec: PoolSpec;
	/** The port of a program that says which files have changed; null: it has none. */
	readonly network: number | null;
	/** The config as it is by now, or what is wrong with it. */
	readonly readAgain: () => Result<PoolSpec, string>;
}

export interface Master {
	/** In the order of the plan: a node comes after its parent. */
	rows(): readonly NodeRow[];
	pool(): Pool;
	/** Null: all of them. */
	restart(node: string | null, by: string): void;
	/** Reads the config again, and builds the tree again. */
	rebuild(by: string): void;
	stop(): void;
	/** Reaps what has ended (SIGCHLD). */
	reap(): void;
}

/** Nothing is started before the next turn. */
export function openMaster(options: MasterOptions, poller: Poller, seen: Seen): Result<Master, NoDoor> {
	const {socket, socketMode, network: port, readAgain} = options;
	const fileLimit = sys.raiseFdLimit();
	const opened = openDoor(socket, socketMode);
	if (!opened.ok) return opened;
	const door = opened.value;
	// What workers have made, and left, comes here; and what is here is no worker's business.
	sys.becomeSubreaper();
	sys.closeToOthers();
	let pool = createPool(options.spec);
	let rows = byName(pool);
	const queue: Event[] = [];
	let isBusy = false;
	let isOver = false;
	/** When the root was made, and others registered: what was written after that may be newer than what they have loaded. */
	const begun = new Map<string, number>();
	const timer = createTimer(() => tell({kind: 'tick'}));
	const log = (level: Level, text: string): void => seen.log(level, text);
	const processes = createProcesses(poller, ended);
	const runs = createRuns({
		poller, tell, log, track: processes.track, envPass: () => pool.spec.envPass, room: () => roomOf(fileLimit, pool.plan.places.length),
	});
	const nodes = createNodes({poller, tell, log, track: processes.track, runner: runs.runner});
	const files = createFileMonitor({
		poller,
		changed: paths => tell({kind: 'changed', paths}),
		warn: text => log('warn', text),
	});

	const network = port === null ? null : openNetworkFiles({poller, port, monitor: files, changed: paths => tell({kind: 'changed', paths})});
	if (network && !network.ok) log('error', `changes of files in a network are not heard: ${network.error}`);

	// ── The loop ──

	function tell(event: Event): void {
		if (isOver) return;
		queue.push(event);
		if (isBusy) return;
		isBusy = true;
		for (let next = queue.shift(); next; next = queue.shift()) take(next);
		isBusy = false;
		if (!isOver) timer.arm(nextDeadline(pool));
	}

	/** A step that throws is a step that never was. */
	function take(event: Event): void {
		try {
			// The root has loaded some when it does, and others may say any name.
			if (event.kind === 'registered' && event.name !== pool.spec.root.name && rows.has(event.name)) begun.set(event.name, Date.now());
			const [after, effects] = step(pool, event, now());
			pool = after;
			effects.forEach(perform);
		} catch (error) {
			log('error', `a bug in archon: ${event.kind}: ${error instanceof Error ? `${error.message} ${error.stack}` : error}`);
		}
	}

	function perform(effect: Effect): void {
		switch (effect.kind) {
			case 'spawn': return spawn();
			case 'send': return nodes.send(effect.peer, effect.message);
			case 'watchRun': return nodes.watchRun(effect.peer, effect.run);
			case 'drop': return nodes.drop(effect.peer);
			case 'signal': return processes.signal(effect.pid, effect.signal, effect.group);
			case 'track': return processes.track(effect.pid);
			case 'files':
				files.add(effect.node, effect.add, begun.get(effect.node) ?? Date.now());
				if (network?.ok) network.value.watched(effect.add);
				return;
			case 'forget': return files.forget(effect.node);
			case 'hand': return runs.hand(effect.run);
			case 'answer': return runs.answer(effect);
			case 'changed': return changed(effect);
			case 'command':
			case 'restarted': return seen.happened(effect);
			case 'planned': return planned();
			case 'ready': return seen.ready();
			case 'log': return log(effect.level, effect.text);
			case 'over': return over();
		}
	}

	function spawn(): void {
		begun.set(pool.spec.root.name, Date.now());
		const made = processes.spawn(pool.spec.command, nodes.theirs, {
			ZEUS_MASTER_FD: String(MASTER_FD), ARCHON_ZEUS_CAPS: CAPABILITIES, ARCHON_ZEUS_ROOT: pool.spec.root.name,
		});
		if (!made.ok) return tell({kind: 'refused', why: made.error});
		tell({kind: 'spawned', pid: made.value});
		processes.track(made.value);
	}

	/** What it had said comes first. */
	function ended(pid: number, end: End | null): void {
		nodes.drain(pid);
		runs.drain(pid);
		tell({
			kind: 'exited', pid, status: end?.kind === 'code' ? end.code : null, signal: end?.kind === 'signal' ? end.signal : null,
		});
	}

	// ── What is seen ──

	function changed({node, status, pid, why}: Extract<Effect, {kind: 'changed'}>): void {
		const row = rows.get(node);
		if (!row) return;
		const next = {...row, status, pid, why: why && crashTextOf(pool, node), since: Date.now()};
		rows.set(node, next);
		seen.node(next, row);
	}

	function planned(): void {
		rows = byName(pool);
		begun.clear();
		seen.planned();
	}

	function over(): void {
		isOver = true;
		timer.arm(Infinity);
		files.close();
		if (network?.ok) network.value.close();
		runs.close();
		nodes.close();
		processes.sweep(() => {
			door.close();
			seen.over();
		});
	}

	runs.listen(door.fd);
	// The first event starts the root.
	soon(() => tell({kind: 'tick'}));
	return ok({
		rows: () => [...byName(pool).values()],
		pool: () => pool,
		restart: (node, by) => tell({kind: 'restart', node, by}),
		rebuild(by) {
			const read = readAgain();
			if (read.ok) return tell({kind: 'plan', spec: read.value});
			log('error', `the config has problems, and the tree stays as it was: ${read.error}`);
			tell({kind: 'restart', node: null, by});
		},
		stop: () => tell({kind: 'stop'}),
		reap: processes.reap,
	});
}

/** Of a crash with its whole text. */
const byName = (pool: Pool): Map<string, NodeRow> =>
	new Map(rowsOf(pool).map(row => [row.node, {
		...row, why: row.why && crashTextOf(pool, row.node), since: Math.max(wallClock(row.since), STARTED),
	}]));

/** Nothing of a pool has been so before. */
const STARTED = Date.now();
