/** `archonctl run`: a command under archon, with the streams of this terminal. */
import {type Answer, type Client, TRIES, type Trouble} from '../../control/client.ts';
import {ATTACH, UNHEARD} from '../../control/requests/attach/wire.ts';
import {REFUSED, RUN_V} from '../../control/requests/run/wire.ts';
import {err, type Result} from '../../core/result.ts';
import type {Command} from '../command.ts';
import {fieldsOf, OPTIONS} from '../launch.ts';
import {complain, tellReply, tellTrouble, usageError} from '../reply.ts';

export const run: Command = {
	name: 'run',
	usage: '[OPTION...] [--] COMMAND [ARG...]',
	summary: 'run a command under archon, here, and exit as it does',
	details: [
		'It has this standard input, output and error, and ends when this archonctl does. It keeps running when archon',
		'is re-executed meanwhile.',
		'The exit status is the command\'s, 128+n after signal n, 127 if there is no such command,',
		'126 if it cannot be executed.',
		'With -t it has a terminal of its own instead, which archon has as well: what is shown there is in its logs.',
	],
	options: [
		{names: ['--tty', '-t'], value: null, help: 'give it a terminal of its own, which is shown here'},
		{names: ['--interactive', '-i'], value: null, help: 'with -t: type there; without -t it has this standard input anyway'},
		...OPTIONS,
	],
	least: 1,
	most: Infinity,
	endsOptions: true,
	passesStreams: args => !args.has('--tty'),
	onHosts: {refuses: () => 'run has one terminal or standard input; daemon and logs -f do without'},
	examples: ['archonctl run -- id', 'archonctl run -it -- bash', 'archonctl run -e PGDATABASE=test --user postgres -- psql -c "select 1"'],
	run: async (args, io, reach, reachLive) => {
		const fields = fieldsOf(args, ['user'], io.env);
		if (!fields.ok) return usageError(io, fields.error);
		if (args.has('--tty')) {
			const {runOnTerminal} = await import('../../features/attach/commands/run.ts');
			return runOnTerminal(io, reachLive, fields.value, args, args.values('--name').at(-1) ?? newName());
		}
		return reach(client => {
			const name = args.values('--name').at(-1) ?? newName();
			const answer = runOnce(client, name, [...fields.value, `archon.name=${name}`, 'archon.stdio=passed']);
			if (!answer.ok) return tellTrouble(answer.error, io);
			const {rows, reply} = answer.value;
			const [, why] = rows.find(([kind]) => kind === REFUSED) ?? [];
			if (why !== undefined) complain(io, `cannot run ${args.operands[0]}: ${why}`);
			return tellReply(reply, io);
		});
	},
};

/** The client chooses the name, so that it can find its command again when archon has been re-executed. */
const newName = (): string => `run-${Math.random().toString(36).slice(2, 10)}`;

/** The answer of the one command that runs, however often archon is re-executed before that ends. */
function runOnce(client: Client, name: string, fields: readonly string[]): Result<Answer, Trouble> {
	for (let tries = 1;; tries++) {
		const first = client.ask(RUN_V, fields, [0, 1, 2]);
		if (first.ok || first.error.kind !== 'unanswered') return first;
		const again = client.ask(ATTACH, [name]);
		if (!again.ok || again.value.reply.kind !== 'Error') return again;
		if (tries === TRIES || !again.value.rows.some(([kind]) => kind === UNHEARD)) return err({...first.error, kind: 'lost'});
	}
}
