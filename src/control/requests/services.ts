/** What requests about services by name have in common: to wait until all of them have come to what was asked. */
import type {Daemon} from '../daemon.ts';
import {type Call, OK, refuse} from '../call.ts';
import type {Choice} from '../names.ts';
import type {Waiter, Waiters} from '../waiters.ts';

/** Replies when every chosen service has come to its end, well or not. What it returns forgets the waiters. */
export function awaitAll(
	waiters: Waiters, aim: 'start' | 'restart' | 'stop', choices: readonly Choice[], call: Call, verb?: string,
): () => void {
	const reasons = new Set<string>();
	let left = choices.length;
	const finish = (): void => reasons.size === 0 ? call.reply(OK) : refuse(call, summary([...reasons]));
	const mine = choices.map(({entry, isNamed}): Waiter => ({
		aim, id: entry.id, name: entry.service.name, starts: entry.starts, maySkip: !isNamed, ...verb !== undefined && {verb},
		resolve(verdict) {
			if (verdict.kind === 'missed') reasons.add(verdict.reason);
			left -= 1;
			if (left === 0) finish();
		},
	}));
	if (left === 0) finish();
	waiters.add(mine);
	waiters.review();
	return () => mine.forEach(waiters.drop);
}

const MAX_REASONS = 5;

export function summary(reasons: readonly string[]): string {
	const more = reasons.length - MAX_REASONS;
	return reasons.slice(0, MAX_REASONS).join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** Whether one of archon's own helpers runs is the config's to say. */
export function refuseForHelper(verb: 'start' | 'stop', {entry: {service: {name}}}: Choice, call: Call): void {
	const instead = `archonctl restart ${name} restarts it`;
	refuse(call, `cannot ${verb} ${name}: it is archon's own helper and runs for as long as the config needs it; ${instead}`);
}

export const isRunning = (daemon: Daemon): boolean => daemon.state().stage.kind === 'running';
