/** How archon stops: a shutdown from its request to the exit, and which ends of services cause one. */
import type {Entry} from './entry.ts';
import {tell} from './features.ts';
import type {Id} from './ids.ts';
import {kill} from './lifecycle.ts';
import {entries, read, type ServiceTable} from './service-table.ts';
import {SIG} from './signal-numbers.ts';
import type {Stage} from './stage.ts';
import {isHelper, isLiving} from './state.ts';
import type {Millis} from './time.ts';
import {type Change, type Turn} from './turn.ts';
import {failureStatus, rootOf} from './blame.ts';
import {exitStatus} from './outcome.ts';

/** How long archon waits for processes to end after SIGKILL. */
const KILL_PATIENCE: Millis = 1000;

/** Begins a shutdown, or makes the one in progress more forceful; `cause`: as of `Stage`. */
export function shutdown(turn: Turn, status: number, why: string, reboots = false, cause?: Id | null): void {
	const {stage, settings: {shutdownGrace}, table} = turn.state;
	if ('reboots' in stage && stage.reboots && stage.kind !== 'over') {
		// A shutdown wins: all that has been begun goes on, and archon ends with it.
		const {reboots: _, ...rest} = stage;
		return reboots ? undefined : changeStage(turn, {...rest, status, why});
	}
	// Nor does a reboot make a shutdown more forceful.
	if (reboots && stage.kind !== 'running' && stage.kind !== 'boot') return;
	switch (stage.kind) {
		case 'boot':
		case 'running':
			return enter(turn, {
				kind: 'stopping', force: 1, status, why, deadline: turn.now + shutdownGrace,
				scale: Math.min(1, shutdownGrace / longestEnd(table)), ...reboots && {reboots: true},
				...cause !== undefined && {cause},
			});
		case 'stopping': {
			if (stage.force === 3) return;
			const force = stage.force === 1 ? 2 : 3;
			const deadline = force === 3 ? turn.now + KILL_PATIENCE : stage.deadline;
			return enter(turn, {...stage, force, deadline});
		}
		case 'sweeping': return sweepHarder(turn, stage);
		case 'over': return;
	}
}

function changeStage(turn: Turn, stage: Stage): void {
	turn.state = {...turn.state, stage};
	turn.emit({kind: 'stage', stage});
	tell(turn, 'staged');
}

/** Enters a stage, in which every entry is examined again. */
export function enter(turn: Turn, stage: Stage): void {
	changeStage(turn, stage);
	const mustDie = stage.kind === 'stopping' && stage.force === 3;
	// Each is read when its turn comes, as a write changes the counters of its neighbours.
	for (let id = 0; id < turn.state.table.places; id++) {
		const entry = read(turn.state.table, id);
		if (!entry) continue;
		if (mustDie && 'pid' in entry.phase && !isHelper(entry)) turn.apply(entry, kill(entry, entry.phase, turn.now));
		else turn.write(entry);
	}
}

/** No service runs any more: the remaining processes are sent SIGTERM. */
export function sweep(turn: Turn, {status, why, reboots}: Extract<Stage, {kind: 'stopping'}>): void {
	const {settings: {sweepGrace}} = turn.state;
	const stage: Stage = {kind: 'sweeping', killed: false, status, why, deadline: turn.now + sweepGrace, ...reboots && {reboots}};
	changeStage(turn, stage);
	turn.emit({kind: 'sweep', signal: SIG.TERM}, {kind: 'sweep', signal: SIG.CONT});
}

/** The remaining processes are sent SIGKILL; if that was done before, archon exits. */
export function sweepHarder(turn: Turn, stage: Extract<Stage, {kind: 'sweeping'}>): void {
	if (stage.killed) return exit(turn, stage);
	changeStage(turn, {...stage, killed: true, deadline: turn.now + KILL_PATIENCE});
	turn.emit({kind: 'sweep', signal: SIG.KILL});
}

/** No other process remains: archon exits at the end of a sweep. */
export function alone(turn: Turn): void {
	const {stage} = turn.state;
	if (stage.kind === 'sweeping') exit(turn, stage);
}

function exit(turn: Turn, {status, why, reboots}: Extract<Stage, {kind: 'stopping' | 'sweeping'}>): void {
	turn.state = {...turn.state, stage: {kind: 'over', status, ...reboots && {reboots}}};
	tell(turn, 'staged');
	turn.emit({kind: 'exit', status, why, ...reboots && {reboots}});
}

/** The deadline of the stage may have passed. */
export function tickStage(turn: Turn): void {
	const {stage} = turn.state;
	if (!('deadline' in stage) || stage.deadline > turn.now) return;
	if (stage.kind === 'sweeping') return sweepHarder(turn, stage);
	// A process that SIGKILL has not ended by now hangs in the kernel, and ends with the container.
	if (stage.force === 3) exit(turn, stage);
	else enter(turn, {...stage, force: 3, deadline: turn.now + KILL_PATIENCE});
}

/** Shuts down if the container is to end with what has happened to this service. */
export function judgeContainer(turn: Turn, {before, after}: Change): void {
	if (turn.state.stage.kind !== 'running') return;
	const {id, service: {essential, onFailed, health, name}, phase, outcome, blame} = after;
	const end = (status: number, why: string): void => shutdown(turn, status, why, false, id);
	const isIll = phase.kind === 'up' && phase.health === 'unhealthy';
	const wasIll = before.phase.kind === 'up' && before.phase.health === 'unhealthy';
	if (isIll && !wasIll && health?.onUnhealthy === 'shutdown') return end(1, `${name} is unhealthy`);
	const isAtRest = phase.kind === 'down' && phase.cause !== 'new' && phase.cause !== 'stopped' && phase.cause !== 'skipped';
	if (!isAtRest && phase.kind !== 'done') return;
	const failed = phase.kind === 'down' && phase.cause === 'failed';
	if (!essential && !(failed && onFailed === 'shutdown')) return;
	if (!failed) return end(outcome ? exitStatus(outcome) : 0, `${name} exited`);
	if (before.phase.kind !== 'waiting') return end(failureStatus(after), `${name} failed`);
	end(failureStatus(rootOf(turn.state.table, after)), `${name} cannot start: ${blame}`);
}

/**
 * The longest sum of grace periods along a chain of needs, among the services that run: how long a shutdown in order
 * takes if every process must be killed.
 */
export function longestEnd(table: ServiceTable): Millis {
	const longest = new Map<Id, Millis>();
	let most = 1;
	for (const start of entries(table)) {
		// An explicit stack instead of recursion, as a chain of needs can be as long as the config.
		const path = [start];
		for (let entry = path.at(-1); entry; entry = path.at(-1)) {
			const next = entry.needs.find(({id}) => !longest.has(id));
			const need = next && read(table, next.id);
			if (need) {
				path.push(need);
				continue;
			}
			path.pop();
			const below = Math.max(0, ...entry.needs.map(({id}) => longest.get(id) ?? 0));
			const way = below + (isLiving(entry) ? entry.stop.grace * gracesOf(entry) : 0);
			longest.set(entry.id, way);
			most = Math.max(most, way);
		}
	}
	return Number.isFinite(most) ? most : 1;
}

/** The `post_stop` commands have a grace period of their own. */
const gracesOf = ({service: {hooks}}: Entry): number => (hooks.postStop.length > 0 ? 2 : 1);
