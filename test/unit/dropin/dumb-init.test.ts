/** dumb-init's arguments, its environment, and what becomes of signals. */
import {expect, test} from 'vitest';
import {SIG} from '../../../src/core/signal-numbers.ts';
import {readDumbInit} from '../../../src/dropin/dumb-init.ts';
import {invocation, optionsOf, said} from './invocation.ts';

const optionsFor = (args: readonly string[], env: Record<string, string> = {}) => optionsOf(readDumbInit(args, invocation('dumb-init', {env})));

/** What is not passed on as it is. */
const changes = (args: readonly string[]): [number, number][] => [...optionsFor(args).signals].filter(([heard, sent]) => heard !== sent);

test('a program has a session of its own, with the terminal, and all of its group get signals', () => {
	expect(optionsFor(['a', '-b'])).toMatchObject({
		argv: ['a', '-b'], placement: 'attached', toGroup: true, leavesTerminal: true, leavesDirectory: true, isSubreaper: false,
		suspends: [SIG.TSTP, SIG.TTIN, SIG.TTOU], finalSignal: SIG.TERM, refusal: {missing: 2, forbidden: 2, other: 2},
	});
});

test.each([[['-c'], {}], [['--single-child'], {}], [[], {DUMB_INIT_SETSID: '0'}]])('%j with %j makes it a single child', (args, env) => {
	expect(optionsFor([...args, 'a'], env)).toMatchObject({placement: 'beside', toGroup: false, leavesTerminal: false, finalSignal: SIG.TERM});
});

test.each([
	['the terminal\'s stop signals become SIGSTOP', [], [[20, 19], [21, 19], [22, 19]]],
	['but not with -c', ['-c'], []],
	['nor where a person says otherwise', ['-r', '20:20', '-r', '21:0', '-r', '22:15'], [[21, 0], [22, 15]]],
	['the last word counts', ['-c', '-r', '15:3', '-r', '15:2', '-r', '1:0'], [[1, 0], [15, 2]]],
	['what cannot be caught is not rewritten', ['-c', '-r', '9:1', '-r', '17:1'], []],
	['faults are like others', ['-c', '-r', '11:15'], [[11, 15]]],
])('%s', (_, args, expected) => {
	expect(changes([...args, 'a'])).toEqual(expected);
});

test.each([[['-r', '15:3'], 3], [['-r', '15:0'], 0], [['-r', '3:15'], 15]])('%j makes the finalSignal %i', (args, finalSignal) => {
	expect(optionsFor([...args, 'a']).finalSignal).toBe(finalSignal);
});

test('is quiet, but for a program that cannot be executed', () => {
	const quiet = optionsFor(['a']);
	expect(said(quiet, {kind: 'spawned', program: 'a', pid: 8})).toEqual([]);
	expect(said(quiet, {kind: 'refused', program: 'a', errno: 2})).toEqual(['2 [dumb-init] a: reason 2']);
});

test.each([[['-v'], {}], [['--verbose'], {}], [[], {DUMB_INIT_DEBUG: '1'}]])('%j with %j tells everything', (args, env) => {
	const verbose = optionsFor([...args, '-r', '15:3', '-r', '10:10', 'a'], env);
	expect(said(verbose, {kind: 'sent', signal: 15, sent: 3}))
		.toEqual(['2 [dumb-init] Translating signal 15 to 3.', '2 [dumb-init] Forwarded signal 3 to children.']);
	expect(said(verbose, {kind: 'sent', signal: 10, sent: 10}))
		.toEqual(['2 [dumb-init] Translating signal 10 to 10.', '2 [dumb-init] Forwarded signal 10 to children.']);
	expect(said(verbose, {kind: 'unsent', signal: 12, sent: 12, target: -8, errno: 3})).toEqual(['2 [dumb-init] Forwarded signal 12 to children.']);
	expect(said(verbose, {kind: 'undetached', errno: 25})).toEqual(['2 [dumb-init] Unable to detach from controlling tty (errno=25 reason 25).']);
	expect(said(verbose, {kind: 'leading', errno: 1}))
		.toEqual(['2 [dumb-init] Unable to attach to controlling tty (errno=1 reason 1).', '2 [dumb-init] setsid complete.']);
	expect(said(verbose, {kind: 'bystander'})).toEqual([]);
});

test.each([
	[['-v'], {}, []], [[], {DUMB_INIT_DEBUG: '1'}, ['Running in debug mode.']],
	[['-v'], {DUMB_INIT_SETSID: '0'}, ['Not running in setsid mode.']], [['-c'], {DUMB_INIT_SETSID: '0'}, []],
])('%j with %j begins with %j', (args, env, texts) => {
	expect(said(optionsFor([...args, 'a'], env), {kind: 'begun'})).toEqual(texts.map(text => `2 [dumb-init] ${text}`));
});
