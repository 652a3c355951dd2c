/** How archon continues: it adopts processes that run already, and resumes after re-execution or a stall. */
import type {Entry} from './entry.ts';
import {tellOfStall} from './features.ts';
import type {Run} from './ids.ts';
import {beginning, hookOf} from './beginning.ts';
import {shiftDeadlines} from './lifecycle.ts';
import type {Adopted} from './outcome.ts';
import {isAlive, type Phase} from './phase.ts';
import {entries as all, read} from './service-table.ts';
import {SIG} from './signal-numbers.ts';
import {type Millis, NEVER} from './time.ts';
import {type Turn} from './turn.ts';
import {onNews} from './news.ts';
import type {Desired} from './wanted.ts';

/** Adopts main processes that an earlier instance started; daemons among them count as ready. */
export function adopt(turn: Turn, adopted: readonly Adopted[]): void {
	for (const {id, run, pid, isForeign} of adopted) {
		const entry = read(turn.state.table, id);
		if (!entry || isForeign || isAlive(entry.phase)) continue;
		turn.state = {...turn.state, runs: Math.max(turn.state.runs, run)};
		const spawning: Phase = {kind: 'spawning', run, isConditional: false, isHooked: false, deadline: NEVER};
		turn.write({...entry, desired: desiredOf(entry), phase: spawning, starts: 1});
		onNews(turn, id, run, {kind: 'spawned', pid});
		if (entry.service.type === 'daemon' && entry.service.ready) onNews(turn, id, run, {kind: 'ready'});
	}
}

/** What runs and does not start with archon is a run for its schedule. */
export const desiredOf = ({desired, service}: Entry): Desired =>
	(desired === 'auto' && service.schedule?.action === 'run' ? 'due' : desired);

/** Asks again for all effects whose news the last instance did not see. */
export function resume(turn: Turn, found: ReadonlyMap<Run, number>): void {
	for (const entry of [...all(turn.state.table)]) {
		const {id, phase} = entry;
		const pid = phase.kind === 'spawning' ? found.get(phase.run) : undefined;
		if (pid !== undefined && phase.kind === 'spawning') onNews(turn, id, phase.run, {kind: 'spawned', pid});
		else if (phase.kind === 'spawning') turn.emit(beginning(entry, phase, turn.now));
		else resumeEntry(turn, entry);
	}
	const {stage} = turn.state;
	if (stage.kind === 'sweeping') turn.emit({kind: 'sweep', signal: stage.killed ? SIG.KILL : SIG.TERM});
	if (stage.kind === 'over') turn.emit({kind: 'exit', status: stage.status, why: 'archon had ended', ...stage.reboots && {reboots: true}});
}

function resumeEntry(turn: Turn, entry: Entry): void {
	const {phase} = entry;
	const isHooked = ('isHooked' in phase && phase.isHooked) || (phase.kind === 'stopping' && phase.finish !== null);
	if ('isHooked' in phase && isHooked) turn.emit(hookOf(entry, phase, turn.now));
	if ((phase.kind === 'starting' || phase.kind === 'up') && phase.probes?.next === NEVER) {
		turn.write({...entry, phase: {...phase, probes: {...phase.probes, next: turn.now}}});
	}
}

/** Moves all deadlines by the time for which archon itself did not run; no phase changes. */
export function stall(turn: Turn, millis: Millis): void {
	for (const entry of [...all(turn.state.table)]) turn.put(shiftDeadlines(entry, millis));
	tellOfStall(turn, millis);
	const {stage} = turn.state;
	if (!('deadline' in stage)) return;
	turn.state = {...turn.state, stage: {...stage, deadline: stage.deadline + millis}};
}
