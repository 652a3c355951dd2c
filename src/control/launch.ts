/** What `Run` and `StartDaemon` have in common on the wire: a command, its environment, and options. */
import {err, ok, type Result} from '../core/result.ts';
import {RESTARTS, type UserSpec} from '../core/service.ts';
import {splitWords} from '../core/words.ts';
import {clip} from './records.ts';
import {SIDE} from '../features/attach/requests/terminal/wire.ts';
import type {Size} from '../features/attach/core/terminals.ts';
import {type Args, decodeOption, many, one, type Option, type Options, PATH, type Type} from './wire.ts';

/** A command that is to become a service, with its options. */
export interface Launch extends Choices {
	readonly argv: readonly [string, ...string[]];
	readonly environment: Readonly<Record<string, string>>;
}

/** What a request may choose about its command by options. */
export interface Choices {
	readonly name: string | null;
	readonly cwd: string | null;
	readonly user: UserSpec | null;
	readonly umask: number | null;
	readonly restart: RestartChoice;
	/** `passed`: the three standard streams came with the request as descriptors. */
	readonly stdio: 'log' | 'passed';
	/** It has a terminal of this size, to which its client is attached; null: it has none. */
	readonly terminal: Size | null;
	/** Runs at each of its exits, as its user; null: nothing does. */
	readonly onExit: readonly [string, ...string[]] | null;
}

export interface RestartChoice {
	readonly policy: (typeof RESTARTS)[number];
	/** The N of `on-failure:N`; null: the default. */
	readonly attempts: number | null;
}

const DEFAULTS: Choices = {
	name: null, cwd: null, user: null, umask: null, restart: {policy: 'no', attempts: null}, stdio: 'log', terminal: null,
	onExit: null,
};

// ── The command ──────────────────────────────────────────────────────────────────────────────────

/** A command's words and the fields that follow them. */
export interface Command {
	readonly argv: readonly [string, ...string[]];
	readonly rest: readonly string[];
}

const text = (takes: string, bounds?: string): Type<string> => ({takes, ...bounds === undefined ? {} : {bounds}, read: text => text});

const ENV = many('env', text('NAME=value', 'NAME: letters, digits and _, no digit first'), 0);

/** The arguments of `Run` and `StartDaemon`: the command is one field. */
export const IN_WORDS = {
	args: one('args', text('a command line', 'words as sh(1) quotes them; nothing is expanded')), env: ENV,
} satisfies Args;

/** The arguments of `RunV` and `StartDaemonV`: each word of the command is a field. */
export const IN_FIELDS = {
	argc: one('argc', text('how many words follow', '1 to 999999')),
	argv: {...many('arg', text('a word of the command'), 1), most: Infinity},
	env: ENV,
} satisfies Args;

export function splitArgs([args, ...rest]: readonly string[]): Result<Command, string> {
	if (args === undefined) return err('args missing');
	const words = splitWords(args);
	if (!words.ok) return words;
	const [program, ...others] = words.value;
	return program === undefined ? err('args are empty') : ok({argv: [program, ...others], rest});
}

export function countArgs([count, ...fields]: readonly string[]): Result<Command, string> {
	if (count === undefined) return err('argc missing');
	if (!/^[1-9]\d{0,5}$/.test(count)) return err(`argc is not a positive number: ${clip(count, 64)}`);
	const argc = Number(count);
	const [program, ...others] = fields.slice(0, argc);
	if (program === undefined || others.length < argc - 1) {
		return err(`argc is ${argc}, but ${fields.length} ${fields.length === 1 ? 'field follows' : 'fields follow'}`);
	}
	return ok({argv: [program, ...others], rest: fields.slice(argc)});
}

/** The command with what its further fields say: a key with a dot is an option, any other a variable. */
export function decodeLaunch(command: Result<Command, string>, options: Options<Choices>): Result<Launch, string> {
	if (!command.ok) return command;
	const {argv, rest} = command.value;
	const environment: Record<string, string> = Object.create(null);
	let choices = DEFAULTS;
	for (const [index, field] of rest.entries()) {
		const split = field.indexOf('=');
		if (split < 0) return err(`env field ${index + 1} is not key=value`);
		const [key, value] = [field.slice(0, split), field.slice(split + 1)];
		if (key.includes('.')) {
			const isElsewhere = !Object.hasOwn(options, key) && ELSEWHERE.includes(key);
			const choice = isElsewhere ? err(`${key} is not for this request`) : decodeOption(options, key, value);
			if (!choice.ok) return choice;
			choices = {...choices, ...choice.value};
		} else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
			environment[key] = value;
		} else {
			return err(`env field ${index + 1} has no valid name: letters, digits and _, no digit first`);
		}
	}
	return ok({argv, environment, ...choices});
}

// ── Options ──────────────────────────────────────────────────────────────────────────────────────

/** The name of a transient service. A number would be taken for a pid, and `all` for all services. */
const NAME = /^(?!\d+$|all$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Of both requests. */
export const OPTIONS = {
	'archon.name': {
		takes: 'up to 64 letters, digits, _, - and ., not a number and not all',
		help: 'its name; else one that is made for it',
		read: name => NAME.test(name) ? {name} : null,
	},
	'archon.cwd': {
		takes: PATH.takes,
		help: 'its working directory; else archon\'s',
		read: cwd => cwd.startsWith('/') ? {cwd} : null,
	},
	'archon.user': {
		takes: 'a user, or user:group',
		help: 'by name or number, whom it runs as; else archon\'s own',
		read: readUser,
	},
	'archon.umask': {
		takes: 'an octal number up to 0777',
		help: 'its umask; else archon\'s',
		read: umask => /^0*[0-7]{1,3}$/.test(umask) ? {umask: Number.parseInt(umask, 8)} : null,
	},
} satisfies Options<Choices>;

export const RESTART: Option<Choices> = {
	takes: 'no, always, on-failure, on-failure:N or unless-stopped',
	help: 'when it is started again; else no',
	read: readRestart,
};

export const ON_EXIT: Option<Choices> = {
	takes: 'a command line',
	help: 'runs at each of its exits, as its user, with `ARCHON_EXIT_CODE`, `ARCHON_SIGNAL` and what else actions have',
	read(line) {
		const words = splitWords(line);
		const [program, ...args] = words.ok ? words.value : [];
		return program ? {onExit: [program, ...args]} : null;
	},
};

export const STDIO: Option<Choices> = {
	takes: 'passed: three descriptors come with the request',
	help: 'its stdin, stdout and stderr are these (SCM_RIGHTS); else its output is logged',
	read: stdio => stdio === 'passed' ? {stdio} : null,
};

export const SCREEN: Option<Choices> = {
	takes: 'ROWSxCOLUMNS',
	help: 'it has a terminal of this size, and the answer also has the rows of `Terminal`: its client is attached',
	read(size) {
		const [rows, columns, ...more] = size.split('x').map(SIDE.read);
		return rows && columns && more.length === 0 ? {terminal: {rows, columns}} : null;
	},
};

/** Options that only one of the two requests has. */
const ELSEWHERE: readonly string[] = ['archon.restart', 'archon.on_exit', 'archon.stdio', 'archon.terminal'];

function readUser(value: string): Partial<Choices> | null {
	const match = /^([^:]+)(?::([^:]+))?$/.exec(value);
	return match?.[1] === undefined ? null : {user: {user: match[1], group: match[2] ?? null}};
}

function readRestart(value: string): Partial<Choices> | null {
	const counted = /^on-failure:([1-9]\d{0,5})$/.exec(value);
	if (counted) return {restart: {policy: 'on-failure', attempts: Number(counted[1])}};
	const policy = RESTARTS.find(name => name === value);
	return policy ? {restart: {policy, attempts: null}} : null;
}
