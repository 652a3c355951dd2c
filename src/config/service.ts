/** Makes a service of what was written for it: in a config, or on a command line. */
import {exec, NEED, RESTART, service, STOP} from '../core/defaults.ts';
import type {Condition, Exec, Hooks, Limits, Need, Output, RestartPolicy, Service, StopPolicy} from '../core/service.ts';
import {limitsOf} from './limits.ts';
import {MAIN} from './names.ts';
import type {SERVICE} from './schema.ts';
import type {Settings} from './shape.ts';
import {sharing} from './sharing.ts';

/** A program and its arguments; never empty. */
export type Argv = Exec['argv'];

type Written = Settings<typeof SERVICE.keys>;

/** When a service that must be ready has to be, if nobody says how soon. */
const START_TIMEOUT = 60_000;

const [restarts, stops] = [sharing<RestartPolicy>(), sharing<StopPolicy>()];
const [hooks, limits] = [sharing<Hooks>(), sharing<Limits>()];

/** What a service finds in its environment. */
export type Variables = Pick<Exec, 'common' | 'sources' | 'sourced' | 'environment'>;

/** A service of the config. */
export function configService(
	name: string, written: Written, argv: Argv, needs: readonly Need[], variables: Variables, output: Output,
): Service {
	const {type, ready, essential} = written;
	return {
		...service(name, argv),
		type, needs, ready, essential,
		autostart: written.autostart,
		startPeriod: written.start_period,
		startTimeout: written.start_timeout ?? (ready ? START_TIMEOUT : Infinity),
		health: written.healthcheck,
		watchdog: written.watchdog,
		restart: restarts(restartPolicy(written)),
		stop: stops({signal: written.stop_signal, grace: written.stop_grace_period}),
		stopTo: written.stop_to, killMode: written.kill_mode, pidFile: written.pid_file,
		hooks: hooks({
			preStart: written.pre_start, postStart: written.post_start, preStop: written.pre_stop, postStop: written.post_stop,
			down: written.down,
		}),
		reload: written.reload,
		onFailed: written.on_failed,
		exec: configExec(written, argv, variables, output),
	};
}

function configExec(written: Written, argv: Argv, variables: Variables, output: Output): Exec {
	const {umask, user, clean, tty} = written;
	return {
		...exec(argv), ...variables,
		umask, user, clean, tty, output,
		base: written.environment_base,
		secretsFromFiles: written.secrets_from_files,
		cwd: written.working_dir,
		limits: limits(limitsOf(written)),
		interactive: written.stdin_open && !tty,
	};
}

function restartPolicy(written: Written): RestartPolicy {
	const {restart, type, essential, success_codes: success, restart_on: force, fatal_codes: fatal} = written;
	const {policy, growth, delay, factor, max_delay: maxDelay, jitter, attempts, window, reset_after: resetAfter} = restart;
	const fallback = type === 'oneshot' || essential ? 'no' : 'always';
	return {
		...RESTART,
		policy: policy ?? fallback, growth, delay, factor, maxDelay, jitter, attempts, window, resetAfter, success, force,
		// Who restarts on 126 has thought better of what is usual; one that names it in both has been told.
		fatal: force.codes.length === 0 ? fatal : {...fatal, codes: fatal.codes.filter(code => !force.codes.includes(code))},
	};
}

/** What it means that a service has come as far as it goes. */
export const arrival = (type: Service['type']): Condition =>
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
 * One-command mode: the command and nothing else. archon never hurries it; who stops the container says how
 * long it may take.
 */
export function oneCommand(argv: Argv): Service {
	const service = commandService(argv, []);
	return {...service, stop: {...STOP, grace: Infinity}, exec: {...service.exec, asStarted: true}};
}
