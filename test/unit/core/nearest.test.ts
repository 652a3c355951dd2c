/** Guesses at what was meant. */
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
	['x', [], null],
])('%j of %j may be %j', (word, known, meant) => {
	expect(nearest(word, known)).toBe(meant);
});
