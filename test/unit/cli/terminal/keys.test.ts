/** What terminals send, and the keys that it is. */
import {describe, expect, test} from 'vitest';
import fc from 'fast-check';
import {createDecoder, type Input, PASTE_MAX} from '../../../../src/cli/terminal/keys.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const keys = (inputs: readonly Input[]): readonly string[] => inputs.map(input => (input.kind === 'key' ? input.key : `paste:${input.text}`));
const decode = (text: string): readonly string[] => {
	const decoder = createDecoder();
	return keys([...decoder.read(bytesOf(text)), ...decoder.flush()]);
};

test.each([
	['text', 'aB ~', ['a', 'B', ' ', '~']],
	['UTF-8 of two, three and four bytes', 'ż漢😀', ['ż', '漢', '😀']],
	['control characters', '\x01\x05\x0b\x12\x1a\x1f\0', ['ctrl-a', 'ctrl-e', 'ctrl-k', 'ctrl-r', 'ctrl-z', 'ctrl-_', 'ctrl-@']],
	['keys with names', '\r\n\t\x7f\x08', ['enter', 'enter', 'tab', 'backspace', 'backspace']],
	['arrows, also of application mode', '\x1b[A\x1b[B\x1bOC\x1bOD', ['up', 'down', 'right', 'left']],
	['home and end in their dialects', '\x1b[H\x1b[F\x1bOH\x1b[1~\x1b[4~\x1b[7~\x1b[8~', ['home', 'end', 'home', 'home', 'end', 'home', 'end']],
	['delete, insert and pages', '\x1b[2~\x1b[3~\x1b[5~\x1b[6~', ['insert', 'delete', 'page-up', 'page-down']],
	['function keys', '\x1bOP\x1b[11~\x1b[15~\x1b[24~\x1b[[A\x1b[[E', ['f1', 'f1', 'f5', 'f12', 'f1', 'f5']],
	['modifiers', '\x1b[1;5C\x1b[1;3D\x1b[3;5~\x1b[1;8A\x1b[Z', ['ctrl-right', 'alt-left', 'ctrl-delete', 'ctrl-alt-shift-up', 'shift-tab']],
	['alt and a key', '\x1bb\x1b\x7f\x1bż\x1b\r', ['alt-b', 'alt-backspace', 'alt-ż', 'alt-enter']],
	['keys as CSI u', '\x1b[97;5u\x1b[13;2u\x1b[97u\x1b[97;2u\x1b[27u', ['ctrl-a', 'shift-enter', 'a', 'A', 'escape']],
	['escape alone, twice, and before a sequence', '\x1b\x1b\x1b[A', ['escape', 'escape', 'up']],
	['escape at the end', 'a\x1b', ['a', 'escape']],
	['alt and a bracket', '\x1b[', ['alt-[']],
	['a sequence that is no key', '\x1b[?1;2c\x1b[99~\x1b[1;999Ax', ['x']],
	['a sequence that breaks off', '\x1b[12\x01x', ['x']],
	['a sequence without end', `\x1b[${'1'.repeat(40)}Ax`, [...'1'.repeat(9), 'A', 'x']],
	['a paste', '\x1b[200~ls\r\nrm\r\t\x1b[A\x03\x1b[201~x', ['paste:ls\nrm\n\t\x1b[A\x03', 'x']],
])('%s', (_, text, expected) => {
	expect(decode(text)).toEqual(expected);
});

test('bytes that are not UTF-8 take nothing else with them', () => {
	const read = (...bytes: readonly number[]): readonly string[] => keys(createDecoder().read(Uint8Array.from(bytes)));
	expect(read(0xff, 0x61)).toEqual(['\ufffd', 'a']);
	expect(read(0xc3, 0x61)).toEqual(['\ufffd', 'a']);
	expect(read(0xe0, 0x80, 0x80, 0x61)).toEqual(['\ufffd', 'a']);
	expect(read(0xed, 0xa0, 0x80)).toEqual(['\ufffd']);
	expect(read(0xf0, 0x9f, 0x98, 0xc5, 0xbc)).toEqual(['\ufffd', 'ż']);
	expect(read(0xc2, 0x9b)).toEqual([]);
});

test('an escape waits for what follows, and for nothing where it is whole', () => {
	const decoder = createDecoder();
	expect(decoder.read(bytesOf('\x1b'))).toEqual([]);
	expect(decoder.isPending()).toBe(true);
	expect(keys(decoder.read(bytesOf('[')))).toEqual([]);
	expect(keys(decoder.read(bytesOf('A')))).toEqual(['up']);
	expect(decoder.isPending()).toBe(false);
	expect(decoder.flush()).toEqual([]);
});

test('a paste is bounded, and what follows it is heard', () => {
	const decoder = createDecoder();
	const [paste, ...rest] = decoder.read(bytesOf(`\x1b[200~${'x'.repeat(PASTE_MAX + 1000)}\x1b[201~y`));
	expect(paste).toMatchObject({kind: 'paste', isCut: true});
	expect(paste?.kind === 'paste' && paste.text.length).toBe(PASTE_MAX);
	expect(keys(rest)).toEqual(['y']);
	const [exact] = createDecoder().read(bytesOf(`\x1b[200~${'x'.repeat(PASTE_MAX)}\x1b[201~`));
	expect(exact).toEqual({kind: 'paste', text: 'x'.repeat(PASTE_MAX), isCut: false});
});

describe('whatever comes', () => {
	test('the pieces in which it comes change nothing', () => {
		const parts = fc.constantFrom('a', 'ż', '漢', '😀', '\x1b', '[', '1', ';5', 'A', '~', 'O', 'P', '\x1b[200~', '\x1b[201~', '\r', '\x03', 'u');
		fc.assert(fc.property(fc.array(parts, {maxLength: 30}), fc.array(fc.nat(5)), (list, cuts) => {
			const bytes = bytesOf(list.join(''));
			const [whole, pieces] = [createDecoder(), createDecoder()];
			const found: Input[] = [];
			for (let at = 0, i = 0; at < bytes.length; i++) {
				const size = 1 + (cuts[i] ?? 0);
				found.push(...pieces.read(bytes.subarray(at, at + size)));
				at += size;
			}
			expect([...found, ...pieces.flush()]).toEqual([...whole.read(bytes), ...whole.flush()]);
		}));
	});

	test('no bytes throw, and each key has a name without control characters', () => {
		fc.assert(fc.property(fc.uint8Array({maxLength: 200}), bytes => {
			const decoder = createDecoder();
			for (const input of [...decoder.read(bytes), ...decoder.flush()]) {
				if (input.kind === 'key') expect(input.key).toMatch(/^[^\0-\x1f\x7f-\x9f]+$/u);
			}
		}));
	});
});
