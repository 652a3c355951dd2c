/** The table of a service's life in ARCHITECTURE: what random worlds do is in it, and what it says cannot happen does not. */
import {join} from 'node:path';
import {expect, test, vi} from 'vitest';
import {lifeTable} from '../../../scripts/docs/life.ts';
import type * as Lifecycle from '../../../src/core/lifecycle.ts';
import {live} from '../../sim/world.ts';

/** `phase news` → the phases that followed. */
const seen = vi.hoisted(() => new Map<string, Set<string>>());

vi.mock('../../../src/core/lifecycle.ts', async importOriginal => {
	const original = await importOriginal<typeof Lifecycle>();
	const transition: typeof original.transition = (entry, news, now, random) => {
		const move = original.transition(entry, news, now, random);
		const key = `${entry.phase.kind} ${news.kind}`;
		seen.set(key, (seen.get(key) ?? new Set()).add(move.phase === 'await' ? 'waiting' : move.phase.kind));
		return move;
	};
	return {...original, transition};
});

const rows = lifeTable(join(import.meta.dirname, '../../..')).split('\n').map(line => line.split(' | ').map(cell => cell.replaceAll(/^\| | \|$/g, '')));
const [[, ...news] = [], , ...lines] = rows;
const cellOf = (phase: string, kind: string): string => lines.find(([names]) => names?.split(', ').includes(phase))?.[news.indexOf(kind) + 1] ?? '';

test('it says all that was seen, and little that was not', {timeout: 300_000}, () => {
	for (let i = 0; i < 1500; i++) live(i);
	const said = [...seen].flatMap(([key, phases]) => {
		const [phase = '', kind = ''] = key.split(' ');
		const cell = cellOf(phase, kind).split(' ');
		return [...phases].filter(after => !(cell.includes(after) || (after === phase && /^[=·]$/.test(cell[0] ?? '')))).map(after => `${key} → ${after}`);
	});
	expect(said).toEqual([]);
	const cells = lines.flatMap(([names = '', ...cells]) => names.split(', ').flatMap(phase => cells.flatMap((cell, i) =>
		(cell === '×' ? [] : cell.split(' ').map(after => `${phase} ${news[i]} → ${/[=·]/.test(after) ? phase : after}`)))));
	const unseen = cells.filter(cell => {
		const [key = '', after = ''] = cell.split(' → ');
		return !seen.get(key)?.has(after);
	});
	expect(unseen.length, unseen.join('\n')).toBeLessThanOrEqual(10);
});
