/** Commands that bring a command of their own: `run` and `daemon`. */
import {err, ok, type Result} from '../core/result.ts';
import {type Answer, type Client, TRIES, type Trouble} from '../control/client.ts';
import type {Fields} from '../control/records.ts';
import {type Arguments, type Command, EXIT, type Io, type Option} from './command.ts';
import {absolutePath} from './paths.ts';
import {complain, statusOf, tellReply, tellTrouble} from './reply.ts';

const OPTIONS: readonly Option[] = [
	{names: ['--env', '-e'], value: 'NAME[=VALUE]', help: 'set a variable; without a value, to what it is here'},
	{names: ['--cwd'], value: 'DIR', help: 'run it in this directory'},
	{names: ['--user'], value: 'USER[:GROUP]', help: 'run it as this user'},
	{names: ['--name'], value: 'NAME', help: 'what to call it in status'},
];

export const run: Command = {
	name: 'run',
	usage: '[OPTION...] [--] COMMAND [ARG...]',
	summary: 'run a command under archon, here, and exit as it does',
	details: [
		'It has this standard input, output and error, and ends when this archonctl does. Where archon is re-executed',
		'meanwhile, it goes on.',
		'The exit status is the command\'s, 128+n after signal n, 127 if there is no such command,',
		'126 if it cannot be executed.',
	],
	options: OPTIONS,
	least: 1,
	most: Infinity,
	endsOptions: true,
	examples: ['archonctl run -- id', 'archonctl run -e PGDATABASE=test --user postgres -- psql -c "select 1"'],
	run: (args, io, reach) => {
		const request = requestOf('RunV', args, io.env);
		if (!request.ok) return refuse(io, request.error);
		return reach(client => {
			const name = args.values('--name').at(-1) ?? newName();
			const answer = runOnce(client, name, [...request.value, `archon.name=${name}`, 'archon.stdio=passed']);
			if (!answer.ok) return tellTrouble(answer.error, io);
			const {rows, reply} = answer.value;
			const [, why] = rows.find(([kind]) => kind === 'refused') ?? [];
			if (why !== undefined) complain(io, `cannot run ${args.operands[0]}: ${why}`);
			return tellReply(reply, io);
		});
	},
};

/** Of its own choosing, so that it can ask for its command again where archon is re-executed meanwhile. */
const newName = (): string => `run-${Math.random().toString(36).slice(2, 10)}`;

/** The answer of the one command that runs, however often archon is re-executed before that ends. */
function runOnce(client: Client, name: string, request: Fields): Result<Answer, Trouble> {
	for (let tries = 1;; tries++) {
		const first = client.ask(request, [0, 1, 2]);
		if (first.ok || first.error.kind !== 'anew') return first;
		const again = client.ask(['Attach', name]);
		if (!again.ok || again.value.reply.kind !== 'Error') return again;
		if (tries === TRIES || !again.value.rows.some(([kind]) => kind === 'unheard')) return err({...first.error, kind: 'lost'});
	}
}

export const daemon: Command = {
	name: 'daemon',
	usage: '[OPTION...] [--] COMMAND [ARG...]',
	summary: 'start a command as a service of its own, and leave it',
	details: ['Its name is that of the program, with a number where that is taken.'],
	options: [
		...OPTIONS,
		{names: ['--restart'], value: 'POLICY', help: 'always, on-failure, on-failure:N, unless-stopped, or no'},
	],
	least: 1,
	most: Infinity,
	endsOptions: true,
	examples: [
		'archonctl daemon -- sleep 100',
		'archonctl daemon --name tunnel --restart always -- ssh -N gateway',
	],
	run: (args, io, reach) => {
		const request = requestOf('StartDaemonV', args, io.env);
		return request.ok ? reach(client => statusOf(client, request.value, io)) : refuse(io, request.error);
	},
};

function requestOf(verb: 'RunV' | 'StartDaemonV', args: Arguments, env: Io['env']): Result<Fields, string> {
	const variables: string[] = [];
	for (const text of args.values('--env')) {
		const name = text.split('=', 1)[0] ?? '';
		if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return err(`--env ${text}: no valid name`);
		const value = text === name ? env[name] : text.slice(name.length + 1);
		if (value === undefined) return err(`--env ${name}: it is not set here`);
		variables.push(`${name}=${value}`);
	}
	const choices = [...verb === 'RunV' ? [] : ['name', 'restart'], 'user'].flatMap(key =>
		args.values(`--${key}`).map(value => `archon.${key}=${value}`));
	const cwd = args.values('--cwd').map(path => `archon.cwd=${absolutePath(path)}`);
	return ok([verb, String(args.operands.length), ...args.operands, ...variables, ...choices, ...cwd]);
}

function refuse(io: Io, reason: string): number {
	complain(io, reason);
	return EXIT.usage;
}
