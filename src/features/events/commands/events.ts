/** `archonctl events`: shows what has happened to services and to archon, and follows it. */
import {type Client, TRIES} from '../../../control/client.ts';
import {eventJson} from '../../../control/json.ts';
import {plainText} from '../../../core/plain.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {type Arguments, type Command, EXIT, type Io} from '../../../cli/command.ts';
import {lookOf} from '../../../cli/look.ts';
import {momentOf} from '../../../cli/moment.ts';
import {complain, tellReply, tellTrouble, usageError} from '../../../cli/reply.ts';
import {decodeEventRow, type EventRow} from '../requests/subscribe/rows.ts';
import {kindsFrom, SUBSCRIBE} from '../requests/subscribe/wire.ts';

export const events: Command = {
	name: 'events',
	usage: '[OPTION...] [NAME...]',
	summary: 'show what has happened to services and to archon, and follow it',
	details: [
		'Without a NAME: of all services and of archon as a whole. A NAME may be all, or hold * and ?; archon is archon',
		'itself. archon keeps the last thousand or so, also when it is re-executed. Each has a number, one more than',
		'the one before: --after the last one that was seen shows what has come since, and says how many are not kept.',
		'With -f it ends when archon ends, but not when archon is re-executed. Ctrl-C ends it with exit status 130.',
	],
	options: [
		{names: ['--follow', '-f'], value: null, help: 'show new events as they come'},
		{names: ['--kinds', '-k'], value: 'KIND,...', help: 'only these: started, ready, exited, backoff, failed and others'},
		{names: ['--lines', '-n'], value: 'N', help: 'no more than the last N of those that are kept; 0 with -f: only new ones'},
		{names: ['--since'], value: 'DURATION|TIME', help: 'nothing older: 10m, 1h30m, 2026-01-31T08:00, or seconds since 1970'},
		{names: ['--after'], value: 'NUMBER', help: 'only those after the event with this number'},
		{names: ['--json'], value: null, help: 'one object for each event, in a line'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	onHosts: {printsLines: true},
	examples: ['archonctl events -f', 'archonctl events --kinds failed,backoff --since 1h', 'archonctl events --json --after 1041 web'],
	run(args, io, reach) {
		const inquiry = inquiryOf(args, Date.now());
		if (!inquiry.ok) return usageError(io, inquiry.error);
		return reach(client => show(client, inquiry.value, args, io));
	},
};

interface Inquiry {
	readonly names: readonly string[];
	readonly follow: boolean;
	readonly kinds: readonly string[];
	/** Of the kept ones. */
	readonly lines: number;
	/** In milliseconds since 1970. */
	readonly since: number;
	/** A number of an event. */
	readonly after: string | null;
}

function inquiryOf(args: Arguments, now: number): Result<Inquiry, string> {
	const last = (name: string): string | null => args.values(name).at(-1) ?? null;
	const [lines, moment, after] = [last('--lines'), last('--since'), last('--after')];
	if (lines !== null && !/^\d{1,9}$/.test(lines)) return err(`--lines ${lines}: not a number`);
	if (after !== null && !/^\d{1,15}$/.test(after)) return err(`--after ${after}: not the number of an event`);
	const since = moment === null ? 0 : momentOf(moment, now);
	if (since === null) return err(`--since ${moment}: neither a duration like 1h30m nor a time like 2026-01-31T08:00`);
	const kinds = args.values('--kinds').flatMap(text => text.split(','));
	const known = kindsFrom(kinds);
	if (!known.ok) return err(`--kinds ${kinds.join(',')}: ${known.error}`);
	return ok({names: args.operands, follow: args.has('--follow'), kinds, lines: lines === null ? Infinity : Number(lines), since, after});
}

function fieldsOf({names, follow, kinds}: Inquiry, after: string | null): readonly string[] {
	return [
		...names,
		...after === null ? [] : [`archon.since=${after}`],
		...kinds.length === 0 ? [] : [`archon.kinds=${kinds.join('+')}`],
		...follow ? ['archon.follow=yes'] : [],
	];
}

/** Where fewer lines than are kept are asked for, they are gathered first. */
function show(client: Client, inquiry: Inquiry, args: Arguments, io: Io): number {
	const print = createPrinter(args, io);
	let {after} = inquiry;
	let kept: EventRow[] | null = inquiry.lines === Infinity ? null : [];
	let isLive = false;
	const showKept = (): void => {
		const rows = kept ?? [];
		kept = null;
		print(inquiry.lines === 0 ? [] : rows.slice(-inquiry.lines));
	};
	const onRows = (rows: readonly (readonly string[])[]): void => {
		let batch: EventRow[] = [];
		for (const fields of rows) {
			const row = decodeEventRow(fields);
			if (row?.kind === 'event') {
				after = String(row.number);
				if (row.at < inquiry.since) continue;
				if (kept) kept.push(row);
				else batch.push(row);
			} else if (row?.kind === 'live') {
				after = String(row.last);
				isLive = true;
				showKept();
			} else if (row?.kind === 'missed') {
				print(batch);
				batch = [];
				complain(io, `${row.count} ${row.count === 1 ? 'event is' : 'events are'} not kept any more`);
			}
		}
		print(batch);
	};
	for (let tries = 1;; tries++) {
		const reply = client.listen(SUBSCRIBE, fieldsOf(inquiry, after), onRows);
		showKept();
		if (reply.ok) return tellReply(reply.value, io);
		if (reply.error.kind !== 'broken') return tellTrouble(reply.error, io);
		if (isLive) tries = 1;
		if (tries === TRIES || !client.reconnect()) break;
	}
	// For a client that follows, the end of the connection says that archon has ended.
	return inquiry.follow && isLive ? EXIT.ok : tellTrouble({kind: 'lost', reason: 'archon closed the connection without a reply'}, io);
}

function createPrinter(args: Arguments, io: Io): (rows: readonly EventRow[]) => void {
	const {isColoured} = lookOf(io);
	const isJson = args.has('--json');
	let width = 6;
	return rows => {
		if (rows.length === 0) return;
		for (const {service} of rows) width = Math.max(width, service.length);
		io.stdout(rows.map(row => `${isJson ? JSON.stringify(eventJson(row)) : textOf(row, width, isColoured)}\n`).join(''));
	};
}

/** Names of archon's own events, which belong to no service. */
const OWN = 'archon';
const KIND_WIDTH = 'reload-failed'.length;

function textOf(row: EventRow, width: number, isColoured: boolean): string {
	const {at, event, service, reason} = row;
	const more = [
		...HAS_PID.has(event) && row.pid !== null ? [`pid ${row.pid}`] : [],
		...reason === '' ? [] : [plainText(reason)],
		...row.next === null ? [] : [`again in ${Number(((row.next - at) / 1000).toFixed(1))} s`],
	].join('; ');
	const kind = paint(event.padEnd(KIND_WIDTH), event, isColoured);
	return `${new Date(at).toISOString()}  ${(service || OWN).padEnd(width)}  ${kind}  ${more}`.trimEnd();
}

const HAS_PID: ReadonlySet<string> = new Set(['started', 'main-pid', 'stopping', 'exited', 'killed']);

const [RED, GREEN, YELLOW] = [31, 32, 33];
const COLOURS: ReadonlyMap<string, number> = new Map([
	['ready', GREEN], ['healthy', GREEN], ['completed', GREEN], ['all-ready', GREEN],
	['failed', RED], ['unhealthy', RED], ['blocked', RED], ['reload-failed', RED], ['killed', RED], ['re-executed', RED],
	['backoff', YELLOW], ['restarting', YELLOW], ['shutdown', YELLOW],
]);

function paint(text: string, kind: string, isColoured: boolean): string {
	const colour = isColoured ? COLOURS.get(kind) : undefined;
	return colour === undefined ? text : `\x1b[${colour}m${text}\x1b[0m`;
}
