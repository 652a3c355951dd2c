/** From a client's command to a transient service. */
import {RUN_TIMEOUT} from '../core/action-text.ts';
import {exec, RESTART, service} from '../core/defaults.ts';
import type {Entry} from '../core/entry.ts';
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import type {Service} from '../core/service.ts';
import {find, type State} from '../core/state.ts';
import {forService} from '../features/logging/core.ts';
import {type Call, refuse} from './call.ts';
import type {Daemon} from './daemon.ts';
import type {Launch} from './launch.ts';
import {isCollective} from './names.ts';
import {isRunning} from './requests/services.ts';
import {whyNothingStarts} from '../core/stage.ts';

/** Whether there may be a new service of this name now. If not, the client is told. */
export function admit(daemon: Daemon, name: string, call: Call): boolean {
	if (name.startsWith(HELPER_PREFIX)) {
		refuse(call, `the name ${name} is not to be had: archon's own helpers are called ${HELPER_PREFIX}*`);
		return false;
	}
	if (!isRunning(daemon)) {
		refuse(call, whyNothingStarts(daemon.state()));
		return false;
	}
	const before = find(daemon.state(), name);
	// A client's daemon that is at rest is only remembered, and its name is free.
	const isRemembered = before?.service.origin === 'daemon' && before.phase.kind === 'down';
	if (isRemembered) daemon.dispatch({kind: 'remove', id: before.id});
	const isTaken = find(daemon.state(), name) !== undefined;
	if (!isTaken && !isCollective(daemon.state(), name)) return true;
	refuse(call, `the name ${name} is taken${isTaken ? '' : ': it stands for several services'}`);
	return false;
}

/** The new service's entry; null, and the client is told, if the core did not take it. */
export function add(daemon: Daemon, service: Service, call: Call): Entry | null {
	daemon.dispatch({kind: 'add', service});
	const entry = find(daemon.state(), service.name);
	if (!entry) refuse(call, `cannot start ${service.name}: a bug in archon, see its log`);
	return entry ?? null;
}

export function transient(
	daemon: Daemon, launch: Launch, name: string, origin: 'run' | 'daemon', streams: readonly [number, number, number] | null,
): Service {
	const {argv, environment, cwd, user, umask, restart, terminal, onExit} = launch;
	return {
		...service(name, argv), origin,
		type: origin === 'run' ? 'oneshot' : 'daemon',
		on: onExit && {exited: [{kind: 'run', command: onExit, timeout: RUN_TIMEOUT}]},
		restart: {...RESTART, policy: restart.policy, attempts: restart.attempts ?? RESTART.attempts},
		exec: {
			...exec(argv), environment, cwd, user, umask, tty: terminal !== null,
			output: streams ? {kind: 'passed', fds: streams} : {kind: 'lines', logging: forService(daemon.logging(), name)},
		},
	};
}

export function freeName(state: State, next: () => string): string {
	for (;;) {
		const name = next();
		if (!find(state, name)) return name;
	}
}
