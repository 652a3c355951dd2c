/** catatonit's arguments and environment. */
import {expect, test} from 'vitest';
import {SIG} from '../../../src/core/signal-numbers.ts';
import {readCatatonit} from '../../../src/dropin/catatonit.ts';
import {invocation, optionsOf, said} from './invocation.ts';

const optionsFor = (args: readonly string[], env: Record<string, string> = {}) => optionsOf(readCatatonit(args, invocation('catatonit', {env})));

test('a program has the foreground, and orphans are catatonit\'s', () => {
	expect(optionsFor(['--', 'a', '-b'])).toMatchObject({
		argv: ['a', '-b'], placement: 'foreground', opensTty: true, toGroup: false, isSubreaper: true, leavesDirectory: true, closesOthers: true,
		passesSockets: true, refusal: {missing: 1, forbidden: 1, other: 1},
	});
	expect(optionsFor(['-g', 'a']).toGroup).toBe(true);
});

test('the terminal\'s stop signals are catatonit\'s, and nothing is sent for them', () => {
	const {signals} = optionsFor(['a'], {CATATONIT_DEBUG: ''});
	expect([...signals].filter(([heard, sent]) => heard !== sent)).toEqual([[SIG.TSTP, 0], [SIG.TTIN, 0], [SIG.TTOU, 0]]);
	expect(said(optionsFor(['a'], {CATATONIT_DEBUG: ''}), {kind: 'sent', signal: SIG.TSTP, sent: 0}))
		.toEqual(['2 DEBUG (catatonit:7): ignoring kernel attempting to stop us: tty has TOSTOP set']);
});

test('-P runs nothing, whatever is named', () => {
	expect(optionsFor(['-P']).argv).toBeNull();
	expect(optionsFor(['-P', 'a']).argv).toBeNull();
});

test('tells more with CATATONIT_DEBUG', () => {
	const word = {kind: 'spawned', program: 'a', pid: 8} as const;
	expect(said(optionsFor(['a']), word)).toEqual([]);
	expect(said(optionsFor(['a'], {CATATONIT_DEBUG: ''}), word)).toEqual(['2 DEBUG (catatonit:7): pid1 (8) spawned: a']);
});
