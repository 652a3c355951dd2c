/** What a test has said of its service. Pure. */
import type {Millis} from '../../../core/time.ts';

/** `timeout`, `error`: no answer, for it took too long, or could not be executed or did not end by itself. */
export const VERDICTS = ['yes', 'no', 'timeout', 'error'] as const;

export interface Answer {
	readonly verdict: (typeof VERDICTS)[number];
	/** `exit 1`, `no answer within 10 s`, `killed by SIGSEGV`, `executing /no/such: no such file or directory`. */
	readonly why: string;
	/** The last line of its output; may be empty. */
	readonly detail: string;
	/** How long it took. */
	readonly took: Millis;
}

/** A program that is not there is no word on the service: a shell says so by these (POSIX, 2.8.2). */
const UNEXECUTED: Readonly<Record<string, string>> = {126: ' (not executable)', 127: ' (not found)'};

/** What the end of a test means; `failure`: null, `exit status 1`, or what kept it from ending by itself. */
export function answerOf(failure: string | null, detail: string, took: Millis): Answer {
	const [, code = null] = failure === null ? [null, '0'] : /^exit status (\d+)$/.exec(failure) ?? [];
	if (code === null) return {verdict: 'error', why: failure ?? '', detail, took};
	const fault = UNEXECUTED[code];
	if (fault !== undefined) return {verdict: 'error', why: `exit ${code}${fault}`, detail, took};
	return {verdict: code === '0' ? 'yes' : 'no', why: `exit ${code}`, detail, took};
}

/** `no (exit 1: the disk is not mounted)`, `no answer (killed by SIGSEGV)`. */
export function describeAnswer({verdict, why, detail}: Answer): string {
	const said = detail === '' ? why : `${why}: ${detail}`;
	return verdict === 'yes' || verdict === 'no' ? `${verdict} (${said})` : verdict === 'timeout' ? why : `no answer (${said})`;
}
