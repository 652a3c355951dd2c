/** What is told of a helper, or of a pool's master, as if it had said it by STATUS= of sd_notify(3): a line of `archonctl status`. */
import type {Entry} from '../core/entry.ts';
import type {Event} from '../core/event.ts';
import {hasProcess} from '../os/owners.ts';

/**
 * Tells it of a process that is there, and no other: what was said late must not reach the next one while that is being made. False: it
 * was not told.
 */
export function tellStatus(dispatch: (event: Event) => void, entry: Entry | undefined, text: string): boolean {
	if (!entry || !('pid' in entry.phase) || !hasProcess(entry)) return false;
	if (entry.statusText === text) return true;
	dispatch({kind: 'news', id: entry.id, run: entry.phase.run, news: {kind: 'notify', message: {kind: 'status', text}}});
	return true;
}
