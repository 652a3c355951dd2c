/** `Subscribe`: what happens to services and to archon, as events with numbers. */
import {EVENT_KINDS, type EventKind} from '../../../../core/event-kinds.ts';
import {nearest} from '../../../../core/nearest.ts';
import {ok, type Result} from '../../../../core/result.ts';
import {
	decodeChoices, type Decoded, many, type Options, type Pages, PATTERN, type RowForm, type Wire,
} from '../../../../control/wire.ts';

/** Without names: all services, and archon as a whole. */
export interface SubscribeRequest extends Decoded, EventChoices {
	readonly kind: 'subscribe';
	readonly names: readonly string[];
}

/** What a request may choose about events by options. */
export interface EventChoices {
	/** Only events after this one; `now`: only new ones; null: all that are kept. */
	readonly since: number | 'now' | null;
	/** null: all. */
	readonly kinds: readonly EventKind[] | null;
	/** Whether events that come from now on are told as well. */
	readonly follow: boolean;
}

const DEFAULTS: EventChoices = {since: null, kinds: null, follow: false};

const args = {names: many('name', {...PATTERN, bounds: 'at most 16 patterns; archon: as a whole'}, 0)};

const options: Options<EventChoices> = {
	'archon.since': {
		takes: 'the number of an event, or now',
		help: 'only events after this one, and how many of these are not kept any more; else all that are kept',
		read: since => since === 'now' ? {since} : /^\d{1,15}$/.test(since) ? {since: Number(since)} : null,
	},
	'archon.kinds': {
		takes: 'kinds of events with + between them',
		help: 'only these; else all',
		read(text) {
			const kinds = kindsFrom(text.split('+'));
			return kinds.ok ? {kinds: kinds.value} : null;
		},
	},
	'archon.follow': {
		takes: 'yes or no',
		help: 'whether events are told as they come, until the connection ends; else no',
		read: follow => follow === 'yes' || follow === 'no' ? {follow: follow === 'yes'} : null,
	},
};

/** The kinds of these names; the error names one that is not. */
export function kindsFrom(names: readonly string[]): Result<readonly EventKind[], string> {
	const kinds: EventKind[] = [];
	for (const name of names) {
		const kind = EVENT_KINDS.find(known => known === name);
		if (!kind) {
			const meant = nearest(name, EVENT_KINDS);
			return {ok: false, error: meant === null ? `the kinds are ${EVENT_KINDS.join(', ')}` : `did you mean ${meant}?`};
		}
		kinds.push(kind);
	}
	return ok(kinds);
}

function decode(fields: readonly string[]): Result<SubscribeRequest, string> {
	const values = decodeChoices(args, options, DEFAULTS, fields);
	return values.ok ? ok({kind: 'subscribe', ...values.value}) : values;
}

export const SUBSCRIBE: Wire<SubscribeRequest> = {
	verb: 'Subscribe', role: 'observe', isScoped: true, isRepeatable: true, args, options, decode,
};

const EVENT = {
	number: 'one more than that of the event before it, also when archon was re-executed between them',
	at: 'when it happened, in ms since 1970',
	event: 'its kind, see [events](events.md)',
	service: 'the service; empty: archon as a whole',
	from: 'the status of the service before; empty for archon',
	to: 'its status after that',
	pid: 'of its main process',
	run: 'the number of its run, which no other run of any service has',
	exit: 'how its main process has ended: the exit code, or 128 and the signal',
	count: 'of `backoff` and `restarting`: restarts in a row; of `orphans`: how many',
	next: 'of `backoff`: when it is started again, in ms since 1970',
	reason: 'in words; may be empty',
};

const rows: readonly RowForm[] = [
	{kind: 'event', columns: EVENT, means: 'an event'},
	{
		kind: 'missed', columns: {count: 'how many, of all kinds and services'},
		means: 'events are not told here, as they are not kept any more: they were too long ago, or the client reads too slowly',
	},
	{kind: 'live', columns: {last: 'the number of the newest event'}, means: 'all that is kept has been told; only with `archon.follow=yes`'},
];

export const pages: Pages = {
	Subscribe: {
		help: 'show what happens to services and to archon, as events with numbers, and follow it',
		rows,
		reply: '`Ok` when all was told; with `archon.follow=yes` none, until the connection ends',
		examples: [[
			'Subscribe,web,archon.since=2,archon.kinds=ready+exited', 'Row,event,4,1700000000000,ready,web,starting,running,41,1,,,,', 'Ok',
		]],
	},
};
