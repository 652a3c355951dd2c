/** What becomes of processes that archon has not started and watches: each is met and ends once, and what the rules say is done. */
import type {Event} from '../../../core/event.ts';
import {isEqual} from '../../../core/equal.ts';
import type {Action} from '../../../core/action.ts';
import {exitStatus, type Outcome} from '../../../core/outcome.ts';
import {describeEnd} from '../../../core/status.ts';
import type {Turn} from '../../../core/turn.ts';
import {heard, keep, look, outcomeVariables, without} from '../../deps/core/deps.ts';
import type {Occasion} from '../../deps/core/dependency.ts';
import {called, type Kept, keptOf, type MonitorSpec, NOTHING, type Rule, RULES_MAX, type Watched, WATCHED_MAX} from './kept.ts';
import type {MonitorNews} from './news.ts';
import {add, remove} from './rules.ts';

/** A rule that means more processes than these says nothing in the log of each one's end. */
const LINES_MAX = 16;

type NewsOf<K extends MonitorNews['kind']> = Extract<MonitorNews, {kind: K}>;

export function monitor(turn: Turn, {news}: Extract<Event, {kind: 'monitor'}>): void {
	const kept = keptOf(turn.state) ?? NOTHING;
	switch (news.kind) {
		case 'config': return renew(turn, kept, news.rules);
		case 'add':
			if (kept.rules.length >= RULES_MAX || kept.rules.some(({name}) => name === news.name)) return;
			keep(turn, add(kept, {...news, origin: 'client'}, turn.now));
			return look(turn);
		case 'remove': return drop(turn, kept, [news.id]);
		case 'met': return met(turn, kept, news);
		case 'gone': return gone(turn, kept, news);
	}
}

/** A rule that is as before goes on, with all that it watches. */
function renew(turn: Turn, kept: Kept, specs: readonly MonitorSpec[]): void {
	const before = new Map(kept.rules.filter(({origin}) => origin === 'config').map(rule => [rule.name, rule]));
	const names = new Set(specs.map(({name}) => name));
	const changed = specs.filter(({name, match}) => before.has(name) && !isEqual(before.get(name)?.match, match));
	const isOver = ({name, origin}: Rule): boolean => (origin === 'config' ? !names.has(name) : origin === 'client' && names.has(name));
	const over = kept.rules.filter(isOver);
	for (const {name} of over.filter(({origin}) => origin === 'client')) {
		turn.emit({kind: 'say', level: 'warn', text: `monitor ${name}: the rule of a client is dropped, as the config has one of this name`});
	}
	let after = withoutRules(kept, over.map(({id}) => id));
	// What another match means is met again.
	const ids = new Set(changed.map(({name}) => before.get(name)?.id));
	after = {...after, watched: after.watched.filter(({rule}) => !ids.has(rule))};
	for (const {name, match, every, on} of specs) {
		const known = before.get(name);
		if (known) after = {...after, rules: after.rules.map(rule => (rule.id === known.id ? {...rule, match, every, on} : rule))};
		else if (after.rules.length < RULES_MAX) after = add(after, {name, origin: 'config', on, to: match, every}, turn.now);
	}
	keep(turn, after);
	look(turn);
}

/** Rules are no more, nor are the dependencies that hear of their processes. */
const withoutRules = (kept: Kept, ids: readonly number[]): Kept =>
	remove(without(kept, ({rule}) => rule !== null && ids.includes(rule)), ids);

function drop(turn: Turn, kept: Kept, ids: readonly number[]): void {
	const after = withoutRules(kept, ids);
	if (after === kept) return;
	keep(turn, after);
	look(turn);
}

function met(turn: Turn, kept: Kept, {rule: id, processes}: NewsOf<'met'>): void {
	const rule = kept.rules.find(each => each.id === id);
	if (!rule) return;
	const known = new Set(kept.watched.filter(each => each.rule === id).map(({pid, start}) => `${pid} ${start}`));
	const found = processes.filter(({pid, start}) => !known.has(`${pid} ${start}`)).slice(0, WATCHED_MAX - kept.watched.length);
	if (found.length === 0) return;
	let after: Kept = {...kept, watched: [...kept.watched, ...found.map(each => ({...each, rule: id, since: turn.now}))]};
	for (const each of found) {
		const why = `${called(each)} runs`;
		turn.emit({kind: 'monitored', name: rule.name, pid: each.pid, outcome: null, hasEnded: false, why});
		tell(turn, rule, rule.on.started, 'started', why, {ARCHON_PID: String(each.pid)});
		after = heard(after, turn, id, {occasions: MET, why, variables: {ARCHON_PID: String(each.pid)}});
	}
	keep(turn, after);
	look(turn);
}

const MET: ReadonlySet<Occasion> = new Set(['ready', 'change']);

function gone(turn: Turn, kept: Kept, {process: {pid, start}, outcome}: NewsOf<'gone'>): void {
	const ended = kept.watched.filter(each => each.pid === pid && each.start === start);
	if (ended.length === 0) return;
	let after: Kept = {...kept, watched: kept.watched.filter(each => !ended.includes(each))};
	for (const each of ended) after = end(turn, after, each, outcome);
	// A rule for one process goes with it.
	const over = after.rules.filter(({id, match}) => match === null && ended.some(({rule}) => rule === id)).map(({id}) => id);
	keep(turn, withoutRules(after, over));
	look(turn);
}

function end(turn: Turn, kept: Kept, each: Watched, outcome: Outcome | null): Kept {
	const rule = kept.rules.find(({id}) => id === each.rule);
	if (!rule) return kept;
	const why = `${called(each)} ${outcome ? describeEnd(outcome) : 'has ended; the kernel does not say how'}`;
	const isFew = kept.watched.filter(other => other.rule === rule.id).length < LINES_MAX;
	turn.emit({kind: 'monitored', name: rule.name, pid: each.pid, outcome, hasEnded: true, why});
	if (isFew && rule.origin !== 'deps') turn.emit({kind: 'say', level: 'info', text: `monitor ${rule.name}: ${why}`});
	const variables = {ARCHON_PID: String(each.pid), ...outcomeVariables(outcome)};
	tell(turn, rule, rule.on.exited, 'exited', why, variables);
	const hasFailed = outcome !== null && exitStatus(outcome) !== 0;
	return heard(kept, turn, rule.id, {occasions: hasFailed ? FAILED : ENDED, why, variables});
}

const ENDED: ReadonlySet<Occasion> = new Set(['exit', 'change']);
const FAILED: ReadonlySet<Occasion> = new Set(['exit', 'change', 'fail']);

function tell(
	turn: Turn, {name}: Rule, actions: readonly Action[], event: string, why: string, variables: Readonly<Record<string, string>>,
): void {
	if (actions.length === 0) return;
	turn.raise({
		kind: 'act', by: `monitor ${name}`, about: null, why, actions,
		variables: {ARCHON_EVENT: event, ARCHON_MONITOR: name, ARCHON_REASON: why, ...variables},
	});
}
