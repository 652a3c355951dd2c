/** What a value is, in words. */
import {expect, test} from 'vitest';
import {parse} from '../../../src/config/yaml/parse.ts';
import {readYaml} from '../../../src/config/yaml/full.ts';
import {isNothing, kindOf, type Value} from '../../../src/config/values.ts';

const value = (text: string): Value => {
	const parsed = parse({file: 'x', text}, readYaml, (_place, message) => expect.fail(message));
	return parsed ?? expect.fail('not YAML');
};

test.each([
	['', true, 'empty'], ['~', true, 'empty'], ['null', true, 'empty'], ['Null', true, 'empty'], ['NULL', true, 'empty'],
	['""', false, 'text'], ['"null"', false, 'text'], ['0', false, 'a number'], ['-1.5', false, 'a number'], ['"3"', false, 'text'], ['1.2.x', false, 'text'], ['true', false, 'true'],
	['nULL', false, 'text'],
	['[]', false, 'a list'], ['{}', false, 'a map'],
])('%j: nothing is %s, it is %s', (text, nothing, kind) => {
	expect(isNothing(value(text))).toBe(nothing);
	expect(kindOf(value(text))).toBe(kind);
});
