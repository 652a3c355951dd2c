/** What must be true after every step and of every effect, whatever the world does. Each in one sentence. */
import {type Condition, type Entry, type Id, type Instant, NEVER, type Service, SIG} from '../../src/core/model.ts';
import {entries, entryOf, find, holds, isAlive, nextDeadline, type State} from '../../src/core/supervisor.ts';
import {deadlineOf} from '../../src/core/book.ts';
import type {Process, World} from './world.ts';

function promise(kept: boolean, sentence: string): void {
	if (!kept) throw new Error(sentence);
}

/** What the core keeps in passing must equal what can be told from scratch. */
export function checkState(state: State): void {
	let living = 0;
	let deadline: Instant = state.season.kind === 'stopping' || state.season.kind === 'sweeping' ? state.season.deadline : NEVER;
	for (const entry of entries(state)) {
		const {service: {name}} = entry;
		const neighbours = (edges: Entry['needs']): {entry: Entry; condition: Condition}[] => edges.flatMap(({id, condition}) => {
			const neighbour = entryOf(state, id);
			return neighbour ? [{entry: neighbour, condition}] : [];
		});
		const unmet = neighbours(entry.needs).filter(need => !holds(need.entry, need.condition)).length;
		const falling = neighbours(entry.dependents).filter(({entry: {phase, leaving}}) => leaving && isAlive(phase)).length;
		promise(unmet === entry.unmet, `${name} counts ${entry.unmet} unmet needs of ${unmet}`);
		promise(falling === entry.falling, `${name} counts ${entry.falling} falling dependents of ${falling}`);
		promise(find(state, name) === entry, `${name} is not found by its name`);
		if (isAlive(entry.phase)) living++;
		deadline = Math.min(deadline, deadlineOf(entry));
	}
	promise(living === state.living, `${state.living} are counted alive of ${living}`);
	promise(deadline === nextDeadline(state), `the next deadline is ${nextDeadline(state)}, not ${deadline}`);
}

export function checkSpawn(world: World, id: Id, service: Service): void {
	const others = world.processes.filter(process => process.service === service && (!process.outcome || process.survivors));
	promise(others.length === 0, `${service.name} is started while a process of its last run lives`);
	promise(world.state.season.kind === 'running', `${service.name} is started during ${world.state.season.kind}`);
	for (const need of entryOf(world.state, id)?.needs ?? []) {
		const entry = entryOf(world.state, need.id);
		const latest = world.processes.findLast(process => process.id === need.id);
		const success = latest?.outcome?.kind === 'code' && latest.outcome.code === 0;
		const met = need.condition === 'service_completed_successfully' ? success : success || latest?.reported === false;
		promise(met, `${service.name} is started before its need ${entry?.service.name} holds`);
	}
}

export function checkSignal(
	world: World, process: Process | undefined, {pid, signal, group}: {pid: number; signal: number; group: boolean},
): void {
	promise(process?.pid === pid, `signal ${signal} goes to pid ${pid}, which no run has`);
	if (!process) return;
	const {service: {name}} = process;
	// A group outlives its leader, and its number is not given away while it does.
	promise(!process.reported || group, `${name} is sent signal ${signal} after its pid ${pid} was reaped`);
	const {season} = world.state;
	if (signal !== SIG.TERM || group || (season.kind === 'stopping' && season.force > 1)) return;
	const holding = (entryOf(world.state, process.id)?.dependents ?? []).flatMap(({id}) => {
		const entry = entryOf(world.state, id);
		return entry?.leaving && isAlive(entry.phase) ? [entry.service.name] : [];
	});
	promise(holding.length === 0, `${name} is asked to end before its dependent ${holding[0]}, which is ending too`);
}
