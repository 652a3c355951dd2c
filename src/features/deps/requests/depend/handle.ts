/** Handles `Depend` and `Undepend`. */
import {type Call, OK, refuse, refuseForBug} from '../../../../control/call.ts';
import type {Context, Make} from '../../../../control/context.ts';
import {choose, isCollective} from '../../../../control/names.ts';
import {isRunning} from '../../../../control/requests/services.ts';
import {whyNothingStarts} from '../../../../core/stage.ts';
import {find, isHelper, type State} from '../../../../core/state.ts';
import type {Found} from '../../../monitor/core/news.ts';
import {keptOf, RULES_MAX} from '../../../monitor/core/kept.ts';
import {cycleOf, cycleText} from '../../core/deps.ts';
import {DEPENDENCIES_MAX} from '../../core/dependency.ts';
import type {DependRequest, UndependRequest} from './wire.ts';

export const depend: Make<DependRequest> = ({daemon}) => (request, call) => {
	const why = isRunning(daemon) ? refusal(daemon.state(), request, call) : whyNothingStarts(daemon.state());
	if (why !== null) return refuse(call, why);
	const {target} = request.terms;
	if (target.kind !== 'pid') return add(daemon, request, null, call);
	daemon.strangers(({hold, letGo}) => {
		const found = hold(target.pid);
		if (!found.ok) return refuse(call, found.error);
		add(daemon, request, found.value, call);
		letGo();
	}, refuseForBug(call));
};

function add({state, dispatch}: Context['daemon'], {terms, lasts}: DependRequest, process: Found | null, call: Call): void {
	const id = keptOf(state())?.nextDependency ?? 1;
	dispatch({kind: 'depend', terms, lasts, process});
	call.row([String(id)]);
	call.reply(OK);
}

/** Why it cannot be; null: it can. */
export function refusal(state: State, {terms}: Pick<DependRequest, 'terms'>, call: Pick<Call, 'scope' | 'may'>): string | null {
	const {dependent, target, actions} = terms;
	const from = find(state, dependent);
	if (!from) {
		const isSeveral = isCollective(state, dependent);
		return isSeveral ? `${dependent} stands for several services: each depends for itself` : `no service is called ${dependent}`;
	}
	if (isHelper(from)) return `${dependent} is a helper of archon's own`;
	const kept = keptOf(state);
	if (target.kind === 'service' && !find(state, target.name)) return `no service is called ${target.name}`;
	if (target.kind === 'monitor' && !kept?.rules.some(({name}) => name === target.name)) return `no rule of monitor is called ${target.name}`;
	for (const action of actions) {
		const named = 'names' in action && action.names.length > 0 ? choose(state, action.names, call.scope) : null;
		if (named && !named.ok) return named.error;
		if (action.kind === 'run' && !call.may('admin')) return 'run takes the role admin: it is a command of archon\'s';
	}
	if (target.kind === 'path' && !call.may('admin')) return 'a path takes the role admin: archon looks at it with rights of its own';
	if ((kept?.dependencies.length ?? 0) >= DEPENDENCIES_MAX) return `there are ${DEPENDENCIES_MAX} dependencies already, which is the limit`;
	if ((kept?.rules.length ?? 0) >= RULES_MAX) return `there are ${RULES_MAX} rules of monitor already, which is the limit`;
	const cycle = cycleOf(state, terms);
	return cycle && cycleText(cycle);
}

export const undepend: Make<UndependRequest> = ({daemon}) => ({ids}, call) => {
	const known = new Set(keptOf(daemon.state())?.dependencies.map(({id}) => id));
	const missing = ids.find(id => !known.has(id));
	if (missing !== undefined) return refuse(call, `there is no dependency ${missing}`);
	daemon.dispatch({kind: 'undepend', ids});
	call.reply(OK);
};
