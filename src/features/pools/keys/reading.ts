/** What `pools` may say of each pool, and the service that it becomes: archon itself as the pool's master. */
import {textLike} from '../../../config/accepts.ts';
import type {Words} from '../../../config/glossary.ts';
import {list, optional, value} from '../../../config/key.ts';
import type {Declared} from '../../../config/keys/services.ts';
import {named, SERVICES_MAX} from '../../../config/names.ts';
import {fillIn, varyingIn} from '../../../config/placeholders.ts';
import {refuse, refuseKind} from '../../../config/readers.ts';
import {absolutePath, duration, fault, fileMode, lapse, oneOf, parser, text, truth, variableName} from '../../../config/scalars.ts';
import {SAME_FOR_ALL, SERVICE} from '../../../config/schema/service.ts';
import {type Context, readShape, shape} from '../../../config/shape.ts';
import {isNothing, kindOf, type Entry, type Mapping, type Value} from '../../../config/values.ts';
import {RESTART} from '../../../core/defaults.ts';
import type {Service} from '../../../core/service.ts';
import {POOL_PROGRAM} from '../../../core/helper-roles.ts';
import {SIG} from '../../../core/signal-numbers.ts';
import type {PoolArguments, PoolSettings} from '../core/arguments.ts';
import type {NodeRestart} from '../core/spec.ts';
import type {DeclaredPool} from './declared.ts';
import {PLAN_KEYS, readPlan} from './plan.ts';

/** Of a service, what a pool has as well. All else is about one process, and a pool says it otherwise. */
const SHARED = [
	'autostart', 'profiles', 'groups', 'environment', 'env_file', 'env_dir', 'env_from', 'environment_base', 'secrets_from_files', 'configs',
	'secrets', 'user', 'umask', 'ulimits', 'nice', 'ionice', 'oom_score_adj', 'group_add', 'cap_add', 'cap_drop', 'no_new_privileges',
	'security_opt', 'cgroup', 'cpuset', 'cpus', 'cpu_shares', 'mem_limit', 'mem_reservation', 'memswap_limit', 'pids_limit', 'logging',
	'runtime_directory', 'runtime_directory_preserve', 'state_directory', 'cache_directory', 'logs_directory', 'depends_on', 'wants', 'after',
	'before', 'only_if', 'start_timeout', 'pre_start', 'post_start', 'pre_stop', 'post_stop', 'on_failed', 'essential', 'on_failure',
	'conflicts', 'on', 'watch', 'stop_grace_period', 'control', 'labels',
] as const;

/** As long as a path may be: clients and the master find longer ones than fit into sockaddr_un by their folder. */
const SOCKET_MAX = 4095;

const socketPath = parser<string>(() => ({...textLike('^[^\\0]+$', '/run/app.sock'), maxLength: SOCKET_MAX}), written =>
	(written.length <= SOCKET_MAX ? text(written) : fault(`is longer than ${SOCKET_MAX} characters, and cannot be a socket`)));

type Shared = (typeof SHARED)[number];

const SHARED_KEYS = Object.fromEntries(SHARED.map(name => [name, SERVICE.keys[name]])) as Pick<typeof SERVICE.keys, Shared>;

const OWN_KEYS = {
	config: optional(text, 'path', 'none', 'a zeus.json with command, plan and items, from dir on; instead of these three', 'zeus.json'),
	...PLAN_KEYS,
	dir: optional(absolutePath, 'path', 'archon\'s own', 'where the program runs and clients look for the socket', '/app'),
	socket: value(socketPath, 'path', '.zeus.sock', 'where clients find it, from dir on'),
	socket_mode: value(fileMode, 'octal', '0600', 'who may connect; only its own user and root are answered'),
	delay: value(duration, 'duration', '300ms', 'from the first change of a file to the restart of what has loaded it'),
	boot_timeout: value(lapse, 'duration', '5m', 'how long one node may load'),
	env_pass: list(variableName, 'NAME | list of names', 'variables of a client that its command has as well', '[TERM, LANG]'),
	kill_commands_on_restart: value(truth, 'true | false', 'false', 'commands end with the node that they were forked from'),
	restart: value(
		oneOf<NodeRestart>(['on-change', 'always']), 'on-change | always', 'on-change',
		'when a node whose action has failed is tried again; one that died always is',
	),
};

const STRANGERS = {
	foreign: SERVICE.foreign, unsupported: SERVICE.unsupported,
	words: (): Words => ({
		names: {
			dir: 'working_dir directory cwd chdir WorkingDirectory', env_pass: 'pass_env environment_pass', items: 'actions',
			socket: 'sock socket_path', config: 'zeus_json file', delay: 'file_change_delay debounce', plan: 'tree nodes',
		},
		others: [
			['entrypoint', 'command', 'write all words in command'],
			['ready healthcheck', null, 'remove it: a pool is ready when all of its nodes are'],
			['reload', null, 'remove it: archonctl reload boots all nodes again'],
			['scale instances numprocs replicas', null, 'remove it: each command has a process of its own already'],
			['restart_on success_codes fatal_codes', null, 'remove it: a pool is always restarted'],
			['tty stdin_open', null, 'remove it: each command has the terminal of its client'],
			['stop_signal kill_mode stop_to', null, 'remove it: archon stops the nodes itself, leaves first'],
		],
	}),
};

/** What people read of: the keys of its own, beside which those of a service may stand. */
export const OWN = shape(OWN_KEYS, {...STRANGERS, foreignAccepts: () => ({
	...SERVICE.foreignAccepts(), ...Object.fromEntries(SHARED.map(name => [name, SERVICE.keys[name].read.accepts()])),
})});

const POOL = shape({...OWN_KEYS, ...SHARED_KEYS}, STRANGERS);

const HOW = 'write config: zeus.json, or command and plan';

const SHARED_NAMES: ReadonlySet<string> = new Set(SHARED);

export function readPools(from: Value, context: Context): ReadonlyMap<string, DeclaredPool> | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	if (from.entries.size > SERVICES_MAX) return refuse(from, context, `has more than ${SERVICES_MAX} pools`);
	const pools = new Map<string, DeclaredPool>();
	for (const [name, entry] of from.entries) {
		const pool = readPool(name, entry, named(name, entry.key, 'pool', context));
		if (pool) pools.set(name, pool);
	}
	return pools;
}

function readPool(name: string, {key: place, value: from}: Entry, context: Context): DeclaredPool | undefined {
	if (from.kind !== 'map') return refuse(from, context, `must be a map, not ${kindOf(from)}`, HOW);
	let isSpoilt = false;
	const watched: Context = {...context, report(...problem) {
		isSpoilt = true;
		context.report(...problem);
	}};
	const varying = new Set(varyingIn(from, SAME_FOR_ALL).filter(each => SHARED_NAMES.has(each)));
	const filled: Mapping = {...from, entries: new Map([...from.entries].map(([each, entry]) =>
		[each, varying.has(each) ? {...entry, value: fillIn(entry.value, name)} : entry]))};
	const settings = readShape(POOL, filled, watched);
	const pool = readSettings(settings, filled, watched);
	if (!pool) return undefined;
	const command: Entry = {key: place, value: {...place, kind: 'scalar', text: POOL_PROGRAM, plain: false}};
	const dir = filled.entries.get('dir');
	const own = [...filled.entries].filter(([each]) => SHARED_NAMES.has(each) || SERVICE.foreign.has(each));
	const shared = Object.fromEntries(SHARED.map(each => [each, settings[each]])) as Pick<typeof settings, Shared>;
	return {
		name, path: context.path, key: place, varying: [], isSpoilt, pool, configAt: from.entries.get('config')?.value ?? null,
		map: {...filled, entries: new Map([['command', command], ...dir ? [['working_dir', dir] as const] : [], ...own])},
		settings: {...SERVICE.initial, ...shared, command: [POOL_PROGRAM], working_dir: settings.dir},
	};
}

function readSettings(settings: typeof POOL.initial, from: Mapping, context: Context): PoolSettings | undefined {
	const {config, dir, socket, socket_mode: socketMode, delay, boot_timeout: bootTimeout, env_pass: envPass, restart} = settings;
	const rules = {delay, bootTimeout, envPass, killCommandsOnRestart: settings.kill_commands_on_restart, restart};
	const given = {dir, socket, socketMode, config, rules, network: null};
	if (config !== null) {
		for (const each of ['command', 'plan', 'items']) {
			const entry = from.entries.get(each);
			if (entry && !isNothing(entry.value)) return refuse(entry.value, context, `has both config and ${each}`, 'keep one');
		}
		return {...given, spec: null};
	}
	if (!from.entries.has('plan') && !from.entries.has('command')) {
		return refuse(from, context, 'has neither a config nor a plan', HOW);
	}
	const plan = readPlan(settings, from, context);
	return plan && {...given, spec: {...rules, name: context.path, ...plan}};
}

/** The service of a pool: as which it is made, told and watched. */
export function asPool(service: Service, settings: PoolSettings): Service {
	const {name} = service;
	const {spec} = settings;
	const words: PoolArguments = {...settings, name, spec: spec && {...spec, name}};
	return {
		...service,
		ready: {kind: 'notify'}, reload: {signal: SIG.USR1},
		restart: {...RESTART, attempts: Infinity},
		exec: {...service.exec, argv: [POOL_PROGRAM, JSON.stringify(words)], isArchon: true},
	};
}

/** Its name is that of a service: two processes would be told by it. */
export function joinPools(
	services: ReadonlyMap<string, Declared | null>, pools: ReadonlyMap<string, DeclaredPool>, report: Context['report'],
): ReadonlyMap<string, Declared | null> {
	for (const [name, {path, key}] of pools) {
		if (services.has(name)) report(key, `${path}: a service is called ${name} as well`, 'rename one of them');
	}
	return new Map([...services, ...pools]);
}
