/** How archon continues: it adopts processes that run already, and resumes after re-execution or a stall. */
import type {Entry} from './entry.ts';
import {tellOfStall} from './features.ts';
import type {Run} from './ids.ts';
import {beginning, hookOf} from './beginning.ts';
import {begin} from './demand.ts';
import {shiftDeadlines, underWay} from './lifecycle.ts';
import type {Adopted} from './outcome.ts';
import {type Remembered, withTransients} from './remembered.ts';
import {isAlive} from './phase.ts';
import {entries as all, read} from './service-table.ts';
import {SIG} from './signal-numbers.ts';
import {type Millis, NEVER} from './time.ts';
import {find, isHelper, isToRun} from './state.ts';
import {type Turn} from './turn.ts';
import {onNews} from './news.ts';
import {decisionOf, NO_RULINGS, type Rulings} from './wanted.ts';
import {UNPLANNED} from '../features/schedule/core/known.ts';
import {keeping, KEPT} from '../features/state/core.ts';

/** Services are as an archon before this one has left them, as far as that still holds; it is before `boot`, and none of them runs. */
export function remember(turn: Turn, {runs, services, transients}: Remembered): void {
	turn.state = {...turn.state, runs, slices: {...turn.state.slices, [keeping.name]: KEPT}};
	turn.state = withTransients(turn.state, transients, turn.now);
	for (const [name, {asked, starts, rulings, rest, scheduled}] of services) {
		const entry = find(turn.state, name);
		if (!entry || isHelper(entry)) continue;
		turn.put({
			...entry, starts, desired: asked === 'auto' ? entry.desired : asked,
			// Who decides from outside may have spoken already, and knows better.
			rulings: rulings === NO_RULINGS ? entry.rulings : {...rulings, ...entry.rulings},
			phase: rest === null ? entry.phase : {kind: 'down', cause: rest},
			timing: scheduled && entry.service.schedule?.isCaughtUp ? {...UNPLANNED, ...scheduled} : null,
		});
	}
	turn.recount();
	// What these need is not remembered: it follows from them.
	for (const name of services.keys()) {
		const entry = find(turn.state, name);
		if (entry?.phase.kind !== 'down' || entry.phase.cause !== 'new' || !isToRun(entry)) continue;
		if (entry.desired === 'start' || decisionOf(entry)) begin(turn, entry);
	}
}

/** Adopts main processes that an earlier instance started; daemons among them count as ready. */
export function adopt(turn: Turn, adopted: readonly Adopted[]): void {
	for (const {id, run, pid, isForeign, isOutdated} of adopted) {
		const entry = read(turn.state.table, id);
		if (!entry || isAlive(entry.phase)) continue;
		turn.state = {...turn.state, runs: Math.max(turn.state.runs, run)};
		// What runs and does not start with archon is a run for its schedule.
		const desired = entry.desired === 'auto' && entry.service.schedule?.action === 'run' ? 'due' : entry.desired;
		const begun: Entry = {...entry, desired, starts: Math.max(1, entry.starts), rulings: asItRuns(entry.rulings)};
		if (isForeign) {
			turn.write({...begun, phase: underWay(begun, run, pid, turn.now), restartPending: isOutdated === true});
		} else {
			turn.write({...begun, phase: {kind: 'spawning', run, isConditional: false, isHooked: false, deadline: NEVER}});
			onNews(turn, id, run, {kind: 'spawned', pid});
		}
		if (entry.service.type === 'daemon' && entry.service.ready) onNews(turn, id, run, {kind: 'ready'});
	}
}

/** What has not been asked yet leaves a service as it is, and it runs. */
const asItRuns = (rulings: Rulings): Rulings => (rulings.test?.isOpen ? {...rulings, test: {...rulings.test, runs: true}} : rulings);

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
	if (stage.kind === 'over') turn.emit({kind: 'exit', status: stage.status, why: 'archon had ended'});
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
