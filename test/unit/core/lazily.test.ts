/** What is loaded when it is first needed: the order of what is done with it, and what becomes of what that throws. */
import {expect, it} from 'vitest';
import {lazily} from '../../../src/core/lazily.ts';

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

it('acts in the order of the calls, and loads once', async () => {
	const told: string[] = [];
	let loads = 0;
	const parts = lazily(async () => `part ${++loads}`);
	parts(it => void told.push(`first ${it}`));
	parts(it => void told.push(`second ${it}`));
	expect(told).toEqual([]);
	await settled();
	parts(it => void told.push(`third ${it}`));
	expect(told).toEqual(['first part 1', 'second part 1', 'third part 1']);
});

it('what an act throws is told to who asked for it, while it is loaded and later, and to no other', async () => {
	const told: string[] = [];
	const failed = (error: unknown): void => void told.push(String(error));
	const parts = lazily(async () => 'it');
	const broken = (): never => {
		throw new Error('a bug');
	};
	parts(broken, failed);
	parts(it => void told.push(it), failed);
	await settled();
	parts(broken, failed);
	expect(told).toEqual(['Error: a bug', 'it', 'Error: a bug']);
	expect(() => parts(broken)).toThrow('a bug');
});

it('a load that fails is told to all who wait, and tried again with the next', async () => {
	const told: string[] = [];
	const failed = (error: unknown): void => void told.push(String(error));
	let loads = 0;
	const parts = lazily(async () => {
		if (++loads === 1) throw new Error('no memory');
		return 'it';
	});
	parts(it => void told.push(it), failed);
	parts(it => void told.push(it), failed);
	await settled();
	parts(it => void told.push(it), failed);
	await settled();
	expect(told).toEqual(['Error: no memory', 'Error: no memory', 'it']);
});
