/** An outcome of the bench as a test wants it. */
import type {Cell, Entrant, Outcome} from '../../../bench/findings.ts';

const entrant = (name: string, absent: string | null = null): Entrant => ({name, absent, version: '1.0', manner: `as ${name} comes`});

export const cell = (...repeats: readonly (readonly number[])[]): Cell => ({repeats, refusal: null});
export const refused = (refusal: string): Cell => ({repeats: [], refusal});

export const outcome = (cells: Outcome['cells'], given: Partial<Outcome> = {}): Outcome => ({
	place: 'namespace', date: '2026-11-21T12:00:00.000Z', wanted: 3, made: 3, seconds: 240, notes: [], cells,
	machine: {cpu: 'Fast & Small', cores: 2, kernel: '6.18', system: 'Debian', gibibytes: 24, load: 0.1},
	entrants: [entrant('archon'), entrant('s6'), entrant('dinit', 'dinit not on PATH')],
	...given,
});
