/** What a dialect sees around it in tests. */
import {expect} from 'vitest';
import type {Around, Order, Reading} from '../../../src/dropin/order.ts';

export const around = (name: string, more: Partial<Around> = {}): Around =>
	({name, env: {}, pid: 7, isTty: false, version: '1.2.3', ...more});

/** The order of a reading that must be one. */
export function orderOf(reading: Reading): Order {
	if (reading.kind !== 'run') expect.fail(`${reading.kind} instead of an order: ${JSON.stringify(reading)}`);
	return reading.order;
}

export const reasonOf = (errno: number): string => `reason ${errno}`;
