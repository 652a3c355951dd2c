/** `-H URL`: an archon that is reached by other ways than a socket of this machine. */
import {parseHost} from '../core/host.ts';
import {err, ok, type Result} from '../core/result.ts';
import {useRemote} from '../os/sockets/client.ts';
import {dialHost, executeThere, readToken} from '../os/sockets/remote.ts';
import {type Arguments, type Command, EXIT, type Io} from './command.ts';

export interface Given {
	/** `--socket` and `--token-file`; null: it was not given. */
	readonly socket: string | null;
	readonly tokenFile: string | null;
	readonly io: Io;
	readonly command: Command;
	readonly args: Arguments;
	/** What stands behind the command. */
	readonly words: readonly string[];
}

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
export function goTo(url: string, {socket, tokenFile, io: {env}, command, args, words}: Given): Result<string, Refused> {
	const passesStreams = command.passesStreams?.(args) ?? false;
	const parsed = parseHost(url);
	if (!parsed.ok) return wrong(`the host ${url} ${parsed.error}`);
	if (socket !== null) return wrong('--host and --socket exclude each other; ssh://host/path names a socket there');
	const host = parsed.value;
	if (host.kind === 'unix') return ok(host.path);
	if (host.kind === 'ssh') {
		if (passesStreams) return unreachable(executeThere(host, [command.name, ...withoutHost(words, url)]));
		useRemote(dialHost(host, ''));
		return ok(url);
	}
	if (passesStreams) {
		return wrong(`${command.name} hands its streams to archon, which tcp:// cannot carry; use ssh://, run -it, or daemon and logs -f`);
	}
	const file = tokenFile ?? env['ARCHON_TOKEN_FILE'] ?? '';
	if (file === '') return wrong(`${url} takes a token: --token-file FILE, or $ARCHON_TOKEN_FILE`);
	const token = readToken(file);
	if (!token.ok) return unreachable(token.error);
	useRemote(dialHost(host, token.value));
	return ok(url);
}

/** It is the host that is gone to, and has no meaning there. */
function withoutHost(words: readonly string[], url: string): readonly string[] {
	const isWord = (word: string): boolean => word === '--host' || word === '-H';
	const at = words.findIndex((word, i) => [`--host=${url}`, `-H${url}`].includes(word) || (isWord(word) && words[i + 1] === url));
	return at < 0 ? words : words.toSpliced(at, isWord(words[at] ?? '') ? 2 : 1);
}
