/**
 * What services may use together of memory, processors and processes, by a cgroup of each below archon's own
 * (cgroups(7), version 2). Where that cannot be, a service runs without, and the log says why.
 */
import type {Resources} from '../../core/service.ts';
import {bytesOf} from '../bytes.ts';
import {errnoText} from '../errno.ts';
import {makeFolder} from '../folders.ts';
import {ERRNO, O, type Outcome, sys} from '../sys.ts';
import {LEAF, ownCgroup, pathBelow} from './cgroups.ts';

type Controller = 'memory' | 'cpu' | 'pids';

/** One file of a cgroup, and the key that it is for. */
interface Setting {
	readonly key: string;
	readonly controller: Controller;
	readonly file: string;
	/** What nothing written comes to. */
	readonly usual: string;
	/** Null: nothing is written. */
	readonly value: string | null;
	/** Not every kernel has it, and what nothing is written for needs it not. */
	readonly mayMiss?: true;
}

/** In microseconds: what `cpus` is a share of (compose's own). */
const CPU_PERIOD = 100_000;

/** A file of a cgroup, at most. */
const FILE_MAX = 1 << 20;

/** How often all processes of a cgroup are moved, which may make others meanwhile. */
const ROUNDS = 20;

const text = (value: number | null): string | null => (value === null ? null : value === Infinity ? 'max' : String(value));

/** From shares to weights as container runtimes convert them: 2 to 262144 is 1 to 10000. */
const weightOf = (shares: number): number => 1 + Math.floor(((shares - 2) * 9999) / 262_142);

function settingsOf({memory, reservation, memoryAndSwap, cpus, cpuShares, pids}: Resources): readonly Setting[] {
	// As docker does where nothing is said: as much swap as memory.
	const swap = memory === null ? null : memoryAndSwap === null ? memory : memoryAndSwap - memory;
	return [
		{key: 'mem_limit', controller: 'memory', file: 'memory.max', usual: 'max', value: text(memory)},
		{key: 'mem_reservation', controller: 'memory', file: 'memory.low', usual: '0', value: text(reservation)},
		{
			key: 'memswap_limit', controller: 'memory', file: 'memory.swap.max', usual: 'max', value: text(swap),
			...memoryAndSwap === null && {mayMiss: true},
		},
		{
			key: 'cpus', controller: 'cpu', file: 'cpu.max', usual: `max ${CPU_PERIOD}`,
			value: cpus === null ? null : `${Math.max(1000, Math.round(cpus * CPU_PERIOD))} ${CPU_PERIOD}`,
		},
		{key: 'cpu_shares', controller: 'cpu', file: 'cpu.weight', usual: '100', value: cpuShares === null ? null : String(weightOf(cpuShares))},
		{key: 'pids_limit', controller: 'pids', file: 'pids.max', usual: 'max', value: text(pids)},
	];
}

export interface Limited {
	/** Whether any limit is in force: else there may be no such cgroup. */
	readonly isLimited: boolean;
	/** Which keys are not in force, by the reason. */
	readonly failed: ReadonlyMap<string, readonly string[]>;
}

/** Sets the limits of a cgroup, which is made if that is of use. */
export function limitCgroup(name: string, resources: Resources): Limited {
	const settings = settingsOf(resources);
	const failed = new Map<string, string[]>();
	const fail = (reason: string, {key, value, mayMiss}: Setting): void => {
		if (value !== null && !mayMiss) failed.set(reason, [...failed.get(reason) ?? [], key]);
	};
	const failAll = (reason: string): Limited => {
		for (const each of settings) fail(reason, each);
		return {isLimited: false, failed};
	};
	const own = ownCgroup();
	const path = own === null ? null : pathBelow(own, name);
	if (own === null) return failAll('there is no cgroup of version 2 here');
	if (path === null) return failAll('it must lie below the cgroup of archon');
	const above = path.slice(0, path.lastIndexOf('/'));
	const begun = above === own ? 0 : makeFolder(above);
	if (begun < 0) return failAll(`no cgroup can be made below ${own}: ${errnoText(-begun)}`);
	const wanted = new Set(settings.filter(({value}) => value !== null).map(({controller}) => controller));
	const missing = new Map([...wanted].flatMap(controller => {
		const reason = enable(controller, own, path);
		return reason === null ? [] : [[controller, reason] as const];
	}));
	const isLimited = missing.size < wanted.size;
	const made = isLimited ? makeFolder(path) : 0;
	if (made < 0) return failAll(`no cgroup can be made below ${own}: ${errnoText(-made)}`);
	for (const each of settings) {
		if (!wanted.has(each.controller)) continue;
		const reason = missing.get(each.controller);
		const result = reason === undefined ? put(`${path}/${each.file}`, each.value ?? each.usual) : 0;
		if (reason !== undefined) fail(reason, each);
		else if (result < 0) fail(`${path}/${each.file} cannot be written: ${errnoText(-result)}`, each);
	}
	return {isLimited, failed};
}

/** Passes a controller on from archon's cgroup down to this one; null, or why not. */
function enable(controller: Controller, own: string, path: string): string | null {
	for (let level = own; level !== path; level = path.slice(0, `${path}/`.indexOf('/', level.length + 1))) {
		if (!wordsIn(`${level}/cgroup.controllers`).includes(controller)) return `the ${controller} controller is not available in ${level}`;
		if (wordsIn(`${level}/cgroup.subtree_control`).includes(controller)) continue;
		const result = pass(controller, level, level === own);
		const reason = result === -ERRNO.EBUSY ? 'processes live in it that archon cannot move' : errnoText(-result);
		if (result < 0) return `the ${controller} controller cannot be used below ${level}: ${reason}`;
	}
	return null;
}

/** Only a cgroup without processes passes controllers on, but for the root of all. archon's own are moved to a leaf, itself among them. */
function pass(controller: Controller, level: string, mayMove: boolean): Outcome {
	const control = `${level}/cgroup.subtree_control`;
	let result = put(control, `+${controller}`);
	for (let round = 0; result === -ERRNO.EBUSY && mayMove && round < ROUNDS; round++) {
		const leaf = `${level}/${LEAF}`;
		const made = makeFolder(leaf);
		if (made < 0) return made;
		for (const pid of wordsIn(`${level}/cgroup.procs`)) put(`${leaf}/cgroup.procs`, pid);
		result = put(control, `+${controller}`);
	}
	return result;
}

function put(path: string, value: string): Outcome {
	// Opened as it is: no file may be made where the kernel has none of this name.
	const fd = sys.open(path, O.WRONLY | O.NOFOLLOW, 0);
	if (fd < 0) return fd;
	const result = sys.write(fd, bytesOf(value));
	sys.close(fd);
	return result;
}

function wordsIn(path: string): readonly string[] {
	const read = sys.readText(path, FILE_MAX);
	return typeof read === 'string' ? read.split(/\s+/).filter(word => word !== '') : [];
}
