/** The way of overseer's client through its machine, with hands that are told what happens to them. */
import {describe, expect, test} from 'vitest';
import {err, ok} from '../../../src/core/result.ts';
import {type Hands, LAUNCHES_MAX, walk} from '../../../src/programs/overseer-client.ts';

/** All is well, but for what is given. */
async function client(hands: Partial<Hands>, request = 'trigger') {
	const done: string[] = [];
	const steps: string[] = [];
	const note = (name: string) => (): void => void done.push(name);
	const all: Hands = {
		isThere: () => true, open: () => ok(7), deleteStale: note('deleted'), launch: async () => null,
		send: async () => null, receive: async () => ok('done'), close: fd => void done.push(`closed ${fd}`),
		print: answer => void done.push(`printed ${answer}`), ...hands,
	};
	const end = await walk(request, ok(all), line => void steps.push(line.replace(/.*-> /, '')));
	return {end, done, way: steps.join(' ')};
}

const refused = () => err({why: 'connection refused', isStale: true});

describe('the client', () => {
	test('asks a daemon that runs, closes the connection and prints the answer', async () => {
		expect(await client({})).toEqual({
			end: {error: null, why: ''}, done: ['closed 7', 'printed done'],
			way: 'InitHomes CheckSocketExists OpenSocket SendRequest ReadResponse CloseSocket(PrintResponse) PrintResponse Exit(Ok(())) Done',
		});
	});

	test('starts a daemon where none runs', async () => {
		const {way, end} = await client({isThere: () => false});
		expect(way).toMatch(/^InitHomes CheckSocketExists LaunchDaemon OpenSocket SendRequest /);
		expect(end.error).toBeNull();
	});

	test('deletes a socket at which nothing listens, and starts a daemon', async () => {
		let isStale = true;
		const {way, done} = await client({
			open: () => (isStale ? refused() : ok(7)),
			launch: async () => {
				isStale = false;
				return null;
			},
		});
		expect(way).toMatch(/^InitHomes CheckSocketExists OpenSocket DeleteSocketFile LaunchDaemon OpenSocket SendRequest /);
		expect(done).toEqual(['deleted', 'closed 7', 'printed done']);
	});

	test('deletes nothing that is wrong in another way', async () => {
		const {done, end} = await client({
			open: () => err({why: 'permission denied', isStale: false}), launch: async () => 'SocketOpenError: it is no socket: remove it',
		});
		expect(done).toEqual([]);
		expect(end).toEqual({error: 'DaemonLaunchError', why: 'SocketOpenError: it is no socket: remove it'});
	});

	test('starts daemons that cannot be reached three times, and no more', async () => {
		let launches = 0;
		const {end} = await client({
			open: refused,
			launch: async () => {
				launches++;
				return null;
			},
		});
		expect(launches).toBe(LAUNCHES_MAX);
		expect(end).toEqual({error: 'DaemonLaunchError', why: 'overseerd was started 3 times and cannot be reached: connection refused'});
	});

	test('closes the connection before it tells what went wrong with it', async () => {
		expect(await client({send: async () => 'broken pipe'})).toMatchObject({
			end: {error: 'SocketSendError', why: 'broken pipe'}, done: ['closed 7'],
			way: expect.stringMatching(/SendRequest CloseSocket\(Exit\(Err\(SocketSendError\)\)\) Exit\(Err\(SocketSendError\)\) Done$/),
		});
		expect(await client({receive: async () => err('connection reset by peer')})).toMatchObject({
			end: {error: 'SocketReadError', why: 'connection reset by peer'}, done: ['closed 7'],
		});
		expect((await client({receive: async () => ok('')})).end).toEqual({
			error: 'SocketReadError', why: 'the daemon has closed the connection without an answer',
		});
	});

	test('takes the end of the connection for the answer to DIE, and starts no daemon to end it', async () => {
		expect(await client({receive: async () => ok('')}, 'DIE')).toMatchObject({end: {error: null}, done: ['closed 7']});
		expect((await client({isThere: () => false}, 'DIE')).end).toEqual({error: 'DaemonLaunchError', why: 'there is no overseerd to end'});
	});

	test('does nothing without homes', async () => {
		const steps: string[] = [];
		expect(await walk('trigger', err('no $HOME'), line => void steps.push(line))).toEqual({error: 'InitHomesError', why: 'no $HOME'});
		expect(steps).toEqual(['Start -> InitHomes', 'InitHomes failure -> Exit(Err(InitHomesError))', 'Exit(Err(InitHomesError)) -> Done']);
	});
});
