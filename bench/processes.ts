/** Processes as the kernel shows them (proc(5)). One that ends while it is looked at counts as not there. */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

export interface Member {
	/** As this machine sees it. */
	readonly pid: number;
	/** As its PID namespace sees it. */
	readonly inside: number;
}

/** The processes of the PID namespace that a process is in, itself among them. */
export function members(pid: number): readonly Member[] {
	const namespace = link(`/proc/${pid}/ns/pid`);
	if (namespace === null) return [];
	return readdirSync('/proc').filter(name => /^\d+$/.test(name) && link(`/proc/${name}/ns/pid`) === namespace).flatMap(name => {
		const inside = /^NSpid:.*?(\d+)$/m.exec(slurp(`/proc/${name}/status`))?.[1];
		return inside === undefined ? [] : [{pid: Number(name), inside: Number(inside)}];
	});
}

export const isThere = (pid: number): boolean => link(`/proc/${pid}/ns/pid`) !== null;

/** Whether there was anybody to send it to. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
	try {
		return process.kill(pid, name);
	} catch {
		return false;
	}
}

/** The first child; null until there is one. */
export function childOf(pid: number): number | null {
	const [child] = slurp(`/proc/${pid}/task/${pid}/children`).trim().split(' ');
	return child ? Number(child) : null;
}

export interface Memory {
	/** Of bytes: what would be free without these processes, and their share of what they have with others. */
	readonly private: number;
	/** What of that is not in a file as well, from which the kernel could read it again. */
	readonly dirty: number;
	readonly proportional: number;
}

export function memoryOf(pids: readonly number[]): Memory {
	const sum = {private: 0, dirty: 0, proportional: 0};
	for (const pid of pids) {
		for (const [, name, kibibytes] of slurp(`/proc/${pid}/smaps_rollup`).matchAll(/^(\w+):\s+(\d+) kB$/gm)) {
			const bytes = Number(kibibytes) * 1024;
			if (name === 'Private_Clean' || name === 'Private_Dirty') sum.private += bytes;
			if (name === 'Private_Dirty') sum.dirty += bytes;
			if (name === 'Pss') sum.proportional += bytes;
		}
	}
	return sum;
}

export interface Activity {
	/** Voluntary context switches so far: each is a wake-up. */
	readonly switches: number;
	/** Time on a processor so far, in milliseconds. */
	readonly cpu: number;
}

/** Of each thread, by its id. */
export function activityOf(pids: readonly number[]): ReadonlyMap<string, Activity> {
	const all = new Map<string, Activity>();
	for (const pid of pids) {
		for (const task of list(`/proc/${pid}/task`)) {
			const folder = `/proc/${pid}/task/${task}`;
			const switches = Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(slurp(`${folder}/status`))?.[1] ?? 0);
			all.set(task, {switches, cpu: Number(slurp(`${folder}/schedstat`).split(' ')[0]) / 1e6});
		}
	}
	return all;
}

function link(path: string): string | null {
	try {
		return readlinkSync(path);
	} catch {
		return null;
	}
}

function list(path: string): readonly string[] {
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}

function slurp(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
