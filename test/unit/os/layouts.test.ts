/** What TypeScript and C both know has one description: the header that C sees is made of it. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {HEADER_FILE, headerText} from '../../../scripts/build/layouts.ts';
import {CAUSE, HEADER, HEADER_ROOM, LIMIT, REQUEST, SPAWN_REPORT} from '../../../src/os/layouts.ts';

const root = join(import.meta.dirname, '../../..');

test('the header that C sees is the one that src/os/layouts.ts describes now (node scripts/build.ts makes it)', () => {
	expect(readFileSync(join(root, HEADER_FILE), 'utf8')).toBe(headerText());
});

test('every offset and size is asserted to the compiler', () => {
	const asserts = headerText().match(/^_Static_assert\(/gm) ?? [];
	const fields = [REQUEST, LIMIT, SPAWN_REPORT, CAUSE, HEADER].map(({fields}) => Object.keys(fields).length + 1);
	expect(asserts).toHaveLength(fields.reduce((sum, count) => sum + count));
});

describe('fields', () => {
	test('begin where those before them end, at a multiple of their alignment', () => {
		for (const {struct, fields, at, size, align} of [REQUEST, LIMIT, SPAWN_REPORT, CAUSE, HEADER]) {
			let end = 0;
			for (const [name, field] of Object.entries(fields)) {
				const begin = at[name as keyof typeof at];
				expect(begin % field.align, `${struct}.${name}`).toBe(0);
				expect(begin - end, `${struct}.${name}`).toBeGreaterThanOrEqual(0);
				expect(begin - end, `${struct}.${name}`).toBeLessThan(field.align);
				end = begin + field.size;
			}
			expect([size % align, size - end < align]).toEqual([0, true]);
		}
	});

	test('are where the memory of an archon that runs already has them', () => {
		expect(HEADER.at).toMatchObject({magic: 0, reexecutions: 8, pending: 16, size: 24, causes: 32, words: 288, programFd: 800, ignored: 808, origins: 824});
		expect(CAUSE.at).toEqual({kind: 0, signal: 4, code: 8, sender: 12, address: 16, at: 24});
		expect(HEADER.size).toBeLessThanOrEqual(HEADER_ROOM);
	});
});
