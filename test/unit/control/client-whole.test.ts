/** When the next command of a shell may have a client's connection: only if nothing of this one can be in it. */
import {expect, test} from 'vitest';
import {createClient} from '../../../src/control/client.ts';

const request = {verb: 'Status', isRepeatable: false} as const;

/** What `close` is told once all this has come, in pieces. */
function closedAfter(pieces: readonly string[], fds: readonly number[] = [], act: 'ask' | 'send' | 'throw' | 'nothing' = 'ask'): boolean {
	const left = pieces.map(piece => new TextEncoder().encode(piece));
	let told = false;
	const client = createClient({
		send() {},
		receive: () => left.shift() ?? null,
		close: isWhole => void (told = isWhole),
	}, () => null, () => 0);
	if (act === 'ask') client.ask(request, [], fds);
	if (act === 'send') client.send(new Uint8Array(1));
	if (act === 'throw') {
		expect(() => client.listen(request, [], () => {
			throw new Error('no reader');
		})).toThrow('no reader');
	}
	client.close();
	return told;
}

test.each([
	['an answer is whole', ['Row,a\n', 'Ok\n'], true],
	['a refusal is whole', ['Error,no\n'], true],
	['a part of something is behind the answer', ['Ok\nRow,'], false],
	['something is behind the answer', ['Ok\nOk\n'], false],
	['the end came before the answer', ['Row,a\n'], false],
	['the answer is invalid', ['Nonsense\n'], false],
] as const)('%s: %j', (_, pieces, isWhole) => {
	expect(closedAfter(pieces)).toBe(isWhole);
});

test('descriptors may wait there, raw bytes may be anything, and who leaves amid rows leaves the rest of them', () => {
	expect(closedAfter(['Ok\n'], [0])).toBe(false);
	expect(closedAfter(['Ok\n'], [], 'send')).toBe(false);
	expect(closedAfter(['Row,a\nOk\n'], [], 'throw')).toBe(false);
	expect(closedAfter([], [], 'nothing')).toBe(true);
});
