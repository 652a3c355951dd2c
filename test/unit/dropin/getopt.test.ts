/** Options as GNU's getopt reads them. */
import {expect, test} from 'vitest';
import {type Grammar, readOptions} from '../../../src/dropin/getopt.ts';

const long = {'help': 'h', 'verbose': 'v', 'version': 'V', 'rewrite': 'r'};
const grammar = (more: Partial<Grammar> = {}): Grammar => ({letters: 'hvVr:', long, stopsAtOperand: false, ...more});
const flag = (letter: string) => ({letter, value: ''});

test.each<[string, string[], Partial<Grammar>, ReturnType<typeof readOptions>]>([
	['nothing', [], {}, {options: [], operands: []}],
	['letters one by one and together', ['-h', '-vV'], {}, {options: [flag('h'), flag('v'), flag('V')], operands: []}],
	['a value joined, apart and at the end of a cluster', ['-ra', '-r', 'b', '-vr', '-h'], {}, {
		options: [{letter: 'r', value: 'a'}, {letter: 'r', value: 'b'}, flag('v'), {letter: 'r', value: '-h'}], operands: [],
	}],
	['an empty value', ['-r', ''], {}, {options: [{letter: 'r', value: ''}], operands: []}],
	['options among words', ['a', '-h', '-', 'b'], {}, {options: [flag('h')], operands: ['a', '-', 'b']}],
	['no options behind --', ['a', '--', '-h', '--'], {}, {options: [], operands: ['a', '-h', '--']}],
	['no options behind a word, where words end them', ['-v', 'a', '-h', '--'], {stopsAtOperand: true}, {options: [flag('v')], operands: ['a', '-h', '--']}],
	['long names, whole and cut short', ['--help', '--verb', '--rewrite=a', '--rew', 'b', '--rewrite='], {}, {
		options: [flag('h'), flag('v'), {letter: 'r', value: 'a'}, {letter: 'r', value: 'b'}, {letter: 'r', value: ''}], operands: [],
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
])('says what is wrong with %j', (args, more, problem) => {
	expect(readOptions(args, grammar(more)).options.at(-1)).toEqual({problem});
});

test('a long option is a cluster where there are no long ones', () => {
	expect(readOptions(['--help'], {letters: 'h', stopsAtOperand: false}).options[0]).toEqual({problem: 'invalid option -- \'-\''});
});

test('an option has the name of none of JavaScript\'s own properties', () => {
	expect(readOptions(['--constructor'], grammar()).options).toEqual([{problem: 'unrecognized option \'--constructor\''}]);
});
