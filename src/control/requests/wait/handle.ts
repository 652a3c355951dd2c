/** Handles `Wait`: a waiter for each service, and at most one timer. */
import {duration} from '../../../core/duration.ts';
import {exitStatus} from '../../../core/outcome.ts';
import {entryOf} from '../../../core/state.ts';
import {statusOf} from '../../../core/status.ts';
import {type Call, OK, refuse} from '../../call.ts';
import type {Context, Make} from '../../context.ts';
import {type Choice, choose} from '../../names.ts';
import type {Verdict} from '../../reaching.ts';
import type {Waiter} from '../../waiters.ts';
import {summary} from '../services.ts';
import {WAIT_ROW, type WaitRequest, type WaitRow} from './wire.ts';

export const wait: Make<WaitRequest> = context => (request, call) => {
	const chosen = choose(context.daemon.state(), request.names, call.scope);
	if (!chosen.ok) return refuse(call, chosen.error);
	return awaitGoal(context, request, chosen.value, call);
};

function awaitGoal({daemon, waiters}: Context, {goal, timeout}: WaitRequest, choices: readonly Choice[], call: Call): () => void {
	const verdicts = new Map<Waiter, Verdict>();
	let isOver = false;
	let stopTimer = (): void => {};

	function drop(): void {
		isOver = true;
		stopTimer();
		mine.forEach(waiters.drop);
	}
	function conclude(isLate: boolean): void {
		if (isOver) return;
		drop();
		const rows = mine.map(waiter => rowOf(waiter, verdicts.get(waiter), isLate));
		for (const row of rows) call.row(WAIT_ROW.encode(row));
		const reasons = rows.flatMap(({name, why}) => (why === '' ? [] : [`${name}: ${why}`]));
		if (reasons.length === 0) call.reply(OK);
		else refuse(call, summary(reasons));
	}
	function rowOf({id, name}: Waiter, verdict: Verdict | undefined, isLate: boolean): WaitRow {
		const entry = entryOf(daemon.state(), id);
		const shown = entry?.service.name === name ? statusOf(daemon.state(), entry) : null;
		const exit = shown && entry?.outcome ? exitStatus(entry.outcome) : null;
		const row = {name, status: shown?.status ?? '', exit, why: ''};
		if (verdict) return verdict.kind === 'reached' ? {...row, verdict: 'reached'} : {...row, verdict: 'missed', why: verdict.reason};
		if (!isLate) return {...row, verdict: 'open'};
		const note = shown ? `; it is ${shown.status}${shown.note === '' ? '' : `: ${shown.note}`}` : '';
		return {...row, verdict: 'late', why: `not ${goal} within ${duration(timeout ?? 0)}${note}`};
	}

	const mine = choices.map(({entry}): Waiter => {
		const waiter: Waiter = {
			aim: goal, id: entry.id, name: entry.service.name, starts: entry.starts,
			resolve(verdict) {
				verdicts.set(waiter, verdict);
				if (verdict.kind === 'missed' || verdicts.size === mine.length) conclude(false);
			},
		};
		return waiter;
	});
	if (mine.length === 0) conclude(false);
	waiters.add(mine);
	// Another may have been missed while they were added.
	if (isOver) drop();
	else if (timeout !== null) stopTimer = daemon.after(timeout, () => conclude(true));
	return drop;
}
