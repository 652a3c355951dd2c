/** `archon -- CMD`: one command with archon as its init; no config is read. */
import {NO_BIND} from '../features/bind/core/rules.ts';
import {PORT_RULES} from '../features/ports/core/spec.ts';
import {type Argv, oneCommand as serviceOf} from '../config/command-service.ts';
import {LOGGING, START_RATE} from '../core/defaults.ts';
import {ONE_COMMAND} from '../core/signals.ts';
import {env, isReexecuted} from '../os/environment.ts';
import {rememberInherited} from '../os/reexec/inherited.ts';
import {placesFor, runDaemon} from './supervise.ts';

/** Every signal is the command's, archon itself is silent, and the command alone decides when archon ends. */
export function oneCommand(command: readonly string[], socket: string | null, version: string): null {
	// What the last instance left is archon's own.
	if (!isReexecuted()) rememberInherited();
	const wantsSocket = socket !== null || env()['ARCHON_SOCKET'] !== undefined;
	runDaemon({
		config: {
			services: [serviceOf(command as Argv)], shutdownGrace: Infinity, startRate: START_RATE, whenIdle: 'failed',
			logging: LOGGING, events: LOGGING,
			level: 'warn', signals: [], watchConfig: null, access: [], remote: [], stateDir: null, manifest: null,
			monitor: [], sync: null, boot: null,
			rules: null, alerts: null, web: null, ports: PORT_RULES, bind: NO_BIND,
		},
		meanings: ONE_COMMAND, sockets: wantsSocket ? placesFor(socket) : [], kept: null, source: null, notes: [], version,
		isPayload: true,
	});
	return null;
}
