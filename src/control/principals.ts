/** Who asks, and what that principal may: what it was granted, and which services a request of its may concern. Pure. */
import {ALL_RIGHTS, type Grant, includes, NO_RIGHTS, type NumberedRule, RIGHTS, type Role} from '../core/access.ts';
import {err, ok, type Result} from '../core/result.ts';
import {entries, entryOf, isHelper, type State} from '../core/state.ts';
import {fitting} from './names.ts';
import {clip, plainField} from './records.ts';
import {type Scope, WHOLE} from './scope.ts';
import type {Peer} from './transport.ts';
import type {Decoded, Wire} from './wire.ts';

export interface Principal {
	/** As in `service cron has observe`. */
	readonly who: string;
	readonly grants: readonly Grant[];
}

/** What rights follow from. */
export interface Around {
	state(): State;
	readonly ownUid: number;
	/** `access` of the config in force. */
	access(): readonly NumberedRule[];
}

/**
 * A service's `control` holds for all of its processes, of whatever user; else root and archon's own user may all, and others
 * what `access` says of them and of their groups.
 */
export function principalOf({uid, gid, groups, owner}: Peer, {state, ownUid, access}: Around): Principal {
	const who = `uid ${uid}`;
	if (owner === 'unknown') {
		// It may be of a service whose rights are fewer than its user's.
		if ([...entries(state())].some(({service: {control, origin}}) => control && origin !== 'helper')) {
			return {who: `${who}, whose process belongs to no service that is known any more,`, grants: NO_RIGHTS};
		}
	} else if (owner) {
		const entry = entryOf(state(), owner.id);
		const isSame = entry?.service.name === owner.name;
		const who = `${entry && isSame && isHelper(entry) ? 'helper' : 'service'} ${owner.name}`;
		// What a removed service has left behind has no part in anything.
		if (!entry || !isSame) return {who, grants: NO_RIGHTS};
		// A state of an archon that knew of no rights has none.
		const control: readonly Grant[] | null | undefined = entry.service.control;
		if (control) return {who, grants: control};
	}
	if (uid === 0 || uid === ownUid) return {who, grants: ALL_RIGHTS};
	const mine = access().filter(({to}) => ('uid' in to ? to.uid === uid : to.gid === gid || groups.includes(to.gid)));
	return {who, grants: mine.length === 0 ? NO_RIGHTS : mine.map(({grant}) => grant)};
}

/** Services for which a role is held; null: all of them. */
type Reach = readonly string[] | null;

/** Undefined: for none. */
function reachOf(grants: readonly Grant[], role: Role): Reach | undefined {
	const fitting = grants.filter(grant => includes(grant.role, role));
	if (fitting.length === 0) return undefined;
	return fitting.some(({services}) => services === null) ? null : fitting.flatMap(({services}) => services ?? []);
}

/** What is asked: its description, and the names in it, for messages. */
export interface Question {
	readonly wire: Pick<Wire<Decoded>, 'verb' | 'role' | 'isScoped'>;
	readonly names: readonly string[];
}

/**
 * The scope that a request has, or why it is refused. `limits`: what the connection gave up beyond; `told` hears of refusals
 * that come later, by names.
 */
export function permit(
	{wire, names}: Question, {who, grants}: Principal, limits: readonly Grant[], told: (reason: string) => void,
): Result<Scope, string> {
	const {verb, role, isScoped = false} = wire;
	const refusal = (names: readonly string[], isForAll: boolean): string => {
		const what = `${verb}${names.length > 0 ? ` of ${listed(names)}` : ''} takes the role ${role}${isForAll ? ' for all services' : ''}`;
		return `request refused: ${what}, ${has(who, grants, limits, role)}; see access in the config`;
	};
	const reaches: (readonly string[])[] = [];
	for (const layer of [grants, ...limits.map(limit => [limit])]) {
		const reach = reachOf(layer, role);
		if (reach === undefined) return err(refusal(names, false));
		if (reach) reaches.push(reach);
	}
	if (reaches.length === 0) return ok({...WHOLE, refusal: name => refusal(name === null ? [] : [name], true)});
	if (!isScoped) return err(refusal(names, true));
	const isWithin = reaches.map(fitting);
	let isTold = false;
	return ok({
		isWhole: false,
		key: JSON.stringify(reaches),
		has: service => isWithin.every(fits => fits(service)),
		refusal(name) {
			const reason = refusal(name === null ? [] : [name], name === null);
			if (!isTold) told(reason);
			isTold = true;
			return reason;
		},
	});
}

/** What the asker has instead. */
function has(who: string, grants: readonly Grant[], limits: readonly Grant[], role: Role): string {
	const reach = reachOf(grants, role);
	const limit = limits.find(limit => !includes(limit.role, role)) ?? limits.find(({services}) => services !== null);
	if (reach === null && limit) {
		const of = limit.services ? ` of ${listed(limit.services)}` : '';
		return `this connection of ${who} was limited to ${limit.role}${of}`;
	}
	if (reach) return `${who} has it for ${listed(reach)} only`;
	return `${who} has ${RIGHTS.findLast(each => reachOf(grants, each) !== undefined) ?? 'none'}`;
}

const SHOWN = 3;

/** In one line of the log, whatever they are. */
const listed = (names: readonly string[]): string => {
	const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
	return names.slice(0, SHOWN).map(name => plainField(clip(name, 64))).join(', ') + more;
};

/** The services that a request names: nothing else of it is for the log. */
export function namesIn(request: object): readonly string[] {
	const {names, targets, target, name} = request as Readonly<Record<string, unknown>>;
	return [names, targets, target, name].flat().filter(each => typeof each === 'string');
}
