/** 100,000 conversations of hostile workers, runners and clients with the machine of a pool. `TALKS=1000000 npm run sim` has more of them. */
import {expect, test} from 'vitest';
import {talk} from './pool-talk.ts';
import {MESSAGE_MAX} from '../../src/features/pools/core/wire.ts';

const talks = Number(process.env['TALKS'] ?? 100_000);

test(`${talks} conversations neither stop a pool nor make it swell`, {timeout: 1_800_000}, () => {
	let [bytes, peers, runs, booted, begun, answered] = [0, 0, 0, 0, 0, 0];
	for (let seed = 0; seed < talks; seed++) {
		const kept = talk(seed);
		bytes = Math.max(bytes, kept.bytes);
		peers = Math.max(peers, kept.peers);
		runs = Math.max(runs, kept.runs);
		booted += kept.booted;
		begun += kept.begun;
		answered += kept.answered;
	}
	expect(bytes).toBeLessThanOrEqual(MESSAGE_MAX);
	// Three nodes have a connection each, and no client is kept that has left.
	expect(peers).toBeLessThanOrEqual(3);
	expect(runs).toBeLessThanOrEqual(40);
	// Conversations that come to nothing would be kept in bounds too.
	expect(booted).toBeGreaterThan(talks);
	expect(begun).toBeGreaterThan(talks / 10);
	expect(answered).toBeGreaterThan(talks / 2);
});
