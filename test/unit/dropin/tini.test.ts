/** tini's arguments, its environment, and what it says. */
import {expect, test} from 'vitest';
import {SIG} from '../../../src/core/signal-numbers.ts';
import {readTini} from '../../../src/dropin/tini.ts';
import {invocation, optionsOf, said} from './invocation.ts';

const optionsFor = (args: readonly string[], env: Record<string, string> = {}) => optionsOf(readTini(args, invocation('tini', {env})));

test('a program alone', () => {
	expect(optionsFor(['--', 'a', '-b'])).toMatchObject({
		argv: ['a', '-b'], placement: 'foreground', opensTty: false, isSubreaper: false, toGroup: false, parentDeath: null, finalSignal: null, suspends: [],
		successStatuses: new Set(), refusal: {missing: 127, forbidden: 126, other: 1}, leavesTerminal: false, leavesDirectory: false,
	});
});

test('signals are passed on as they are, but for tini\'s own', () => {
	const {signals, ignored} = optionsFor(['a']);
	expect([...signals].every(([heard, sent]) => heard === sent)).toBe(true);
	const own = Array.from({length: 64}, (_, i) => i + 1).filter(signal => !signals.has(signal));
	expect(own).toEqual([4, 5, 6, 7, 8, 9, 11, 17, 19, 21, 22, 31, 32, 33]);
	expect(ignored).toEqual([SIG.TTIN, SIG.TTOU]);
});

test.each([
	[['-s'], {}, {isSubreaper: true}], [[], {TINI_SUBREAPER: ''}, {isSubreaper: true}],
	[['-g'], {}, {toGroup: true}], [[], {TINI_KILL_PROCESS_GROUP: '0'}, {toGroup: true}],
	[['-p', 'SIGKILL'], {}, {parentDeath: 9}], [['-pSIGHUP', '-p', 'SIGTERM'], {}, {parentDeath: 15}],
	[['-e', '7', '-e143', '-e', ''], {}, {successStatuses: new Set([7, 143, 0])}],
])('%j with %j', (args, env, expected) => {
	expect(optionsFor([...args, 'a'], env)).toMatchObject(expected);
});

test.each(['TERM', '15', 'SIGTERMS', 'SIGRTMIN', 'SIG15', 'SIGIOT', 'SIGPWR', 'SIGIO', 'SIGSTKFLT', ''])('-p %j is no signal of tini\'s', name => {
	expect(readTini(['-p', name, 'a'], invocation('tini'))).toEqual({
		kind: 'say', status: 1, line: {fd: 2, text: `[FATAL tini (7)] Not a valid option for -p: ${name}\n`},
	});
});

test('docker can tell the version and the commit', () => {
	const reading = readTini(['--version'], invocation('/usr/bin/docker-init'));
	expect(reading).toEqual({kind: 'say', status: 0, line: {fd: 1, text: 'tini version 0.19.0_archon-1.2.3 - git.archon\n'}});
});

test.each([
	[0, []], [1, ['bystander', 'unsent', 'zombie']], [2, ['bystander', 'spawned', 'unsent', 'zombie', 'reaped']],
	[3, ['bystander', 'spawned', 'heard', 'unsent', 'zombie', 'reaped']],
	[4, ['subreaper', 'bystander', 'spawned', 'heard', 'unsent', 'zombie', 'reaped', 'drained', 'over']],
	[-1, ['subreaper', 'bystander', 'spawned', 'heard', 'unsent', 'zombie', 'reaped', 'drained', 'over']],
])('at verbosity %i says %j', (verbosity, kinds) => {
	const init = optionsFor(['-w', 'a'], {TINI_VERBOSITY: ` ${verbosity} or so`});
	const outcome = {kind: 'code', code: 0} as const;
	const kindsSaid = ([
		['subreaper', {kind: 'subreaper'}], ['bystander', {kind: 'bystander'}], ['spawned', {kind: 'spawned', program: 'a', pid: 8}], ['heard', {kind: 'heard', signal: 15}],
		['unsent', {kind: 'unsent', signal: 15, sent: 15, target: 8, errno: 3}], ['zombie', {kind: 'reaped', pid: 9, outcome, isCommand: false}],
		['reaped', {kind: 'reaped', pid: 8, outcome, isCommand: true}],
		['drained', {kind: 'drained', isChildless: true}], ['over', {kind: 'over', status: 0}],
	] as const).flatMap(([kind, word]) => (said(init, word).length > 0 ? [kind] : []));
	expect(kindsSaid).toEqual(kinds);
	expect(said(init, {kind: 'refused', program: 'a', errno: 2})).toEqual(['2 [FATAL tini (7)] exec a failed: reason 2']);
});

test('warnings go to stderr, and what is told to stdout, in the words of tini', () => {
	const init = optionsFor(['-vvw', 'a']);
	expect(said(init, {kind: 'reaped', pid: 9, outcome: {kind: 'code', code: 0}, isCommand: false}))
		.toEqual(['1 [DEBUG tini (7)] Reaped child with pid: \'9\'', '2 [WARN  tini (7)] Reaped zombie process with pid=9']);
	expect(said(init, {kind: 'reaped', pid: 8, outcome: {kind: 'signal', signal: 9, core: false}, isCommand: true}))
		.toEqual(['1 [DEBUG tini (7)] Reaped child with pid: \'8\'', '1 [INFO  tini (7)] Main child exited with signal (with signal \'Killed\')']);
	expect(said(init, {kind: 'heard', signal: 15})).toEqual(['1 [DEBUG tini (7)] Passing signal: \'Terminated\'']);
	expect(said(init, {kind: 'heard', signal: 36})).toEqual(['1 [DEBUG tini (7)] Passing signal: \'Real-time signal 2\'']);
	expect(said(init, {kind: 'unsent', signal: 15, sent: 15, target: 8, errno: 1}))
		.toEqual(['2 [WARN  tini (7)] Unexpected error when forwarding signal: \'reason 1\'']);
	expect(said(init, {kind: 'bystander'})[0]).toMatch(/\nZombie processes will not be re-parented to Tini, so zombie reaping won't work\.\n/);
});
