/** Where overseer keeps its config and its state (XDG Base Directory Specification). */
import {err, ok, type Result} from '../../../core/result.ts';

export interface Homes {
	/** The folder of the config's files. */
	readonly config: string;
	/** The folder of all that follows. */
	readonly data: string;
	/** Takes triggers. */
	readonly socket: string;
	/** For archonctl. */
	readonly control: string;
	/** The port that takes triggers, in figures. */
	readonly port: string;
	/** Who has it locked is the daemon. */
	readonly lock: string;
	/** The log of a daemon that a client has started, and what that said before it had its log. */
	readonly log: string;
	readonly said: string;
}

/** How long a trigger may take: what that waits for is given up sooner (ms). */
export const TRIGGER_TIME = 330_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** By the environment; or what it lacks. A path that does not begin with a slash counts for nothing, as the specification says. */
export function homesOf(env: Environment): Result<Homes, string> {
	const home = absolute(env['HOME']);
	const [config, data] = [homeAt(env, 'XDG_CONFIG_HOME', home, '.config'), homeAt(env, 'XDG_DATA_HOME', home, '.local/share')];
	if (!config.ok) return config;
	if (!data.ok) return data;
	const within = (name: string): string => `${data.value}/${name}`;
	return ok({
		config: config.value, data: data.value, socket: within('overseer.sock'), control: within('control.sock'), port: within('port'),
		lock: within('lock'), log: within('overseer.log'), said: within('launch.log'),
	});
}

function homeAt(env: Environment, variable: string, home: string | null, below: string): Result<string, string> {
	const root = absolute(env[variable]) ?? (home === null ? null : `${home === '/' ? '' : home}/${below}`);
	return root === null ? err(`neither $${variable} nor $HOME is set to an absolute path`) : ok(`${root}/overseer`);
}

/** Without slashes at its end. */
function absolute(path: string | undefined): string | null {
	if (!path?.startsWith('/')) return null;
	let end = path.length;
	while (end > 1 && path[end - 1] === '/') end--;
	return path.slice(0, end);
}

/** A file of the config, by its name in the folder. */
export const isConfig = (name: string): boolean => !name.startsWith('.') && /\.(?:yaml|yml|json)$/.test(name);
