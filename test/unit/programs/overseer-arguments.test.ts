/** What overseer's daemon and client are asked for on their command lines. */
import {expect, test} from 'vitest';
import {readClientArguments, readDaemonArguments} from '../../../src/programs/overseer-arguments.ts';

const DAEMON = {port: 0, logsToFiles: false, isTraced: false};

test.each([
	[[], {}, DAEMON],
	[['--port', '7071'], {}, {...DAEMON, port: 7071}],
	[['--port=7071', '--trace-fsm', '--log-files'], {OVERSEER_PORT: '1'}, {port: 7071, logsToFiles: true, isTraced: true}],
	[[], {OVERSEER_PORT: '7071'}, {...DAEMON, port: 7071}],
	[[], {OVERSEER_PORT: ''}, DAEMON],
	[['--help', '--nonsense'], {}, 'help'],
	[['-V'], {}, 'version'],
	[['--port'], {}, '--port and $OVERSEER_PORT take a number up to 65535, not nothing'],
	[[], {OVERSEER_PORT: '65536'}, '--port and $OVERSEER_PORT take a number up to 65535, not 65536'],
	[['--port', '-1'], {}, '--port and $OVERSEER_PORT take a number up to 65535, not -1'],
	[['DIE'], {}, 'unexpected argument DIE'],
] as const)('overseerd %j %j', (args, env, expected) => {
	expect(readDaemonArguments(args, env)).toEqual(expected);
});

test.each([
	[[], {request: 'trigger', isTraced: false}],
	[['DIE', '--trace-fsm'], {request: 'DIE', isTraced: true}],
	[['a', 'b'], {request: 'a b', isTraced: false}],
	[['--', '--help'], {request: '--help', isTraced: false}],
	[['-h'], 'help'],
	[['a\nDIE'], 'a request is one line'],
	[['--port'], 'unknown option --port'],
] as const)('overseer %j', (args, expected) => {
	expect(readClientArguments(args)).toEqual(expected);
});
