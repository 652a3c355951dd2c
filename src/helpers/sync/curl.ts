/**
 * Fetching by curl(1), which brings TLS, proxies and going on where it was interrupted. Its arguments are no shell's, and it reads
 * no config of a user's.
 */
import {textOf} from '../../os/bytes.ts';
import {close} from '../../os/descriptors.ts';
import {errnoText} from '../../os/errno.ts';
import {CONNECTION} from '../../os/helper-wire.ts';
import type {Poller} from '../../os/poller.ts';
import {O, sys} from '../../os/sys.ts';
import {drain, endOf, NOT_FOUND} from '../child.ts';
import {CANNOT_RESUME, CONNECT_SECONDS, type Fetcher, HOPS_MAX, IDLE_SECONDS, LONGEST_SECONDS, TOO_LARGE, urlOf} from './fetcher.ts';

/** Fewer bytes in a second than this, for `IDLE_SECONDS`, are none. */
const SLOW = 100;
/** Of what it says of an error. */
const COMPLAINT_MAX = 1000;
const SIGKILL = 9;
/** EXIT CODES of curl(1): the server does not go on in the middle of a file. */
const [RANGE_ERROR, BAD_RESUME] = [33, 36];

/** The words that curl is called with; `from`: bytes that are there already. */
export function wordsFor(source: string, path: string, from: number): readonly [string, ...string[]] {
	const isSecure = source.startsWith('https:');
	return [
		// First, or it would read the config of a user.
		'curl', '-q',
		'--silent', '--show-error', '--fail', '--globoff',
		'--proto', isSecure ? '=https' : '=http,https',
		'--location', '--proto-redir', isSecure ? '=https' : '=http,https', '--max-redirs', String(HOPS_MAX),
		'--connect-timeout', String(CONNECT_SECONDS), '--speed-limit', String(SLOW), '--speed-time', String(IDLE_SECONDS),
		'--max-time', String(LONGEST_SECONDS),
		...from > 0 ? ['--continue-at', String(from)] : [],
		'--output', '-', '--url', urlOf(source, path),
	];
}

export function createCurl(program: string, source: string, poller: Poller): Fetcher {
	return {
		name: program,
		resumes: true,
		async fetch(path, {from, most, take}) {
			const [out, said] = [new Int32Array(2), new Int32Array(2)];
			if (sys.pipe(out) < 0) return 'cannot be fetched: there are no descriptors left';
			if (sys.pipe(said) < 0) {
				out.forEach(close);
				return 'cannot be fetched: there are no descriptors left';
			}
			const pid = sys.fork();
			if (pid === 0) become(program, wordsFor(source, path, from), out[1] ?? -1, said[1] ?? -1);
			close(out[1] ?? -1);
			close(said[1] ?? -1);
			if (pid < 0) {
				close(out[0] ?? -1);
				close(said[0] ?? -1);
				return `cannot be fetched: ${errnoText(-pid)}`;
			}
			let left = most;
			let refusal: string | null = null;
			let complaint = '';
			const stop = (why: string): void => {
				refusal ??= why;
				sys.kill(pid, SIGKILL);
			};
			await Promise.all([
				drain(out[0] ?? -1, poller, bytes => {
					if (refusal !== null) return;
					left -= bytes.length;
					const why = left < 0 ? TOO_LARGE : take(bytes);
					if (why !== null) stop(why);
				}),
				drain(said[0] ?? -1, poller, bytes => {
					complaint = (complaint + textOf(bytes)).slice(0, COMPLAINT_MAX);
				}),
			]);
			const status = await endOf(pid, poller);
			if (refusal !== null) return refusal;
			if (status === 0) return null;
			if (status === RANGE_ERROR || status === BAD_RESUME) return CANNOT_RESUME;
			// The server says that nothing is behind what is there.
			if (from > 0 && /\b416\b/.test(complaint)) return CANNOT_RESUME;
			const words = complaint.replaceAll(/[\0-\x1f\x7f]+/g, ' ').replace(/^curl: \(\d+\) /, '').trim();
			return `cannot be fetched: ${words || `curl ended with ${status}`}`;
		},
	};
}

/** In the new process. */
function become(program: string, words: readonly string[], out: number, said: number): never {
	sys.restoreSignals();
	sys.close(CONNECTION);
	const nothing = sys.open('/dev/null', O.RDONLY, 0);
	if (nothing >= 0) sys.duplicate(nothing, 0);
	sys.duplicate(out, 1);
	sys.duplicate(said, 2);
	sys.execute(program, `${words.join('\0')}\0`);
	sys.exit(NOT_FOUND);
}
