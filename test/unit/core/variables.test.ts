/** Variables within text, as docker compose reads them. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {expand, lookupIn} from '../../../src/core/variables.ts';

const ENVIRONMENT = {A: 'a', B: 'b c', EMPTY: '', PRICE: '$5 ${A}'};

/** The text, and what was missed; or what is wrong with it. */
function expanded(text: string): readonly [string, ...string[]] | string {
	const missed: string[] = [];
	const result = expand(text, lookupIn(ENVIRONMENT), name => missed.push(name));
	return result.ok ? [result.value, ...missed] : result.error.why;
}

describe('expand', () => {
	test.each<[string, string, ...string[]]>([
		['', ''], ['plain', 'plain'],
		['$A', 'a'], ['${A}', 'a'], ['x${A}y$B z', 'xayb c z'], ['$AB', '', 'AB'], ['${A}B', 'aB'], ['$A-$A', 'a-a'],
		['$NO', '', 'NO'], ['${NO}', '', 'NO'],
		['${A:-d}', 'a'], ['${EMPTY:-d}', 'd'], ['${NO:-d}', 'd'], ['${NO:-}', ''],
		['${A-d}', 'a'], ['${EMPTY-d}', ''], ['${NO-d}', 'd'],
		['${A:+r}', 'r'], ['${EMPTY:+r}', ''], ['${NO:+r}', ''],
		['${A+r}', 'r'], ['${EMPTY+r}', 'r'], ['${NO+r}', ''],
		['${A:?e}', 'a'], ['${EMPTY?e}', ''],
		['${NO:-$A}', 'a'], ['${NO:-${NEITHER:-${B}}}', 'b c'], ['${NO:-${NEITHER}}', '', 'NEITHER'], ['${A:-${NO}}', 'a'],
		['${NO:-a:b-c?d}', 'a:b-c?d'], ['${NO:-{}}', '{}'], ['${A}}', 'a}'],
		['$PRICE', '$5 ${A}'],
		['$$A', '$A'], ['$$$A', '$a'], ['$$$$', '$$'], ['${NO:-$$}', '$'],
		['$', '$'], ['a$', 'a$'], ['$1 $? $(x) $!', '$1 $? $(x) $!'], ['^a$|b', '^a$|b'],
		['$__proto__ $constructor', ' ', '__proto__', 'constructor'],
	])('%j is %j', (text, result, ...missed) => {
		expect(expanded(text)).toEqual([result, ...missed]);
	});

	test.each([
		['${', 'has a "${" that does not begin a ${NAME}'], ['${}', 'has a "${" that does not begin a ${NAME}'], ['${1}', 'has a "${" that does not begin a ${NAME}'],
		['${A', 'has a "${" that does not begin a ${NAME}'], ['${A:}', 'has a "${" that does not begin a ${NAME}'], ['${A!x}', 'has a "${" that does not begin a ${NAME}'],
		['${NO:-${}', 'has a "${" that does not begin a ${NAME}'], ['${NO:-${A}', 'has a "${" that does not begin a ${NAME}'],
		['${NO?}', 'needs NO, which is not set'], ['${NO:?say $A}', 'needs NO, which is not set: say $A'],
		['${EMPTY:?e}', 'needs EMPTY, which is empty: e'],
		['${NO:-'.repeat(30) + '}'.repeat(30), 'has defaults that are nested too deeply'],
	])('%j: %s', (text, why) => {
		expect(expanded(text)).toBe(why);
	});

	test('bounds what a text may grow to', () => {
		const long = expand('$X'.repeat(200), () => 'x'.repeat(10_000), () => {});
		expect(long).toMatchObject({error: {why: 'is longer than 1 MiB with the values of its variables'}});
	});

	test('nothing is thrown, and text without a $ stays as it is', () => {
		const piece = fc.constantFrom('$', '{', '}', 'A', 'NO', ':-', '?', '+', ' ', 'x');
		fc.assert(fc.property(fc.array(piece, {maxLength: 30}), pieces => {
			const text = pieces.join('');
			const result = expanded(text);
			if (!text.includes('$')) expect(result).toEqual([text]);
		}));
	});
});
