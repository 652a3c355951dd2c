/** The terminal of the person who called the client: raw while the command has one, and as it was on every way out. */
import {sys} from '../../os/sys.ts';
import {modeOf} from './ends.ts';

const STDIN = 0;

export interface PersonsTerminal {
	/** Raw, where the client is in the foreground: another's terminal is left alone. Whether it is. */
	take(): boolean;
	/** As it was. */
	give(): void;
}

export function personsTerminal(): PersonsTerminal {
	const mode = modeOf(STDIN);
	let isRaw = false;
	return {
		take() {
			if (mode === null || !isInForeground()) return isRaw = false;
			return isRaw = sys.setTerminalMode(STDIN, mode, true, '', true) >= 0;
		},
		give() {
			if (mode !== null && isRaw) sys.setTerminalMode(STDIN, mode, false, '');
			isRaw = false;
		},
	};
}

/** Of `/proc/self/stat` from the state on (proc_pid_stat(5)). */
const [GROUP, FOREGROUND] = [2, 5];
const STAT_MAX = 4096;

function isInForeground(): boolean {
	const text = sys.readText('/proc/self/stat', STAT_MAX);
	if (typeof text === 'number') return true;
	// The name before it may have blanks and parentheses.
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
	return fields[FOREGROUND] === '-1' || fields[FOREGROUND] === fields[GROUP];
}

/** The size of the first of the client's streams that is a terminal. */
export function personsSize(): readonly [rows: number, columns: number] | null {
	const size = new Int32Array(2);
	for (const fd of [1, STDIN, 2]) {
		if (sys.terminalSize(fd, size) >= 0 && (size[0] ?? 0) > 0) return [size[0] ?? 0, size[1] ?? 0];
	}
	return null;
}
