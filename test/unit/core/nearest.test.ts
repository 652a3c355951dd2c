/** Guesses at what was meant. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {nearest} from '../../../src/core/nearest.ts';

test.each([
	['comand', ['type', 'command'], 'command'],
	['commmand', ['type', 'command'], 'command'],
	['cmomand', ['type', 'command'], 'command'],
	['COMMAND', ['type', 'command'], 'command'],
	['command', ['commands', 'command'], 'command'],
	['dbb', ['da', 'db'], 'db'],
	['bd', ['db'], 'db'],
	['A', ['a', 'b'], 'a'],
	['web-1', ['web-2', 'web-3'], 'web-2'],
	['c', ['a', 'b'], null],
	['ab', ['cd'], null],
	['', ['a', ''], null],
	['restart', ['user', 'umask'], null],
	['post_stop', ['pre_stop', 'post_start'], null],
	['start_timeuot', ['start_timeout'], 'start_timeout'],
	['stop_timeout', ['start_timeout'], null],
	['pre_start', ['restart'], null],
	['workingdir', ['working_dir'], 'working_dir'],
	['x', [], null],
])('%j of %j may be %j', (word, known, meant) => {
	expect(nearest(word, known)).toBe(meant);
});

test('finds what a comparison with every word in full finds', () => {
	const word = fc.array(fc.constantFrom('a', 'b', 'c'), {maxLength: 12}).map(letters => letters.join(''));
	fc.assert(fc.property(word, fc.array(word, {maxLength: 8}), (typed, known) => {
		const most = Math.min(Math.max(1, Math.floor(typed.length / 3)), typed.length - 1);
		const counts = known.map(each => distance(typed, each));
		const least = Math.min(...counts);
		expect(nearest(typed, known)).toBe(least <= most ? known[counts.indexOf(least)] : null);
	}), {numRuns: 2000});
});

/** Optimal string alignment, by its definition. */
function distance(a: string, b: string): number {
	if (a === '' || b === '') return Math.max(a.length, b.length);
	const rows = Array.from({length: a.length + 1}, (_, row) => Array.from({length: b.length + 1}, (_, column) => (row === 0 ? column : column === 0 ? row : 0)));
	for (let i = 1; i <= a.length; i++) {
		for (let j = 1; j <= b.length; j++) {
			const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
			rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), swapped);
		}
	}
	return rows[a.length]![b.length]!;
}

test('a word that is too long to be one is not compared', () => {
	expect(nearest('x'.repeat(65), ['x'.repeat(65)])).toBeNull();
});

test('a list that is longer than anybody knows is not read to its end', () => {
	let count = 0;
	function* names(): Generator<string> {
		for (; count < 100_000; count++) yield `s${count}`;
	}
	expect(nearest('s7x', names())).not.toBe(null);
	expect(count).toBeLessThanOrEqual(2001);
});

test.each([
	['healthy', ['service_started', 'service_healthy'], 'service_healthy'], ['depends', ['depends_on', 'deploy'], 'depends_on'],
	['lines', ['archon.lines', 'archon.since'], 'archon.lines'], ['period', ['start_period', 'grace_period'], null], ['log', ['log_file'], null],
])('else %s is a part of the only word that has it: %j', (word, known, meant) => {
	expect(nearest(word, known)).toBe(meant);
});
