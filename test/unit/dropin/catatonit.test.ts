/** catatonit's arguments and environment. */
import {expect, test} from 'vitest';
import {readCatatonit} from '../../../src/dropin/catatonit.ts';
import {around, orderOf, reasonOf} from './around.ts';

const order = (args: readonly string[], env: Record<string, string> = {}) => orderOf(readCatatonit(args, around('catatonit', {env})));

test('a program has the foreground, and orphans are catatonit\'s', () => {
	expect(order(['--', 'a', '-b'])).toMatchObject({
		argv: ['a', '-b'], seat: 'foreground', toGroup: false, isSubreaper: true, leavesDirectory: true, closesOthers: true,
		ignored: [20, 21, 22], refusal: {missing: 1, forbidden: 1, other: 1},
	});
	expect(order(['-g', 'a']).toGroup).toBe(true);
});

test('-P runs nothing, whatever is named', () => {
	expect(order(['-P']).argv).toBeNull();
	expect(order(['-P', 'a']).argv).toBeNull();
});

test('tells more with CATATONIT_DEBUG', () => {
	const word = {kind: 'spawned', program: 'a', pid: 8} as const;
	expect(order(['a']).voice(word, reasonOf)).toBeNull();
	expect(order(['a'], {CATATONIT_DEBUG: ''}).voice(word, reasonOf)).toEqual({fd: 2, text: 'DEBUG (catatonit:7): pid1 (8) spawned: a\n'});
});
