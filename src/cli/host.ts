/** `-H HOST`: an archon that is reached by other ways than a socket of this machine. */
import {hostsIn, parseHost} from '../core/host.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {Millis} from '../core/time.ts';
import {useRemote} from '../os/sockets/client.ts';
import {dialHost, executeThere, readToken, type Way} from '../os/sockets/remote.ts';
import {type Arguments, type Command, EXIT, type Io} from './command.ts';
import {durationOf} from './duration.ts';
import {complain, usageError} from './reply.ts';

export interface Given {
	/** What was named, each one host or a list of them with commas. */
	readonly given: readonly string[];
	/** `--socket`, `--token-file` and `--host-timeout`; null: it was not given. */
	readonly socket: string | null;
	readonly tokenFile: string | null;
	readonly limit: string | null;
	readonly io: Io;
	readonly command: Command;
	readonly args: Arguments;
	/** What stands behind the command. */
	readonly words: readonly string[];
	/** Carries the command out there; `differs`: from the command line's own `Io`. */
	readonly carryOut: (place: string | null, args: Arguments, differs?: Partial<Io>) => Promise<number>;
}

/** Goes to one host or to several, and carries the command out there. */
export async function goToAll(parts: Given): Promise<number> {
	const {given, io, command, args, carryOut} = parts;
	const hosts = hostsIn(given);
	if (!hosts.ok) return usageError(io, `--host ${given.join(',')}: ${hosts.error}`);
	const limit = parts.limit === null ? null : durationOf(parts.limit);
	if (parts.limit !== null && !limit) return usageError(io, `--host-timeout ${parts.limit}: not a duration like 30s or 1m30s`);
	const askOne = async (host: string, args: Arguments, patience: Millis, differs?: Partial<Io>): Promise<number> => {
		const place = goTo(host, parts, {patience, isUnattended: differs !== undefined});
		if (place.ok) return carryOut(place.value, args, differs);
		complain({...io, ...differs}, place.error.why);
		return place.error.status;
	};
	const [host, ...others] = hosts.value;
	if (host !== undefined && others.length === 0) return askOne(host, args, limit ?? Infinity);
	if (command.onHosts?.isLocal?.(args)) return carryOut(null, args);
	if (parts.socket !== null) return usageError(io, SOCKET_TOO);
	return (await import('./many.ts')).askMany({
		hosts: hosts.value, command, args, io, limit,
		askOne: (host, args, differs, patience) => askOne(host, args, patience, differs),
	});
}

const SOCKET_TOO = '--host and --socket exclude each other; ssh://host/path names a socket there';

/** Why it cannot be gone to, and the exit status for that. */
export interface Refused {
	readonly why: string;
	readonly status: number;
}

const wrong = (why: string): Result<never, Refused> => err({why, status: EXIT.usage});
const unreachable = (why: string): Result<never, Refused> => err({why, status: EXIT.unreachable});

/**
 * Every connection goes there from now on. The place to connect to: a path, or what it is called in messages. Does not return
 * where ssh executes the command there.
 */
function goTo(
	text: string, {socket, tokenFile, io: {env}, command, args, words}: Given, manner: Omit<Way, 'shell'>,
): Result<string, Refused> {
	const passesStreams = command.passesStreams?.(args) ?? false;
	const parsed = parseHost(text);
	if (!parsed.ok) return wrong(`the host ${text} ${parsed.error}`);
	if (socket !== null) return wrong(SOCKET_TOO);
	const host = parsed.value;
	if (host.kind === 'unix') return ok(host.path);
	const url = text.includes('://') ? text : `ssh://${text}`;
	const way: Way = {...manner, shell: (env['ARCHON_RSH'] ?? '').split(/\s/).filter(word => word !== '')};
	if (host.kind !== 'tcp') {
		if (passesStreams) return unreachable(executeThere(host, [command.name, ...withoutHost(words, text)], way));
		useRemote(dialHost(host, '', way));
		return ok(url);
	}
	if (passesStreams) {
		return wrong(`${command.name} hands its streams to archon, which tcp:// cannot carry; use ssh://, run -it, or daemon and logs -f`);
	}
	const file = tokenFile ?? env['ARCHON_TOKEN_FILE'] ?? '';
	if (file === '') return wrong(`${url} takes a token: --token-file FILE, or $ARCHON_TOKEN_FILE`);
	const token = readToken(file);
	if (!token.ok) return unreachable(token.error);
	useRemote(dialHost(host, token.value, way));
	return ok(url);
}

/** It is the host that is gone to, and has no meaning there. */
function withoutHost(words: readonly string[], url: string): readonly string[] {
	const isWord = (word: string): boolean => word === '--host' || word === '-H';
	const at = words.findIndex((word, i) => [`--host=${url}`, `-H${url}`].includes(word) || (isWord(word) && words[i + 1] === url));
	return at < 0 ? words : words.toSpliced(at, isWord(words[at] ?? '') ? 2 : 1);
}
