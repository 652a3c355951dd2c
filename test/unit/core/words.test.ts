/** Words as a shell has them, and nothing else of a shell. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {splitWords} from '../../../src/core/words.ts';

describe('splitWords', () => {
	test.each<[string, string[]]>([
		['', []],
		[' \t\n ', []],
		['/bin/true', ['/bin/true']],
		['/bin/echo hello world', ['/bin/echo', 'hello', 'world']],
		['  a\t b\nc ', ['a', 'b', 'c']],
		['/bin/echo \'hello world\'', ['/bin/echo', 'hello world']],
		['/bin/echo "a b" c', ['/bin/echo', 'a b', 'c']],
		['/bin/sh -c \'echo $A,$B\'', ['/bin/sh', '-c', 'echo $A,$B']],
		['/bin/sh -c \'kill -9 $$\'', ['/bin/sh', '-c', 'kill -9 $$']],
		['printf \'a\nb\'', ['printf', 'a\nb']],
		['\'\'', ['']],
		['a "" b', ['a', '', 'b']],
		['a\'b c\'"d e"f', ['ab cd ef']],
		['"it\'s" \'"\'', ['it\'s', '"']],
		['a\\ b \\\' \\" \\\\ \\n', ['a b', '\'', '"', '\\', 'n']],
		['\'a\\b\'', ['a\\b']],
		['"\\" \\\\ \\$ \\` \\n"', ['" \\ $ ` \\n']],
		['a\\\n b "c\\\nd"', ['a', 'b', 'cd']],
		['$HOME ~ *.c a;b a|b >x &', ['$HOME', '~', '*.c', 'a;b', 'a|b', '>x', '&']],
		['a # no comment', ['a', '#', 'no', 'comment']],
		['é 日本 🙂', ['é', '日本', '🙂']],
	])('splits %j', (text, words) => {
		expect(splitWords(text)).toEqual({ok: true, value: words});
	});

	test.each([
		['a \'b', 'a single quote is not closed'],
		['a "b', 'a double quote is not closed'],
		['a "b\\"', 'a double quote is not closed'],
		['a "b\\', 'a double quote is not closed'],
		['a \\', 'nothing follows the last backslash'],
	])('refuses %j', (text, error) => {
		expect(splitWords(text)).toEqual({ok: false, error});
	});

	test('words come back from between single quotes', () => {
		fc.assert(fc.property(fc.array(fc.string({unit: 'binary'})), words => {
			const text = words.map(word => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ');
			expect(splitWords(text)).toEqual({ok: true, value: words});
		}));
	});

	test('words come back from between double quotes and behind backslashes', () => {
		const word = fc.string({unit: fc.constantFrom('a', ' ', '"', '\'', '\\', '$', '`', '#', 'é'), minLength: 1});
		fc.assert(fc.property(fc.array(word), words => {
			const quoted = words.map(each => `"${each.replaceAll(/["\\$`]/g, '\\$&')}"`).join(' ');
			const escaped = words.map(each => each.replaceAll(/./gu, '\\$&')).join(' ');
			expect(splitWords(quoted)).toEqual({ok: true, value: words});
			expect(splitWords(escaped)).toEqual({ok: true, value: words});
		}));
	});
});
