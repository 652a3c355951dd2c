/** What several hosts say, told with the name of each: pure, but for where it is told. */
import {plainText} from '../core/plain.ts';
import {label, widthOf} from '../core/label.ts';
import {type Answered, EXIT, type Io} from './command.ts';

/**
 * `lines`: each line behind the name of its host, of one host together where nothing is followed. `objects`: lines that are JSON
 * objects, which get the host. `together`: JSON of all hosts, shown as one at the end.
 */
export type Manner =
	| {readonly kind: 'lines'; readonly isFollowed: boolean; readonly acknowledges: string | null}
	| {readonly kind: 'objects'}
	| {readonly kind: 'together'; readonly show: (answers: readonly Answered[]) => string};

export interface Teller {
	/** A line of what a host's command prints. The result is a complaint where that is too much. */
	printed(host: string, line: string): string | null;
	/** A line of what `archonctl` complains of a host. */
	complained(host: string, line: string): void;
	/** A line from what reaches the host, such as ssh. */
	noted(host: string, line: string): void;
	/** `why`: what is wrong beside what was said. */
	ended(host: string, status: number, why: string | null): void;
	/** All have ended. */
	finish(): void;
}

/** Characters that are held back of one host, so that its lines stay together. */
const HELD_MAX = 256 << 10;
/** Characters of one answer that is to be shown with others. */
const ANSWER_MAX = 16 << 20;
/** Characters of what reaches a host: what is beyond is not told. */
const NOTED_MAX = 8 << 10;

interface Said {
	lines: string[];
	/** Characters of the lines. */
	size: number;
	notes: string[];
	noted: number;
	complaints: string[];
	/** Whether something was told of it already. */
	isTold: boolean;
}

export function createTeller(
	hosts: readonly string[], manner: Manner, io: Pick<Io, 'stdout' | 'stderr' | 'isTty' | 'isJson'>, isColoured: boolean,
): Teller {
	const width = widthOf(hosts);
	const known = new Map<string, Said>();
	const answers = new Map<string, readonly unknown[]>();
	const of = (host: string): Said => {
		const said = known.get(host) ?? {lines: [], size: 0, notes: [], noted: 0, complaints: [], isTold: false};
		known.set(host, said);
		return said;
	};
	const complain = (host: string, line: string): void => {
		const problem = problemIn(line);
		if (io.isJson) return io.stderr(`${JSON.stringify({host, ...problem})}\n`);
		if (typeof problem.error !== 'string') return io.stderr(`${host}: ${line}\n`);
		const [first, ...more] = problem.error.split('\n');
		io.stderr([`${OWN}${host}: ${first}`, ...more.map(line => `${host}: ${line}`), ''].join('\n'));
	};
	const tellProblems = (host: string): void => {
		const {notes, complaints} = of(host);
		for (const note of notes.splice(0)) io.stderr(io.isJson ? `${JSON.stringify({host, note})}\n` : `${host}: ${note}\n`);
		for (const line of complaints.splice(0)) complain(host, line);
	};
	const print = (host: string, lines: readonly string[]): void => {
		if (lines.length === 0) return;
		const before = label(host, width, isColoured);
		io.stdout(lines.map(line => `${before}${io.isTty ? plainText(line) : line}\n`).join(''));
	};
	/** From here on nothing of it is held back. */
	const release = (host: string): void => {
		const about = of(host);
		about.isTold = true;
		tellProblems(host);
		if (manner.kind === 'lines') print(host, about.lines.splice(0));
	};

	return {
		printed(host, line) {
			const about = of(host);
			about.size += line.length + 1;
			if (manner.kind === 'objects') {
				if (!about.isTold) release(host);
				io.stdout(`${JSON.stringify(withHost(host, objectIn(line)))}\n`);
				return null;
			}
			if (manner.kind === 'together' && about.size > ANSWER_MAX) return `its answer is longer than ${ANSWER_MAX >> 20} MiB`;
			if (about.isTold) {
				print(host, [line]);
				return null;
			}
			about.lines.push(line);
			if (manner.kind === 'lines' && (manner.isFollowed || about.size > HELD_MAX)) release(host);
			return null;
		},
		complained(host, line) {
			const about = of(host);
			if (about.isTold) complain(host, line);
			else about.complaints.push(line);
		},
		noted(host, line) {
			const about = of(host);
			about.noted += line.length + 1;
			if (about.noted > NOTED_MAX || line.trim() === '') return;
			about.notes.push(line.trimEnd());
			if (about.isTold) tellProblems(host);
		},
		ended(host, status, why) {
			const about = of(host);
			if (manner.kind === 'together' && about.lines.length > 0 && why === null) {
				const values = valuesIn(about.lines.splice(0).join('\n'));
				if (values) answers.set(host, values);
				else about.complaints.push(`${OWN}its answer is no JSON`);
			}
			const reason = about.notes.at(-1);
			if (why !== null) {
				about.complaints.push(`${OWN}${why}`);
			} else if (status === EXIT.unreachable && reason !== undefined && !about.isTold && about.lines.length === 0) {
				// What could not reach it says why: one line for one host.
				about.notes = [];
				about.complaints.push(withReason(about.complaints.pop() ?? `${OWN}cannot be reached`, reason));
			}
			release(host);
			const said = manner.kind === 'lines' && status === EXIT.ok && why === null ? manner.acknowledges : null;
			if (said !== null) io.stdout(`${said} ${host}\n`);
			known.delete(host);
		},
		finish() {
			if (manner.kind !== 'together') return;
			io.stdout(manner.show(hosts.flatMap(host => {
				const values = answers.get(host);
				return values ? [{host, values}] : [];
			})));
		},
	};
}

/** How `archonctl` begins what it complains of. */
const OWN = 'archonctl: ';

/** With `--json` complaints are objects. Without an error it is a line that stands below one. */
function problemIn(line: string): Readonly<Record<string, unknown>> {
	return line.startsWith(OWN) ? {error: line.slice(OWN.length)} : objectIn(line);
}

function withReason(complaint: string, reason: string): string {
	const {error, ...more} = problemIn(complaint);
	return JSON.stringify({error: `${error} (${reason})`, ...more});
}

function objectIn(line: string): Readonly<Record<string, unknown>> {
	const value = parsed(line);
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? {...value} : {line};
}

/** Of one list its members, else the value itself; null: it is no JSON. */
function valuesIn(text: string): readonly unknown[] | null {
	const value = parsed(text);
	if (value === undefined) return null;
	return Array.isArray(value) ? value : [value];
}

/** undefined: it is no JSON. */
function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** The values of all hosts as one JSON list, each with its host. */
export const asOneList = (answers: readonly Answered[]): string => `${JSON.stringify(answers.flatMap(({host, values}) =>
	values.map(value => withHost(host, typeof value === 'object' && value !== null ? value : {value}))), null, 2)}\n`;

/** The host stands first, and nothing that it answers is another one. */
const withHost = (host: string, value: object): object => Object.assign({host}, value, {host});
