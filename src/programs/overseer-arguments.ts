/** The arguments of overseer's daemon and of its client. */

export interface DaemonOptions {
	/** 0: the kernel chooses one. */
	readonly port: number;
	/** What it and its jobs say goes to files. */
	readonly logsToFiles: boolean;
	readonly isTraced: boolean;
}

export interface ClientOptions {
	readonly request: string;
	readonly isTraced: boolean;
}

type Asked<T> = T | 'help' | 'version';
type Environment = Readonly<Record<string, string | undefined>>;

/** Options of both. */
function common(arg: string): 'help' | 'version' | null {
	if (arg === '--help' || arg === '-h') return 'help';
	return arg === '--version' || arg === '-V' ? 'version' : null;
}

/** A text that is neither `help` nor `version` says what is wrong. */
export function readDaemonArguments(args: readonly string[], env: Environment): Asked<DaemonOptions> | string {
	let port = env['OVERSEER_PORT'] || '0';
	let [logsToFiles, isTraced] = [false, false];
	for (let at = 0; at < args.length; at++) {
		const arg = args[at] ?? '';
		const asked = common(arg);
		if (asked) return asked;
		if (arg === '--log-files') logsToFiles = true;
		else if (arg === '--trace-fsm') isTraced = true;
		else if (arg === '--port') port = args[++at] ?? '';
		else if (arg.startsWith('--port=')) port = arg.slice('--port='.length);
		else return arg.startsWith('-') ? `unknown option ${arg}` : `unexpected argument ${arg}`;
	}
	const number = /^\d{1,5}$/.test(port) ? Number(port) : NaN;
	if (!(number <= 65_535)) return `--port and $OVERSEER_PORT take a number up to 65535, not ${port || 'nothing'}`;
	return {port: number, logsToFiles, isTraced};
}

/** Words are what is said to the daemon. */
export function readClientArguments(args: readonly string[]): Asked<ClientOptions> | string {
	const words: string[] = [];
	let isTraced = false;
	for (const [at, arg] of args.entries()) {
		if (arg === '--') {
			words.push(...args.slice(at + 1));
			break;
		}
		const asked = common(arg);
		if (asked) return asked;
		if (arg === '--trace-fsm') isTraced = true;
		else if (arg.startsWith('-')) return `unknown option ${arg}`;
		else words.push(arg);
	}
	const request = words.join(' ');
	return request.includes('\n') ? 'a request is one line' : {request: request || 'trigger', isTraced};
}
