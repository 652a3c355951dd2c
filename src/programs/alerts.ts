/**
 * PID 1's end of alerts: tells the helper `archon.alerts` what the config says, with what files of secrets hold, keeps the memory in
 * which it has what is not done, and knows how it is. The helper may look at services and do nothing to them. Loaded with the first
 * config that has `alerts`.
 */
import {
	ALERT, type Alerts, FLUSH, FLUSHED, MEMORY, MEMORY_SIZE, RECEIVER, type Receiver, REPORT, type Report, RULES, type Told, TRIED,
	type Tried, TRY, type Wanted, WHOLE,
} from '../core/alerts.ts';
import type {Event} from '../core/event.ts';
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import {find, type State} from '../core/state.ts';
import {readReport, readTried, wordsOf} from '../features/alerts/core/report.ts';
import type {Alerting} from '../features/alerts/requests/alerting.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after} from '../os/clock.ts';
import type {Millis} from '../core/time.ts';
import {errnoText} from '../os/errno.ts';
import {encodeMessage, PAYLOAD_MAX} from '../os/helper-wire.ts';
import type {Link} from '../os/helpers.ts';
import {OTHERS_WRITE, start} from '../os/jobs.ts';
import type {Log} from '../os/log.ts';
import type {KeptFds} from '../os/reexec/kept-fds.ts';
import type {Listener} from '../os/sockets/listener.ts';
import {sys} from '../os/sys.ts';
import {flawOf} from './foreign-file.ts';
import {lendControl} from './helper-control.ts';
import {tellStatus} from './helper-status.ts';

export interface AlertParts {
	readonly link: Link;
	readonly kept: KeptFds;
	readonly log: Log;
	readonly state: () => State;
	readonly dispatch: (event: Event) => void;
	readonly listener: () => Listener | null;
	readonly whole: <T>(act: () => T) => T;
}

export interface AlertControl extends Alerting {
	/** What the config says now; files of secrets are read again. */
	set(alerts: Alerts | null): void;
	/** An action or a rule wants something told. */
	want(wanted: Wanted): void;
	/** Archon is about to end: what waits is told first, as far as that is done in time. Calls back once. */
	finish(done: () => void): void;
}

const NAME = `${HELPER_PREFIX}alerts`;
const KEY = 'alerts memory';
/** How long a file of a secret may take to be read (ms), and its size in bytes. */
const [PATIENCE, SECRET_MAX] = [2000, 4096];
/** What waits for the helper: more is lost, which is no harm to anything that runs. */
const WAITING_MAX = 64;
/** How long the last alerts may take (ms). */
const LAST: Millis = 3000;
/** A status is told so often at most (ms). */
const STATUS_PAUSE = 500;

export function createAlertControl({link, kept, log, state, dispatch, listener, whole}: AlertParts): AlertControl {
	const lending = {role: 'alerts', link, state, listener} as const;
	let alerts: Alerts | null = null;
	let report: Report | null = null;
	let memory = kept.inherited(KEY)[0] ?? -1;
	/** What is still to be sent, in its order. */
	let waiting: {readonly bytes: Uint8Array; readonly fds: readonly number[]}[] = [];
	/** What was said of a file last. */
	const told = new Map<string, string>();
	/** What is to be told, until the helper knows to whom. */
	let wanted: Wanted[] = [];
	let [isOpen, isTold] = [false, false];
	/** Of the files that are being read. */
	let reading = 0;
	let status: string | null = null;
	let last = 0;
	let flushed = (): void => {};
	const trials = new Map<number, (tried: Tried | null) => void>();

	function post(kind: string, id = 0, value: unknown = null, fds: readonly number[] = []): void {
		const payload = value === null ? bytesOf('') : bytesOf(typeof value === 'string' ? value : JSON.stringify(value));
		if (payload.length > PAYLOAD_MAX || waiting.length >= WAITING_MAX) return;
		waiting.push({bytes: encodeMessage(kind, id, payload), fds});
		pump();
	}

	function pump(): void {
		for (let [next] = waiting; next; [next] = waiting) {
			const result = link.post(next.bytes, next.fds);
			if (result === 'full') return;
			if (result === 'down') waiting = [];
			else waiting.shift();
		}
	}

	// ── What the config says ──

	/** Tells the helper all of it, when the files are read. */
	function renew(): void {
		const own = ++reading;
		const given = alerts;
		if (!given) return;
		const files = [...new Set(given.receivers.flatMap(filesOf))];
		const found = new Map<string, Secret>();
		const finish = (): void => {
			if (own === reading) tell(given, found);
		};
		for (const file of files) {
			readSecret(file, secret => whole(() => {
				found.set(file, secret);
				if (found.size === files.length) finish();
			}));
		}
		if (files.length === 0) finish();
	}

	function tell({groupWait, repeat, receivers}: Alerts, secrets: ReadonlyMap<string, Secret>): void {
		for (const [file, {why}] of secrets) {
			if (why !== null && told.get(file) !== why) log.warn(`alerts: ${file} ${why}`);
			told.set(file, why ?? '');
		}
		post(RULES, 0, {groupWait, repeat});
		for (const [index, receiver] of receivers.entries()) post(RECEIVER, index, withSecrets(receiver, secrets));
		post(WHOLE);
		isTold = isOpen;
		if (isTold) for (const each of wanted.splice(0)) post(ALERT, 0, each);
	}

	function remember(): void {
		if (memory < 0) {
			memory = sys.memoryFile(MEMORY_SIZE);
			if (memory < 0) return log.warn(`alerts: what is not delivered does not survive the helper: ${errnoText(-memory)}`);
			kept.keep(KEY, [memory]);
		}
		post(MEMORY, 0, null, [memory]);
	}

	// ── How it is ──

	function show(next: Report | null): void {
		if (!next) return;
		report = next;
		const isDue = status === null;
		status = wordsOf(next);
		if (!isDue) return;
		after(STATUS_PAUSE, () => whole(() => {
			const text = status ?? '';
			status = null;
			tellStatus(dispatch, find(state(), NAME), text);
		}));
	}

	link.use({
		opened() {
			[waiting, isOpen, isTold] = [[], true, false];
			remember();
			renew();
		},
		heard(message) {
			if (lendControl(lending, message)) return;
			const {kind, id, payload} = message;
			if (kind === REPORT) show(readReport(textOf(payload)));
			else if (kind === FLUSHED) flushed();
			else if (kind === TRIED) answer(id, readTried(textOf(payload)));
		},
		room: pump,
		closed() {
			[waiting, isOpen, isTold] = [[], false, false];
			for (const id of [...trials.keys()]) answer(id, null);
			flushed();
		},
	});

	function answer(id: number, tried: Tried | null): void {
		const hears = trials.get(id);
		trials.delete(id);
		hears?.(tried);
	}

	return {
		set(next) {
			alerts = next;
			if (!next) [report, isTold, wanted] = [null, false, []];
			renew();
		},
		want(next) {
			if (isTold) post(ALERT, 0, next);
			else if (wanted.length < WAITING_MAX) wanted.push(next);
		},
		finish(done) {
			if (!alerts || link.post(encodeMessage(FLUSH)) !== 'sent') return done();
			let isOver = false;
			flushed = () => {
				if (isOver) return;
				isOver = true;
				cancel();
				done();
			};
			const cancel = after(LAST, () => whole(() => flushed()));
		},
		receivers: () => alerts?.receivers ?? [],
		report: () => report,
		test(name, hears) {
			const id = ++last;
			const payload = bytesOf(name ?? '');
			// A helper that does not know of receivers yet would try none.
			if (!isTold || link.post(encodeMessage(TRY, id, payload)) !== 'sent') {
				hears(null);
				return () => {};
			}
			trials.set(id, hears);
			return () => void trials.delete(id);
		},
	};
}

interface Secret {
	readonly text: string;
	/** Why it must not be used; null: it may. */
	readonly why: string | null;
}

function filesOf({target}: Receiver): readonly string[] {
	if (target.kind === 'http') return [target.secretFile, target.tokenFile].filter(each => each !== null);
	return target.kind === 'mail' && target.passwordFile !== null ? [target.passwordFile] : [];
}

function withSecrets(receiver: Receiver, secrets: ReadonlyMap<string, Secret>): Told {
	const {target} = receiver;
	const [keyFile, tokenFile] = target.kind === 'http'
		? [target.secretFile, target.tokenFile] : [null, target.kind === 'mail' ? target.passwordFile : null];
	const of = (file: string | null): Secret | null => (file === null ? null : secrets.get(file) ?? {text: '', why: 'was not read'});
	const [key, token] = [of(keyFile), of(tokenFile)];
	const flaw = key?.why ? `${keyFile} ${key.why}` : token?.why ? `${tokenFile} ${token.why}` : null;
	return {...receiver, key: key?.text ?? null, token: token?.text ?? null, flaw};
}

/** The first line of a file that no other user may write. */
function readSecret(file: string, done: (secret: Secret) => void): void {
	let isOver = false;
	const end = (text: string, why: string | null): void => {
		if (isOver) return;
		isOver = true;
		cancel();
		done({text, why});
	};
	const cancel = after(PATIENCE, () => end('', `does not answer within ${PATIENCE / 1000} s`));
	start('readFile', {text: file, numbers: [SECRET_MAX, OTHERS_WRITE]}, read => {
		const flaw = flawOf(read, file);
		if (flaw !== null) return end('', flaw);
		const [line = ''] = textOf(read.bytes).split(/\r?\n/);
		if (line === '' || /[\0-\x1f\x7f]/.test(line)) return end('', 'does not begin with a line of text');
		end(line, null);
	});
}
