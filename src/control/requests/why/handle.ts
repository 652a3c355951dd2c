/** Handles `Why`. What explains is loaded when somebody asks. */
import type {Entry} from '../../../core/entry.ts';
import {lazily} from '../../../core/lazily.ts';
import {exitStatus} from '../../../core/outcome.ts';
import {entryOf, find} from '../../../core/state.ts';
import {lastEnd, statusNameOf} from '../../../core/status.ts';
import type {Why} from '../../../core/why/why.ts';
import {OK, refuse, refuseForBug} from '../../call.ts';
import type {Make} from '../../context.ts';
import type {Daemon} from '../../daemon.ts';
import {choose} from '../../names.ts';
import {clip, plainField} from '../../records.ts';
import type {Scope} from '../../scope.ts';
import {WHY_ROW, type WhyRequest, type WhyRow} from './wire.ts';

/** How many services are explained at most, how many of the last lines are told, and how many characters of one. */
const [SERVICES_MAX, LINES, LINE_MAX] = [20, 5, 300];

const explaining = lazily(() => import('../../../core/why/why.ts'));

export const why: Make<WhyRequest> = ({daemon}) => ({names}, call) => {
	const chosen = names.length === 0 ? null : choose(daemon.state(), names, call.scope);
	if (chosen && !chosen.ok) return refuse(call, chosen.error);
	const ids = chosen && chosen.value.map(({entry}) => entry.id);
	explaining(({why: explain, troubles}) => {
		const state = daemon.state();
		const entries = ids ? ids.flatMap(id => entryOf(state, id) ?? []) : troubles(state).filter(({service}) => call.scope.has(service));
		for (const entry of entries.slice(0, SERVICES_MAX)) call.send(rowsOf(daemon, explain(state, entry), call.scope));
		call.reply(OK);
	}, refuseForBug(call));
};

/** Of a service that is not the asker's to see, no more is told than that it is waited for. */
function rowsOf(
	{state, wallClock, logs}: Daemon, {entry, wanted, chain, root, next, waiting, advice}: Why, scope: Scope,
): readonly (readonly string[])[] {
	const isSeen = (name: string): boolean => {
		const service = find(state(), name)?.service;
		return service !== undefined && scope.has(service);
	};
	const rows: (readonly string[])[] = [];
	const row = (each: WhyRow): void => void rows.push(WHY_ROW.encode(each).map(plainField));
	const {service: {name}, starts, since} = entry;
	row({kind: 'service', name, status: statusNameOf(entry), since: wallClock(since), starts});
	row({kind: 'wanted', ...wanted, at: wanted.at === null ? null : wallClock(wanted.at)});
	for (const link of chain) row({kind: 'link', ...link, ...!isSeen(link.name) && {why: ''}});
	for (const each of next) if (isSeen(each.name)) row({kind: 'next', name: each.name, at: wallClock(each.at), what: each.what});
	for (const each of waiting) if (isSeen(each)) row({kind: 'waiting', name: each});
	if (!scope.has(root.service)) return rows;
	tellEnd(root, wallClock, row);
	for (const {stream, at, text} of hasSpoken(root) ? logs.tail(root.id, LINES) : []) {
		rows.push(WHY_ROW.encode({kind: 'line', name: root.service.name, stream, at, text: clip(text, LINE_MAX).toWellFormed()}));
	}
	for (const each of advice) row({kind: 'help', ...each});
	return rows;
}

function tellEnd({past, service: {name}}: Entry, wallClock: Daemon['wallClock'], row: (row: WhyRow) => void): void {
	const last = past.at(-1);
	if (!last) return;
	const {at, outcome, blame} = last;
	row({kind: 'end', name, at: wallClock(at), exit: exitStatus(outcome), how: lastEnd({outcome, blame, refusal: null})});
}

/** Whether its last words may say more: not of what runs well, has done its work, or was stopped on request. */
function hasSpoken({phase}: Entry): boolean {
	if (phase.kind === 'up') return !phase.isReady || (phase.health !== 'none' && phase.health !== 'healthy');
	return phase.kind !== 'done' && (phase.kind !== 'down' || phase.cause === 'failed' || phase.cause === 'exited');
}
