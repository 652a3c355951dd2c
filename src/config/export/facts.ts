/** What a config asks of the container that it runs in, as far as it says: ports, folders that are written to, rights, time. */
import type {Config} from '../../core/config.ts';
import {CAPABILITIES} from '../../core/linux.ts';
import {dirname} from '../../core/path.ts';
import type {HookCommand, Service, UserSpec} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import type {LogDriver} from '../../features/logging/core.ts';
import type {Value} from '../values.ts';

export interface Port {
	/** As the config calls it; empty: it does not. */
	readonly name: string;
	readonly port: number;
	readonly protocol: 'TCP' | 'UDP';
}

/** What is written at the end of a path of keys; null: nothing. */
export function written(root: Value | null, ...path: readonly string[]): Value | null {
	let at: Value | null = root;
	for (const name of path) at = (at?.kind === 'map' ? at.entries.get(name)?.value : null) ?? null;
	return at;
}

const SHORT = /^(?:.*:)?(\d{1,5})(?:\/(tcp|udp))?$/;

/** Ports that clients from outside of the container may connect to, each once: those of `ports` (compose's too) and `sockets`. */
export function portsOf(service: Service, root: Value | null): readonly Port[] {
	const found: Port[] = [];
	const add = (name: string, port: number, protocol: Port['protocol']): void => {
		const isKnown = found.some(each => each.port === port && each.protocol === protocol);
		if (port > 0 && port < 65_536 && !isKnown) found.push({name, port, protocol});
	};
	for (const {name, port, protocol} of service.ports) if (port !== 'auto') add(name, port, protocol === 'udp' ? 'UDP' : 'TCP');
	for (const {name, listen, type} of service.sockets) {
		if (listen.kind !== 'inet' || listen.port === 'auto' || isLoopback(listen.host)) continue;
		add(name, listen.port, type === 'dgram' ? 'UDP' : 'TCP');
	}
	for (const key of ['ports', 'expose']) {
		const list = written(root, 'services', baseOf(service.name), key);
		for (const item of list?.kind === 'list' ? list.items : []) {
			const [, port = '', protocol] = item.kind === 'scalar' ? SHORT.exec(item.text) ?? [] : [];
			if (port !== '') add('', Number(port), protocol === 'udp' ? 'UDP' : 'TCP');
		}
	}
	return found;
}

/** No client comes to such an address from outside of the container. */
export const isLoopback = (host: string | null): boolean => host !== null && /^(?:localhost$|127\.|::1$)/.test(host);

/** The name of a service without the number of its instance. */
export const baseOf = (name: string): string => name.replace(/:.*/, '');

/** A folder that is written to. `keep`: what is there is meant to outlive the container. */
export interface Folder {
	readonly path: string;
	readonly kind: 'keep' | 'scratch' | 'memory';
}

/** Folders that archon and services write to, as far as the config names them; none is below another one. */
export function foldersOf(config: Pick<Config, 'stateDir' | 'events' | 'web'>, services: readonly Service[]): readonly Folder[] {
	const found: Folder[] = [{path: '/run', kind: 'memory'}, {path: '/tmp', kind: 'scratch'}];
	if (config.stateDir !== null) found.push({path: config.stateDir, kind: 'keep'});
	for (const place of config.web?.listen ?? []) if (place.kind === 'unix') found.push({path: dirname(place.path), kind: 'memory'});
	for (const {exec, pidFile, sockets} of services) {
		for (const {kind, path} of exec.directories) found.push({path, kind: kind === 'state' ? 'keep' : 'scratch'});
		if (pidFile !== null) found.push({path: dirname(pidFile), kind: 'memory'});
		for (const {listen} of sockets) if (listen.kind === 'unix') found.push({path: dirname(listen.path), kind: 'memory'});
	}
	for (const path of logFilesOf(config, services)) found.push({path: dirname(path), kind: 'scratch'});
	const isBelow = (path: string, other: string): boolean => path !== other && path.startsWith(other === '/' ? other : `${other}/`);
	const isLasting = ({kind, path}: Folder): boolean => kind === 'keep' && !/^\/(?:run|tmp)\//.test(path);
	const usable = found.filter(({path}) => path.startsWith('/') && path !== '/' && !/^\/dev(?:\/|$)/.test(path));
	// What lasts has a volume of its own, even below one that does not.
	const kept = usable.filter(one => isLasting(one) || !usable.some(other => isBelow(one.path, other.path)));
	const unique = new Map<string, Folder>();
	for (const each of kept) if (unique.get(each.path)?.kind !== 'keep') unique.set(each.path, each);
	return [...unique.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Files that logs are written to. */
export function logFilesOf(config: Pick<Config, 'events'>, services: readonly Service[]): readonly string[] {
	const paths = (drivers: readonly LogDriver[]): readonly string[] => drivers.flatMap(each => (each.kind === 'file' ? [each.path] : []));
	const found = new Set(paths(config.events.drivers));
	for (const {exec: {output}} of services) {
		if (output.kind === 'lines') for (const path of paths(output.logging.drivers)) found.add(path);
		else if (output.kind === 'files') for (const path of [output.stdout, output.stderr]) if (path !== null) found.add(path);
	}
	return [...found].filter(path => !path.startsWith('/dev/'));
}

/** Users, as they are written, that are not archon's own. */
export function usersOf(services: readonly Service[]): readonly string[] {
	const found = new Set<string>();
	for (const {exec, hooks} of services) {
		if (exec.user) found.add(exec.user.user);
		for (const hook of Object.values(hooks).flat() as readonly HookCommand[]) if ('command' in hook && hook.user) found.add(hook.user.user);
	}
	return [...found].sort();
}

/** The one user that all services have, so that archon may be that user too; null: there are several, or archon's own. */
export function onlyUserOf(services: readonly Service[]): UserSpec | null {
	const [first] = services;
	const only = first?.exec.user ?? null;
	const isAll = services.every(({exec: {user}}) => user !== null && user.user === only?.user && user.group === only.group);
	return isAll && usersOf(services).length === 1 ? only : null;
}

/**
 * Capabilities that must be there for all that the config says (capabilities(7), without `CAP_`). `isRoot`: archon begins as root, to
 * run services as others.
 */
export function capabilitiesOf(services: readonly Service[], isRoot: boolean): readonly string[] {
	const found = new Set<string>();
	// To become another user, to signal its processes, and to make and remove what is that user's.
	if (isRoot) for (const each of ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID']) found.add(each);
	for (const {exec: {limits}} of services) {
		for (const number of limits.capAdd) found.add(CAPABILITIES[number] ?? String(number));
		if ((limits.nice ?? 0) < 0 || limits.ionice?.class === 1) found.add('SYS_NICE');
		if ((limits.oomScoreAdj ?? 0) < 0) found.add('SYS_RESOURCE');
	}
	return [...found].sort();
}

/** Those that start with archon: by themselves, or because another one needs them. Needs come first. */
export function startedOf(services: readonly Service[]): readonly Service[] {
	const names = new Set<string>();
	for (const {name, autostart, needs} of services.toReversed()) {
		if (autostart) names.add(name);
		if (names.has(name)) for (const need of needs) if (need.strength !== 'order') names.add(need.name);
	}
	return services.filter(({name}) => names.has(name));
}

/** How long a start may take by its own limits, the slowest chain; and the first service of it that has none. */
export function startBudget(services: readonly Service[]): {readonly within: Millis; readonly unlimited: string | null} {
	const totals = new Map<string, Millis>();
	let unlimited: string | null = null;
	for (const {name, needs, startTimeout, startPeriod, type} of services) {
		const isOpen = startTimeout === Infinity && type === 'oneshot';
		if (isOpen) unlimited ??= name;
		const own = Number.isFinite(startTimeout) ? startTimeout : startPeriod;
		totals.set(name, own + Math.max(0, ...needs.map(need => totals.get(need.name) ?? 0)));
	}
	return {within: Math.max(0, ...totals.values()), unlimited};
}
