/** The flags of `archon zeus`, which stand before the command: what follows it is the command's own. */

/** How zeus was called. */
export interface Call {
	/** Whether the command has a terminal; null: as the client has one. */
	readonly tty: boolean | null;
	/** `start`: lines of few words in place of a chart. */
	readonly isSimple: boolean;
	readonly isColoured: boolean;
	/** `start`: the file for a trace of what becomes of the nodes. */
	readonly log: string | null;
	/** `start`: from the first change of a file to the restart, as `300ms`; null: as the config has it. */
	readonly delay: string | null;
	/** `start`, `commands`: the config; null: that of the project. */
	readonly config: string | null;
	/** null: none was named. */
	readonly command: string | null;
	readonly args: readonly string[];
}

type Option = 'help' | 'version' | 'tty' | 'no-tty' | 'simple-status' | 'no-color' | 'log' | 'file-change-delay' | 'config';

const SHORT: Readonly<Record<string, Option>> = {'-h': 'help', '-V': 'version', '-t': 'tty', '-T': 'no-tty'};
const LONG: readonly string[] = ['help', 'version', 'tty', 'no-tty', 'simple-status', 'no-color', 'log', 'file-change-delay', 'config'];
const WITH_VALUE: readonly string[] = ['log', 'file-change-delay', 'config'];

const NO_FLAGS: Call = {tty: null, isSimple: false, isColoured: true, log: null, delay: null, config: null, command: null, args: []};

/** A text says what is wrong. Flags of `start` may also stand after it. */
export function readCall(args: readonly string[]): Call | string {
	const call = readFlags(args, NO_FLAGS);
	if (typeof call === 'string' || call.command !== 'start') return call;
	const rest = readFlags(call.args, call);
	if (typeof rest === 'string') return rest;
	if (rest.command === 'help' || rest.command === 'version') return rest;
	return rest.command === null ? {...rest, command: 'start'} : `start takes no argument ${rest.command}`;
}

/** Another command does not inherit that of `before`. */
function readFlags(args: readonly string[], before: Call): Call | string {
	let call: Call = {...before, command: null, args: []};
	for (let at = 0; at < args.length; at++) {
		const arg = args[at] ?? '';
		const isOver = arg === '--';
		if (isOver || !arg.startsWith('-') || arg === '-') {
			const [command = null, ...rest] = args.slice(isOver ? at + 1 : at);
			return {...call, command, args: rest};
		}
		const [word = '', ...after] = arg.split('=');
		const option = SHORT[word] ?? LONG.find(each => `--${each}` === word);
		if (option === undefined) return `unknown option ${word}`;
		let value = '';
		if (WITH_VALUE.includes(option)) {
			const given = after.length > 0 ? after.join('=') : args[++at];
			if (given === undefined || given === '') return `--${option} takes a value`;
			value = given;
		} else if (after.length > 0) {
			return `--${option} takes no value`;
		}
		if (option === 'help' || option === 'version') return {...call, command: option, args: []};
		call = withOption(call, option, value);
	}
	return call;
}

function withOption(call: Call, option: string, value: string): Call {
	switch (option) {
		case 'tty': return {...call, tty: true};
		case 'no-tty': return {...call, tty: false};
		case 'simple-status': return {...call, isSimple: true};
		case 'no-color': return {...call, isColoured: false};
		case 'log': return {...call, log: value};
		case 'config': return {...call, config: value};
		default: return {...call, delay: value};
	}
}
