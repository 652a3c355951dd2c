/** The machine that is measured on, as far as it explains figures. */
import {readFileSync} from 'node:fs';
import {availableParallelism, cpus, release, totalmem} from 'node:os';

export interface Machine {
	readonly cpu: string;
	readonly cores: number;
	readonly kernel: string;
	readonly system: string;
	/** Of memory. */
	readonly gibibytes: number;
	/** Processes that wanted to run in the minute before (proc(5), loadavg). */
	readonly load: number;
}

export function lookAtMachine(): Machine {
	return {
		cpu: cpus()[0]?.model.trim() ?? 'unknown',
		cores: availableParallelism(),
		kernel: release(),
		system: /^PRETTY_NAME="?([^"\n]*)/m.exec(slurp('/etc/os-release'))?.[1] ?? 'unknown',
		gibibytes: Math.round(totalmem() / 2 ** 30),
		load: Number(slurp('/proc/loadavg').split(' ')[0]),
	};
}

function slurp(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
