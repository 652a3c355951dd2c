/** Deliveries: what is made of an answer, what curl and a mail server are told, and what waits how long. */
import {describe, expect, test} from 'vitest';
import type {Message} from '../../../../src/features/alerts/core/message.ts';
import {judgeAnswer} from '../../../../src/helpers/alerts/answer.ts';
import {line} from '../../../../src/helpers/alerts/curl.ts';
import {type Delivered, failed} from '../../../../src/helpers/alerts/delivery.ts';
import {createOutbox, WAITING_MAX} from '../../../../src/helpers/alerts/outbox.ts';
import {commandsFor, replyIn} from '../../../../src/helpers/alerts/smtp.ts';

describe('an answer of HTTP', () => {
	test.each<readonly [string, Delivered | undefined]>([
		['HTTP/1.1 204 No Content\r\n\r\n', null],
		['HTTP/1.1 200 OK\r\nA: b', undefined],
		['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', null],
		['HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 500 No\r\n\r\n', failed('the server says 500 No')],
		['HTTP/1.1 503 Busy\r\nRetry-After: 120\r\n\r\n', failed('the server says 503 Busy', false, 120_000)],
		['HTTP/1.1 429 Slow\r\nretry-after: Thu, 01 Jan 1970 00:00:10 GMT\r\n\r\n', failed('the server says 429 Slow', false, 9000)],
		['HTTP/1.1 429 Slow\r\nRetry-After: 999999999\r\n\r\n', failed('the server says 429 Slow', false, 3_600_000)],
		['HTTP/1.1 400 Bad\r\nRetry-After: 1\r\n\r\n', failed('the server says 400 Bad', true)],
		['HTTP/1.1 302 Found\r\n\r\n', failed('the server says 302 Found, and redirects are not followed', true)],
		['SSH-2.0-x\r\n\r\n', failed('it does not speak HTTP', true)],
	])('%j', (text, judged) => expect(judgeAnswer(text, 1000)).toEqual(judged));
});

test('a value in a config of curl ends where it ends', () => {
	expect(line('user', 'a:b"\\\n\r\0x')).toBe('user = "a:b\\"\\\\\\n\\rx"\n');
});

test('a mail server is told nothing else by a mail, and its replies of several lines are one', () => {
	const commands = commandsFor({host: 'h', port: 25, self: 'box\r\nEVIL', from: 'a@b', to: ['c@d', 'e@f']}, 'A: b\r\n\r\n.\r\n.x\r\n');
	expect(commands.map(([command]) => command)).toEqual([
		'EHLO boxEVIL', 'MAIL FROM:<a@b>', 'RCPT TO:<c@d>', 'RCPT TO:<e@f>', 'DATA', 'A: b\r\n\r\n..\r\n..x\r\n.', 'QUIT',
	]);
	expect(replyIn('250-a\r\n250-b\r\n250 c\r\n354 d\r\n')).toMatchObject({code: 250, length: 21});
	expect([replyIn('250-a\r\n'), replyIn('hello\r\n')?.code]).toEqual([null, 0]);
});

describe('what waits for a receiver', () => {
	function outbox(answers: readonly Delivered[], saved: unknown = null) {
		const pauses: number[] = [];
		const [delivered, lines]: [string[], string[]] = [[], []];
		let timers: (() => void)[] = [];
		const left = [...answers];
		const box = createOutbox({
			deliver(message) {
				delivered.push(message.id);
				return Promise.resolve(left.length > 0 ? left.shift() ?? null : null);
			},
			wallClock: () => 0, changed() {}, say: text => void lines.push(text),
			after(millis, callback) {
				pauses.push(millis);
				timers.push(callback);
				return () => {};
			},
		}, saved);
		return {box, pauses, delivered, lines, async run() {
			for (let i = 0; i < 20; i++) {
				const now = timers;
				timers = [];
				for (const each of now) each();
				await Promise.resolve();
				await new Promise<void>(resolve => setImmediate(resolve));
			}
		}};
	}
	const message = (id: string): Message => ({id, host: '', at: 0, status: 'event', title: '', alerts: [], more: 0});

	test('is tried again with pauses that grow, no sooner than it is asked to, and told once', async () => {
		const {box, pauses, delivered, lines, run} = outbox([failed('no'), failed('no'), failed('no', false, 60_000)]);
		box.put(message('a'));
		await run();
		expect([pauses.slice(1), delivered, lines]).toEqual([[5000, 10_000, 60_000], ['a', 'a', 'a', 'a'], ['cannot deliver, and tries again: no', 'delivers again, after: no']]);
		expect(box.report()).toMatchObject({waiting: 0, delivered: 1, dropped: 0, why: ''});
	});

	test('is given up where no attempt could help, and the next is tried', async () => {
		const {box, delivered, run} = outbox([failed('gone', true)]);
		box.put(message('a'));
		box.put(message('b'));
		await run();
		expect([delivered, box.report()]).toEqual([['a', 'b'], expect.objectContaining({delivered: 1, dropped: 1})]);
	});

	test('is bounded: the oldest goes, but for the one that is on its way', () => {
		const {box} = outbox([]);
		for (let i = 0; i < 20; i++) box.put(message(String(i)));
		expect(box.report()).toMatchObject({waiting: WAITING_MAX, dropped: 20 - WAITING_MAX});
	});

	test('is taken up by another one', async () => {
		const first = outbox([failed('no')]);
		first.box.put(message('a'));
		const second = outbox([], JSON.parse(JSON.stringify(first.box.save())));
		await second.run();
		expect(second.delivered).toEqual(['a']);
		for (const rubbish of [1, 'x', {waiting: 1}]) expect(outbox([], rubbish).box.isEmpty()).toBe(true);
	});
});
