/** What readers say that they take: the pieces of the JSON Schema. */
import {Ajv} from 'ajv';
import {describe, expect, test} from 'vitest';
import {SECTIONS} from '../../../src/config/describe.ts';
import * as scalars from '../../../src/config/scalars.ts';
import type {Parse} from '../../../src/config/scalars.ts';
import type {Schema} from '../../../src/config/shape.ts';

/** Without what is no word of JSON Schema. */
const plain = (schema: Schema): object => JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === 'name' || key === 'format' ? undefined : value))) as object;
const judge = (schema: Schema): ((value: unknown) => boolean) => new Ajv({strict: true, allowUnionTypes: true}).compile(plain(schema));

const PARSERS = Object.entries(scalars).flatMap(([name, each]): [string, Parse<unknown>][] => ('accepts' in each ? [[name, each]] : []));

const TEXTS: readonly unknown[] = [
	'', 'x', 'TERM', 'sigterm', 'SIGRTMIN+3', 'RTMAX-1', 'no', 'false', false, true, 'always', 'on-failure:3', 'on-failure:0', 'unlimited', 0, 1, 5, 64, 65,
	65_535, 65_536, -1, '-1', 1.5, '1.5', '1h2m3.5s', '1.', '10ms', '5ms', '1m1h', 's', '0750', '0o750', '1777', '888', 777, '/srv', 'a b', 'app:staff',
	'1000:', ':1', '-app', 'a/b', './a', '../a', 'db:5432', '[::1]:80', 'http://x/', 'ftp://x', 'NET_ADMIN', 'cap_net_admin', 'CAP_X', 'idle', 'idle:3',
	'best-effort:7', 'best-effort:8', 'PORT', '1PORT', 'yes', 'Off', '32', 33, '063',
];

/** What the schema takes and the reader does not. */
const MORE: Readonly<Record<string, readonly unknown[]>> = {
	// What a duration in words comes to, no pattern says.
	lapse: ['5ms'], patience: ['5ms'],
	// Some numbers between 1 and 64 are no signals.
	signal: [33],
	// Numbers in quotes are not bounded.
	address: ['on-failure:0'], attempts: ['1777'], ending: ['0750', '1777', '888'],
};

/** What the reader takes and the schema does not: names that YAML takes for something else, and are better in quotes. */
const LESS: Readonly<Record<string, readonly unknown[]>> = {
	variableName: [false, true], user: [false, true, 1.5], group: [false, true, 1.5],
	cgroupPath: TEXTS.filter(text => typeof text !== 'string'),
};

describe.each(PARSERS)('%s', (name, parse) => {
	test('takes what its schema takes', () => {
		const accepts = judge(parse.accepts());
		const [more, less] = [true, false].map(of => TEXTS.filter(text => accepts(text) === of && parse(String(text)).ok !== of));
		expect({more, less}).toEqual({more: MORE[name] ?? [], less: LESS[name] ?? []});
	});

	test('takes its own examples', () => {
		const accepts = judge(parse.accepts());
		for (const example of parse.accepts().examples ?? []) {
			expect(accepts(example), String(example)).toBe(true);
			expect(parse(String(example)).ok, String(example)).toBe(true);
		}
	});
});

test('every key says what it takes', () => {
	for (const [title, {keys}] of SECTIONS) {
		for (const [name, {read}] of Object.entries(keys)) expect(read.accepts(), `${title}: ${name}`).toBeTypeOf('object');
	}
});
