/** From one life of the container to the next: archon executes itself again, and nothing but its config is left of the one before. */
import {formatProblem, type Problem} from '../config/problems.ts';
import {errnoText} from '../os/errno.ts';
import type {Log} from '../os/log.ts';
import type {Handoff} from '../os/reexec/handoff.ts';
import {REBOOT} from '../os/reexec/instance.ts';
import type {Reexec} from '../os/reexec/reexec.ts';
import type {ConfigSource} from './config-source.ts';

/** Tells why archon cannot reboot now, or null: what is wrong with the config is told before anything is stopped. */
export function examineReboot(reexec: Reexec | null, source: ConfigSource | null, told: (why: string | null) => void): void {
	if (!reexec) return told('archon has no memory here that survives re-execution');
	if (!source) return told(null);
	source.read(({config}) => told(config.ok ? null : inWords(config.error)));
}

/** Does not return, unless archon cannot be executed again: then it ends as in a shutdown. */
export function reboot(why: string, {reexec, handoff, log, exit}: {
	readonly reexec: Reexec | null; readonly handoff: Handoff; readonly log: Log; readonly exit: (status: number) => void;
}): void {
	handoff.put(REBOOT, why);
	const failure = reexec?.upgrade('', 'to reboot') ?? 0;
	log.fatal(`cannot reboot: executing archon again: ${errnoText(-failure)}`);
	exit(1);
}

/** The line about a config that has problems only since the reboot was asked for. */
export const tellBroken = (problems: readonly Problem[], hasBefore: boolean): string =>
	`the config has problems, and archon begins ${hasBefore ? 'with the one before' : 'without services'}: ${inWords(problems)}`;

const inWords = (problems: readonly Problem[]): string => problems.map(formatProblem).join('\n');
