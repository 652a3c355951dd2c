/** Whatever fields come: each request of the registry is read or refused in words, and what is written is read as it was. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {createReader, type Fields, type Reading, writeRecord} from '../../../src/control/records.ts';
import {decodeRequest, REQUESTS} from '../../../src/control/registry.ts';

const SEED = Number(process.env['SEED'] ?? 1);

/** Values that some request takes, and names that objects of the language have. */
const field = fc.oneof(
	fc.constantFrom(
		'', 'web', 'all', '*', '0', '1', '-1', '99999999999999999999', '1e9', 'NaN', 'TERM', '/', '/bin/true', 'A=b', '=', '=b', 'observe', 'admin',
		'ready', 'rollback', '__proto__', 'constructor', 'archon.stdio=passed', 'archon.timeout=1', 'archon.', 'archon.=', 'archon.__proto__=1',
		'archon.follow=yes', 'archon.since=x', 'archon.lines=1e309', '"', '\r\n', '\0', '\ud800', 'x'.repeat(1000),
	),
	fc.string({maxLength: 20}), fc.string({unit: 'binary', maxLength: 20}),
);

test.each(REQUESTS.map(({verb}) => verb))('%s with any fields', verb => {
	fc.assert(fc.property(fc.array(field, {maxLength: 12}), fields => {
		const decoded = decodeRequest([verb, ...fields]);
		if (decoded.ok) expect(typeof decoded.value.kind).toBe('string');
		else expect(decoded.error).toMatch(/^\w+: [^]/);
		expect(decoded.ok || decoded.error.length).toSatisfy((size: number | true) => size === true || size < 2000);
	}), {numRuns: 300, seed: SEED});
});

test('a verb that there is not is refused, also one that objects have', () => {
	for (const verb of ['', 'status', 'STATUS', '__proto__', 'constructor', 'x'.repeat(60_000)]) {
		const decoded = decodeRequest([verb]);
		expect(decoded).toEqual({ok: false, error: expect.stringMatching(/^unknown request: .{0,70}$/)});
	}
});

test('what is written is read as it was, in whatever pieces it comes', () => {
	const text = fc.string({unit: fc.oneof(fc.constantFrom('"', ',', '\n', '\r', '\t', ' ', '@', '='), fc.integer({min: 32, max: 126}).map(code => String.fromCharCode(code)))});
	const fields = fc.tuple(fc.stringMatching(/^[A-Za-z]+$/), fc.array(text, {maxLength: 6})).map(([verb, rest]): Fields => [verb, ...rest]);
	const records = fc.array(fc.tuple(fields, fc.option(fc.stringMatching(/^[\w-]{1,16}$/))), {maxLength: 6});
	fc.assert(fc.property(records, fc.array(fc.nat(40), {maxLength: 40}), (list, sizes) => {
		const bytes = Uint8Array.from(list.flatMap(([fields, tag]) => {
			const written = writeRecord(fields, tag);
			return written.ok ? [...written.value] : expect.fail(written.error);
		}));
		const reader = createReader();
		const readings: Reading[] = [];
		let at = 0;
		for (const size of [...sizes, bytes.length]) {
			readings.push(...reader.read(bytes.subarray(at, at + size)));
			at += size;
		}
		expect(readings).toEqual(list.map(([fields, tag]) => ({kind: 'record', tag, fields})));
		expect(reader.end()).toEqual([]);
	}), {numRuns: 300, seed: SEED});
});
