/**
 * PID 1's end of control by TCP: tells the helper `archon.gate` which tokens there are, and makes connections for it, each with
 * no more rights than the config has for the token. Loaded with the first config that has `remote`.
 */
import {writeRecord} from '../control/records.ts';
import {LIMIT} from '../control/requests/limit/wire.ts';
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import {CONNECT, CONNECTED, type Door, doorId, DOORS, REFUSED, type Remote, RENEW, STATUS} from '../core/remote.ts';
import {find, type State} from '../core/state.ts';
import {TOKEN_FILE_MAX, tokensIn} from '../core/token.ts';
import type {Event} from '../core/event.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after} from '../os/clock.ts';
import {encodeMessage} from '../os/helper-wire.ts';
import type {Link} from '../os/helpers.ts';
import {OTHERS_WRITE, start} from '../os/jobs.ts';
import {STAT} from '../os/layouts.ts';
import type {Log} from '../os/log.ts';
import type {Listener} from '../os/sockets/listener.ts';
import {newStat, sys} from '../os/sys.ts';
import {flawOf} from './foreign-file.ts';
import {lend} from './helper-control.ts';

export interface RemoteParts {
	readonly link: Link;
	readonly log: Log;
	readonly state: () => State;
	readonly dispatch: (event: Event) => void;
	/** Null: archon has no control socket. */
	readonly listener: () => Listener | null;
	readonly whole: <T>(act: () => T) => T;
}

export interface RemoteControl {
	/** What the config says now; files of tokens are read again. */
	set(remotes: readonly Remote[]): void;
}

const NAME = `${HELPER_PREFIX}gate`;
/** How long a file of tokens may take to be read, and how long it is not read again, in milliseconds. */
const [PATIENCE, REST] = [2000, 100];
/** Of what the helper says that it does: characters, and how often it is heard. */
const [STATUS_MAX, STATUS_PAUSE] = [200, 100];
/** Permissions of a file that every user may read (inode(7)). */
const OTHERS_READ = 0o004;

export function createRemoteControl({link, log, state, dispatch, listener, whole}: RemoteParts): RemoteControl {
	let remotes: readonly Remote[] = [];
	/** What was said of a file last: it is not said again. */
	const told = new Map<string, string>();
	/** Files are being read, or were a moment ago: the helper may ask for it as often as it likes. */
	let isBusy = false;
	/** They are to be read again: after that; or at once, as there are others. */
	let isAsked = false;
	let isStale = false;
	/** What is still to be sent. */
	let doors: Uint8Array | null = null;
	let status: string | null = null;

	function renew(): void {
		isAsked = true;
		if (!isBusy) readAll();
	}

	function readAll(): void {
		[isBusy, isAsked, isStale] = [true, false, false];
		const files = [...new Set(remotes.map(({tokenFile}) => tokenFile))];
		const found = new Map<string, readonly string[]>();
		for (const file of files) {
			read(file, tokens => {
				found.set(file, tokens);
				if (found.size === files.length) finish(found);
			});
		}
		if (files.length === 0) finish(found);
	}

	function finish(found: ReadonlyMap<string, readonly string[]>): void {
		if (isStale) return readAll();
		const list = remotes.map((remote): Door => {
			const {host, port, tokenFile} = remote;
			return {id: doorId(remote), host, port, tokens: found.get(tokenFile) ?? []};
		});
		doors = encodeMessage(DOORS, 0, bytesOf(JSON.stringify(list)));
		pump();
		after(REST, () => whole(() => {
			isBusy = false;
			if (isAsked) readAll();
		}));
	}

	function pump(): void {
		if (doors && link.post(doors) === 'sent') doors = null;
	}

	/** The tokens of a file; none where it must not be used, which is logged. */
	function read(file: string, done: (tokens: readonly string[]) => void): void {
		let isOver = false;
		const end = (tokens: readonly string[], why: string): void => whole(() => {
			if (isOver) return;
			isOver = true;
			cancel();
			if (why !== (told.get(file) ?? '')) {
				if (why !== '') log.warn(`remote: the token file ${file} ${why}`);
				told.set(file, why);
			}
			done(tokens);
		});
		const cancel = after(PATIENCE, () => end([], `does not answer within ${PATIENCE / 1000} s: no client is let in by it`));
		start('readFile', {text: file, numbers: [TOKEN_FILE_MAX, OTHERS_WRITE]}, read => {
			const flaw = flawOf(read, file);
			if (flaw !== null) return end([], `${flaw}: no client is let in by it`);
			const tokens = tokensIn(textOf(read.bytes));
			if (typeof tokens === 'string') return end([], `${tokens}: no client is let in by it`);
			const about = newStat();
			const isOpen = sys.stat(file, about) >= 0 && ((about[STAT.mode] ?? 0) & OTHERS_READ) !== 0;
			end(tokens, isOpen ? 'may be read by every user (chmod o-r)' : '');
		});
	}

	// ── The helper ──

	/** Makes a connection whose rights are limited before the helper has it. */
	function connect(id: number, door: string): void {
		const refuse = (why: string): void => void link.post(encodeMessage(REFUSED, id, bytesOf(why)));
		const remote = remotes.find(each => doorId(each) === door);
		if (!remote) return refuse('the config of archon has changed; try again');
		const {role, services} = remote.grant;
		const limit = writeRecord([LIMIT.verb, role, ...services ?? []]);
		if (!limit.ok) return refuse(`the services of remote cannot be told: ${limit.error}`);
		const why = lend({role: 'gate', link, state, listener}, CONNECTED, id, limit.value);
		if (why !== null) refuse(why);
	}

	/** One line of `archonctl status`, whatever the helper says. */
	function say(text: string): void {
		const isDue = status === null;
		status = text.replaceAll(/[\0-\x1f\x7f-\x9f]/g, ' ').slice(0, STATUS_MAX);
		if (!isDue) return;
		after(STATUS_PAUSE, () => whole(() => {
			const entry = find(state(), NAME);
			if (entry && 'run' in entry.phase) {
				dispatch({kind: 'news', id: entry.id, run: entry.phase.run, news: {kind: 'notify', message: {kind: 'status', text: status ?? ''}}});
			}
			status = null;
		}));
	}

	link.use({
		opened: renew,
		heard({kind, id, payload}) {
			if (kind === CONNECT) connect(id, textOf(payload));
			else if (kind === RENEW) renew();
			else if (kind === STATUS) say(textOf(payload));
		},
		room: pump,
		closed() {
			doors = null;
		},
	});
	return {
		set(next) {
			remotes = next;
			for (const file of told.keys()) if (!next.some(({tokenFile}) => tokenFile === file)) told.delete(file);
			isStale = true;
			renew();
		},
	};
}
