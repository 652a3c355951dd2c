/** What of the machine archon finds otherwise than usual: how it makes do, and what it says about it. */
import {hasProc} from './reap/procfs.ts';
import {sys} from './sys.ts';

/** One line for each thing that is missing, and what cannot be had without it. */
export function lacks(): readonly string[] {
	const lines = [];
	if (!hasProc()) {
		lines.push('/proc is not mounted for this PID namespace: processes that leave their service\'s process group are not found, '
			+ 'and no service is made likelier to be killed than archon when memory is short');
	}
	if (sys.access('/dev/null', 0) < 0) lines.push('there is no /dev/null: services read from an empty pipe instead');
	return lines;
}
