/** Lines of the shell → commands, as sh parts them. */
import {execFileSync} from 'node:child_process';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {commandsOf, isWhole, parse, quoted} from '../../../../src/cli/shell/words.ts';

test.each([
	['status web', [['status', 'web']]],
	['  status   web\t', [['status', 'web']]],
	['run -- sh -c \'echo "a b"; date\'', [['run', '--', 'sh', '-c', 'echo "a b"; date']]],
	['a "b \\" \\$ \\x" c\\ d', [['a', 'b " $ \\x', 'c d']]],
	['a"b"\'c\'d \'\' ""', [['abcd', '', '']]],
	['stop web; start web ;;', [['stop', 'web'], ['start', 'web']]],
	['stop web\nstart web\n', [['stop', 'web'], ['start', 'web']]],
	['stop web # and then; that\nstart a#b', [['stop', 'web'], ['start', 'a#b']]],
	['stop "web* | more"', [['stop', 'web* | more']]],
	['a \\\nb', [['a', 'b']]],
	['', []],
	[' # x', []],
])('%j', (line, commands) => {
	expect(commandsOf(line)).toEqual({ok: true, value: commands});
});

test.each(['a | b', 'a & b', 'a > b', 'a < b', '(a)', 'a `b`'])('%j is refused', line => {
	expect(commandsOf(line)).toEqual({ok: false, error: expect.stringMatching(/^[|&<>(`] is not known here/)});
});

test.each([['a "b', false], ['a \'b', false], ['a \\', false], ['a "b"', true], ['a \\\\', true], ['it\\\'s', true], ['# it\'s', true]])('%j is whole: %s', (line, is) => {
	expect(isWhole(line)).toBe(is);
});

test('the word that a line ends in', () => {
	expect(parse('stop we').last).toEqual({from: 5, value: 'we'});
	expect(parse('stop "we b').last).toEqual({from: 5, value: 'we b'});
	expect(parse('stop ').last).toEqual({from: 5, value: ''});
	expect(parse('a; stop we').before).toEqual(['stop']);
});

test('words are as sh has them, and a quoted word is that word', () => {
	const texts = fc.array(fc.constantFrom('a', 'b', ' ', '"', '\'', '\\', '\\"', '\n', '-', 'é'), {maxLength: 12}).map(parts => parts.join(''));
	const lines = fc.sample(texts, {numRuns: 300, seed: 7}).filter(line => isWhole(line) && !line.includes('\n') && !line.endsWith('\\'));
	const script = lines.map(line => `set -- ${line}\nfor w in "$@"; do printf '%s\\1' "$w"; done; printf '\\2'`).join('\n');
	const found = execFileSync('sh', {input: script}).toString().split('\x02').slice(0, -1).map(text => text.split('\x01').slice(0, -1));
	expect(lines.map(line => parse(line).commands[0] ?? [])).toEqual(found);
	fc.assert(fc.property(fc.string().filter(word => !word.includes('\n')), word => {
		expect(parse(quoted(word)).commands).toEqual([[word]]);
	}));
});
