/**
 * Everything at once, by chance, from a seed: $SEED names another than those that are always tried. With $SOAK, minutes,
 * one run goes on for so long, and prints a table: see scripts/soak.
 */
import {expect, test} from 'vitest';
import {begin} from './chaos/trial.ts';
import {heading, row} from './chaos/table.ts';

const SEEDS = process.env['SEED'] ? [Number(process.env['SEED'])] : [1, 2];
const SOAK = Number(process.env['SOAK'] ?? 0);
const ROUND = 15_000;

test.skipIf(SOAK > 0).each(SEEDS)('whatever happens in seed %i, afterwards all is as it was', async seed => {
	await using trial = await begin(seed);
	const {first, subject: {lines}} = trial;
	const {fds, threads, rss, privately, zombies, restarts, besieged} = await trial.round(ROUND);
	console.log(JSON.stringify({seed, first, fds, threads, rss, privately, zombies, restarts, besieged, deeds: trial.chaos.deeds, lines}));
	expect({zombies, wrong: lines.wrong}).toEqual({zombies: 0, wrong: []});
	expect(fds).toBeLessThanOrEqual(first.fds + FDS);
	expect(threads).toBeLessThanOrEqual(THREADS);
	expect(rss).toBeLessThan(first.rss * 1.5 + CROWD);
	expect(privately).toBeLessThan(first.privately * 1.5 + CROWD);
	expect(lines.revivals).toBeGreaterThan(0);
	expect(await trial.stop()).toBe(0);
});

/** What a later instance has open and the first has not: the memory between them is one. */
const FDS = 2;
/** The first, and those that come and go with what is to be done to files (jobs.c). */
const THREADS = 5;
/** In KiB: 13 for each client of the largest crowd. The heap keeps that in pieces, and the next crowd has it again. */
const CROWD = 8192;

test.skipIf(SOAK === 0)('a long soak', {timeout: SOAK * 60_000 + 300_000}, async () => {
	const seed = SEEDS[0] ?? 1;
	await using trial = await begin(seed);
	const start = performance.now();
	const end = start + SOAK * 60_000;
	const rounds = Math.min(12, Math.max(5, SOAK));
	console.log(heading(seed));
	console.log(row(0, trial, trial.first));
	for (let i = 1; i <= rounds; i++) {
		const millis = (start + (i * (end - start)) / rounds) - performance.now();
		const figures = await trial.round(Math.max(5000, millis - 5000));
		console.log(row((performance.now() - start) / 60_000, trial, figures));
		expect(figures.zombies).toBe(0);
		expect(figures.fds).toBeLessThanOrEqual(trial.first.fds + FDS);
		expect(figures.threads).toBeLessThanOrEqual(THREADS);
	}
	console.log(`\n${JSON.stringify(trial.chaos.deeds)}\n`);
	expect(trial.subject.lines.wrong).toEqual([]);
	expect(await trial.stop()).toBe(0);
});
