/** `StartDaemon`, `StartDaemonV`: a command as a service that goes on without its client. */
import {ok, type Result} from '../../../core/result.ts';
import {
	type Choices, type Command, countArgs, decodeLaunch, IN_FIELDS, IN_WORDS, type Launch, ON_EXIT, OPTIONS, RESTART, splitArgs,
} from '../../launch.ts';
import type {Decoded, Options, Pages, Wire} from '../../wire.ts';

export interface StartDaemonRequest extends Decoded {
	readonly kind: 'start-daemon';
	readonly launch: Launch;
}

const options: Options<Choices> = {...OPTIONS, 'archon.restart': RESTART, 'archon.on_exit': ON_EXIT};

function decode(command: Result<Command, string>): Result<StartDaemonRequest, string> {
	const launch = decodeLaunch(command, options);
	return launch.ok ? ok({kind: 'start-daemon', launch: launch.value}) : launch;
}

export const START_DAEMON: Wire<StartDaemonRequest> = {
	verb: 'StartDaemon',
	role: 'admin',
	isRepeatable: false,
	args: IN_WORDS,
	options,
	decode: fields => decode(splitArgs(fields)),
};

export const START_DAEMON_V: Wire<StartDaemonRequest> = {
	...START_DAEMON, verb: 'StartDaemonV', args: IN_FIELDS, decode: fields => decode(countArgs(fields)),
};

export const pages: Pages = {
	StartDaemon: {
		help: 'start a command as a service of its own, which goes on without its client',
		rows: [],
		reply: '`Ok` when it was executed',
		examples: [
			['StartDaemon,/bin/sleep 100,archon.name=tunnel,archon.restart=always', 'Ok'],
			['StartDaemon,/no/such', 'Error,cannot start such: executing /no/such: no such file or directory'],
		],
	},
	StartDaemonV: {
		help: 'the same, with each word of the command in a field of its own',
		rows: [],
		reply: '`Ok` when it was executed',
		examples: [['StartDaemonV,2,/bin/sleep,100', 'Ok']],
	},
};
