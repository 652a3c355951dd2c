/** The arguments of `archon`: options, and a command behind them. */
import type {Leaving} from '../core/shell-service.ts';

export const NO_CONFIG = 'there is no config at /etc/archon/archon.yaml or in /etc/archon/conf.d';

export interface Invocation {
	/** Each is laid over those before it; empty: none is named. */
	readonly files: readonly string[];
	readonly socket: string | null;
	/** Of variables for the config's texts. */
	readonly envFiles: readonly string[];
	/** Profiles that are on, beside those that variables name. */
	readonly profiles: readonly string[];
	/** The command, and whether `--` stood before it. */
	readonly command: readonly string[];
	readonly isBare: boolean;
	/** Whether a person gets a shell on archon's own terminal, and what leaving it does. */
	readonly shell: Leaving | null;
}

export function readArguments(args: readonly string[]): Invocation | string {
	const values = {'-c': [] as string[], '--socket': [] as string[], '--env-file': [] as string[], '--profile': [] as string[]};
	const invocation = (command: readonly string[], isBare: boolean): Invocation => ({
		files: values['-c'], socket: values['--socket'].at(-1) ?? null, envFiles: values['--env-file'], profiles: values['--profile'],
		command, isBare, shell,
	});
	let shell: Leaving | null = null;
	for (let i = 0; i < args.length; i++) {
		const arg = args[i] ?? '';
		if (arg === '--') return invocation(args.slice(i + 1), false);
		if (!arg.startsWith('-')) return invocation(args.slice(i), true);
		const [name = '', ...joined] = arg.split('=');
		const option = ALIASES[name] ?? name;
		if (option === '--shell') {
			if (joined.length > 0 && joined.join('=') !== 'exit') return `--shell=${joined.join('=')}: only exit may follow; see archon --help`;
			shell = joined.length > 0 ? 'exit' : 'stay';
			continue;
		}
		if (!isOption(option, values)) return `unknown option ${name}; see archon --help`;
		const value = joined.length > 0 ? joined.join('=') : args[++i];
		if (!value) return `${name} needs a value; see archon --help`;
		values[option].push(value);
	}
	return invocation([], true);
}

const ALIASES: Readonly<Record<string, string>> = {'--config': '-c'};

const isOption = <T extends object>(name: string, values: T): name is Extract<keyof T, string> => Object.hasOwn(values, name);
