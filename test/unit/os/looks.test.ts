/** Looks at all processes: a stretch at a time, and shared by those who ask for the same. */
import {expect, it} from 'vitest';
import {createLooks} from '../../../src/os/reap/looks.ts';

const unexpected = (error: unknown): void => expect.fail(String(error));

it('a look is shared by those who ask before it begins, and never by those who ask later', () => {
	const turns: (() => void)[] = [];
	const asking = createLooks(callback => void turns.push(callback));
	const turn = (): void => turns.shift()?.();
	const told: string[] = [];
	let count = 0;
	const first = asking(function* () {
		const number = ++count;
		yield;
		yield;
		return number;
	});
	const second = asking(function* () {
		yield;
		return 'other';
	});
	first(found => void told.push(`a${found}`), unexpected);
	first(found => void told.push(`b${found}`), unexpected);
	expect([turns.length, count]).toEqual([1, 0]);
	turn();
	// It is under way: what it has looked at may have changed for these.
	first(found => void told.push(`c${found}`), unexpected);
	first(found => void told.push(`d${found}`), unexpected);
	second(found => void told.push(found), unexpected);
	turn();
	expect(told).toEqual([]);
	turn();
	expect(told).toEqual(['a1', 'b1']);
	while (turns.length > 0) turn();
	expect(told).toEqual(['a1', 'b1', 'c2', 'd2', 'other']);
	expect(count).toBe(2);
});

it('a look that throws is answered with that, as is one whose asker throws; the next one begins', () => {
	const turns: (() => void)[] = [];
	const asking = createLooks(callback => void turns.push(callback));
	const told: string[] = [];
	const broken = asking(function* () {
		yield;
		throw new Error('a bug');
	});
	const whole = asking(function* () {
		yield;
		return 'found';
	});
	const failed = (error: unknown): void => void told.push(String(error));
	broken(found => void told.push(found), failed);
	broken(found => void told.push(found), failed);
	whole(() => {
		throw new Error('another');
	}, failed);
	whole(found => void told.push(found), failed);
	while (turns.length > 0) turns.shift()?.();
	expect(told).toEqual(['Error: a bug', 'Error: a bug', 'Error: another', 'found']);
});
