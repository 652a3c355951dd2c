/** `cpuset` to `pids_limit`: how much of the machine a service may use, in compose's words. */
import {ok} from '../../core/result.ts';
import type {Resources} from '../../core/service.ts';
import {size} from '../../features/logging/keys/scalars.ts';
import {anyText, orUnlimited} from '../accepts.ts';
import type {Part, ServiceGroup, Written} from '../group.ts';
import {optional} from '../key.ts';
import type {Planning} from '../planning.ts';
import {decimal, fault, type Parse, parser, whole} from '../scalars.ts';
import type {Settings} from '../shape.ts';
import {sharing} from '../sharing.ts';
import {type Entry, type Mapping, writtenAt} from '../values.ts';

/** As of Linux's largest configurations; a bit for each is laid out. */
const PROCESSORS_MAX = 1024;
const NUMBERED = `they are numbered from 0 to ${PROCESSORS_MAX - 1}`;

const ONE = String.raw`\s*(0?\d{1,3}|10[01]\d|102[0-3])`;
const RANGE = String.raw`${ONE}(-0?\d{1,3}|-10[01]\d|-102[0-3])?\s*`;
const LIST = `^${RANGE}(,${RANGE})*$`;

/** `0-3,5`, as in cpuset(7). */
const processors = parser<readonly number[]>(() => ({...anyText(), pattern: LIST, examples: ['0-3,5', '0']}), text => {
	const found = new Set<number>();
	for (const part of text.split(',')) {
		const [, from = '', to = from] = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part) ?? [];
		if (from === '' || Number(to) < Number(from)) return fault('is not a list of processors', 'write 0-3, or 0,2');
		if (Number(to) >= PROCESSORS_MAX) return fault('names a processor that no machine has', NUMBERED);
		for (let each = Number(from); each <= Number(to); each++) found.add(each);
	}
	return ok([...found].sort((a, b) => a - b));
});

/** `none`: what compose writes for no limit; null then. */
const orNone = <T>(parse: Parse<T>, ...none: readonly string[]): Parse<T | null> => parser<T | null>(
	() => orUnlimited(parse.accepts(), ...none), text => (text === 'unlimited' || none.includes(text) ? ok(null) : parse(text)),
);

const MEMORY = size('6m', '1048576g');

/** 0 is as if it were not written, and -1 no limit (compose-spec, memswap_limit). */
const swap = parser<number | null>(() => orUnlimited(MEMORY.accepts(), -1, 0), text =>
	(text === '0' ? ok(null) : text === '-1' || text === 'unlimited' ? ok(Infinity) : MEMORY(text)));

const KEYS = {
	cpuset: optional(processors, 'numbers as 0-3,5', 'all that archon may', 'the processors that it may run on'),
	cpus: optional(
		orNone(decimal(0.01, PROCESSORS_MAX), '0'), 'number', 'unlimited',
		'the time of this many processors; this and the next five need cgroups that archon can write',
	),
	cpu_shares: optional(orNone(whole(2, 262_144), '0'), '2 to 262144', '1024', 'its weight where others want a processor as well'),
	mem_limit: optional(
		orNone(MEMORY, '0'), 'size', 'unlimited', 'memory of all its processes; more than that gets one of them killed', '512m',
	),
	mem_reservation: optional(orNone(MEMORY, '0'), 'size', 'none', 'memory that is left to it when it is short', '256m'),
	memswap_limit: optional(swap, 'size | -1', 'twice mem_limit', 'memory and swap together; -1: as much swap as there is', '1g'),
	pids_limit: optional(orNone(whole(1, 4_194_304), '-1', '0'), 'number | -1', 'unlimited', 'processes and threads'),
};

type Own = Settings<typeof KEYS>;

const shared = sharing<Resources>();

export const resources = {
	keys: KEYS,
	words: () => ({
		names: {
			cpuset: 'CPUAffinity taskset', cpus: 'CPUQuota', cpu_shares: 'CPUWeight', mem_limit: 'MemoryMax MemoryLimit',
			mem_reservation: 'MemoryLow', pids_limit: 'TasksMax',
		},
		others: [['max_memory_restart', 'mem_limit', 'write mem_limit, and restart: always']],
	}),
	conflicts({path, map, settings}: Written<Own>, {problems: {report}}: Planning) {
		const {mem_limit: memory, memswap_limit: swap, mem_reservation: reservation} = settings;
		const [swapAt, reservedAt] = ['memswap_limit', 'mem_reservation'].map(name => writtenAt(map, name)?.value);
		if (swapAt && swap !== null && memory === null) report(swapAt, `${path}.memswap_limit is of no use without mem_limit`);
		if (swapAt && swap !== null && memory !== null && swap < memory) {
			report(swapAt, `${path}.memswap_limit is smaller than its mem_limit`, 'it is memory and swap together');
		}
		if (reservedAt && reservation !== null && memory !== null && reservation > memory) {
			report(reservedAt, `${path}.mem_reservation is larger than its mem_limit`);
		}
	},
	plan: (settings: Own): Part => ({exec: {affinity: settings.cpuset, resources: resourcesOf(settings)}}),
} satisfies ServiceGroup;

function resourcesOf(written: Own): Resources | null {
	const limits: Resources = {
		memory: written.mem_limit, reservation: written.mem_reservation, memoryAndSwap: written.memswap_limit,
		cpus: written.cpus, cpuShares: written.cpu_shares, pids: written.pids_limit,
	};
	return Object.values(limits).every(each => each === null) ? null : shared(limits);
}

/** Of `deploy.resources` (compose-spec, "Deploy"): what these keys say as well. */
const OF_DEPLOY: Readonly<Record<string, Readonly<Record<string, keyof typeof KEYS>>>> = {
	limits: {cpus: 'cpus', memory: 'mem_limit', pids: 'pids_limit'},
	reservations: {memory: 'mem_reservation'},
};

/** What of `deploy.resources` is for these keys, and whether something is left that is not. */
export function resourcesInDeploy({value}: Entry): {readonly found: ReadonlyMap<string, Entry>; readonly isAll: boolean} {
	const found = new Map<string, Entry>();
	if (value.kind !== 'map') return {found, isAll: false};
	let isAll = true;
	for (const [kind, entry] of value.entries) {
		const names = OF_DEPLOY[kind];
		const inner: Mapping | null = names && entry.value.kind === 'map' ? entry.value : null;
		isAll &&= inner !== null;
		for (const [name, each] of inner?.entries ?? []) {
			const key = Object.hasOwn(names ?? {}, name) ? names?.[name] : undefined;
			if (key) found.set(key, each);
			else isAll = false;
		}
	}
	return {found, isAll};
}
