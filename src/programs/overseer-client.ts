/** The way of overseer's client through its machine: what is done in each state, by hands that it is given. */
import type {Result} from '../core/result.ts';
import {begin, CLIENT, type ClientError, type ClientState, type Outcome} from '../features/overseer/core/machines.ts';

/** The request that ends the daemon. */
export const DIE = 'DIE';

/** How often a daemon is started that then cannot be reached. */
export const LAUNCHES_MAX = 3;

/** What touches the machine; errors are why, in words. */
export interface Hands {
	/** Whether there is something at the socket's path. */
	readonly isThere: () => boolean;
	/** A descriptor. `isStale`: nothing listens at the socket any more. */
	readonly open: () => Result<number, {readonly why: string; readonly isStale: boolean}>;
	readonly deleteStale: () => void;
	/** When it is done, a daemon has been seen to accept. */
	readonly launch: () => Promise<string | null>;
	readonly send: (fd: number, line: string) => Promise<string | null>;
	/** Empty: the connection was ended without an answer. */
	readonly receive: (fd: number) => Promise<Result<string, string>>;
	readonly close: (fd: number) => void;
	readonly print: (answer: string) => void;
}

/** How it has ended: null, or the error. */
export interface End {
	readonly error: ClientError | null;
	readonly why: string;
}

/** `prepared`: the hands, or why the homes cannot be used. `told` hears of each step. */
export async function walk(request: string, prepared: Result<Hands, string>, told: (line: string) => void): Promise<End> {
	const machine = begin<ClientState>(CLIENT, {kind: 'Start'}, told);
	let [why, answer] = ['', ''];
	let [fd, launches, isStale] = [-1, 0, false];

	const came = (reason: string | null): Outcome => {
		why = reason ?? why;
		return reason === null ? 'success' : 'failure';
	};

	function open(hands: Hands): Outcome {
		const opened = hands.open();
		if (opened.ok) fd = opened.value;
		else isStale = opened.error.isStale;
		return came(opened.ok ? null : opened.error.why);
	}

	async function launch(hands: Hands): Promise<Outcome> {
		if (request === DIE) return came('there is no overseerd to end');
		if (launches++ === LAUNCHES_MAX) return came(`overseerd was started ${LAUNCHES_MAX} times and cannot be reached: ${why}`);
		return came(await hands.launch());
	}

	async function receive(hands: Hands): Promise<Outcome> {
		const heard = await hands.receive(fd);
		if (!heard.ok) return came(heard.error);
		answer = heard.value;
		// Of a daemon that ends the end of the connection is the answer.
		return came(answer === '' && request !== DIE ? 'the daemon has closed the connection without an answer' : null);
	}

	async function act({kind}: ClientState, hands: Hands): Promise<Outcome> {
		switch (kind) {
			case 'CheckSocketExists': return hands.isThere() ? 'success' : 'failure';
			case 'OpenSocket': return open(hands);
			case 'SendRequest': return came(await hands.send(fd, request));
			case 'ReadResponse': return receive(hands);
			case 'LaunchDaemon': return launch(hands);
			case 'CloseSocket':
				hands.close(fd);
				return 'next';
			case 'DeleteSocketFile':
				// All else that may be wrong with it is no reason to remove it; the daemon says what is.
				if (isStale) hands.deleteStale();
				return 'next';
			case 'PrintResponse':
				if (answer !== '') hands.print(answer);
				return 'next';
			default: return 'next';
		}
	}

	machine.go('next');
	let state = machine.go(came(prepared.ok ? null : prepared.error));
	let error: ClientError | null = null;
	while (state.kind !== 'Done') {
		if (state.kind === 'Exit') error = state.error;
		state = machine.go(prepared.ok ? await act(state, prepared.value) : 'next');
	}
	return {error, why};
}
