/** The service of a command line. */
import {expect, test} from 'vitest';
import {commandService, oneCommand} from '../../../src/config/service.ts';

test('a command beside others is essential, interactive, and never restarted', () => {
	const needs = [{name: 'db', condition: 'service_started'}] as const;
	expect(commandService(['sh', '-l'], needs)).toEqual({
		name: 'main', type: 'daemon', origin: 'command', essential: true, needs,
		restart: {policy: 'no', delay: 100, factor: 2, maxDelay: 10_000, jitter: 0.1, attempts: 8, window: 60_000},
		stop: {signal: 15, grace: 5000},
		exec: {
			argv: ['sh', '-l'], environment: {}, cwd: null, user: null, umask: null,
			output: {kind: 'inherit'}, interactive: true,
		},
	});
});

test('a lone command is never hurried', () => {
	const service = commandService(['true'], []);
	expect(oneCommand(['true'])).toEqual({...service, stop: {signal: 15, grace: Infinity}});
});
