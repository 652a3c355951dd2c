/** The two state machines of overseer as tables: for each state, and each outcome of what is done in it, the state that follows. */

/** What came of what is done in a state; `next`: nothing that could fail is done. Of a request: whether it is `DIE`. */
export const OUTCOMES = ['next', 'success', 'failure', 'DIE', 'other'] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** The end of a machine, well (null) or with an error. */
interface Exit<Error extends string> {
	readonly kind: 'Exit';
	readonly error: Error | null;
}

interface Plain<Kind extends string> {
	readonly kind: Kind;
}

export type DaemonError = 'InitHomesError' | 'SocketOpenError' | 'SocketReadError' | 'SocketWriteError';

export type DaemonState =
	| Plain<'Start' | 'InitHomes' | 'OpenSocket' | 'ReceiveRequest' | 'ProcessRequest' | 'SendResponse' | 'Done'>
	| Exit<DaemonError>;

export type ClientError = 'InitHomesError' | 'DaemonLaunchError' | 'SocketSendError' | 'SocketReadError';

export type ClientState =
	| Plain<
		'Start' | 'InitHomes' | 'CheckSocketExists' | 'OpenSocket' | 'SendRequest' | 'ReadResponse' | 'DeleteSocketFile' | 'LaunchDaemon'
		| 'PrintResponse' | 'Done'>
	/** The connection is closed, and then comes the state that it holds. */
	| {readonly kind: 'CloseSocket'; readonly then: ClientState}
	| Exit<ClientError>;

/** `then`: the state that the present one holds. An outcome that is not there cannot be. */
type Table<State extends Plain<string>> = Readonly<Record<State['kind'], Readonly<Partial<Record<Outcome, State | 'then'>>>>>;

const to = <const Kind extends string>(kind: Kind): Plain<Kind> => ({kind});
const exit = <const Error extends string>(error: Error): Exit<Error> => ({kind: 'Exit', error});
const WELL: Exit<never> = {kind: 'Exit', error: null};
const close = (then: ClientState): ClientState => ({kind: 'CloseSocket', then});

/**
 * The daemon's. From `ReceiveRequest` on each connection has a machine of its own, and its `Exit` ends that connection; only the
 * errors before that, and `DIE`, end the daemon.
 */
export const DAEMON: Table<DaemonState> = {
	Start: {next: to('InitHomes')},
	InitHomes: {success: to('OpenSocket'), failure: exit('InitHomesError')},
	OpenSocket: {success: to('ReceiveRequest'), failure: exit('SocketOpenError')},
	ReceiveRequest: {success: to('ProcessRequest'), failure: exit('SocketReadError')},
	ProcessRequest: {DIE: WELL, other: to('SendResponse')},
	SendResponse: {success: to('ReceiveRequest'), failure: exit('SocketWriteError')},
	Exit: {next: to('Done')},
	Done: {},
};

export const CLIENT: Table<ClientState> = {
	Start: {next: to('InitHomes')},
	InitHomes: {success: to('CheckSocketExists'), failure: exit('InitHomesError')},
	CheckSocketExists: {success: to('OpenSocket'), failure: to('LaunchDaemon')},
	OpenSocket: {success: to('SendRequest'), failure: to('DeleteSocketFile')},
	SendRequest: {success: to('ReadResponse'), failure: close(exit('SocketSendError'))},
	CloseSocket: {next: 'then'},
	DeleteSocketFile: {next: to('LaunchDaemon')},
	LaunchDaemon: {success: to('OpenSocket'), failure: exit('DaemonLaunchError')},
	ReadResponse: {success: close(to('PrintResponse')), failure: close(exit('SocketReadError'))},
	PrintResponse: {next: WELL},
	Exit: {next: to('Done')},
	Done: {},
};

/** The state that follows; null: the outcome cannot be in that state. */
export function follow<State extends Plain<string>>(table: Table<State>, state: State, outcome: Outcome): State | null {
	const next = (table as Readonly<Record<string, Readonly<Partial<Record<Outcome, State | 'then'>>>>>)[state.kind]?.[outcome] ?? null;
	if (next !== 'then') return next;
	return 'then' in state ? state.then as State : null;
}

/** As a trace shows it: `Exit(Err(SocketReadError))`, `CloseSocket(PrintResponse)`. */
export function written(state: DaemonState | ClientState): string {
	switch (state.kind) {
		case 'Exit': return `Exit(${state.error === null ? 'Ok(())' : `Err(${state.error})`})`;
		case 'CloseSocket': return `CloseSocket(${written(state.then)})`;
		default: return state.kind;
	}
}

/** One line of a trace: `InitHomes success -> OpenSocket`. */
export const step = (from: DaemonState | ClientState, outcome: Outcome, to: DaemonState | ClientState): string =>
	`${written(from)}${outcome === 'next' ? '' : ` ${outcome}`} -> ${written(to)}`;

/** A machine under way. */
export interface Machine<State> {
	readonly state: () => State;
	/** What was done in the present state had this outcome: the state that follows. One that cannot be is a bug, and throws. */
	go(outcome: Outcome): State;
}

/** `told` hears of each step. */
export function begin<State extends DaemonState | ClientState>(
	table: Table<State>, first: State, told: (line: string) => void,
): Machine<State> {
	let state = first;
	return {
		state: () => state,
		go(outcome) {
			const next = follow(table, state, outcome);
			if (next === null) throw new Error(`${written(state)} has no ${outcome}`);
			told(step(state, outcome, next));
			state = next;
			return state;
		},
	};
}
