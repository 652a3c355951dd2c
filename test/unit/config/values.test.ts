/** One text laid over another. */
import {describe, expect, test} from 'vitest';
import {parse} from '../../../src/config/yaml/parse.ts';
import {readYaml} from '../../../src/config/yaml/full.ts';
import {isNothing, kindOf, overlay, type Value} from '../../../src/config/values.ts';
import {bare} from './bare.ts';

const value = (text: string): Value => {
	const parsed = parse({file: 'x', text}, readYaml, (_place, message) => expect.fail(message));
	return parsed ?? expect.fail('not YAML');
};

const WAYS = new Map([['ready', ['tcp', 'exec']]]);

describe('overlay', () => {
	test.each([
		['{a: 1, b: 2}', '{b: 3, c: 4}', {a: '1', b: '3', c: '4'}],
		['{a: {b: {c: 1, d: 2}}}', '{a: {b: {d: 3}}}', {a: {b: {c: '1', d: '3'}}}],
		['{a: [1, 2]}', '{a: [3]}', {a: ['3']}],
		['{a: 1}', '{a: {b: 2}}', {a: {b: '2'}}],
		['{a: {b: 2}}', '{a: 1}', {a: '1'}],
		['{a: {b: 2}}', 'a:', {a: {b: '2'}}],
		['{a: {b: 2}}', '{a: {b: null}}', {a: {b: 'null'}}],
		['{a: 1}', '', {a: '1'}],
		['', '{a: 1}', {a: '1'}],
		['{ready: {tcp: 1, interval: 2}}', '{ready: {exec: x}}', {ready: {interval: '2', exec: 'x'}}],
		['{ready: {tcp: 1, interval: 2}}', '{ready: {interval: 3}}', {ready: {tcp: '1', interval: '3'}}],
	])('%s under %s', (lower, upper, expected) => {
		expect(bare(overlay(value(lower), value(upper), WAYS))).toEqual(expected);
	});

	test('leaves what it is made of as it was', () => {
		const lower = value('{a: {b: 1}}');
		overlay(lower, value('{a: {c: 2}}'), WAYS);
		expect(bare(lower)).toEqual({a: {b: '1'}});
	});
});

test.each([
	['', true, 'empty'], ['~', true, 'empty'], ['null', true, 'empty'], ['Null', true, 'empty'], ['NULL', true, 'empty'],
	['""', false, 'text'], ['"null"', false, 'text'], ['0', false, 'text'], ['nULL', false, 'text'],
	['[]', false, 'a list'], ['{}', false, 'a map'],
])('%j: nothing is %s, it is %s', (text, nothing, kind) => {
	expect(isNothing(value(text))).toBe(nothing);
	expect(kindOf(value(text))).toBe(kind);
});
