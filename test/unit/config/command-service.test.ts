/** The service of a command line. */
import {expect, test} from 'vitest';
import {commandService, oneCommand} from '../../../src/config/command-service.ts';
import {exec, NEED, RESTART, service, STOP} from '../../../src/core/defaults.ts';

test('a command beside others is essential, interactive, never restarted, and comes after what starts by itself', () => {
	const others = [
		service('db', ['x']), {...service('migrate', ['x']), type: 'oneshot'} as const, {...service('debug', ['x']), autostart: false},
	];
	expect(commandService(['sh', '-l'], others)).toEqual({
		...service('main', ['sh', '-l']), origin: 'command', essential: true,
		needs: [
			{...NEED, name: 'db', condition: 'service_healthy'},
			{...NEED, name: 'migrate', condition: 'service_completed_successfully'},
		],
		restart: {...RESTART, policy: 'no'},
		exec: {...exec(['sh', '-l']), output: {kind: 'inherit'}, interactive: true},
	});
});

test('a single command is never hurried, and stands as archon was started', () => {
	const main = commandService(['true'], []);
	expect(main.exec.asStarted).toBe(false);
	expect(oneCommand(['true'])).toEqual({...main, stop: {...STOP, grace: Infinity}, exec: {...main.exec, asStarted: true}});
});
