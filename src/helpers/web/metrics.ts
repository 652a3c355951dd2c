/** `/metrics`: what a Prometheus scrapes, as OpenMetrics or in the older text format, whichever it would rather have. */
import {after} from '../../os/clock.ts';
import type {MetricsRow} from '../../features/metrics/core/columns.ts';
import {CONTENT_TYPES, exposition, formatFor} from '../../features/metrics/core/exposition.ts';
import {METRICS, METRICS_ROW} from '../../features/metrics/requests/metrics/wire.ts';
import {fail} from './failure.ts';
import type {Answer, Handler} from './http/message.ts';

/** How long archon may take over each part of its answer (ms). */
const PATIENCE = 8000;
/** How often it is asked again where it was re-executed in the middle of its answer. */
const AGAIN = 2;
/** Characters that are sent as one body; what is longer goes out as it is taken. */
const WHOLE = 512 << 10;

export const metrics: Handler = (request, answer) => {
	let rows: MetricsRow[] = [];
	let tries = 0;
	let isGone = false;
	let cancel = (): void => {};
	let giveUp = (): void => {};
	const refuse = (why: string): void => fail(request, answer, 503, why);

	function wait(): void {
		cancel();
		cancel = after(PATIENCE, () => {
			giveUp();
			refuse('archon does not answer; see archonctl doctor');
		});
	}

	function ask(): void {
		rows = [];
		wait();
		giveUp = request.visitor.ask(METRICS, [], {
			rows(more) {
				for (const fields of more) {
					const row = METRICS_ROW.decode(fields);
					if (row) rows.push(row);
				}
				wait();
			},
			done(result) {
				cancel();
				if (!result.ok && result.error.kind === 'broken' && tries++ < AGAIN) return ask();
				if (!result.ok) return refuse(result.error.reason);
				if (result.value.kind === 'Error') return refuse(result.value.reason);
				const format = formatFor(request.header('accept') ?? '');
				send(exposition(rows, format), answer, {'content-type': CONTENT_TYPES[format], vary: 'accept'}, () => isGone);
			},
		});
	}

	ask();
	return () => {
		isGone = true;
		cancel();
		giveUp();
	};
};

/** The text of thousands of services is made as fast as it is taken, and others have their turn between its pieces. */
function send(pieces: Iterator<string, void>, answer: Answer, headers: Readonly<Record<string, string>>, isGone: () => boolean): void {
	let text = '';
	for (;;) {
		const next = pieces.next();
		if (next.done) return answer.whole(200, headers, text);
		text += next.value;
		if (text.length > WHOLE) break;
	}
	const stream = answer.stream(200, headers);
	stream.write(text);
	const goOn = (): void => {
		if (isGone()) return;
		const next = pieces.next();
		if (next.done) return stream.end();
		stream.write(next.value);
		stream.whenTaken(() => after(0, goOn));
	};
	stream.whenTaken(() => after(0, goOn));
}
