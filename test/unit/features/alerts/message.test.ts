/** What a message looks like in each form, and that nothing in it is more than text. */
import {describe, expect, test} from 'vitest';
import type {Batch, Item} from '../../../../src/features/alerts/core/groups.ts';
import {asked, type Context, filledIn, jsonOf, mailOf, messageOf, strangersIn, textOfMessage, trialOf} from '../../../../src/features/alerts/core/message.ts';
import {readReport, readTried, wordsOf} from '../../../../src/features/alerts/core/report.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const SENDER = {id: 'a-1', host: 'box', at: AT};
const item = (service: string, more: Partial<Item> = {}): Item =>
	({state: 'firing', kind: 'failed', service, reason: 'exit status 3', count: 1, since: AT, at: AT, ...more});
const batch = (...items: readonly Item[]): Batch => ({receiver: 'ops', items, more: 0});
const CONTEXT: Context = {cause: 'it ended: exit status 3', outcome: 'exit status 3', exit: 3, lines: ['one', 'two']};
const EVIL = 'x\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT"}],"status":"recovered';

test('it has cause, last outcome and last lines', () => {
	const message = messageOf(batch(item('web')), new Map([['web', CONTEXT]]), SENDER);
	expect(JSON.parse(jsonOf(message))).toMatchObject({
		title: 'failed: web (box)', status: 'firing', alerts: [{service: 'web', event: 'failed', ...CONTEXT}],
	});
	expect(textOfMessage(message)).toContain('web: failed at 2026-01-02T03:04:05.000Z\n  cause: it ended: exit status 3\n  last outcome: exit status 3\n  last lines:\n    one\n    two\n');
});

test('of many services some are named, and the rest is counted', () => {
	const items = Array.from({length: 100}, (_, i) => item(`s${i}`));
	const message = messageOf({...batch(...items), more: 7}, new Map(), SENDER);
	expect([message.alerts.length, message.more, message.title]).toEqual([20, 87, 'failed: s0, s1, s2 and 97 more (box)']);
	expect(asked(batch(...items))).toEqual(['s0', 's1', 's2', 's3', 's4']);
	expect(jsonOf(message).length).toBeLessThan(16_000);
});

describe('CR and LF in any field', () => {
	const contexts = new Map([[EVIL, {cause: EVIL, outcome: EVIL, exit: 3, lines: [EVIL]}]]);
	const message = messageOf(batch(item(EVIL, {reason: EVIL, kind: EVIL})), contexts, {...SENDER, host: EVIL, id: EVIL});

	test('make no header of a mail, and no end of it', () => {
		const mail = mailOf(message, 'archon@box', ['ops@example.com'], 'Fri, 02 Jan 2026 03:04:05 +0000');
		const [head = '', body = ''] = mail.split('\r\n\r\n');
		expect(head.split(/\r\n(?! )/).map(line => line.split(':')[0])).toEqual([
			'Date', 'From', 'To', 'Subject', 'Message-ID', 'Auto-Submitted', 'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding',
		]);
		expect(body).toMatch(/^([A-Za-z0-9+/=]{1,76}\r\n)+$/);
		expect(mail).toMatch(/^[\r\n -~]*$/);
	});

	test('are text in JSON and in a template', () => {
		expect(JSON.parse(jsonOf(message))).toMatchObject({status: 'firing', alerts: [{status: 'firing'}]});
		expect(JSON.parse(filledIn('{"text": "{{title}} {{text}} {{reason}}", "n": 1}', 'application/json', message))).toMatchObject({n: 1});
		expect(filledIn('a={{reason}}&b=1', 'application/x-www-form-urlencoded', message).split('&')).toHaveLength(2);
		expect(filledIn('<a>{{reason}}</a>', 'text/xml', {...message, alerts: [{...item('web'), reason: '</a><b/>'}]})).not.toContain('<b/>');
	});

	test('are a space in a title', () => expect(message.title).not.toMatch(/[\r\n]/));
});

test('a subject that is not ASCII is encoded in words of 75 characters at most', () => {
	const message = messageOf(batch(item('dienst-ü'.repeat(10))), new Map(), SENDER);
	const subject = /^Subject: ((?:.*\r\n )*.*)\r\n/m.exec(mailOf(message, 'a@b', ['c@d'], ''))?.[1] ?? '';
	const words = subject.split('\r\n ');
	expect(words.every(word => word.length <= 75)).toBe(true);
	const text = words.map(word => Buffer.from(/^=\?utf-8\?B\?(.*)\?=$/.exec(word)?.[1] ?? '', 'base64').toString()).join('');
	expect(text).toBe(message.title);
});

test('a placeholder that means nothing is known', () => expect(strangersIn('{{title}} {{ x }} {{nothing}}')).toEqual(['x', 'nothing']));

test('a message for trial says that nothing has happened', () => expect(textOfMessage(trialOf(SENDER))).toContain('Nothing has happened'));

describe('what the helper says to PID 1', () => {
	test('is bounded and plain, or no report', () => {
		expect([readReport('x'), readReport('{}'), readTried('{'), readTried('{}')]).toEqual([null, null, null, null]);
		const evil = {name: 'a\x1b[2J', kind: 'mail', firing: -1, waiting: 1e99, delivered: 'x', dropped: 1, last: 'x', why: 'y\n'.repeat(1000), next: 5};
		const report = readReport(JSON.stringify({receivers: Array.from({length: 100}, () => evil), why: ''}));
		expect(report?.receivers).toHaveLength(8);
		expect(report?.receivers[0]).toMatchObject({name: 'a [2J', firing: 0, delivered: 0, dropped: 1, last: null, next: 5});
		expect(wordsOf(report ?? expect.fail()).length).toBeLessThanOrEqual(200);
		expect(readTried(JSON.stringify([{name: 'a', why: null}, {name: 'b', why: 'no\r\n'}, 1]))).toEqual([{name: 'a', why: null}, {name: 'b', why: 'no '}]);
	});
});
