/** `archonctl logs`: shows lines of services and of archon, and follows them. */
import {type Client, TRIES} from '../../../control/client.ts';
import {type Line as Shown, lineJson} from '../../../control/json.ts';
import {decodeLogRow, type FileRow, type LineRow} from '../requests/logs/rows.ts';
import {LOGS} from '../requests/logs/wire.ts';
import {label, widthOf} from '../../../core/label.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {LOG_STREAMS} from '../core.ts';
import {nearest} from '../../../core/nearest.ts';
import {compilePattern} from '../../../core/pattern/pattern.ts';
import {plainText} from '../../../core/plain.ts';
import {type Arguments, type Command, EXIT, type Io} from '../../../cli/command.ts';
import {type Past, readLogFiles, type Wanted} from './files.ts';
import {merge} from './merge.ts';
import {momentOf} from '../../../cli/moment.ts';
import {lookOf} from '../../../cli/look.ts';
import {complain, tellReply, tellTrouble, usageError} from '../../../cli/reply.ts';

export const logs: Command = {
	name: 'logs',
	usage: '[OPTION...] [NAME...]',
	summary: 'show the output of services, and follow it',
	details: [
		'Without a NAME: all services and archon\'s own events, in the order of their times. A NAME may be all, or hold',
		'* and ?; archon is archon itself. One service alone is shown without its name before each line.',
		'All that is kept is shown unless -n or --since says less: what archon has in memory, and before that what is',
		'in a service\'s log files, which archonctl reads itself. Lines whose time is not known come first.',
		'With -f it ends when the services are gone or archon ends, but not when archon is re-executed. Ctrl-C ends it',
		'with exit status 130.',
	],
	options: [
		{names: ['--follow', '-f'], value: null, help: 'show new lines as they come'},
		{names: ['--lines', '-n'], value: 'N|all', help: 'no more than the last N lines of each; 0 with -f: only new ones'},
		{names: ['--stream'], value: LOG_STREAMS.join('|'), help: 'only lines from there'},
		{names: ['--since'], value: 'DURATION|TIME', help: 'nothing older: 10m, 1h30m, 2026-01-31T08:00, 2026-01-31, or seconds since 1970'},
		{names: ['--grep', '-g'], value: 'PATTERN', help: 'only lines that match a regular expression as JavaScript has them'},
		{names: ['--invert', '-v'], value: null, help: 'with --grep: only lines that do not match'},
		{names: ['--ignore-case', '-i'], value: null, help: 'with --grep: in either case, of ASCII'},
		{names: ['--timestamps', '-t'], value: null, help: 'the time before each line'},
		{names: ['--json'], value: null, help: 'one object for each line'},
		{names: ['--no-prefix'], value: null, help: 'never a name before a line'},
		{names: ['--plain'], value: null, help: 'written out what a terminal would act on, as on a terminal: for a pager'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	isLong: true,
	onHosts: {printsLines: true},
	examples: ['archonctl logs', 'archonctl logs -f -n 100 web', 'archonctl logs --since 10m --stream stderr "worker-*"'],
	run(args, io, reach) {
		const inquiry = inquiryOf(args, Date.now());
		if (!inquiry.ok) return usageError(io, inquiry.error);
		const matches = matcherOf(args);
		if (!matches.ok) return usageError(io, matches.error);
		return reach(client => show(client, inquiry.value, matches.value, args, io));
	},
};

// ── What is asked ────────────────────────────────────────────────────────────────────────────────

interface Inquiry extends Wanted {
	readonly follow: boolean;
	readonly names: readonly string[];
}

function inquiryOf(args: Arguments, now: number): Result<Inquiry, string> {
	const last = (name: string): string | null => args.values(name).at(-1) ?? null;
	const [lines, given, moment] = [last('--lines'), last('--stream'), last('--since')];
	if (lines !== null && lines !== 'all' && !/^\d{1,9}$/.test(lines)) return err(`--lines ${lines}: neither a number nor all`);
	const stream = LOG_STREAMS.find(stream => stream === given) ?? null;
	if (given !== null && stream === null) {
		const meant = nearest(given, LOG_STREAMS);
		return err(`--stream ${given}: ${meant === null ? 'only stdout and stderr are known' : `did you mean ${meant}?`}`);
	}
	const since = moment === null ? null : momentOf(moment, now);
	if (moment !== null && since === null) {
		return err(`--since ${moment}: neither a duration like 1h30m nor a time like 2026-01-31T08:00`);
	}
	return ok({
		names: args.operands, follow: args.has('--follow'), lines: lines === null || lines === 'all' ? Infinity : Number(lines),
		stream, since,
	});
}

/** Which lines are shown. The time that it takes is in proportion to the text, whatever the pattern. */
type Matches = (text: string) => boolean;

/** null: all of them. */
function matcherOf(args: Arguments): Result<Matches | null, string> {
	const source = args.values('--grep').at(-1);
	if (source === undefined) {
		const alone = ['--invert', '--ignore-case'].find(args.has);
		return alone === undefined ? ok(null) : err(`${alone} needs --grep`);
	}
	const pattern = compilePattern(args.has('--ignore-case') ? `(?i:${source})` : source);
	if (!pattern.ok) return err(`--grep ${source}: ${pattern.error.message}`);
	const isInverted = args.has('--invert');
	return ok(text => pattern.value.test(text) !== isInverted);
}

function fieldsOf({names, follow, lines, stream, since}: Inquiry): readonly string[] {
	return [
		...names,
		...follow ? ['archon.follow=yes'] : [],
		...lines === Infinity ? [] : [`archon.lines=${lines}`],
		...stream === null ? [] : [`archon.stream=${stream}`],
		...since === null ? [] : [`archon.since=${since}`],
	];
}

// ── What is shown ────────────────────────────────────────────────────────────────────────────────

/** Kept lines are gathered until all have come, and then shown in order; later ones are shown as they come. */
function show(client: Client, inquiry: Inquiry, matches: Matches | null, args: Arguments, io: Io): number {
	// Of those that match, the last ones may be far back.
	const asked = matches ? {...inquiry, lines: Infinity} : inquiry;
	const names = new Set<string>();
	const kept = new Map<string, Shown[]>();
	const files = new Map<string, FileRow[]>();
	const printer = createPrinter(args, io, names);
	let isLive = false;
	let begun = '';
	/** Lines of this time and later have not been shown. */
	let next = Date.now();
	/** Kept lines have been shown, and new ones are followed. */
	let wasLive = false;

	const take = (row: LineRow): void => {
		begun += row.text;
		if (row.kind === 'part') return;
		const line: Shown = {name: row.name, at: row.at, stream: row.stream, text: begun};
		begun = '';
		next = Math.max(next, line.at + 1);
		if (!isLive) add(kept, line.name, line);
		else if (!matches || matches(line.text)) printer.print(line);
	};
	const showKept = (): void => {
		isLive = true;
		showPast(kept, files, inquiry, matches, printer, io);
		kept.clear();
		files.clear();
	};
	const onRows = (rows: readonly (readonly string[])[]): void => {
		for (const fields of rows) {
			const row = decodeLogRow(fields);
			if (row?.kind === 'source') names.add(row.name);
			if (row?.kind === 'unseen' && !wasLive) complain(io, `archon does not read the output of ${row.name}: ${row.why}`);
			if (row?.kind === 'file' && !wasLive) add(files, row.name, row);
			if (row?.kind === 'line' || row?.kind === 'part') take(row);
			if (row?.kind === 'live') showKept();
			if (row?.kind === 'dropped') {
				printer.flush();
				complain(io, `${row.count} ${row.count === 1 ? 'line was' : 'lines were'} dropped: this terminal reads too slowly`);
			}
		}
		printer.flush();
	};
	for (let tries = 1;; tries++) {
		// archon's memory of lines is that of one instance: of the next, every line is new that is younger than what was shown.
		const reply = client.listen(LOGS, fieldsOf(wasLive ? {...inquiry, lines: Infinity, since: next} : asked), onRows);
		if (reply.ok && !isLive) showKept();
		printer.flush();
		if (reply.ok) return tellReply(reply.value, io);
		if (reply.error.kind !== 'broken') return tellTrouble(reply.error, io);
		wasLive ||= isLive && inquiry.follow;
		if (isLive) tries = 1;
		if (tries === TRIES || !client.reconnect()) break;
		if (wasLive && isLive) complain(io, 'archon was re-executed');
		[isLive, begun] = [false, ''];
		kept.clear();
		files.clear();
	}
	// For a client that follows, the end of the connection says that archon has ended.
	return wasLive ? EXIT.ok : tellTrouble({kind: 'lost', reason: 'archon closed the connection without a reply'}, io);
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
	const list = lists.get(key);
	if (list) list.push(value);
	else lists.set(key, [value]);
}

function showPast(
	kept: ReadonlyMap<string, readonly Shown[]>, files: ReadonlyMap<string, readonly FileRow[]>, inquiry: Inquiry,
	matches: Matches | null, printer: Printer, io: Io,
): void {
	const pasts: Past[] = [];
	const runs: Iterable<Shown>[] = [];
	const inMemory: Shown[] = [];
	const inMemoryOf = (name: string): readonly Shown[] => {
		const lines = kept.get(name) ?? [];
		return matches ? [...lastOf([chosen(lines, matches)], inquiry.lines)] : lines;
	};
	for (const [name, marks] of files) {
		const past = readLogFiles(marks, kept.get(name) ?? [], matches ? {...inquiry, lines: Infinity} : inquiry);
		if (past.ok) {
			pasts.push(past.value);
			runs.push(lastOf(past.value.runs.map(run => chosen(run, matches)), inquiry.lines));
		} else {
			complain(io, `${past.error}; of ${name} only what archon has in memory is shown`);
			for (const line of inMemoryOf(name)) inMemory.push(line);
		}
	}
	for (const name of kept.keys()) if (!files.has(name)) for (const line of inMemoryOf(name)) inMemory.push(line);
	runs.push(inMemory.sort((a, b) => a.at - b.at));
	for (const line of merge(runs)) printer.print(line);
	for (const past of pasts) past.close();
}

function* chosen(lines: Iterable<Shown>, matches: Matches | null): Iterable<Shown> {
	for (const line of lines) if (!matches || matches(line.text)) yield line;
}

/** The last `count` of them; Infinity: all. */
function lastOf(runs: readonly Iterable<Shown>[], count: number): Iterable<Shown> {
	if (count === 0) return [];
	return count === Infinity ? merge(runs) : [...merge(runs)].slice(-count);
}

interface Printer {
	print(line: Shown): void;
	flush(): void;
}

/** Characters that are gathered before they are written. */
const GATHER = 64 * 1024;

function createPrinter(args: Arguments, io: Io, names: ReadonlySet<string>): Printer {
	const {isColoured} = lookOf(io);
	const [isJson, hasTime, isPlain] = [args.has('--json'), args.has('--timestamps'), io.isTty || args.has('--plain')];
	// With one service named, every line is its.
	const [only, ...others] = args.operands;
	const isLone = only !== undefined && others.length === 0 && only !== 'all' && !/[*?]/.test(only);
	const hasName = !isJson && !isLone && !args.has('--no-prefix');
	let text = '';
	const labels = new Map<string, string>();
	let [known, width] = [-1, 0];

	const labelFor = (name: string): string => {
		// Services may come while others are followed, and the column of names grows with them.
		if (names.size !== known) {
			[known, width] = [names.size, widthOf(names)];
			labels.clear();
		}
		const made = labels.get(name) ?? label(name, width, isColoured);
		labels.set(name, made);
		return made;
	};
	const flush = (): void => {
		if (text !== '') io.stdout(text);
		text = '';
	};
	return {
		flush,
		print(line) {
			if (isJson) {
				text += `${JSON.stringify(lineJson(line))}\n`;
			} else {
				const time = hasTime ? `${line.at === -Infinity ? '-' : new Date(line.at).toISOString()} ` : '';
				text += `${hasName ? labelFor(line.name) : ''}${time}${isPlain ? plainText(line.text) : line.text}\n`;
			}
			if (text.length > GATHER) flush();
		},
	};
}
