/** News of a run, put before the life table of its service. */
import type {News} from './event.ts';
import {jitterOf} from './restart.ts';
import {read} from './service-table.ts';
import type {Id, Run} from './ids.ts';
import {transition} from './lifecycle.ts';
import {type Turn} from './turn.ts';

export function onNews(turn: Turn, id: Id, run: Run, news: News): void {
	const entry = read(turn.state.table, id);
	// News of an old run, of a place that has another tenant by now, or of nobody.
	if (!entry || !('run' in entry.phase) || entry.phase.run !== run) return;
	turn.apply(entry, transition(entry, news, turn.now, jitterOf(turn.state.settings.seed, run)));
}
