/** `/api/v1/events`: what happens to services and to archon, as server-sent events whose ids are the numbers of events. */
import {eventJson} from '../../../control/json.ts';
import {STATUS} from '../../../control/requests/status/wire.ts';
import type {EventRow} from '../../../features/events/requests/subscribe/rows.ts';
import {kindsFrom} from '../../../features/events/requests/subscribe/wire.ts';
import type {HearsEvents} from '../../control.ts';
import type {Handler} from '../http/message.ts';
import {type EventStream, gap, sinceOf, streamTo} from './stream.ts';
import {isOfRights, listOf, NOT_NAMES, talk, unseen} from './talk.ts';

/** archon's own name, where it is not a service's. */
const OWN = 'archon';

export const events: Handler = (request, answer) => {
	const own = talk(request, answer);
	let end = own.end;
	const [names, kinds, text] = [listOf(request, 'service'), listOf(request, 'kind'), sinceOf(request)];
	const known = kindsFrom(kinds ?? []);
	const begin = (): void => {
		const since = text === undefined ? null : Number(text);
		let stop = (): void => {};
		const out = streamTo(request, answer, true, () => stop());
		end = out.gone;
		stop = request.visitor.follow({names: names ?? [], kinds: kinds ?? [], since}, hearing(out, since));
	};
	if (!names) own.fail(400, NOT_NAMES);
	else if (!known.ok) own.fail(400, `kind is a kind of event: ${known.error}`);
	else if (text !== undefined && !/^\d{1,15}$/.test(text)) own.fail(400, 'since and Last-Event-ID are the number of an event: ?since=1041');
	else if (names.includes(OWN) && request.visitor.services) own.fail(403, 'what happens to archon is for tokens that hold for all services');
	else {
		const others = names.filter(name => name !== OWN);
		if (others.length > 0) own.ask(STATUS, others, begin, unseen(others));
		else begin();
	}
	return () => end();
};

/** `since`: the last event that the client has seen; null: it wants only new ones. */
function hearing(out: EventStream, since: number | null): HearsEvents {
	let isFirst = true;
	/** Numbers begin at 1 with each archon: those that go on below what the client has seen are not of the same. */
	const compare = (next: number): void => {
		if (isFirst && since !== null && next <= since) out.tell([gap(null, 'these are events of another archon, whose numbers began again')]);
		isFirst = false;
	};
	return {
		events(rows: readonly EventRow[]) {
			compare(rows[0]?.number ?? Infinity);
			out.tell(rows.map(row => ({id: row.number, data: eventJson(row)})));
		},
		missed: count => out.tell([gap(count, 'these events, of all kinds and services, are not kept any more')]),
		live(last) {
			compare(last + 1);
			out.mark(last);
		},
		failed(why) {
			if (isOfRights(why)) out.end({kind: 'trouble', data: {error: why}});
			else out.tell([{kind: 'trouble', data: {error: `${why}; it is tried again`}}]);
		},
	};
}
