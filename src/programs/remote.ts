/**
 * PID 1's end of control by TCP: tells the helper `archon.gate` which tokens there are, and makes connections for it, each with
 * no more rights than the config has for the token. Loaded with the first config that has `remote`.
 */
import {writeRecord} from '../control/records.ts';
import {LIMIT} from '../control/requests/limit/wire.ts';
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import {CONNECT, CONNECTED, type Door, doorId, DOORS, REFUSED, type Remote, RENEW, STATUS} from '../core/remote.ts';
import {find, type State} from '../core/state.ts';
import type {Event} from '../core/event.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after} from '../os/clock.ts';
import {encodeMessage} from '../os/helper-wire.ts';
import type {Link} from '../os/helpers.ts';
import type {Log} from '../os/log.ts';
import type {Listener} from '../os/sockets/listener.ts';
import {lend} from './helper-control.ts';
import {tellStatus} from './helper-status.ts';
import {createTokenFiles} from './token-files.ts';

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
/** Of what the helper says that it does: characters, and how often it is heard. */
const [STATUS_MAX, STATUS_PAUSE] = [200, 100];

export function createRemoteControl({link, log, state, dispatch, listener, whole}: RemoteParts): RemoteControl {
	let remotes: readonly Remote[] = [];
	/** What is still to be sent. */
	let doors: Uint8Array | null = null;
	let status: string | null = null;

	const files = createTokenFiles({
		log, whole, key: 'remote',
		found(tokens) {
			const list = remotes.map((remote): Door => {
				const {host, port, tokenFile} = remote;
				return {id: doorId(remote), host, port, tokens: tokens.get(tokenFile) ?? []};
			});
			doors = encodeMessage(DOORS, 0, bytesOf(JSON.stringify(list)));
			pump();
		},
	});

	function pump(): void {
		if (doors && link.post(doors) === 'sent') doors = null;
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
			tellStatus(dispatch, find(state(), NAME), status ?? '');
			status = null;
		}));
	}

	link.use({
		opened: files.renew,
		heard({kind, id, payload}) {
			if (kind === CONNECT) connect(id, textOf(payload));
			else if (kind === RENEW) files.renew();
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
			files.set(next.map(({tokenFile}) => tokenFile));
		},
	};
}
