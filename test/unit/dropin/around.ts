/** What a dialect sees around it in tests. */
import {expect} from 'vitest';
import type {Around, Order, Reading, Word} from '../../../src/dropin/order.ts';

export const around = (name: string, more: Partial<Around> = {}): Around =>
	({name, env: {}, pid: 7, version: '1.2.3', ...more});

/** The order of a reading that must be one. */
export function orderOf(reading: Reading): Order {
	if (reading.kind !== 'run') expect.fail(`${reading.kind} instead of an order: ${JSON.stringify(reading)}`);
	return reading.order;
}

/** What process 7 says of something, each line with its descriptor before it. */
export const said = ({voice}: Order, word: Word): readonly string[] =>
	voice(word, errno => `reason ${errno}`, 7).map(({fd, text}) => `${fd} ${text.replace(/\n$/, '')}`);
