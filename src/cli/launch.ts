/** What the commands `run` and `daemon` have in common: options about a command, and their way into a request. */
import {err, ok, type Result} from '../core/result.ts';
import type {Arguments, Io, Option} from './command.ts';
import {absolutePath} from './paths.ts';

export const OPTIONS: readonly Option[] = [
	{names: ['--env', '-e'], value: 'NAME[=VALUE]', help: 'set a variable; without a value, to what it is here'},
	{names: ['--cwd'], value: 'DIR', help: 'run it in this directory'},
	{names: ['--user'], value: 'USER[:GROUP]', help: 'run it as this user'},
	{names: ['--name'], value: 'NAME', help: 'its name in status'},
];

/** The fields of a `RunV` or `StartDaemonV`. `choices`: options whose values are sent as they are. */
export function fieldsOf(args: Arguments, choices: readonly string[], env: Io['env']): Result<readonly string[], string> {
	const variables: string[] = [];
	for (const text of args.values('--env')) {
		const name = text.split('=', 1)[0] ?? '';
		if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return err(`--env ${text}: not a valid name`);
		const value = text === name ? env[name] : text.slice(name.length + 1);
		if (value === undefined) return err(`--env ${name}: it is not set here`);
		variables.push(`${name}=${value}`);
	}
	const chosen = choices.flatMap(key => args.values(`--${key}`).map(value => `archon.${key.replace('-', '_')}=${value}`));
	const cwd = args.values('--cwd').map(path => `archon.cwd=${absolutePath(path)}`);
	return ok([String(args.operands.length), ...args.operands, ...variables, ...chosen, ...cwd]);
}
