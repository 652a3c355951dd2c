/** Handles `Status`. */
import type {Entry} from '../../../core/entry.ts';
import {exitStatus} from '../../../core/outcome.ts';
import {partOf} from '../../../core/features.ts';
import type {State} from '../../../core/state.ts';
import {statusOf} from '../../../core/status.ts';
import {decisionOf, wanted as rule} from '../../../core/wanted.ts';
import {rollback} from '../../../features/rollback/core/feature.ts';
import {nextRun} from '../../../features/schedule/core/feature.ts';
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import type {Daemon} from '../../daemon.ts';
import {choose, within} from '../../names.ts';
import {STATUS_ROW, type StatusRequest} from './wire.ts';

export const status: Make<StatusRequest> = ({daemon, board}) => ({names}, call) => {
	const state = daemon.state();
	const chosen = names.length === 0 ? null : choose(state, names, call.scope);
	if (chosen && !chosen.ok) return refuse(call, chosen.error);
	call.text(board.rows(`status ${call.scope.key} ${names.join()}`, () => {
		const list = chosen ? chosen.value.map(({entry}) => entry) : within(state, call.scope);
		return list.map(entry => rowOf(daemon, state, entry));
	}));
	call.reply(OK);
};

/** Of a service that the last reload had changed, where that was put back. */
const UNDONE = 'its new config was undone, see archonctl plan';

function rowOf(daemon: Daemon, state: State, entry: Entry): readonly string[] {
	const {starts, outcome, service: {name, type, groups}} = entry;
	const shown = statusOf(state, entry);
	const isUndone = partOf(state, rollback).undone?.names.includes(name) ?? false;
	const left = entry.timing?.why ? [`a run was left out: ${entry.timing.why}`] : [];
	const note = [...shown.note === '' ? [] : [shown.note], ...left, ...isUndone ? [UNDONE] : []].join('; ');
	const {runs: wanted, by} = rule(entry, state.stage);
	const decision = decisionOf(entry, state.stage);
	return STATUS_ROW.encode({
		name, type, groups, ...shown, note, wanted, by,
		ruled: decision && Math.round(daemon.wallClock(decision.ruling.at)),
		since: Math.round(daemon.wallClock(entry.since)),
		restarts: Math.max(0, starts - 1), next: nextRun(state, entry),
		exit: outcome ? exitStatus(outcome) : null,
	});
}
