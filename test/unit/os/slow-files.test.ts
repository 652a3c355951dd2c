/** Folders that do not answer, and those who ask about them. */
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {createAsking} from '../../../src/os/spawn/slow-files.ts';
import type {Done} from '../../../src/os/jobs.ts';
import {turn} from '../../../src/os/reactor.ts';
import {sys} from '../../../src/os/sys.ts';

const PATIENCE = 2000;
const DONE: Done = {result: 0, inode: 0, size: 0, time: 0, stream: -1, bytes: new Uint8Array()};

let time = 0;
beforeEach(() => void vi.spyOn(sys, 'now').mockImplementation(() => time));
afterEach(() => void vi.restoreAllMocks());

/** Those who ask hear of it as `name: answer`; the machine answers when the test says so. */
function bench() {
	const under: {text: string; answer: () => void}[] = [];
	const heard: string[] = [];
	const ask = createAsking(PATIENCE, (_, {text = ''}, told) => void under.push({text, answer: () => told(DONE)}));
	return {
		under, heard,
		ask: (folder: string, name: string) => ask(folder, 'readFile', {text: name}, done => void heard.push(`${name}: ${done ? 'there' : 'late'}`)),
		answer: () => under.shift()?.answer(),
		pass(millis: number): void {
			time += millis;
			turn(0);
		},
	};
}

test('one question at a time is asked of a folder, in their order, and others need not wait for it', () => {
	const {under, heard, ask, answer} = bench();
	for (const name of ['a', 'b', 'c']) ask('/x', name);
	ask('/y', 'other');
	expect(under.map(({text}) => text)).toEqual(['a', 'other']);
	answer();
	answer();
	answer();
	answer();
	expect(heard).toEqual(['a: there', 'other: there', 'b: there', 'c: there']);
});

test('where a folder does not answer one question hangs, and no more are asked until it does', () => {
	const {under, heard, ask, answer, pass} = bench();
	ask('/x', 'a');
	ask('/x', 'b');
	pass(PATIENCE + 1);
	expect(heard).toEqual(['a: late', 'b: late']);
	for (let i = 0; i < 100; i++) ask('/x', 'again');
	ask('/y', 'other');
	pass(1);
	expect(under.map(({text}) => text)).toEqual(['a', 'other']);
	expect(heard.filter(word => word === 'again: late')).toHaveLength(100);
	answer();
	ask('/x', 'at last');
	answer();
	answer();
	expect(heard.slice(-2)).toEqual(['other: there', 'at last: there']);
	expect(under).toEqual([]);
});

test('who does not want to know any more hears nothing, and is not asked for', () => {
	const {under, heard, ask, answer} = bench();
	const stops = ['a', 'b', 'c'].map(name => ask('/x', name));
	stops[0]?.();
	stops[1]?.();
	answer();
	expect(under.map(({text}) => text)).toEqual(['c']);
	answer();
	expect(heard).toEqual(['c: there']);
});
