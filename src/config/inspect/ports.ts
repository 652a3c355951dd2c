/** Ports that two services seem to listen at: known from how archon sees that they are ready or healthy, or from their arguments. */
import type {Probe, Service} from '../../core/service.ts';
import {parseUrl} from '../../core/url.ts';
import type {Place} from '../problems.ts';
import {mayMeet, type Inspected, type Inspecting} from './inspected.ts';

/** That a service listens at a port, and what says so. */
interface Claim {
	readonly port: number;
	readonly by: Inspected;
	readonly key: keyof typeof WEIGHTS;
	readonly at: Place;
}

/** How much says that it is the service itself which listens: two that together have enough of it are told. */
const WEIGHTS = {ready: 3, command: 2, healthcheck: 1} as const;
const ENOUGH = 4;

export function inspectPorts({services, note}: Inspecting): void {
	const claims = new Map<number, Claim[]>();
	for (const each of services) {
		const own = claimsOf(each);
		for (const claim of own) claims.set(claim.port, [...claims.get(claim.port) ?? [], claim]);
		const [shared] = own;
		const {instances: [, second], instances: {length: count}} = each;
		if (shared?.key === 'ready' && second && portOf(second) === shared.port) {
			note(
				shared.at, `${each.path('ready')}: the same port ${shared.port} for all ${count} instances`,
				'where one listens there, all others count as ready: give each a port of its own, with {index} in it',
			);
		}
	}
	for (const [port, [first, ...others]] of claims) {
		const rival = first && others.find(other => other.by !== first.by && mayMeet(first.by, other.by) && isRival(first, other));
		if (!first || !rival || first.at === rival.at) continue;
		note(
			rival.at, `${rival.by.path(rival.key)} and ${first.by.path(first.key)} name the same port, ${port}`,
			'only one process can listen there',
		);
	}
}

/** A service may look at another one that it needs; what makes it ready is its own. */
function isRival(a: Claim, b: Claim): boolean {
	if (a.key === 'ready' && b.key === 'ready') return true;
	return WEIGHTS[a.key] + WEIGHTS[b.key] >= ENOUGH && !isNeeded(a.by, b.by) && !isNeeded(b.by, a.by);
}

const isNeeded = ({service}: Inspected, by: Inspected): boolean => by.service.needs.some(({name}) => name === service.name);

function claimsOf(each: Inspected): readonly Claim[] {
	const {service, at} = each;
	const {ready, health, exec: {argv}} = service;
	const found: Claim[] = [];
	const add = (port: number | null, key: Claim['key'], place: Place): void => {
		if (port !== null && port > 0 && port < 65_536 && !found.some(claim => claim.port === port)) found.push({port, by: each, key, at: place});
	};
	if (ready?.kind === 'probe') add(portOf(service), 'ready', at('ready', ready.probe.kind));
	for (const [index, word] of argv.entries()) {
		const joined = /^--port=(\d{1,5})$/.exec(word)?.[1];
		const port = joined ?? (word === '--port' ? argv[index + 1] : undefined) ?? '';
		if (/^\d{1,5}$/.test(port)) add(Number(port), 'command', at('command'));
	}
	if (health) add(localPort(health.probe), 'healthcheck', at('healthcheck', health.probe.kind));
	return found;
}

const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0)$/;

const portOf = ({ready}: Service): number | null => (ready?.kind === 'probe' ? localPort(ready.probe) : null);

function localPort(probe: Probe): number | null {
	if (probe.kind === 'tcp') return LOCAL.test(probe.host) ? probe.port : null;
	if (probe.kind !== 'http') return null;
	const url = parseUrl(probe.url);
	return url && LOCAL.test(url.host) ? url.port : null;
}
