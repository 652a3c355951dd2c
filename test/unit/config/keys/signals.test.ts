/** `signals`: from text to rules, or to everything that is wrong with them. */
import {describe, expect, test} from 'vitest';
import {RTMIN, SIG} from '../../../../src/core/signal-numbers.ts';
import {plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {AROUND} from '../around.ts';

function read(signals: string, services = 'web: {command: x, scale: 2}\n  db: {command: x}', top = 'services'): unknown {
	const result = plan([{file: 'archon.yaml', text: `signals: ${signals}\n${top}:\n  ${services}\n`}], null, AROUND);
	return result.ok ? result.value.signals : result.error.map(formatProblem);
}

describe('signals', () => {
	test('mean what archon does, another signal for main, or one for services', () => {
		expect(read('{WINCH: shutdown, SIGUSR1: reopen, 12: ignore, RTMIN+4: reload, INT: QUIT, ALRM: {to: db}, HUP: {to: [web, main], signal: USR2}}'))
			.toEqual([
				[SIG.WINCH, 'shutdown'], [SIG.USR1, 'reopen'], [SIG.USR2, 'ignore'], [RTMIN + 4, 'reload'], [SIG.INT, {to: ['main'], as: SIG.QUIT}],
				[14, {to: ['db'], as: null}], [SIG.HUP, {to: ['web:0', 'web:1', 'main'], as: SIG.USR2}],
			]);
	});

	test('are none where nothing is written', () => {
		expect(read('')).toEqual([]);
	});

	test('are read beside programs, too', () => {
		expect(read('{USR1: {to: a}}', 'a: {cmd: x, numprocs: 2}', 'programs')).toEqual([[SIG.USR1, {to: ['a:0', 'a:1'], as: null}]]);
	});

	test.each([
		['[WINCH]', ['archon.yaml:1:10: signals must be a map from signals to what they mean, not a list']],
		['{WINSH: shutdown}', ['archon.yaml:1:11: signals names "WINSH", which is not a signal; write a name such as WINCH, USR1 or RTMIN+3']],
		['{KILL: shutdown}', ['archon.yaml:1:11: signals names SIGKILL, which cannot be caught']],
		['{TERM: shutdown, SIGTERM: ignore}', ['archon.yaml:1:27: signals names SIGTERM twice']],
		['{USR1: stop}', ['archon.yaml:1:17: signals.USR1: "stop" is not what a signal can mean; write shutdown, reload, reopen, ignore, a signal for main, or {to: SERVICE, signal: SIGNAL}']],
		['{USR1: {to: wep}}', ['archon.yaml:1:17: signals.USR1 names "wep", which is not a service; did you mean "web"?']],
		['{USR1: {too: web}}', ['archon.yaml:1:18: unknown key "too" in signals.USR1; did you mean "to"?']],
	])('%s is told of', (signals, problems) => {
		expect(read(signals)).toEqual(problems);
	});
});
