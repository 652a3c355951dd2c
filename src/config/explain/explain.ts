/** What a config comes to: what each service will be, in which order all start and stop, and how long a stop may take. */
import type {Grant} from '../../core/access.ts';
import {service as serviceOf} from '../../core/defaults.ts';
import type {Config} from '../../core/config.ts';
import {POOL_PROGRAM} from '../../core/helper-roles.ts';
import type {Result} from '../../core/result.ts';
import type {
	Condition, HookCommand, Probe, Ready, RestartPolicy, RunTest, Schedule, Service, StartConditions, UserSpec,
} from '../../core/service.ts';
import {signalName} from '../../core/signal-numbers.ts';
import type {Millis} from '../../core/time.ts';
import {parseUrl} from '../../core/url.ts';
import type {Environment} from '../../core/variables.ts';
import type {Syslog} from '../../features/logging/core.ts';
import type {PoolArguments} from '../../features/pools/core/arguments.ts';
import {variableFor} from '../../features/ports/core/spec.ts';
import {addressOf as boundTo, type SocketSpec} from '../../features/sockets/core/spec.ts';
import {said} from '../durations.ts';
import {longestStop} from './stop.ts';

/** Who a user is where the services are to run; absent: that is not looked at. */
export type FindUser = (spec: UserSpec) => Result<Numbers, string>;

interface Numbers {
	readonly uid: number;
	readonly gid: number;
	readonly groups: readonly number[];
	readonly environment: Environment;
}

/** In JSON, stable: keys are added, and none is taken away or changes its meaning. Durations are in milliseconds, null: unlimited. */
export interface Explanation {
	readonly services: readonly ExplainedService[];
	/** Services by the step in which they start at the earliest, those that start with archon. */
	readonly start: readonly (readonly string[])[];
	/** Those that wait for archonctl. */
	readonly on_demand: readonly string[];
	readonly stop: {
		/** From the begin of a shutdown until all services are gone. */
		readonly at_most: Millis | null;
		/** What all services have together. */
		readonly grace_period: Millis;
		/** How long the slowest chain would take if all of them let it come to SIGKILL. */
		readonly longest: Millis | null;
		/** That chain, in the order in which its services stop. */
		readonly path: readonly {readonly name: string; readonly grace: Millis | null}[];
	};
}

/** Numbers are null where they are not known. */
export interface ExplainedUser {
	readonly name: string;
	readonly uid: number | null;
	readonly gid: number | null;
	readonly groups: readonly number[];
}

export interface ExplainedService {
	readonly name: string;
	readonly instances: number;
	/** `forking`: a daemon that puts itself into the background. */
	readonly type: Service['type'] | 'forking';
	readonly autostart: boolean;
	/** Where archon listens for it, in the order in which it is handed the sockets: `:8080 (http)`. */
	readonly sockets: readonly string[];
	/** Its first connection starts it; and what stops it again. Null: it does not wait for one. */
	readonly lazy: string | null;
	/** Ports that it is told of: `PORT_HTTP: 8080`. */
	readonly ports: readonly string[];
	/** When its schedule starts or restarts it; null: it has none. */
	readonly schedule: string | null;
	readonly essential: boolean;
	readonly command: readonly string[];
	/** Null: archon's own user. */
	readonly user: ExplainedUser | null;
	readonly further_groups: readonly string[];
	/** Null: archon's own. */
	readonly working_dir: string | null;
	/** Made for it before it starts. */
	readonly directories: readonly string[];
	readonly files: readonly string[];
	/** Groups of services that it is in. */
	readonly groups: readonly string[];
	/** Names, never values. */
	readonly variables: readonly {readonly from: string; readonly names: readonly string[]}[];
	readonly needs: readonly {readonly name: string; readonly condition: Condition; readonly strength: string}[];
	readonly ready: string | null;
	readonly health: string | null;
	readonly restart: string;
	readonly stop: {readonly signal: string; readonly grace: Millis | null; readonly how: string};
	readonly hooks: Readonly<Record<string, readonly (readonly string[])[]>>;
	readonly output: readonly string[];
	/** The command that says whether it is to run. */
	readonly test: string | null;
	/** What must hold at each start. */
	readonly only_if: string | null;
	readonly conflicts: readonly string[];
	/** Services that start when it has failed for good. */
	readonly on_failure: readonly string[];
	/** What its processes may ask archon; null: what their users may. */
	readonly control: readonly Grant[] | null;
}

/** `hidden`: values that are not to be shown, each with the name that is shown for it. */
export function explain(
	{services, shutdownGrace}: Pick<Config, 'services' | 'shutdownGrace'>, findUser: FindUser | null, hidden: ReadonlyMap<string, string>,
): Explanation {
	const groups = Map.groupBy(services, ({name}) => name.replace(/:.*/, ''));
	const firsts = [...groups].map(([name, [first]]) => ({name, service: first ?? serviceOf(name, ['?'])}));
	const wanted = wantedOf(services);
	const waves: string[][] = [];
	const level = new Map<string, number>();
	for (const service of services) {
		const own = Math.max(0, ...service.needs.map(({name}) => (wanted.has(name) ? (level.get(name) ?? 0) + 1 : 0)));
		level.set(service.name, own);
		const base = service.name.replace(/:.*/, '');
		if (wanted.has(service.name) && waves[own]?.includes(base) !== true) (waves[own] ??= []).push(base);
	}
	const path = longestStop(services);
	const longest = path.reduce((sum, {grace}) => sum + grace, 0);
	return {
		services: firsts.map(({name, service}) => explained(name, service, groups.get(name)?.length ?? 1, findUser, hidden)),
		start: waves, on_demand: firsts.filter(({service}) => !wanted.has(service.name)).map(({name}) => name),
		stop: {
			at_most: finite(Math.min(longest, shutdownGrace)), grace_period: shutdownGrace, longest: finite(longest),
			path: path.map(({name, grace}) => ({name, grace: finite(grace)})),
		},
	};
}

const finite = (millis: Millis): Millis | null => (Number.isFinite(millis) ? millis : null);

/** Of a pool, instead of its whole plan: what is executed for its root, or the file that says it. */
function poolCommand({isArchon, argv: [program, words]}: Service['exec']): readonly string[] | null {
	if (!isArchon || program !== POOL_PROGRAM || words === undefined) return null;
	const {spec, config} = JSON.parse(words) as PoolArguments;
	return spec?.command ?? [program, config ?? ''];
}

/** Those that start with archon: by themselves, or because another one needs them. Each comes after all that it needs. */
function wantedOf(services: readonly Service[]): ReadonlySet<string> {
	const wanted = new Set<string>();
	for (const {name, autostart, needs} of services.toReversed()) {
		if (autostart) wanted.add(name);
		if (wanted.has(name)) for (const need of needs) if (need.strength !== 'order') wanted.add(need.name);
	}
	return wanted;
}

function explained(
	name: string, service: Service, instances: number, findUser: FindUser | null, hidden: ReadonlyMap<string, string>,
): ExplainedService {
	const {type, autostart, essential, needs, ready, health, restart, stop, stopTo, killMode, hooks, onlyIf, test, control, exec} = service;
	const shown = (words: readonly string[]): readonly string[] => words.map(word => mask(word, hidden));
	const commandOf = (hook: HookCommand): readonly string[] => shown('command' in hook ? hook.command : hook);
	const numbers = exec.user && findUser ? findUser(exec.user) : null;
	const found = numbers?.ok ? numbers.value : null;
	const killed = {tree: 'all that it started', group: 'its process group', main: 'only its main process'}[killMode];
	const whom = stopTo === 'group' ? ' to its process group' : '';
	const commands = {
		pre_start: hooks.preStart, post_start: hooks.postStart, pre_stop: hooks.preStop, post_stop: hooks.postStop, down: hooks.down,
	};
	return {
		name, instances, control, type: service.forks ? 'forking' : type, autostart,
		sockets: service.sockets.map(socketOf), lazy: service.isLazy ? lazyOf(service) : null, ports: portsOf(service),
		schedule: service.schedule && scheduleOf(service.schedule), essential, command: shown(poolCommand(exec) ?? exec.argv),
		user: exec.user && {
			name: exec.user.user + (exec.user.group === null ? '' : `:${exec.user.group}`),
			uid: found?.uid ?? null, gid: found?.gid ?? null, groups: found?.groups.filter(group => group !== found.gid) ?? [],
		},
		further_groups: exec.limits.groups, working_dir: exec.cwd, groups: service.groups,
		directories: exec.directories.map(each => each.path), files: exec.files.map(each => each.target),
		variables: variablesOf(service, found?.environment ?? null),
		needs: [...new Map(needs.map(need => [need.name.replace(/:.*/, ''), need])).entries()]
			.map(([other, {condition, strength}]) => ({name: other, condition, strength})),
		ready: ready && readyOf(ready, shown),
		health: health && `${probeOf(health.probe, shown)}, every ${said(health.interval)}; unhealthy after ${health.retries} failures`,
		restart: restartOf(restart, type),
		stop: {
			signal: signalName(stop.signal), grace: finite(stop.grace),
			how: `${signalName(stop.signal)}${whom}, and after ${said(stop.grace)} SIGKILL to ${killed}`,
		},
		hooks: Object.fromEntries(Object.entries(commands).flatMap(([key, list]) => (list.length > 0 ? [[key, list.map(commandOf)]] : []))),
		output: outputOf(service),
		test: test && testOf(test, shown),
		only_if: onlyIf && conditionsOf(onlyIf, shown), conflicts: service.conflicts, on_failure: service.onFailure,
	};
}

/** A text without the values that are not to be shown. */
function mask(text: string, hidden: ReadonlyMap<string, string>): string {
	// A URL with a password in it.
	let shown = text.replaceAll(/(:\/\/[^\s/@:]*):[^\s/@]+@/g, '$1:…@');
	for (const [value, name] of hidden) shown = shown.replaceAll(value, `\${${name}}`);
	return shown;
}

/** Whether a variable's name says that its value is secret. */
export const isSecretName = (name: string): boolean => SECRET.test(name);

const SECRET = /pass|secret|token|key|cred|auth|priv|dsn|pw(?!d$)|_url$/i;

/** Shorter values are no secrets, and would be found in many words. */
const HIDDEN_MIN = 6;

/** Values of variables whose names say that they are secret. */
export const secretsIn = (environment: Environment): ReadonlyMap<string, string> =>
	new Map(Object.entries(environment).flatMap(([name, value]) =>
		(value !== undefined && value.length >= HIDDEN_MIN && isSecretName(name) ? [[value, name] as const] : [])));

function variablesOf(service: Service, ofUser: Environment | null): ExplainedService['variables'] {
	const {exec, ready} = service;
	const {base, common, sources, sourced, environment, directories} = exec;
	const own = base === 'inherit' ? 'all of archon\'s own' : 'archon\'s own';
	const files = sources.map(source => (source.kind === 'command' ? `the output of ${source.command[0]}` : source.path)).join(', ');
	const parts: (readonly [string, readonly string[]])[] = [
		[own, base === 'inherit' ? [] : base === 'clean' ? ['PATH', 'TERM'] : base],
		['user', Object.keys(ofUser ?? {})],
		['environment of all services', Object.keys(common)],
		[files, Object.keys(sourced.variables)],
		['environment', Object.keys(environment)],
		['set by archon', [
			'ARCHON_SERVICE', 'ARCHON_RUN', ...ready?.kind === 'notify' ? ['NOTIFY_SOCKET'] : [],
			...ready?.kind === 'fd' && ready.variable !== null ? [ready.variable] : [],
			...listeningOf(service),
			...new Set(directories.map(({kind}) => `${kind.toUpperCase()}_DIRECTORY`)),
		]],
	];
	return parts.filter(([from, names]) => names.length > 0 || (from === own && base === 'inherit') || (from === files && sources.length > 0))
		.map(([from, names]) => ({from, names}));
}

/** `:5353 (dns, dgram)`; a name that the config does not give says no more than the address. */
function socketOf(socket: SocketSpec): string {
	const address = boundTo(socket);
	const notes = [...address.endsWith(socket.name) ? [] : [socket.name], ...socket.type === 'stream' ? [] : [socket.type]];
	return address + (notes.length > 0 ? ` (${notes.join(', ')})` : '');
}

const lazyOf = ({idleTimeout}: Service): string =>
	`its first connection starts it${idleTimeout === Infinity ? '' : `; it stops when none has been open for ${said(idleTimeout)}`}`;

const portsOf = ({ports}: Service): readonly string[] => ports.map(({name, port, protocol}) =>
	`${variableFor(name)}: ${port === 'auto' ? 'one that archon chooses' : port}${protocol === 'tcp' ? '' : ` (${protocol})`}`);

/** Variables that tell of what it listens at. */
const listeningOf = ({sockets, ports, fdStoreMax}: Service): readonly string[] => [
	...sockets.length > 0 || fdStoreMax > 0 ? ['LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PID'] : [],
	...ports.map(({name}) => variableFor(name)),
	...sockets.flatMap(({name, listen}) => (listen.kind === 'inet' && listen.port === 'auto' ? [variableFor(name)] : [])),
];

function conditionsOf(
	{pathExists, pathMissing, envSet, command, otherwise}: StartConditions, shown: (words: readonly string[]) => readonly string[],
): string {
	const parts = [
		...pathExists.map(path => `${path} exists`), ...pathMissing.map(path => `${path} does not exist`),
		...envSet.map(({name, value}) => (value === null ? `$${name} is set` : `$${name} has the value that is asked for`)),
		...command ? [`${shellWords(shown(command))} exits with 0`] : [],
	];
	return `${parts.join(', ')}; else it is skipped, and what needs it ${otherwise === 'satisfied' ? 'starts' : 'does not'}`;
}

/** `30 3 * * * (Europe/Berlin)`. */
function scheduleOf({when, action, jitter}: Schedule): string {
	const zone = when.kind === 'cron' && (when.zone.name === 'local' ? 'local time' : when.zone.name);
	const text = when.kind === 'every' ? `every ${said(when.interval)}` : `${when.text} (${zone})`;
	return `${action === 'restart' ? 'restarted ' : ''}${text}${jitter > 0 ? `, later by up to ${said(jitter)}` : ''}`;
}

/** `test -f /etc/web.on exits with 0, asked every 30s`. */
const testOf = ({command, interval}: RunTest, shown: (words: readonly string[]) => readonly string[]): string =>
	`${shellWords(shown(command))} exits with 0${interval === null ? '' : `, asked every ${said(interval)}`}`;

function readyOf(ready: Ready, shown: (words: readonly string[]) => readonly string[]): string {
	switch (ready.kind) {
		case 'notify': return 'READY=1 on $NOTIFY_SOCKET';
		case 'fd': return `a newline on descriptor ${ready.variable === null ? ready.fd : `in $${ready.variable}`}`;
		case 'log': return `a line that matches ${ready.pattern}`;
		case 'probe': return `${probeOf(ready.probe, shown)}, looked at every ${said(ready.interval)}`;
	}
}

function probeOf(probe: Probe, shown: (words: readonly string[]) => readonly string[]): string {
	switch (probe.kind) {
		case 'tcp': return `a connection to ${probe.host}:${probe.port}`;
		case 'file': return `the file ${probe.path}`;
		case 'exec': return `success of ${shellWords(shown(probe.command))}`;
		case 'http': {
			const url = parseUrl(probe.url);
			return `success of ${url ? `${url.scheme}://${url.host.includes(':') ? `[${url.host}]` : url.host}:${url.port}${url.path}` : 'a URL'}`;
		}
	}
}

function restartOf({policy, growth, delay, factor, maxDelay, attempts, window}: RestartPolicy, type: Service['type']): string {
	if (policy === 'no') return 'never';
	const when = policy === 'on-failure' ? 'after a failure' : type === 'oneshot' ? 'after each end but a success' : 'after each end';
	const most = Number.isFinite(maxDelay) ? `, up to ${said(maxDelay)}` : '';
	const pace = growth === 'linear' ? `after ${said(delay)}, ${said(2 * delay)}, ${said(3 * delay)} and so on${most}`
		: growth === 'constant' ? `after ${said(delay)}`
		: factor === 1 ? `at once, then after ${said(delay)}`
		: `at once, then after ${said(delay)}, ${said(Math.min(maxDelay, factor * delay))} and so on${most}`;
	const limit = Number.isFinite(attempts) ? `; gives up after ${attempts} within ${said(window)}` : '';
	return `${when}: ${pace}${limit}`;
}

function outputOf({exec: {output}}: Service): readonly string[] {
	switch (output.kind) {
		case 'inherit': return ['archon\'s own streams, untouched'];
		case 'files': return [`${output.stdout ?? 'dropped'} (stdout), ${output.stderr ?? 'dropped'} (stderr)`];
		case 'passed': return ['descriptors of a client'];
		case 'lines': {
			const {drivers} = output.logging;
			if (drivers.length === 0) return ['only kept in memory, for archonctl logs'];
			return drivers.map(driver => {
				const streams = driver.streams.length === 2 ? '' : ` (${driver.streams.join()} only)`;
				switch (driver.kind) {
					case 'inherit': return `archon's own streams, line by line${streams}`;
					case 'prefix': return `archon's own streams, each line after the service's name${streams}`;
					case 'json': return `archon's own streams, each line as JSON${streams}`;
					case 'file': return `${driver.path}${streams}`;
					case 'syslog': return `syslog at ${addressOf(driver.address)}${streams}`;
				}
			});
		}
	}
}

const addressOf = (address: Syslog['address']): string =>
	(address.kind === 'unix' ? address.path : `${address.kind}://${address.host}:${address.port}`);

/** Words as a shell would have them. */
export const shellWords = (words: readonly string[]): string =>
	words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`)).join(' ');
