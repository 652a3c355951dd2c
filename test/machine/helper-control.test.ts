/** A helper as a client of the control protocol: both of its ends, with this test in the place of the control server. */
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Trouble} from '../../src/control/client.ts';
import type {Reply} from '../../src/control/protocol.ts';
import {VERSION} from '../../src/control/requests/version/wire.ts';
import type {Result} from '../../src/core/result.ts';
import type {EventRow} from '../../src/features/events/requests/subscribe/rows.ts';
import {createHelperControl, type HelperControl} from '../../src/helpers/control.ts';
import {CONTROL, decodeMessage, encodeMessage, type Message} from '../../src/os/helper-wire.ts';
import type {Link} from '../../src/os/helpers.ts';
import {createPoller} from '../../src/os/poller.ts';
import type {Asker} from '../../src/os/sockets/asker.ts';
import type {Listener} from '../../src/os/sockets/listener.ts';
import {ERRNO, sys} from '../../src/os/sys.ts';
import {lendControl} from '../../src/programs/helper-control.ts';
import {firstState, NO_CONFIG} from '../../src/programs/own-config.ts';
import {service} from '../stories/tell.ts';

const NAME = 'archon.gate';
const poller = createPoller();
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

/** PID 1's ends of connections, in the order in which they were made; and whose they are. */
let served: {readonly fd: number; readonly asker: Asker}[] = [];
/** What the helper has asked PID 1 for, where that does not hear it. */
let unheard: Message[] = [];
let why: (string | null)[] = [];
let isListening = true;
let isHeard = true;
/** What a helper of an earlier test still says is not heard. */
let round = 0;

beforeEach(() => {
	round++;
	[served, unheard, why, isListening, isHeard] = [[], [], [], true, true];
});
afterEach(() => served.forEach(({fd}) => sys.close(fd)));

function helper(): HelperControl {
	const own = round;
	const listener: Listener = {setOpen: () => null, admit: (fd, asker) => void served.push({fd, asker}), close() {}};
	const state = firstState({...NO_CONFIG, services: [service(NAME)]});
	const link: Link = {
		use() {},
		post(message, fds = []) {
			// As by a socket: the helper has copies of its own.
			control.heard(decodeMessage(message) ?? expect.fail(), fds.map(copyOf));
			return 'sent';
		},
	};
	const lending = {role: 'gate', link, state: () => state, listener: () => (isListening ? listener : null)} as const;
	const control = createHelperControl({
		send(kind, id = 0) {
			const message = decodeMessage(encodeMessage(kind, id)) ?? expect.fail();
			if (own !== round) return;
			if (isHeard) setImmediate(() => lendControl(lending, message));
			else unheard.push(message);
		},
		waiting: () => 0,
	}, poller, each => void why.push(each));
	return control;
}

let free = 900;
function copyOf(fd: number): number {
	free++;
	sys.duplicate(fd, free);
	return free;
}

/** What the server of the connection reads until a line is whole. */
async function asked(index: number): Promise<string> {
	const room = new Uint8Array(4096);
	let text = '';
	await expect.poll(() => {
		const fd = served[index]?.fd ?? -1;
		const count = fd < 0 ? -ERRNO.EAGAIN : sys.read(fd, room);
		if (count > 0) text += new TextDecoder().decode(room.subarray(0, count));
		return text;
	}).toMatch(/\n$/);
	return text;
}

const say = (index: number, words: string): void => void sys.write(served[index]?.fd ?? -1, bytes(words));

function ask(control: HelperControl): Promise<Result<Reply, Trouble>> {
	return new Promise(resolve => control.ask(VERSION, [], {done: resolve}));
}

test('what it asks is asked on a connection with the rights of its own service', async () => {
	const control = helper();
	const answer = ask(control);
	const tag = /^(@\w+),Version\n$/.exec(await asked(0))?.[1];
	say(0, `${tag},Ok\n`);
	expect(await answer).toEqual({ok: true, value: {kind: 'Ok'}});
	expect(served).toMatchObject([{asker: {owner: {name: NAME}}}]);
	expect(why).toEqual([null]);
});

test('another instance of archon is asked again for what the last one did not hear', async () => {
	const control = helper();
	isHeard = false;
	const answer = ask(control);
	expect(unheard.map(({kind}) => kind)).toEqual([CONTROL]);
	isHeard = true;
	control.reset();
	say(0, (await asked(0)).replace('Version', 'Ok'));
	expect(await answer).toMatchObject({ok: true});
});

test('a question waits until there is a connection, and the reason is known', async () => {
	isListening = false;
	const control = helper();
	const answer = ask(control);
	await expect.poll(() => why).toEqual(['archon has no control socket, see its log']);
	isListening = true;
	say(0, (await asked(0)).replace('Version', 'Ok'));
	expect(await answer).toMatchObject({ok: true});
	expect(why.at(-1)).toBe(null);
});

test('events go on after the one that was told last, over connections that end', async () => {
	const control = helper();
	const numbers: number[] = [];
	const heard = (events: readonly EventRow[]): void => void numbers.push(...events.map(({number}) => number));
	let missed = 0;
	control.follow({names: [], kinds: ['failed', 'ready'], since: null}, {events: heard, missed: count => (missed += count), failed: expect.fail});
	const first = await asked(0);
	expect(first).toMatch(/,Subscribe,archon.since=now,archon.follow=yes,archon.kinds=failed\+ready\n$/);
	const tag = first.split(',')[0];
	const event = (number: number): string => `${tag},Row,event,${number},1700000000000,failed,web,running,failed,,1,1,,,exited with 1\n`;
	say(0, `${tag},Row,live,7\n${event(8)}${event(9)}`);
	await expect.poll(() => numbers).toEqual([8, 9]);
	sys.close(served[0]?.fd ?? -1);
	const second = await asked(1);
	expect(second).toMatch(/,Subscribe,archon.since=9,/);
	say(1, `${second.split(',')[0]},Row,missed,3\n${event(13).replace(tag ?? '', second.split(',')[0] ?? '')}`);
	await expect.poll(() => [numbers, missed]).toEqual([[8, 9, 13], 3]);
});
