/** What stands before a command of a pool, and what is the command's own. */
import {expect, test} from 'vitest';
import {readCall} from '../../../../src/programs/zeus/flags.ts';

const NONE = {tty: null, isSimple: false, isColoured: true, log: null, delay: null, config: null, command: null, args: []};

test.each([
	[[], NONE],
	[['test'], {...NONE, command: 'test'}],
	[['test', '-t', '--version', ''], {...NONE, command: 'test', args: ['-t', '--version', '']}],
	[['-T', 'test', 'a'], {...NONE, tty: false, command: 'test', args: ['a']}],
	[['--no-tty', '--tty', 'test'], {...NONE, tty: true, command: 'test'}],
	[['--', '-t', '-T'], {...NONE, command: '-t', args: ['-T']}],
	[['--'], NONE],
	[['-', 'a'], {...NONE, command: '-', args: ['a']}],
	[['', 'a'], {...NONE, command: '', args: ['a']}],
	[['--config', 'a=b', 'commands'], {...NONE, config: 'a=b', command: 'commands'}],
	[['--config=a=b', 'commands'], {...NONE, config: 'a=b', command: 'commands'}],
	[['--log', 'f', '--no-color', '--simple-status', '--file-change-delay', '1s', 'start'],
		{...NONE, log: 'f', isColoured: false, isSimple: true, delay: '1s', command: 'start'}],
	[['--no-color', 'start', '--log=f'], {...NONE, log: 'f', isColoured: false, command: 'start'}],
	[['start', '--help'], {...NONE, command: 'help'}],
	[['-V', '--nonsense'], {...NONE, command: 'version'}],
	[['--version'], {...NONE, command: 'version'}],
	[['-h', 'test'], {...NONE, command: 'help'}],
	[['start', 'web'], 'start takes no argument web'],
	[['start', '-x'], 'unknown option -x'],
	[['--nonsense=1', 'test'], 'unknown option --nonsense'],
	[['--log'], '--log takes a value'],
	[['--log=', 'start'], '--log takes a value'],
	[['--tty=yes', 'test'], '--tty takes no value'],
] as const)('zeus %j', (args, expected) => {
	expect(readCall(args)).toEqual(expected);
});
