/** What a run of the bench has found so far: for each row and each supervisor samples, or why there are none. */
import type {Machine} from './machine.ts';
import {MEASURES, type Row} from './rows.ts';
import type {Repeats} from './statistics.ts';

/** One cell of the table. */
export interface Cell {
	readonly repeats: Repeats;
	/** Why it was not measured, or not any more; null: it was. */
	readonly refusal: string | null;
}

/** What one scene found in one repeat: samples by row, or why a row has none. */
export interface Found {
	readonly samples: Readonly<Record<string, readonly number[]>>;
	readonly refusals: Readonly<Record<string, string>>;
	/** What a reader must know of these samples: `498 of 500 were asked to end`. */
	readonly notes: readonly string[];
}

export const NOTHING: Found = {samples: {}, refusals: {}, notes: []};

/** All that was found by measures of one scene. */
export const merge = (found: readonly Found[]): Found => ({
	samples: Object.assign({}, ...found.map(({samples}) => samples)) as Found['samples'],
	refusals: Object.assign({}, ...found.map(({refusals}) => refusals)) as Found['refusals'],
	notes: found.flatMap(({notes}) => notes),
});

/** The same refusal for several rows. */
export const refuse = (rows: readonly string[], why: string): Found =>
	({...NOTHING, refusals: Object.fromEntries(rows.map(row => [row, why]))});

/** Who takes part, or why not. */
export interface Entrant {
	readonly name: string;
	readonly version: string;
	readonly absent: string | null;
	/** How it was set up, as far as that matters to the figures. */
	readonly manner: string;
}

/** Where PID 1 is made. */
export type Place = 'namespace' | 'container';

/** One run in one place. */
export interface Outcome {
	readonly place: Place;
	/** ISO 8601. */
	readonly date: string;
	readonly machine: Machine;
	/** Repeats that were asked for, and that there was time for. */
	readonly wanted: number;
	readonly made: number;
	readonly seconds: number;
	readonly entrants: readonly Entrant[];
	/** By row, then by supervisor. */
	readonly cells: Readonly<Record<string, Readonly<Record<string, Cell>>>>;
	readonly notes: readonly string[];
}

export interface Tally {
	enter(supervisor: string, found: Found): void;
	/** Whether a row was refused, so that it is not tried again. */
	isRefused(supervisor: string, row: string): boolean;
	cells(): Outcome['cells'];
	/** Each with its supervisor's name before it. */
	notes(): readonly string[];
}

export function createTally(): Tally {
	const cells: Record<string, Record<string, {repeats: (readonly number[])[]; refusal: string | null}>> = {};
	const notes = new Set<string>();
	const cell = (row: string, supervisor: string) => ((cells[row] ??= {})[supervisor] ??= {repeats: [], refusal: null});
	return {
		enter(supervisor, {samples, refusals, notes: said}) {
			for (const [row, list] of Object.entries(samples)) cell(row, supervisor).repeats.push(list);
			for (const [row, why] of Object.entries(refusals)) cell(row, supervisor).refusal = why;
			for (const note of said) notes.add(`${supervisor}: ${note}`);
		},
		isRefused: (supervisor, row) => (cells[row]?.[supervisor]?.refusal ?? null) !== null,
		cells: () => cells,
		notes: () => [...notes],
	};
}

/** The rows of which a run knows anything, in the order of the measures. */
export const told = (rows: readonly Row[], {cells}: Pick<Outcome, 'cells'>): readonly Row[] =>
	MEASURES.flatMap(measure => rows.filter(row => row.measure === measure && cells[row.id] !== undefined));
