/** What a browser that shows a page is told: that something has changed, whereupon it asks for the page again, and lines of a log. */
import {decodeLogRow} from '../../../features/logging/requests/logs/rows.ts';
import {LOGS} from '../../../features/logging/requests/logs/wire.ts';
import {after} from '../../../os/clock.ts';
import type {Handler, Streaming} from '../http/message.ts';
import type {Visitor} from '../visitor.ts';
import {createSieve, logChoiceOf, placeOf, placeText, streamOf} from './log-lines.ts';

/** What happens within this time is one change. */
const GATHER = 150;
/** A browser that is so far behind (bytes) is told that lines are left out. */
const BACKLOG = 256 << 10;

const EVENT_STREAM = {'content-type': 'text/event-stream; charset=utf-8'};

/** `GET /live`, and with a name `GET /services/{name}/live`: with lines of its log. */
export const live: Handler = (request, answer) => {
	const {parameters, query, visitor} = request;
	const name = parameters.get('name');
	const stream = answer.stream(200, EVENT_STREAM);
	stream.write('retry: 1000\n\n');
	let cancelTell: (() => void) | null = null;
	const changed = (): void => {
		cancelTell ??= after(GATHER, () => {
			cancelTell = null;
			if (stream.backlog() < BACKLOG) stream.write('event: changed\ndata:\n\n');
		});
	};
	const unfollow = visitor.follow({names: name === undefined ? [] : [name], kinds: [], since: null}, {
		events(events) {
			if (events.some(({event}) => event === 'shutdown')) stream.write('event: ending\ndata:\n\n');
			changed();
		},
		missed: changed,
		failed: changed,
	});
	const unlog = name === undefined ? () => {} : followLog(visitor, name, query, request.header('last-event-id'), stream);
	return () => {
		cancelTell?.();
		unfollow();
		unlog();
	};
};

/** Lines from the place that the browser has told, over all that may happen to the connection to archon. */
function followLog(
	visitor: Visitor, name: string, query: ReadonlyMap<string, string>, last: string | undefined, stream: Streaming,
): () => void {
	const choice = logChoiceOf(query);
	let place = placeOf(last ?? query.get('since') ?? '');
	let isOver = false;
	let stop = () => {};
	const begin = (): void => {
		if (isOver) return;
		const sieve = createSieve(choice, place);
		let left = 0;
		const from = place ? [`archon.since=${place.at}`] : ['archon.lines=0'];
		stop = visitor.ask(LOGS, [name, 'archon.follow=yes', ...from, ...streamOf(choice.stream)], {
			rows(rows) {
				const lines = sieve.lines(rows.flatMap(fields => decodeLogRow(fields) ?? []));
				place = sieve.place();
				if (stream.backlog() > BACKLOG) {
					left += lines.length;
					return;
				}
				const told = left > 0 ? [['', 'note', `${left} lines are left out here: this browser is too slow`], ...lines] : lines;
				left = 0;
				if (told.length > 0) stream.write(`event: lines\nid: ${placeText(place)}\ndata: ${JSON.stringify(told)}\n\n`);
			},
			done: () => void (stop = after(AGAIN, begin)),
		});
	};
	begin();
	return () => {
		isOver = true;
		stop();
	};
}

/** Until archon is asked again for a log that it has ended (ms). */
const AGAIN = 1000;
