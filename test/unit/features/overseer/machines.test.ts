/** Both machines of overseer, cell by cell. */
import {describe, expect, test} from 'vitest';
import {
	CLIENT, type ClientState, DAEMON, type DaemonState, follow, type Outcome, OUTCOMES, step, written,
} from '../../../../src/features/overseer/core/machines.ts';

/** For each state the outcomes that can be, in the order of OUTCOMES: next, success, failure, DIE, other; an empty text: it cannot be. */
const DAEMON_CELLS: readonly (readonly [DaemonState, readonly string[]])[] = [
	[{kind: 'Start'}, ['InitHomes', '', '', '', '']],
	[{kind: 'InitHomes'}, ['', 'OpenSocket', 'Exit(Err(InitHomesError))', '', '']],
	[{kind: 'OpenSocket'}, ['', 'ReceiveRequest', 'Exit(Err(SocketOpenError))', '', '']],
	[{kind: 'ReceiveRequest'}, ['', 'ProcessRequest', 'Exit(Err(SocketReadError))', '', '']],
	[{kind: 'ProcessRequest'}, ['', '', '', 'Exit(Ok(()))', 'SendResponse']],
	[{kind: 'SendResponse'}, ['', 'ReceiveRequest', 'Exit(Err(SocketWriteError))', '', '']],
	[{kind: 'Exit', error: null}, ['Done', '', '', '', '']],
	[{kind: 'Exit', error: 'SocketReadError'}, ['Done', '', '', '', '']],
	[{kind: 'Done'}, ['', '', '', '', '']],
];

const CLIENT_CELLS: readonly (readonly [ClientState, readonly string[]])[] = [
	[{kind: 'Start'}, ['InitHomes', '', '', '', '']],
	[{kind: 'InitHomes'}, ['', 'CheckSocketExists', 'Exit(Err(InitHomesError))', '', '']],
	[{kind: 'CheckSocketExists'}, ['', 'OpenSocket', 'LaunchDaemon', '', '']],
	[{kind: 'OpenSocket'}, ['', 'SendRequest', 'DeleteSocketFile', '', '']],
	[{kind: 'SendRequest'}, ['', 'ReadResponse', 'CloseSocket(Exit(Err(SocketSendError)))', '', '']],
	[{kind: 'CloseSocket', then: {kind: 'PrintResponse'}}, ['PrintResponse', '', '', '', '']],
	[{kind: 'CloseSocket', then: {kind: 'Exit', error: 'SocketReadError'}}, ['Exit(Err(SocketReadError))', '', '', '', '']],
	[{kind: 'DeleteSocketFile'}, ['LaunchDaemon', '', '', '', '']],
	[{kind: 'LaunchDaemon'}, ['', 'OpenSocket', 'Exit(Err(DaemonLaunchError))', '', '']],
	[{kind: 'ReadResponse'}, ['', 'CloseSocket(PrintResponse)', 'CloseSocket(Exit(Err(SocketReadError)))', '', '']],
	[{kind: 'PrintResponse'}, ['Exit(Ok(()))', '', '', '', '']],
	[{kind: 'Exit', error: null}, ['Done', '', '', '', '']],
	[{kind: 'Exit', error: 'InitHomesError'}, ['Done', '', '', '', '']],
	[{kind: 'Done'}, ['', '', '', '', '']],
];

describe('the daemon\'s machine', () => {
	test.each(DAEMON_CELLS)('%j', (state, cells) => {
		expect(OUTCOMES.map(outcome => shown(follow(DAEMON, state, outcome)))).toEqual(cells);
	});

	test('has no state beside these', () => {
		expect(new Set(Object.keys(DAEMON))).toEqual(new Set(DAEMON_CELLS.map(([{kind}]) => kind)));
	});
});

describe('the client\'s machine', () => {
	test.each(CLIENT_CELLS)('%j', (state, cells) => {
		expect(OUTCOMES.map(outcome => shown(follow(CLIENT, state, outcome)))).toEqual(cells);
	});

	test('has no state beside these', () => {
		expect(new Set(Object.keys(CLIENT))).toEqual(new Set(CLIENT_CELLS.map(([{kind}]) => kind)));
	});

	test('closes the connection before it ends with an error of it', () => {
		const ways: readonly (readonly [ClientState, Outcome])[] = [[{kind: 'SendRequest'}, 'failure'], [{kind: 'ReadResponse'}, 'failure']];
		for (const [state, outcome] of ways) expect(follow(CLIENT, state, outcome)?.kind).toBe('CloseSocket');
	});
});

test('a step is shown with its outcome, where there could have been another', () => {
	expect(step({kind: 'Start'}, 'next', {kind: 'InitHomes'})).toBe('Start -> InitHomes');
	expect(step({kind: 'InitHomes'}, 'failure', {kind: 'Exit', error: 'InitHomesError'})).toBe('InitHomes failure -> Exit(Err(InitHomesError))');
});

const shown = (state: DaemonState | ClientState | null): string => (state ? written(state) : '');
