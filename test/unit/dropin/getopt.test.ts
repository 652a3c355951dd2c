/** Options as GNU's getopt reads them. */
import {expect, test} from 'vitest';
import {type Grammar, readOptions} from '../../../src/dropin/getopt.ts';

const long = {'help': 'h', 'verbose': 'v', 'version': 'V', 'rewrite': 'r'};
const grammar = (more: Partial<Grammar> = {}): Grammar => ({letters: 'hvVr:', long, stopsAtWords: false, ...more});
const flag = (letter: string) => ({letter, value: ''});

test.each<[string, string[], Partial<Grammar>, ReturnType<typeof readOptions>]>([
	['nothing', [], {}, {options: [], words: []}],
	['letters one by one and together', ['-h', '-vV'], {}, {options: [flag('h'), flag('v'), flag('V')], words: []}],
	['a value joined, apart and at the end of a cluster', ['-ra', '-r', 'b', '-vr', '-h'], {}, {
		options: [{letter: 'r', value: 'a'}, {letter: 'r', value: 'b'}, flag('v'), {letter: 'r', value: '-h'}], words: [],
	}],
	['an empty value', ['-r', ''], {}, {options: [{letter: 'r', value: ''}], words: []}],
	['options among words', ['a', '-h', '-', 'b'], {}, {options: [flag('h')], words: ['a', '-', 'b']}],
	['no options behind --', ['a', '--', '-h', '--'], {}, {options: [], words: ['a', '-h', '--']}],
	['no options behind a word, where words end them', ['-v', 'a', '-h', '--'], {stopsAtWords: true}, {options: [flag('v')], words: ['a', '-h', '--']}],
	['long names, whole and cut short', ['--help', '--verb', '--rewrite=a', '--rew', 'b', '--rewrite='], {}, {
		options: [flag('h'), flag('v'), {letter: 'r', value: 'a'}, {letter: 'r', value: 'b'}, {letter: 'r', value: ''}], words: [],
	}],
])('reads %s', (_, args, more, expected) => {
	expect(readOptions(args, grammar(more))).toEqual(expected);
});

test.each<[string[], Partial<Grammar>, string]>([
	[['-x'], {}, 'invalid option -- \'x\''],
	[['-vx'], {}, 'invalid option -- \'x\''],
	[['-:'], {}, 'invalid option -- \':\''],
	[['-r'], {}, 'option requires an argument -- \'r\''],
	[['--rewrite'], {}, 'option \'--rewrite\' requires an argument'],
	[['--foo=1'], {}, 'unrecognized option \'--foo=1\''],
	[['--ver'], {}, 'option \'--ver\' is ambiguous; possibilities: \'--verbose\' \'--version\''],
	[['--help=1'], {}, 'option \'--help\' doesn\'t allow an argument'],
])('says what is wrong with %j', (args, more, wrong) => {
	expect(readOptions(args, grammar(more)).options.at(-1)).toEqual({wrong});
});

test('a long option is a cluster where there are no long ones', () => {
	expect(readOptions(['--help'], {letters: 'h', stopsAtWords: false}).options[0]).toEqual({wrong: 'invalid option -- \'-\''});
});

test('an option has the name of none of JavaScript\'s own properties', () => {
	expect(readOptions(['--constructor'], grammar()).options).toEqual([{wrong: 'unrecognized option \'--constructor\''}]);
});
