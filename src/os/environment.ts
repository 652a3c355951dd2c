/** The variables that archon was started with. */
import {sys} from './sys.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** By it an instance of archon tells its next one where its memory is (reexec.c). */
const HANDOFF = 'ARCHON_HANDOFF';

let variables: Environment | undefined;

/**
 * Of a name that comes twice the first counts, as for getenv(3). What archon tells its own next instance is left out, also
 * where a person has set it: services must not inherit it.
 */
export function env(): Environment {
	if (variables) return variables;
	// Without a prototype: no variable is there because of its name.
	const found: Record<string, string | undefined> = Object.create(null);
	for (const entry of sys.environment()) {
		const end = entry.indexOf('=');
		if (end <= 0) continue;
		const name = entry.slice(0, end);
		if (name !== HANDOFF) found[name] ??= entry.slice(end + 1);
	}
	variables = found;
	return found;
}

/** What a service manager outside says to archon alone (sd_notify(3), sd_listen_fds(3)). */
const ADDRESSED: readonly string[] = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'];

let heritage: Environment | undefined;

/** What services inherit. */
export function heritable(): Environment {
	const all = env();
	return heritage ??= ADDRESSED.some(name => all[name] !== undefined)
		? Object.fromEntries(Object.entries(all).filter(([name]) => !ADDRESSED.includes(name))) : all;
}

/** Whether archon goes on from a previous instance, whatever its environment says of one. */
export const isReexecuted = (): boolean => sys.leftMemory() >= 0;
