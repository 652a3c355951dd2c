/** Lines of a log as a page shows them, filtered, and the place up to which a browser has them. Pure. */
import type {LogRow} from '../../../features/logging/requests/logs/rows.ts';
import {isoOf} from './parts.ts';

/** What a person wants to see of a log, as it stands in the address. */
export interface LogChoice {
	/** A part of each line, in small or capital letters. */
	readonly grep: string;
	readonly stream: '' | 'stdout' | 'stderr';
}

/** How a line looks: `err` is of stderr, `note` what archon says in between. */
export type Shown = readonly [time: string, kind: '' | 'err' | 'note', text: string];

/** Up to where lines are known: how many of this time (ms since 1970) have been shown. */
export interface Place {
	readonly at: number;
	readonly count: number;
}

const LONGEST = 200;
/** Characters of a line; what is longer is cut. */
const LINE_MAX = 4000;

export function logChoiceOf(query: ReadonlyMap<string, string>): LogChoice {
	const stream = query.get('stream');
	return {grep: (query.get('grep') ?? '').slice(0, LONGEST), stream: stream === 'stdout' || stream === 'stderr' ? stream : ''};
}

/** `1700000000000.2`. */
export const placeText = ({at, count}: Place): string => `${at}.${count}`;

export function placeOf(text: string): Place | null {
	const match = /^(\d{1,15})\.(\d{1,9})$/.exec(text);
	return match ? {at: Number(match[1]), count: Number(match[2])} : null;
}

/** What archon is asked for, of streams. */
export const streamOf = (stream: string): readonly string[] => (stream === '' ? [] : [`archon.stream=${stream}`]);

export interface Sieve {
	/** The place behind all that it was given. */
	place(): Place;
	/** What is to be shown of the rows of an answer to `Logs`. */
	lines(rows: readonly LogRow[]): readonly Shown[];
}

/** `from`: lines up to there are known; they come again, as archon goes by the time. */
export function createSieve({grep}: LogChoice, from: Place | null): Sieve {
	const wanted = grep.toLowerCase();
	let known = from?.count ?? 0;
	let [at, count] = [from?.at ?? 0, 0];
	let begun = '';

	return {
		place: () => ({at, count: Math.max(count, known)}),
		lines(rows) {
			const shown: Shown[] = [];
			for (const row of rows) {
				if (row.kind === 'unseen') shown.push(['', 'note', `archon does not read its output: ${row.why}`]);
				if (row.kind === 'dropped') shown.push(['', 'note', `${row.count} lines are left out here: they came too fast`]);
				if (row.kind !== 'line' && row.kind !== 'part') continue;
				if (begun.length < LINE_MAX) begun += row.text;
				if (row.kind === 'part') continue;
				const text = plain(begun.slice(0, LINE_MAX));
				begun = '';
				if (row.at !== at) [at, count, known] = [row.at, 0, 0];
				count += 1;
				if (count <= known) continue;
				if (wanted !== '' && !text.toLowerCase().includes(wanted)) continue;
				shown.push([clockOf(row.at), row.stream === 'stderr' ? 'err' : '', text]);
			}
			return shown;
		},
	};
}

/** Without colours and other commands to terminals (ECMA-48): they are noise to a browser. */
const plain = (line: string): string => line
	.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g, '')
	.replace(/\r$/, '')
	.replace(/[\0-\x08\x0b-\x1f\x7f]/g, '\ufffd')
	.toWellFormed();

/** The time of day, in UTC. */
const clockOf = (at: number): string => isoOf(at).slice(11, 23);
