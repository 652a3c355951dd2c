/** Handles `Start`. */
import type {Entry} from '../../../core/entry.ts';
import {isHelper, isToRun} from '../../../core/state.ts';
import {decisionOf} from '../../../core/wanted.ts';
import {type Call, refuse} from '../../call.ts';
import type {Context, Make} from '../../context.ts';
import {type Choice, choose} from '../../names.ts';
import {whyNothingStarts} from '../../../core/stage.ts';
import {awaitAll, isRunning, refuseForHelper} from '../services.ts';
import type {StartRequest} from './wire.ts';

export const start: Make<StartRequest> = context => ({names}, call) => begin(context, 'start', names, call);

/** Has services started, or stopped and started, and replies when they are up. */
export function begin({daemon, waiters}: Context, kind: 'start' | 'restart', names: readonly string[], call: Call): (() => void) | void {
	if (!isRunning(daemon)) return refuse(call, whyNothingStarts(daemon.state()));
	const chosen = choose(daemon.state(), names, call.scope);
	if (!chosen.ok) return refuse(call, chosen.error);
	const foreign = chosen.value.find(({entry, isNamed}) => isNamed && entry.service.origin === 'run');
	if (foreign) return refuse(call, `cannot ${kind} ${foreign.entry.service.name}: it belongs to the client that runs it`);
	const helper = chosen.value.find(({entry, isNamed}) => isNamed && isHelper(entry));
	if (helper && kind === 'start') return refuseForHelper(kind, helper, call);
	const meant = chosen.value.filter(choice => isMeant(kind, choice));
	const left = meant.filter(choice => !isAsked(choice, names) && staysDown(kind, choice.entry));
	for (const {entry} of left) {
		const why = keptBy(entry);
		if (why !== null) call.row([entry.service.name, why]);
	}
	const choices = meant.filter(choice => !left.includes(choice));
	daemon.dispatch({kind, ids: choices.map(({entry}) => entry.id)});
	return awaitAll(waiters, kind, choices, call);
}

/** A pattern for many services spares what clients have made, archon's helpers, the shell, and for `Start` also services that are done. */
function isMeant(kind: 'start' | 'restart', {entry, isNamed}: Choice): boolean {
	const {service: {origin}, phase} = entry;
	if (isNamed) return true;
	if (origin === 'run' || origin === 'helper' || origin === 'shell' || (origin === 'daemon' && phase.kind === 'down')) return false;
	return kind === 'restart' || phase.kind !== 'down' || phase.cause !== 'completed';
}

/** Who names a service, or all instances of one, has the last word. A pattern or a group is no word on each that it happens to choose. */
const isAsked = ({entry: {service: {name}}, isNamed}: Choice, names: readonly string[]): boolean =>
	isNamed || (/:\d+$/.test(name) && names.includes(name.replace(/:\d+$/, '')));

/** A pattern starts again only what is to run, and starts only what no test or list keeps down. */
const staysDown = (kind: 'start' | 'restart', entry: Entry): boolean => (kind === 'restart' ? !isToRun(entry)
	: entry.desired !== 'start' && decisionOf({...entry, desired: 'auto'})?.ruling.runs === false);

/** Who keeps it down; null: it only was not to run. */
function keptBy(entry: Entry): string | null {
	const decision = decisionOf({...entry, desired: 'auto'});
	if (decision && !decision.ruling.runs) return decision.text;
	return entry.desired === 'stop' ? 'an operator has stopped it' : null;
}
