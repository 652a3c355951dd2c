/** Reads `on`: for each kind of event what is done. */
import type {Action} from '../../../core/action.ts';
import {OWN_KINDS, SERVICE_KINDS, type ServiceKind} from '../../../core/event-kinds.ts';
import type {Reacting} from '../../../core/service.ts';
import {actionsOf, readActions} from '../../../config/actions.ts';
import {mapOf} from '../../../config/accepts.ts';
import type {Account} from '../../../config/group.ts';
import {didYouMean, quoteWritten} from '../../../config/problems.ts';
import {refuse, refuseKind} from '../../../config/readers.ts';
import {reader, type Reader, within} from '../../../config/shape.ts';
import type {ActionsAt, WrittenAction} from '../../../config/written-action.ts';

export {ACTION, judgeActions, judgeAlerting} from '../../../config/actions.ts';

/** By the kind of an event. */
export type WrittenReactions = ReadonlyMap<ServiceKind, readonly WrittenAction[]>;

/** What no state of a service tells: there is nothing to be done for it. */
const UNTOLD: ReadonlySet<string> = new Set<ServiceKind>(['tested', 'removed', 'file-changed']);

export const ON_KINDS = (Object.keys(SERVICE_KINDS) as readonly ServiceKind[]).filter(kind => !UNTOLD.has(kind));

/** What hears of all events. */
const OTHERWISE = 'archon.rule{event = …} in rules hears of it, and so does archonctl events --follow';

/** How many actions one event may have. */
const ACTIONS_MAX = 20;

export const readReactions: Reader<WrittenReactions> = reader(
	() => ({name: 'reactions', ...mapOf(readActions.accepts(), `^(${ON_KINDS.join('|')})$`)}),
	(from, context) => {
		if (from.kind !== 'map') return refuseKind(from, context, 'a map from events to actions');
		const found = new Map<ServiceKind, readonly WrittenAction[]>();
		for (const [name, {key, value}] of from.entries) {
			const kind = ON_KINDS.find(each => each === name);
			if (!kind) {
				const isOwn = Object.hasOwn(OWN_KINDS, name);
				const what = isOwn ? 'is an event of archon as a whole, and on takes those of services' : 'is not an event of a service';
				context.report(key, `${context.path}: ${quoteWritten(key, name)} ${what}`, () =>
					(isOwn ? OTHERWISE : didYouMean(name, ON_KINDS) ?? `there are ${ON_KINDS.join(', ')}`));
				continue;
			}
			const actions = readActions(value, within(context, name)) ?? [];
			if (actions.length > ACTIONS_MAX) refuse(value, within(context, name), `has more than ${ACTIONS_MAX} actions`);
			if (actions.length > 0) found.set(kind, actions);
		}
		return found.size === 0 ? undefined : found;
	},
);

/** What is to be judged when all services are known. */
export const placesOf = (on: WrittenReactions, path: string): readonly ActionsAt[] =>
	[...on].map(([kind, actions]) => ({path: path === '' ? `on.${kind}` : `${path}.on.${kind}`, actions}));

/** The users that commands have of their own. */
export const accountsOf = (on: WrittenReactions): readonly Account[] => [...on].flatMap(([kind, all]) => all.flatMap(({action, at}) => {
	const spec = action.kind === 'run' && 'command' in action.command ? action.command.user : null;
	return spec ? [{spec, key: `on.${kind}.user`, at}] : [];
}));

export const planReactions = (on: WrittenReactions): Reacting =>
	Object.fromEntries([...on].map(([kind, actions]) => [kind, actionsOf(actions)]));

/** What all services have, and then what one has itself. The same parts come to the same object. */
export function combiner(ofAll: Reacting): (own: Reacting | null) => Reacting {
	const known = new Map<Reacting, Reacting>();
	return own => {
		if (!own) return ofAll;
		const before = known.get(own);
		if (before) return before;
		const kinds = [...new Set([...Object.keys(ofAll), ...Object.keys(own)])] as readonly ServiceKind[];
		const both = Object.fromEntries(kinds.map(kind => [kind, [...ofAll[kind] ?? [], ...own[kind] ?? []] as readonly Action[]]));
		known.set(own, both);
		return both;
	};
}
