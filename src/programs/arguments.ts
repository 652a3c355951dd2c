/** The arguments of `archon`: options, and a command behind them. */

export const NO_CONFIG = 'there is no config at /etc/archon/archon.yaml or in /etc/archon/conf.d';

export interface Invocation {
	readonly file: string | null;
	readonly socket: string | null;
	/** Of variables for the config's texts. */
	readonly envFiles: readonly string[];
	/** The command, and whether `--` stood before it. */
	readonly command: readonly string[];
	readonly isBare: boolean;
}

export function readArguments(args: readonly string[]): Invocation | string {
	const values = new Map<string, string>();
	const envFiles: string[] = [];
	const invocation = (command: readonly string[], isBare: boolean): Invocation =>
		({file: values.get('-c') ?? null, socket: values.get('--socket') ?? null, envFiles, command, isBare});
	for (let i = 0; i < args.length; i++) {
		const arg = args[i] ?? '';
		if (arg === '--') return invocation(args.slice(i + 1), false);
		if (!arg.startsWith('-')) return invocation(args.slice(i), true);
		const [name = '', ...joined] = arg.split('=');
		const option = name === '--config' ? '-c' : name;
		if (option !== '-c' && option !== '--socket' && option !== '--env-file') return `unknown option ${name}; see archon --help`;
		const value = joined.length > 0 ? joined.join('=') : args[++i];
		if (!value) return `${name} needs a value; see archon --help`;
		if (option === '--env-file') envFiles.push(value);
		else values.set(option, value);
	}
	return invocation([], true);
}
