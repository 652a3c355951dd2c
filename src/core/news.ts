/** News of a run, given to the life table of its service. */
import type {News} from './event.ts';
import {jitterOf} from './restart.ts';
import {read} from './service-table.ts';
import type {Id, Run} from './ids.ts';
import {transition} from './lifecycle.ts';
import {type Turn} from './turn.ts';

/** Applies a piece of news to a service; news of an earlier run are dropped. */
export function onNews(turn: Turn, id: Id, run: Run, news: News): void {
	const entry = read(turn.state.table, id);
	// The news is of an earlier run, or of a service whose id is free or another's by now.
	if (!entry || !('run' in entry.phase) || entry.phase.run !== run) return;
	turn.apply(entry, transition(entry, news, turn.now, jitterOf(turn.state.settings.seed, run)));
}
