/**
 * Handles `Subscribe`. A subscription is no more than the number of the event that it is to be told next: a client that
 * reads slowly keeps nothing in PID 1, and where the events have gone on without it, it is told how many it has missed.
 */
import {attempt} from '../../../../core/lazily.ts';
import {find} from '../../../../core/state.ts';
import {type Call, OK, refuse, refuseForBug} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import type {Daemon} from '../../../../control/daemon.ts';
import {choose, fitsAny} from '../../../../control/names.ts';
import {plainField} from '../../../../control/records.ts';
import type {Scope} from '../../../../control/scope.ts';
import type {KeptEvent} from '../../core.ts';
import {encodeEventRow} from './rows.ts';
import type {SubscribeRequest} from './wire.ts';

/** archon's own name, unless a service has it. */
const OWN = 'archon';

/** Bytes that wait in a connection before it is told more. */
const ROOM = 64 << 10;
/** Events that are looked at before it is seen whether the client has room for more. */
const BATCH = 64;
/** Events that are kept as rows while several clients are told of them. */
const SHARED = 4 * BATCH;

export const subscribe: Make<SubscribeRequest> = ({daemon}) => {
	const open = new Set<() => void>();
	const rowOf = createRows();
	let isSoon = false;
	let unfollow: (() => void) | null = null;

	/** All that happens in one turn of the loop is told at once. */
	function tellAll(): void {
		isSoon = false;
		for (const pump of open) pump();
		rowOf.forget();
	}
	function onEvent(): void {
		if (!isSoon) daemon.soon(tellAll);
		isSoon = true;
	}
	function join(pump: () => void): void {
		open.add(pump);
		unfollow ??= daemon.events.follow(onEvent);
	}
	function leave(pump: () => void): void {
		open.delete(pump);
		if (open.size > 0) return;
		unfollow?.();
		unfollow = null;
	}

	return (request, call) => {
		const isMeant = filterOf(daemon, request, call.scope);
		if (typeof isMeant === 'string') return refuse(call, isMeant);
		const tell = createPump({daemon, request, call, isMeant, rowOf: rowOf.of}, () => leave(pump));
		const pump = (): void => attempt(tell, error => {
			leave(pump);
			refuseForBug(call)(error);
		});
		if (request.follow) join(pump);
		call.whenDrained(pump);
		pump();
		return () => leave(pump);
	};
};

type IsMeant = (event: KeptEvent) => boolean;

/** Which events are asked for, of those that may be told; or an error about a name that chooses no service. */
function filterOf(daemon: Daemon, {names, kinds}: SubscribeRequest, scope: Scope): IsMeant | string {
	const isOfKind: IsMeant = kinds === null ? () => true : ({kind}) => kinds.includes(kind);
	// It may be gone by now, with its groups.
	const serviceOf = ({service: name}: KeptEvent) => ({name, groups: find(daemon.state(), name)?.service.groups ?? []});
	if (names.length === 0) {
		return scope.isWhole ? isOfKind : event => isOfKind(event) && event.service !== '' && scope.has(serviceOf(event));
	}
	const isOurs = (name: string): boolean => name === OWN && !find(daemon.state(), OWN);
	const others = names.filter(name => !isOurs(name));
	const hasOurs = names.some(isOurs);
	if (hasOurs && !scope.isWhole) return scope.refusal(OWN);
	const chosen = choose(daemon.state(), others, scope);
	if (!chosen.ok) return chosen.error;
	return event => {
		if (!isOfKind(event)) return false;
		if (event.service === '') return hasOurs;
		const service = serviceOf(event);
		return fitsAny(others, service) && scope.has(service);
	};
}

interface Parts {
	readonly daemon: Daemon;
	readonly request: SubscribeRequest;
	readonly call: Call;
	readonly isMeant: IsMeant;
	readonly rowOf: (event: KeptEvent) => readonly string[];
}

/** Tells the client what it has not been told and has room for. */
function createPump({daemon: {events}, request: {since, follow}, call, isMeant, rowOf}: Parts, end: () => void): () => void {
	let next = since === null ? events.first() : since === 'now' ? events.last() + 1 : since + 1;
	// The number is of another archon, whose events began at 1 as these did.
	if (next > events.last() + 1) next = events.first();
	let isLive = !follow;

	return () => {
		while (call.pending() <= ROOM) {
			const missed = events.first() - next;
			if (missed > 0) {
				call.send([encodeEventRow({kind: 'missed', count: missed})]);
				next += missed;
			}
			const batch = events.read(next, BATCH);
			if (batch.length === 0) break;
			next += batch.length;
			const rows = batch.filter(isMeant).map(rowOf);
			if (rows.length > 0) call.send(rows);
		}
		if (next <= events.last()) return;
		if (!isLive) {
			isLive = true;
			call.send([encodeEventRow({kind: 'live', last: events.last()})]);
		}
		if (follow) return;
		end();
		call.reply(OK);
	};
}

/** Events as rows; those that several clients are told in one turn are made once. */
function createRows(): {of(event: KeptEvent): readonly string[]; forget(): void} {
	const known = new Map<number, readonly string[]>();
	return {
		forget: () => known.clear(),
		of(event) {
			const made = known.get(event.number);
			if (made) return made;
			const row = encodeEventRow({...event, kind: 'event', event: event.kind}).map(plainField);
			if (known.size < SHARED) known.set(event.number, row);
			return row;
		},
	};
}
