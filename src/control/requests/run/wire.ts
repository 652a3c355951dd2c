/** `Run`, `RunV`: a command under archon, for as long as its client is there. */
import {err, ok, type Result} from '../../../core/result.ts';
import {
	type Choices, type Command, countArgs, decodeLaunch, IN_FIELDS, IN_WORDS, type Launch, OPTIONS, SCREEN, splitArgs, STDIO,
} from '../../launch.ts';
import type {Decoded, Options, Pages, RowForm, Wire} from '../../wire.ts';

export interface RunRequest extends Decoded {
	readonly kind: 'run';
	readonly launch: Launch;
}

/** The first field of the row that says why there is no command, to a client that has handed over its streams. */
export const REFUSED = 'refused';

const options: Options<Choices> = {...OPTIONS, 'archon.stdio': STDIO, 'archon.terminal': SCREEN};

function decode(command: Result<Command, string>): Result<RunRequest, string> {
	const launch = decodeLaunch(command, options);
	if (!launch.ok) return launch;
	const takesStreams = launch.value.stdio === 'passed';
	if (takesStreams && launch.value.terminal) return err('a command has either a terminal or the streams of its client');
	return ok({kind: 'run', launch: launch.value, takesStreams});
}

export const RUN: Wire<RunRequest> = {
	verb: 'Run',
	role: 'admin',
	isRepeatable: false,
	args: IN_WORDS,
	options,
	decode: fields => decode(splitArgs(fields)),
};

export const RUN_V: Wire<RunRequest> = {...RUN, verb: 'RunV', args: IN_FIELDS, decode: fields => decode(countArgs(fields))};

const rows: readonly RowForm[] = [{
	kind: REFUSED,
	means: 'with `archon.stdio=passed` or a terminal, when the command cannot be executed',
	columns: {why: 'the reason, in words'},
}];

const reply = '`ExitStatus` when it has ended: its exit code, or 128 and the signal; 127: there is no such command; '
	+ '126: it cannot be executed';

export const pages: Pages = {
	Run: {
		help: 'run a command; it is ended when its connection ends',
		rows, reply,
		examples: [
			['Run,/bin/sh -c \'exit 3\'', 'ExitStatus,3'],
			['Run,"/bin/sh -c \'test ""$A,$B"" = 1,x,y\'",A=1,"B=x,y"', 'ExitStatus,0'],
			[
				'Run,/usr/bin/stty size,archon.terminal=24x80',
				'Row,attached,1,writes,24,80', 'Row,live', 'Row,output,7,24 80\\x0d\\x0a', 'Row,ended,0,exit status 0', 'ExitStatus,0',
			],
			['Run', 'Error,Run: args missing'],
		],
	},
	RunV: {
		help: 'the same, with each word of the command in a field of its own',
		rows, reply,
		examples: [['RunV,3,/bin/sh,-c,exit 3', 'ExitStatus,3']],
	},
};
