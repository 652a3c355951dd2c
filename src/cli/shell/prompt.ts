/** The prompt of the shell: how archon's services are. Pure. */
import type {Piece} from './layout.ts';

/** How it stands with archon. `statuses`: of its services. */
export type Standing =
	| {readonly kind: 'up'; readonly statuses: readonly string[]}
	/** Nothing is known: the question was refused. */
	| {readonly kind: 'unknown'}
	| {readonly kind: 'reconnecting'}
	| {readonly kind: 'gone'};

const [RED, GREEN, YELLOW, BOLD] = [31, 32, 33, 1];

/** What is counted, by the words that people see of statuses; what is stopped or has exited is no news. */
const GROUPS: readonly (readonly [word: string, colour: number, ...statuses: string[]])[] = [
	['up', GREEN, 'running'],
	['starting', YELLOW, 'starting', 'waiting'],
	['stopping', YELLOW, 'stopping'],
	['unhealthy', RED, 'unhealthy'],
	['restarting', RED, 'backoff'],
	['failed', RED, 'failed'],
];

const END: Piece = {text: '> ', colour: null};

/** `archon 5 up, 1 failed> `. The last piece is what stays where there is no room. */
export function promptOf(standing: Standing, isColoured: boolean): readonly Piece[] {
	const pieces = [{text: 'archon', colour: BOLD}, ...standing.kind === 'up' ? countsOf(standing.statuses) : wordOf(standing.kind), END];
	return isColoured ? pieces : pieces.map(({text}) => ({text, colour: null}));
}

function countsOf(statuses: readonly string[]): readonly Piece[] {
	const counts = GROUPS.map(([word, colour, ...those]) => ({word, colour, count: statuses.filter(status => those.includes(status)).length}));
	return counts.filter(({count}) => count > 0).flatMap(({word, colour, count}, index) => [
		{text: index === 0 ? ' ' : ', ', colour: null}, {text: `${count} ${word}`, colour},
	]);
}

function wordOf(kind: 'unknown' | 'reconnecting' | 'gone'): readonly Piece[] {
	switch (kind) {
		case 'unknown': return [];
		case 'reconnecting': return [{text: ' reconnecting', colour: YELLOW}];
		case 'gone': return [{text: ' not running', colour: RED}];
	}
}

/** The prompt of ^R. */
export const searchPrompt = (query: string, isFailed: boolean): readonly Piece[] =>
	[{text: `(${isFailed ? 'not found' : 'search'}) ${query}`, colour: null}, {text: ': ', colour: null}];
