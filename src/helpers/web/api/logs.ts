/** `/api/v1/logs`: lines of services, those that archon keeps in memory and those that come, as server-sent events or JSON in lines. */
import {type Line, lineJson} from '../../../control/json.ts';
import {compilePattern} from '../../../core/pattern/pattern.ts';
import {LOG_STREAMS} from '../../../features/logging/core.ts';
import {decodeLogRow} from '../../../features/logging/requests/logs/rows.ts';
import {LOGS} from '../../../features/logging/requests/logs/wire.ts';
import {after} from '../../../os/clock.ts';
import type {Handler, Request} from '../http/message.ts';
import {inOrder, lastOfEach, newest, Place} from './lines.ts';
import {type EventStream, gap, LINES_TYPE, sinceOf, streamTo, type Told, wantsEvents} from './stream.ts';
import {listOf, NOT_NAMES, refusalOf, talk, type Talk, unseen} from './talk.ts';

/** Characters of kept lines: in a stream, which its client has to take at once, and in a whole answer. */
const [STREAM_MAX, WHOLE_MAX] = [256 << 10, 4 << 20];

/** Lines of each service, where the query does not say how many; and the most that it may say. */
const [LINES, LINES_MAX] = [100, 10_000];

/** Between two attempts to follow, where archon cannot be asked (ms). */
const AGAIN = 1000;

interface Inquiry {
	readonly names: readonly string[];
	/** Of each service. */
	readonly lines: number;
	readonly stream: string | undefined;
	readonly matches: ((text: string) => boolean) | null;
	/** What the client has seen; null: it wants the last lines. */
	readonly since: Place | null;
	readonly follow: boolean;
	readonly isSse: boolean;
}

/** The error is what the query has that is wrong. */
function inquiryOf(request: Request): Inquiry | string {
	const {query} = request;
	const names = listOf(request, 'service');
	const [lines, stream, grep, follow] = ['lines', 'stream', 'grep', 'follow'].map(name => query.get(name));
	const text = sinceOf(request);
	const since = text === undefined ? null : Place.read(text);
	const pattern = grep === undefined ? null : compilePattern(grep);
	if (!names) return NOT_NAMES;
	if (lines !== undefined && !(/^\d{1,5}$/.test(lines) && Number(lines) <= LINES_MAX)) return `lines is a number up to ${LINES_MAX}`;
	if (stream !== undefined && !LOG_STREAMS.some(each => each === stream)) return `stream is ${LOG_STREAMS.join(' or ')}`;
	if (pattern && !pattern.ok) return `grep is a regular expression: ${pattern.error.message}`;
	if (follow !== undefined && follow !== 'true' && follow !== 'false') return 'follow is true or false';
	if (text !== undefined && !since) return 'since and Last-Event-ID are the id of a line, or milliseconds since 1970';
	const isSse = wantsEvents(request);
	return {
		names, stream, since, isSse, follow: isSse || follow === 'true',
		lines: lines !== undefined ? Number(lines) : since ? Infinity : LINES,
		matches: pattern?.ok ? text => pattern.value.test(text) : null,
	};
}

export const logs: Handler = (request, answer) => {
	const own = talk(request, answer);
	const inquiry = inquiryOf(request);
	if (typeof inquiry === 'string') own.fail(400, inquiry);
	else if (inquiry.follow) return followed(own, inquiry, stopped => streamTo(request, answer, inquiry.isSse, stopped));
	else {
		const taker = createTaker(inquiry);
		own.ask(LOGS, fieldsOf(inquiry, inquiry.since), rows => {
			taker.take(rows);
			const {lines, leftOut} = chosen(taker.kept(WHOLE_MAX), inquiry.since, inquiry.lines, WHOLE_MAX);
			const left = leftOut > 0 ? {'archon-left-out': String(leftOut)} : {};
			answer.whole(200, {'content-type': LINES_TYPE, ...left}, lines.map(line => `${JSON.stringify(lineJson(line))}\n`).join(''));
			own.end();
		}, unseen(inquiry.names));
	}
	return own.end;
};

function fieldsOf({names, lines, stream, matches, follow}: Inquiry, since: Place | null): readonly string[] {
	return [
		...names,
		...follow ? ['archon.follow=yes'] : [],
		// Of those that match, the last ones may be far back; of those that came since, none is left out.
		...matches || since || lines === Infinity ? [] : [`archon.lines=${lines}`],
		...stream === undefined ? [] : [`archon.stream=${stream}`],
		...since ? [`archon.since=${since.at}`] : [],
	];
}

interface Taker {
	/** Takes rows up to the one that says that all kept lines are told; gives the lines that came behind it, and what is missing. */
	take(rows: readonly (readonly string[])[]): readonly (Line | number)[];
	isLive(): boolean;
	/** The kept lines, and how many older ones are not among them. */
	kept(room: number): {readonly lines: readonly Line[]; readonly leftOut: number};
}

/** From rows to lines: long ones come in parts, and no more kept ones are remembered than can be told. */
function createTaker({matches}: Inquiry): Taker {
	let [begun, size, leftOut, isLive] = ['', 0, 0, false];
	let lines: readonly Line[] = [];
	let fresh: Line[] = [];
	const trim = (room: number): void => {
		const all = inOrder([...lines, ...fresh]);
		lines = newest(all, room);
		leftOut += all.length - lines.length;
		fresh = [];
		size = 0;
	};
	return {
		isLive: () => isLive,
		kept(room) {
			trim(room);
			return {lines, leftOut};
		},
		take(rows) {
			const later: (Line | number)[] = [];
			for (const fields of rows) {
				const row = decodeLogRow(fields);
				if (row?.kind === 'live') isLive = true;
				if (row?.kind === 'dropped') later.push(row.count);
				if (row?.kind !== 'line' && row?.kind !== 'part') continue;
				begun += row.text;
				if (row.kind === 'part') continue;
				const line: Line = {name: row.name, at: row.at, stream: row.stream, text: begun};
				begun = '';
				if (matches && !matches(line.text)) continue;
				if (isLive) {
					later.push(line);
					continue;
				}
				fresh.push(line);
				size += line.text.length;
				if (size > WHOLE_MAX || fresh.length > WHOLE_MAX / 128) trim(WHOLE_MAX);
			}
			return later;
		},
	};
}

interface Chosen {
	/** All that come after what the client has seen. */
	readonly all: readonly Line[];
	/** Those of them that are asked for. */
	readonly lines: readonly Line[];
	readonly leftOut: number;
	/** Whether none is missing between what the client has seen and these. */
	readonly isWhole: boolean;
}

function chosen(kept: ReturnType<Taker['kept']>, since: Place | null, count: number, room: number): Chosen {
	const {lines: all, isWhole} = since?.after(kept.lines) ?? {lines: kept.lines, isWhole: true};
	const asked = lastOfEach(all, count);
	const lines = newest(asked, room);
	return {all, lines, leftOut: kept.leftOut + asked.length - lines.length, isWhole};
}

/** Follows over re-executions of archon. The stream begins when archon has begun to answer. */
function followed(own: Talk, inquiry: Inquiry, open: (stopped: () => void) => EventStream): () => void {
	const {visitor} = own.request;
	const place = inquiry.since ?? new Place(0);
	let out = null as EventStream | null;
	let isOver = false;
	let stop = (): void => {};
	const over = (): void => {
		isOver = true;
		stop();
	};
	const told = (line: Line): Told => {
		place.note(line);
		return {id: place.id, data: lineJson(line)};
	};

	/** `since`: null the first time, where the client has seen nothing. */
	function begin(since: Place | null, isAgain: boolean): void {
		const taker = createTaker(inquiry);
		const showKept = (): void => {
			out ??= open(over);
			const {all, lines, leftOut, isWhole} = chosen(taker.kept(WHOLE_MAX), since, isAgain ? Infinity : inquiry.lines, STREAM_MAX);
			const shown = new Set(lines);
			const missing = leftOut > 0 ? [gap(leftOut, TOO_MANY)] : isWhole && !isAgain ? [] : [gap(null, FORGOTTEN)];
			out.tell([...missing, ...all.flatMap(line => {
				const one = told(line);
				return shown.has(line) ? [one] : [];
			})]);
			out.mark(place.id);
		};
		stop = visitor.ask(LOGS, fieldsOf(inquiry, since), {
			rows(rows) {
				const wasLive = taker.isLive();
				const later = taker.take(rows);
				if (!wasLive && taker.isLive()) showKept();
				if (later.length > 0) out?.tell(later.map(each => typeof each === 'number' ? gap(each, TOO_FAST) : told(each)));
			},
			done(result) {
				if (isOver) return;
				if (!result.ok) {
					stop = after(result.error.kind === 'broken' ? 0 : AGAIN, () => begin(out ? place : since, out !== null));
				} else if (result.value.kind === 'Ok') {
					if (!taker.isLive()) showKept();
					out?.end();
				} else {
					refused('reason' in result.value ? result.value.reason : '');
				}
			},
		});
	}
	const refused = (reason: string): void => {
		const {status, why} = inquiry.names.length > 0 ? unseen(inquiry.names)(reason) : refusalOf(reason);
		if (out) out.end({kind: 'trouble', data: {error: why}});
		else own.fail(status, why);
	};
	begin(inquiry.since, false);
	return () => {
		over();
		out?.gone();
	};
}

const TOO_MANY = 'older lines, which are too many to be told at once';
const TOO_FAST = 'these lines came faster than they could be told';
const FORGOTTEN = 'lines may be missing here: archon has in memory what came since it was last executed, and the last of each service';
