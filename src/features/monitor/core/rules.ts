/** The rules by which processes are watched, and what is kept of them when one comes or goes. */
import type {Instant} from '../../../core/time.ts';
import type {Found} from './news.ts';
import {EVERY, type Kept, type Rule} from './kept.ts';
import type {Match} from './match.ts';
import type {Millis} from '../../../core/time.ts';

/** A rule that comes. */
export interface NewRule extends Pick<Rule, 'name' | 'origin' | 'on'> {
	readonly every?: Millis;
	readonly to: Match | Found;
}

/** Adds a rule, for what matches or for one process. */
export function add(kept: Kept, {name, origin, on, to, every = EVERY}: NewRule, now: Instant): Kept {
	const id = kept.next;
	const match = 'pid' in to ? null : to;
	const rules = [...kept.rules, {id, name, origin, match, every, on}];
	const watched = 'pid' in to ? [...kept.watched, {rule: id, pid: to.pid, start: to.start, exe: to.exe, since: now}] : kept.watched;
	return {...kept, next: id + 1, rules, watched};
}

/** Takes rules away; what was watched by them alone is not watched any more. */
export const remove = (kept: Kept, ids: readonly number[]): Kept => (ids.length === 0 ? kept : {
	...kept, rules: kept.rules.filter(({id}) => !ids.includes(id)), watched: kept.watched.filter(({rule}) => !ids.includes(rule)),
});
