/** The CSV codec: bytes in any pieces → records and faults, and fields → bytes. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {createReader, type Fields, LONGEST, type Reading, writePlainRecord, writeRecord, writeRow} from '../../../src/control/records.ts';

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);

/** What a reader says of a whole stream; its end only if asked for. */
function readAll(bytes: Uint8Array, isOver = false): readonly Reading[] {
	const reader = createReader();
	return [...reader.read(bytes), ...isOver ? reader.end() : []];
}

const record = (fields: Fields, tag: string | null = null): Reading => ({kind: 'record', tag, fields});
const fault = (reason: string, tag: string | null = null): Reading => ({kind: 'fault', tag, reason, fatal: false});

describe('a reader', () => {
	it.each<[string, readonly Reading[]]>([
		['Run,/bin/true\n', [record(['Run', '/bin/true'])]],
		['Run,/bin/true\r\n', [record(['Run', '/bin/true'])]],
		['Run,"/bin/true"\r\n', [record(['Run', '/bin/true'])]],
		['Run\n', [record(['Run'])]],
		['Run,/bin/echo \'hello world\'\n', [record(['Run', '/bin/echo \'hello world\''])]],
		['Run,"/bin/echo ""a b"" c"\n', [record(['Run', '/bin/echo "a b" c'])]],
		['Run,"/bin/sh -c \'echo $A,$B\'",A=1,"B=x,y"\n', [record(['Run', '/bin/sh -c \'echo $A,$B\'', 'A=1', 'B=x,y'])]],
		['Run,"printf \'a\nb\'"\n', [record(['Run', 'printf \'a\nb\''])]],
		['RunV,3,/bin/echo,a b,"c,d",K=v\n', [record(['RunV', '3', '/bin/echo', 'a b', 'c,d', 'K=v'])]],
		['@7,Run,/bin/true\n@8,Status\n', [record(['Run', '/bin/true'], '7'), record(['Status'], '8')]],
		['"@7","Run",""\n', [record(['Run', ''], '7')]],
		['Run, a ,\n', [record(['Run', ' a ', ''])]],
		['Run,caf\u00e9 \u{1f600}\n', [record(['Run', 'caf\u00e9 \u{1f600}'])]],
		['\ufeffRun\n', [record(['\ufeffRun'])]],
		['\n\r\n\nStatus\n\n', [record(['Status'])]],
		['', []],
	])('understands %j', (text, readings) => {
		expect(readAll(bytesOf(text))).toEqual(readings);
	});

	it.each<[string, string]>([
		['Run,ab"c', 'quote in bare field'],
		['Run,"abc"d', 'text behind a closing quote'],
		['Run,"abc" ', 'text behind a closing quote'],
		['Run,a\tb', 'control character in field'],
		['Run,a\0b', 'control character in field'],
		['Run,"a\0b"', 'control character in field'],
		['Run,a\x7fb', 'control character in field'],
		['Run,a\rb', 'control character in field'],
		['Run,"a"\rb', 'control character in field'],
		['Run,a\r\r', 'control character in field'],
		['""', 'no request name'],
		[',Run', 'no request name'],
		['@,Run', 'a tag is @ and 1 to 16 letters, digits, - or _'],
		['@a.b,Run', 'a tag is @ and 1 to 16 letters, digits, - or _'],
		['@12345678901234567,Run', 'a tag is @ and 1 to 16 letters, digits, - or _'],
	])('answers %j with one fault, and goes on behind it', (text, reason) => {
		expect(readAll(bytesOf(`${text}\nStatus\n`))).toEqual([fault(`syntax: ${reason}`), record(['Status'])]);
	});

	it.each<[string, Reading]>([
		['@7,Run,ab"c\n', fault('syntax: quote in bare field', '7')],
		['@7\n', fault('syntax: no request name', '7')],
		['@7,\n', fault('syntax: no request name', '7')],
	])('keeps the tag of a fault: %j', (text, reading) => {
		expect(readAll(bytesOf(text))).toEqual([reading]);
	});

	it('goes on behind the next line feed outside of quotes', () => {
		expect(readAll(bytesOf('Run,a"b,"x\ny"\nStatus\n'))).toEqual([fault('syntax: quote in bare field'), record(['Status'])]);
		expect(readAll(bytesOf('Run,a"b\nStatus\n"'))).toEqual([fault('syntax: quote in bare field'), record(['Status'])]);
	});

	it('refuses bytes that are not UTF-8', () => {
		const bytes = Uint8Array.of(...bytesOf('Run,caf'), 0xe9, 10, ...bytesOf('Status\n'));
		expect(readAll(bytes)).toEqual([fault('syntax: a field is not UTF-8'), record(['Status'])]);
	});

	it.each([
		['Run,"abc\n', 'unterminated quoted field'],
		['Run,abc', 'record without a line feed'],
		['Run,"abc"', 'record without a line feed'],
		['\r', 'record without a line feed'],
	])('says at the end that %j is not whole', (text, reason) => {
		expect(readAll(bytesOf(text), true)).toEqual([fault(`syntax: ${reason}`)]);
	});

	it.each(['', '\n', 'Status\n'])('has nothing to say at the end of %j', text => {
		const reader = createReader();
		reader.read(bytesOf(text));
		expect(reader.isIdle()).toBe(true);
		expect(reader.end()).toEqual([]);
	});

	it('takes a record of the greatest length', () => {
		const text = 'x'.repeat(LONGEST);
		expect(readAll(bytesOf(`${text}\nStatus\n`))).toEqual([record([text]), record(['Status'])]);
	});

	it.each<[string, string | null]>([
		['x'.repeat(LONGEST + 1), null],
		[`@7,"${'\n'.repeat(LONGEST)}`, '7'],
		[`Run,a"${'b'.repeat(1 << 20)}`, null],
	])('ignores everything after a record that is too long', (text, tag) => {
		expect(readAll(bytesOf(`${text}\nStatus\n`), true)).toEqual([
			{kind: 'fault', tag, reason: 'record too long', fatal: true},
		]);
	});
});

/** Bytes that are likely to mean something. */
const mess = fc.uint8Array({maxLength: 200}).chain(noise => fc.array(
	fc.oneof(
		{weight: 3, arbitrary: fc.constantFrom(...'"",,\n\n\r@aZ7- \t'.split('').map(char => char.charCodeAt(0)))},
		{weight: 1, arbitrary: fc.constantFrom(...noise, 65)},
	), {maxLength: 200},
)).map(numbers => Uint8Array.from(numbers));

describe('whatever the bytes', () => {
	it('a reader says the same, however they are cut', () => {
		fc.assert(fc.property(mess, fc.array(fc.nat(20)), (bytes, sizes) => {
			const reader = createReader();
			const readings: Reading[] = [];
			let at = 0;
			for (const size of [...sizes, bytes.length]) {
				readings.push(...reader.read(bytes.subarray(at, at + size)));
				at += size;
			}
			expect([...readings, ...reader.end()]).toEqual(readAll(bytes, true));
		}));
	});

	it('a whole record gets exactly one reading, and none of its neighbours suffers', () => {
		const line = mess.filter(bytes => {
			const reader = createReader();
			return reader.read(Uint8Array.of(...bytes, 10)).length === 1 && reader.isIdle();
		});
		fc.assert(fc.property(line, bytes => {
			const stream = Uint8Array.of(...bytesOf('@1,Before\n'), ...bytes, ...bytesOf('\n@2,After\n'));
			const readings = readAll(stream, true);
			expect(readings).toHaveLength(3);
			expect([readings[0], readings[2]]).toEqual([record(['Before'], '1'), record(['After'], '2')]);
		}));
	});
});

/** Text that the grammar has a place for. */
const sendable = fc.string({unit: 'grapheme', maxLength: 30}).map(text => text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, ''));
const verb = sendable.filter(text => text !== '' && !text.startsWith('@'));
const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,16}$/), {nil: null});

describe('a written record', () => {
	it('is read as it was meant', () => {
		fc.assert(fc.property(verb, fc.array(fc.oneof(sendable, fc.constantFrom('', ' ', '"', ',', '\r\n', ' a'))), tag, (first, rest, mark) => {
			const line = writeRecord([first, ...rest], mark);
			expect(line.ok && readAll(line.value, true)).toEqual([record([first, ...rest], mark)]);
		}));
	});

	it.each<[Fields, string | null, string]>([
		[['Run', 'a b', ''], null, 'Run,a b,\n'],
		[['Run', 'a,b', ' a', 'a ', 'a"b'], null, 'Run,"a,b"," a","a ","a""b"\n'],
		[['Run', 'a\nb'], '7', '@7,Run,"a\nb"\n'],
		[[''], null, '""\n'],
		[[''], '7', '@7,\n'],
	])('quotes only what needs it: %j', (fields, mark, text) => {
		const line = writeRecord(fields, mark);
		expect(line.ok && new TextDecoder().decode(line.value)).toBe(text);
	});

	it.each<[Fields, string]>([
		[['Run', 'a\x1b[1m'], 'it has control characters: "a\\u001b[1m"'],
		[['Run', '\ud800'], 'it is not Unicode: "\\ud800"'],
		[['x'.repeat(LONGEST + 1)], 'it has 65537 bytes, and 65536 is the limit'],
	])('is refused when the grammar does not allow it', (fields, error) => {
		expect(writeRecord(fields)).toEqual({ok: false, error});
	});
});

describe('a plain record', () => {
	it('is one line of printable ASCII that says as much as it can', () => {
		expect(writePlainRecord(['Error', 'caf\u00e9 \u{1f600}\tis\nclosed'], '7')).toBe('@7,Error,caf? ??is; closed\n');
		expect(writePlainRecord(['Error', 'a circle: a → b → a, in {path: …}'], null)).toBe('Error,"a circle: a -> b -> a, in {path: ...}"\n');
		fc.assert(fc.property(fc.string({unit: 'binary', maxLength: 50}), tag, (text, mark) => {
			expect(writePlainRecord(['Error', text], mark)).toMatch(/^[\x20-\x7e]+\n$/);
		}));
	});

	it('can be read whatever the length of its fields', () => {
		const line = writePlainRecord(['Row', '"'.repeat(100_000), 'x'.repeat(100_000)], null);
		expect(readAll(bytesOf(line))).toEqual([record(['Row', `${'"'.repeat(4093)}...`, `${'x'.repeat(4093)}...`])]);
	});
});

describe('a row', () => {
	it('is the same record by the short way', () => {
		const field = fc.oneof(fc.string(), fc.constantFrom('', ' ', 'a b', ' a', 'a ', ',', '"', 'a\nb', 'x'.repeat(5000), 'é'));
		fc.assert(fc.property(fc.array(field, {maxLength: 8}), fc.constantFrom(null, '7'), (row, tag) => {
			expect(writeRow(row, tag)).toBe(writePlainRecord(['Row', ...row], tag));
		}), {numRuns: 2000});
	});
});
