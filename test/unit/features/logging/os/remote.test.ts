/** Messages for a helper, and what is made of its answers, whatever they are. */
import {expect, test} from 'vitest';
import {createRemote, ENDING, FAILED, LAST, LOST, OPEN, READY, SOME} from '../../../../../src/features/logging/os/remote.ts';
import {decodeMessage, type Message, MESSAGE_MAX} from '../../../../../src/os/helper-wire.ts';
import type {LinkUser} from '../../../../../src/os/helpers.ts';

const TARGET = {address: {kind: 'tcp', host: 'logs', port: 514}, format: 'rfc5424'} as const;

function scene() {
	const posted: Message[] = [];
	const heard: unknown[] = [];
	let room = Infinity;
	let user: LinkUser | null = null;
	const dial = createRemote({
		post(bytes) {
			if (room === 0) return 'full';
			room -= 1;
			expect(bytes.length).toBeLessThanOrEqual(MESSAGE_MAX);
			const message = decodeMessage(bytes);
			if (message) posted.push({...message, payload: message.payload.slice()});
			return 'sent';
		},
		use: next => void (user = next),
	});
	const relay = () => dial(TARGET, {
		ready: done => heard.push(['ready', done]), lost: (count, why) => heard.push(['lost', count, why]), failed: (why, done) => heard.push(['failed', why, done]),
	});
	return {
		posted, heard, relay,
		kinds: () => posted.map(({kind, id}) => kind + id).join(' '),
		helper: () => user as LinkUser,
		says: (kind: string, id: number, text: string) => (user as LinkUser).heard({kind, id, payload: Buffer.from(text)}),
		leave(count: number) {
			room = count;
		},
	};
}

test('a batch goes in pieces, one relay after the other, and waits where there is no room', () => {
	const {posted, relay, kinds, helper, leave, says} = scene();
	const [one, other] = [relay(), relay()];
	expect(kinds()).toBe('');
	helper().opened();
	expect(kinds()).toBe(`${OPEN}1 ${OPEN}2`);
	says(READY, 1, '0');
	says(READY, 2, '0');
	posted.length = 0;
	leave(1);
	const batch = Buffer.from(`${'x'.repeat(70_000)}\n`);
	one.send(batch);
	other.send(Buffer.from('y\n'));
	expect(kinds()).toBe(`${SOME}1`);
	leave(Infinity);
	helper().room();
	expect(kinds()).toBe(`${SOME}1 ${SOME}1 ${LAST}1 ${LAST}2`);
	expect(Buffer.concat(posted.slice(0, 3).map(({payload}) => payload)).equals(batch)).toBe(true);
});

test('a relay that is closed in the middle of its batch sends no more of it', () => {
	const {relay, kinds, helper, leave} = scene();
	const one = relay();
	helper().opened();
	leave(1);
	one.send(Buffer.from(`${'x'.repeat(70_000)}\n`));
	one.close();
	leave(Infinity);
	helper().room();
	expect(kinds()).toBe(`${OPEN}1 ${SOME}1 C1`);
});

test('when the helper has ended every relay has failed, with nothing of its messages known to be out', () => {
	const {relay, heard, helper, says} = scene();
	relay().send(Buffer.from('x\n'));
	helper().opened();
	says(READY, 1, '1');
	helper().closed();
	expect(heard).toEqual([['ready', 1], ['failed', 'archon.syslog has ended', 0]]);
});

test('of a helper that is ending only relays with messages in its hands stay', () => {
	const {relay, heard, kinds, helper, says} = scene();
	const [, busy] = [relay(), relay()];
	helper().opened();
	says(READY, 1, '0');
	says(READY, 2, '0');
	busy.send(Buffer.from('x\n'));
	heard.length = 0;
	says(ENDING, 0, '');
	expect(heard).toEqual([['failed', 'archon.syslog is ending', 0]]);
	expect(kinds()).toMatch(/ C1$/);
});

test('a helper that was taken over by somebody can say nothing but numbers and one line', () => {
	const {relay, heard, helper, says} = scene();
	relay();
	helper().opened();
	for (const text of ['', 'x', '-1 no', '1e9 no', '9'.repeat(100)]) says(LOST, 1, text);
	expect(heard.map(each => (each as unknown[])[1])).toEqual([0, 0, 0, 1, 999_999_999]);
	heard.length = 0;
	says(READY, 7, '5');
	says('?', 1, '5');
	expect(heard).toEqual([]);
	says(FAILED, 1, `0 so\nweb | a line of another \x1b[31m${'!'.repeat(10_000)}`);
	expect(heard).toEqual([['failed', expect.stringMatching(/^so web \| a line of another {2}\[31m!+$/), 0]]);
	expect(String((heard[0] as unknown[])[1]).length).toBe(300);
});
