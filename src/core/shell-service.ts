/** `archon --shell`: a person at the container's own terminal, as a service of archon's. */
import type {Config} from './config.ts';
import {exec, RESTART, service} from './defaults.ts';
import {SHELL} from './helper-roles.ts';
import type {Service} from './service.ts';
import {isAlive} from './phase.ts';
import {entryOf, type State} from './state.ts';

/** What leaving it does: nothing, or the container ends. */
export type Leaving = 'stay' | 'exit';

/**
 * The config with the shell, which has the terminal to itself: what would have had it says what it says in lines. `socket`: of
 * archon, where one was named.
 */
export function withShell(config: Config, leaving: Leaving, socket: string | null): Config {
	return {...config, services: [...config.services.map(service => withoutTerminal(service, config)), shell(leaving, socket)]};
}

function withoutTerminal(service: Service, {logging}: Config): Service {
	const {exec} = service;
	if (!exec.interactive && exec.output.kind !== 'inherit') return service;
	return {...service, exec: {
		...exec, interactive: false, output: exec.output.kind === 'inherit' ? {kind: 'lines', logging, canWait: true} : exec.output,
	}};
}

function shell(leaving: Leaving, socket: string | null): Service {
	return {
		...service(SHELL, ['archonctl']),
		origin: 'shell', essential: leaving === 'exit',
		restart: {...RESTART, policy: 'no'},
		exec: {
			...exec(['archonctl', ...socket === null ? [] : ['--socket', socket], 'shell']),
			isArchon: true, interactive: true, output: {kind: 'inherit'},
		},
	};
}

/** Whether the shell has the terminal, or is about to, so that nothing else is to be written there. */
export function hasTerminal(state: State): boolean {
	const id = state.names.get(SHELL);
	const entry = id === undefined ? undefined : entryOf(state, id);
	if (!entry || (state.stage.kind !== 'boot' && state.stage.kind !== 'running')) return false;
	return isAlive(entry.phase) || entry.starts === 0;
}
