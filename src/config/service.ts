/** Makes a service of what was written for it: in a config, or on a command line. */
import type {Need, Output, RestartPolicy, Service} from '../core/model.ts';
import {RESTART, SERVICE} from './schema.ts';
import type {Settings} from './shape.ts';

/** What the service of a command line is called. */
export const MAIN = 'main';

/** A program and its arguments; never empty. */
export type Argv = Service['exec']['argv'];

/** A service of the config. */
export function configService(
	name: string,
	settings: Settings<typeof SERVICE.keys>,
	argv: Argv,
	needs: readonly Need[],
	output: Output,
): Service {
	const {type, essential, environment} = settings;
	return {
		name, type, needs, essential,
		origin: 'config',
		restart: restartPolicy(settings.restart, type === 'oneshot' || essential ? 'no' : 'always'),
		stop: {signal: settings.stop_signal, grace: settings.stop_grace_period},
		exec: {
			argv, environment, output,
			cwd: settings.working_dir, user: settings.user, umask: settings.umask,
			interactive: false,
		},
	};
}

/** The command line's service. A person may sit at it, so its streams are archon's own. */
export function commandService(argv: Argv, needs: readonly Need[]): Service {
	const {stop_signal: signal, stop_grace_period: grace} = SERVICE.initial;
	return {
		name: MAIN, type: 'daemon', needs, essential: true,
		origin: 'command',
		restart: restartPolicy(RESTART.initial, 'no'),
		stop: {signal, grace},
		exec: {
			argv, environment: {}, output: {kind: 'inherit'},
			cwd: null, user: null, umask: null,
			interactive: true,
		},
	};
}

/**
 * One-command mode: the command and nothing else. archon never hurries it; who stops the container says how
 * long it may take.
 */
export function oneCommand(argv: Argv): Service {
	const service = commandService(argv, []);
	return {...service, stop: {...service.stop, grace: Infinity}};
}

function restartPolicy(
	settings: Settings<typeof RESTART.keys>,
	fallback: RestartPolicy['policy'],
): RestartPolicy {
	const {policy, delay, factor, max_delay: maxDelay, jitter, attempts, window} = settings;
	return {policy: policy ?? fallback, delay, factor, maxDelay, jitter, attempts, window};
}
