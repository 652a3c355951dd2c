/** Commands that steer what is there: `start`, `stop`, `restart`, `reload`, `signal`, `shutdown`. */
import {type Command, EXIT} from './command.ts';
import {rowsOf, statusOf} from './reply.ts';

const NAMES = 'A NAME may be all, or hold * and ?.';

export const start = steering('Start', {
	name: 'start',
	summary: 'start services and what they need, and wait until they are up',
	details: ['Ends when all of them are up, or one cannot be.', NAMES],
	examples: ['archonctl start web', 'archonctl start all'],
});

export const stop = steering('Stop', {
	name: 'stop',
	summary: 'stop services, and wait until they are gone',
	details: ['They stay stopped until somebody starts them again.', NAMES],
	examples: ['archonctl stop web', 'archonctl stop "worker-*"'],
});

export const restart = steering('Restart', {
	name: 'restart',
	summary: 'stop services and start them again, and wait until they are up',
	details: ['A service that is down is started.', NAMES],
	examples: ['archonctl restart web'],
});

export const reload: Command = {
	name: 'reload',
	usage: '[NAME...]',
	summary: 'read archon\'s config anew, or tell services to read theirs',
	details: [
		'Without a NAME: what is new starts, what is gone ends, what is made differently is restarted, and what is',
		'unchanged notices nothing. A config with a problem changes nothing, and every problem is told.',
		'With a NAME: by the signal or the command that the service\'s key reload names. Does not wait.',
	],
	options: [],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl reload', 'archonctl reload nginx'],
	run: ({operands}, io, reach) => reach(client => {
		const rows = rowsOf(client, ['Reload', ...operands], io);
		if (!rows.ok) return rows.error;
		for (const [text] of rows.value) io.stdout(`${text}\n`);
		return EXIT.ok;
	}),
};

export const signal: Command = {
	name: 'signal',
	usage: 'SIGNAL NAME|PID...',
	summary: 'send a signal to the main process of services',
	details: ['A SIGNAL is a name with or without SIG, or a number.', NAMES],
	options: [],
	least: 2,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl signal HUP web', 'archonctl signal USR1 1234'],
	run: ({operands: [name = '', ...targets]}, io, reach) =>
		reach(client => statusOf(client, ['Signal', ...targets, name], io)),
};

export const shutdown: Command = {
	name: 'shutdown',
	usage: '',
	summary: 'end all services in order, and the container with them',
	details: ['Does not wait. A second one ends all services at once, a third one kills them.'],
	options: [],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl shutdown'],
	run: (_, io, reach) => reach(client => statusOf(client, ['Shutdown'], io)),
};

function steering(
	verb: 'Start' | 'Stop' | 'Restart', about: Pick<Command, 'name' | 'summary' | 'details' | 'examples'>,
): Command {
	return {
		...about,
		usage: 'NAME...',
		options: [],
		least: 1,
		most: Infinity,
		endsOptions: false,
		run: ({operands}, io, reach) => reach(client => statusOf(client, [verb, ...operands], io)),
	};
}
