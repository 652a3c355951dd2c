/** What signals to archon come to, by who sent them and what they mean. */
import {describe, expect, test} from 'vitest';
import {RTMAX, RTMIN, SIG} from '../../../src/core/signal-numbers.ts';
import {CATCHABLE, actionFor, type Meaning, ONE_COMMAND, type Origin, ORIGINS, SUPERVISING, type Action} from '../../../src/core/signals.ts';

const comes = (signal: number, origin: Origin, services: readonly string[], meaning: Meaning | undefined = SUPERVISING.get(signal)): Action =>
	actionFor({signal, origin}, meaning ?? 'ignore', name => services.includes(name));

const FORWARDED = [SIG.USR1, SIG.USR2, SIG.WINCH];

describe('by default', () => {
	test.each(FORWARDED)('signal %i goes to main, from any sender', signal => {
		for (const origin of ORIGINS) expect(comes(signal, origin, ['main', 'web'])).toEqual({kind: 'forward', to: ['main'], signal});
	});

	test.each(FORWARDED)('signal %i of the runtime shuts down where there is no main, for it is an image\'s STOPSIGNAL', signal => {
		expect(comes(signal, 'outside', ['web'])).toEqual({kind: 'shutdown'});
	});

	test.each(FORWARDED)('signal %i of a process inside ends nothing', signal => {
		expect(comes(signal, 'inside', ['web'])).toEqual({kind: 'ignore', why: 'there is no service main to forward it to'});
	});

	test('nor does a signal of the kernel that stops no container', () => {
		expect(comes(SIG.USR1, 'kernel', ['web'])).toMatchObject({kind: 'ignore'});
	});

	test('a window that is resized ends nothing, and is not logged', () => {
		expect(comes(SIG.WINCH, 'kernel', ['web'])).toEqual({kind: 'ignore', why: null});
	});

	test('those of shutdown mean that, from any sender', () => {
		for (const signal of [SIG.TERM, SIG.INT, SIG.QUIT, SIG.PWR, RTMIN + 3]) {
			for (const origin of ORIGINS) expect(comes(signal, origin, ['main'])).toEqual({kind: 'shutdown'});
		}
		expect(comes(SIG.HUP, 'kernel', [])).toEqual({kind: 'reload'});
	});
});

describe('as the config has it', () => {
	test('a word is what archon does', () => {
		for (const kind of ['shutdown', 'reload', 'reopen'] as const) expect(comes(SIG.USR1, 'inside', ['main'], kind)).toEqual({kind});
		expect(comes(SIG.TERM, 'outside', ['main'], 'ignore')).toEqual({kind: 'ignore', why: null});
	});

	test('a resized window is not what a word is written for', () => {
		expect(comes(SIG.WINCH, 'kernel', [], 'shutdown')).toEqual({kind: 'ignore', why: null});
		expect(comes(SIG.WINCH, 'inside', [], 'shutdown')).toEqual({kind: 'shutdown'});
		expect(comes(SIG.WINCH, 'kernel', ['web'], {to: ['web'], as: null})).toEqual({kind: 'forward', to: ['web'], signal: SIG.WINCH});
	});

	test('it is passed on to those that there are, rewritten or not', () => {
		expect(comes(SIG.INT, 'outside', ['web:1'], {to: ['web:0', 'web:1'], as: SIG.QUIT})).toEqual({kind: 'forward', to: ['web:1'], signal: SIG.QUIT});
		expect(comes(SIG.INT, 'outside', [], {to: ['a', 'b'], as: null})).toEqual({kind: 'ignore', why: 'there is no service a or b to forward it to'});
	});
});

test('with one command all that can be heard is the command\'s', () => {
	expect([...ONE_COMMAND.keys()]).toEqual(CATCHABLE);
	expect(CATCHABLE).toContain(RTMAX);
	for (const signal of [SIG.KILL, SIG.STOP, SIG.CHLD, SIG.SEGV]) expect(CATCHABLE).not.toContain(signal);
});
