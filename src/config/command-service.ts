/** The service of a command line: in a config after all others, or alone. */
import {exec, NEED, RESTART, service, STOP} from '../core/defaults.ts';
import type {Condition, Exec, Need, Service} from '../core/service.ts';

/** What the service of a command line is called. */
export const MAIN = 'main';

/** A program and its arguments; never empty. */
export type Argv = Exec['argv'];

/** What it means that a service has come as far as it goes. */
export const arrival = (type: Service['type'] | 'forking'): Condition =>
	type === 'oneshot' ? 'service_completed_successfully' : 'service_healthy';

/**
 * The command line's service, after all others that start by themselves. A person may sit at it, so its
 * streams are archon's own.
 */
export function commandService(argv: Argv, others: readonly Service[]): Service {
	const needs = others.filter(({autostart}) => autostart)
		.map(({name, type}): Need => ({...NEED, name, condition: arrival(type)}));
	return {
		...service(MAIN, argv), needs, essential: true,
		origin: 'command',
		restart: {...RESTART, policy: 'no'},
		exec: {...exec(argv), output: {kind: 'inherit'}, interactive: true},
	};
}

/**
 * One-command mode: the command and nothing else. archon never hurries it; the runtime that stops the container says how
 * long it may take.
 */
export function oneCommand(argv: Argv): Service {
	const service = commandService(argv, []);
	return {...service, stop: {...STOP, grace: Infinity}, exec: {...service.exec, asStarted: true}};
}
