/** Parts of manifests for Kubernetes that a pod has whether its services share a container or not. */
import type {Config} from '../../core/config.ts';
import type {Result} from '../../core/result.ts';
import type {Service, UserSpec} from '../../core/service.ts';
import type {Environment} from '../../core/variables.ts';
import {isNear} from '../../core/web.ts';
import {isSecretName} from '../explain/explain.ts';
import type {Source} from '../problems.ts';
import type {Value} from '../values.ts';
import {foldersOf, type Port, portsOf} from './facts.ts';
import type {Block, Made, Remarks} from './made.ts';

export const KINDS = ['pod', 'deployment', 'statefulset'] as const;

export type Kind = (typeof KINDS)[number];

/** What was asked for. */
export interface Asked {
	/** Null: as the config says. */
	readonly name: string | null;
	/** Null: a person has to write it. */
	readonly image: string | null;
	readonly kind: Kind;
	readonly isSplit: boolean;
	/** Whether the config is in the image, and no ConfigMap is made of it. */
	readonly isInImage: boolean;
	/** As whom the container runs, by number; null: as the image says. */
	readonly user: number | null;
}

/** With the name that it has. */
export interface Named extends Asked {
	readonly name: string;
}

/** What it is made from. */
export interface Given {
	readonly config: Config;
	/** All texts as one value, before the values of variables are put in. */
	readonly root: Value | null;
	readonly sources: readonly Source[];
	/** Variables that were given for the texts. */
	readonly dotenv: Environment;
	/** Null: which numbers users have where the services are to run is not known. */
	readonly findUser: ((spec: UserSpec) => Result<{readonly uid: number; readonly gid: number}, string>) | null;
}

/** One manifest under way. */
export interface Making extends Given {
	readonly asked: Named;
	/** Says what cannot be expressed. */
	note(text: string): void;
	/** Says it in the manifest, before the content of a map or list. */
	remark<T extends object>(at: T, ...lines: readonly string[]): T;
	readonly remarks: Remarks;
}

/** A name as Kubernetes takes it for most things (RFC 1123, a label). */
export const labelOf = (text: string): string =>
	text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-/, '').slice(0, 63).replace(/-$/, '') || 'x';

const secretsName = ({asked}: Making): string => `${asked.name}-secrets`;
const valuesName = ({asked}: Making): string => `${asked.name}-env`;

/** Names of variables in the texts of a config (compose-spec, "Interpolation"), each once. */
export function variablesIn(root: Value | null): readonly string[] {
	const found = new Set<string>();
	const look = (value: Value): void => {
		if (value.kind === 'list') value.items.forEach(look);
		else if (value.kind === 'map') for (const each of value.entries.values()) look(each.value);
		else for (const [, name] of value.text.matchAll(/\$(?:\$|\{?([A-Za-z_]\w*))/g)) if (name) found.add(name);
	};
	if (root) look(root);
	return [...found].sort();
}

/** A variable whose value stands in a Secret or in a ConfigMap. Without it there the image's own counts. */
export function reference(making: Making, name: string, key = name): Block {
	const from = isSecretName(name)
		? {secretKeyRef: {name: secretsName(making), key, optional: true}}
		: {configMapKeyRef: {name: valuesName(making), key, optional: true}};
	return {name, valueFrom: from};
}

/** The ConfigMap of the variables whose values were given, but for secrets. */
export function valuesOf(making: Making, names: readonly string[]): readonly Block[] {
	const known = names.flatMap(name => {
		const value = isSecretName(name) ? undefined : making.dotenv[name];
		return value === undefined ? [] : [[name, value] as const];
	});
	const metadata = {name: valuesName(making)};
	return known.length === 0 ? [] : [{apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(known)}];
}

/** A port with the name that it has for Kubernetes. */
interface NamedPort extends Port {
	readonly label: string;
}

/** All ports of some services, and with a `config` of archon's own, with names of their own (at most 15 characters, with a letter). */
export function namedPorts(
	services: readonly Service[], root: Value | null, config: Pick<Config, 'web'> | null = null,
): readonly NamedPort[] {
	const used = new Set<string>();
	const found = new Map<string, NamedPort>();
	const all = services.flatMap(service => portsOf(service, root));
	for (const each of config ? [...all, ...webPorts(config)] : all) {
		const key = `${each.port}/${each.protocol}`;
		if (found.has(key)) continue;
		const wanted = labelOf(each.name).slice(0, 15).replace(/-$/, '');
		const isGood = each.name !== '' && /[a-z]/.test(wanted) && !used.has(wanted);
		const own = isGood ? wanted : `${each.protocol === 'UDP' ? 'udp' : 'port'}-${each.port}`;
		used.add(own);
		found.set(key, {...each, label: own});
	}
	return [...found.values()];
}

export const containerPorts = (ports: readonly NamedPort[]): readonly Block[] | undefined =>
	(ports.length === 0 ? undefined : ports.map(({label, port, protocol}) => ({name: label, containerPort: port, protocol})));

/** Where volumes are mounted, the volumes, and the claims that keep what is in some of them. */
export interface Volumes {
	readonly mounts: readonly Block[];
	readonly volumes: readonly Block[];
	readonly claims: readonly Block[];
}

export function volumesFor(making: Making, services: readonly Service[]): Volumes {
	const {config, asked} = making;
	const folders = foldersOf(config, services);
	const nameOf = (path: string): string => labelOf(path);
	const isKept = (kind: string): boolean => kind === 'keep' && asked.kind === 'statefulset';
	const lost = folders.filter(({kind}) => kind === 'keep' && !isKept(kind)).map(({path}) => path);
	const volumes: Block[] = folders.filter(({kind}) => !isKept(kind)).map(({path, kind}) =>
		({name: nameOf(path), emptyDir: kind === 'memory' ? {medium: 'Memory', sizeLimit: '64Mi'} : {}}));
	const claims: Block[] = folders.filter(({kind}) => isKept(kind)).map(({path}) => ({
		metadata: {name: nameOf(path)},
		spec: {accessModes: ['ReadWriteOnce'], resources: {requests: {storage: '1Gi'}}},
	}));
	if (lost.length > 0) {
		making.remark(volumes, `What is in ${lost.join(', ')} ends with the pod; --kind statefulset keeps it.`);
		making.note(`${lost.join(', ')}: what is kept there ends with the pod: --kind statefulset claims volumes for it`);
	}
	if (claims.length > 0) making.remark(claims, 'How much each of them may hold is yours to say.');
	making.remark(volumes, 'What services write to elsewhere needs a volume too; what the image has in these folders is hidden.');
	return {mounts: folders.map(({path}) => ({name: nameOf(path), mountPath: path})), volumes, claims};
}

/** A list with more items, and the remarks of the one before. */
export function withMore({remarks}: Pick<Making, 'remarks'>, list: readonly Block[], more: readonly Block[]): readonly Block[] {
	return withRemarks({remarks}, list, [...list, ...more]);
}

/** What takes the place of something, with its remarks. */
export function withRemarks<T extends object>({remarks}: Pick<Making, 'remarks'>, from: object, to: T): T {
	const said = remarks.get(from);
	if (said) remarks.set(to, said);
	return to;
}

/** The numbers of a user; null: they are not known. */
export function numbersOf({findUser}: Making, spec: UserSpec): {readonly uid: number; readonly gid: number} | null {
	const [uid, gid] = [spec.user, spec.group].map(text => (text !== null && /^\d{1,10}$/.test(text) ? Number(text) : null));
	const found = findUser?.(spec);
	const known = found?.ok ? found.value : null;
	const user = uid ?? known?.uid ?? null;
	return user === null ? null : {uid: user, gid: gid ?? known?.gid ?? user};
}

export const secretVolume = (making: Making): Block => ({name: 'secrets', secret: {secretName: secretsName(making)}});

/** Which secrets a person has to make: variables, and files. */
export function tellSecrets(making: Making, names: readonly string[], files: readonly string[]): void {
	const given = [...names.map(name => `--from-literal=${name}=…`), ...files.map(key => `--from-file=${key}=…`)];
	if (given.length > 0) making.note(`secrets are yours to make: kubectl create secret generic ${secretsName(making)} ${given.join(' ')}`);
}

const MEBI = 1024 * 1024;
/** For archon itself. */
const OWN_MEMORY = 16 * MEBI;

/** What services may use together: limits only where each of them has one. */
export function resourcesOf(making: Making, services: readonly Service[], isShared: boolean): Block | undefined {
	const all = services.filter(({type}) => type === 'daemon').map(({name, exec}) => ({name, limits: exec.resources}));
	if (all.every(({limits}) => limits === null)) return undefined;
	const sum = (of: (limits: NonNullable<Service['exec']['resources']>) => number | null): number =>
		all.reduce((total, {limits}) => total + (limits && of(limits) || 0), 0);
	const lacking = (key: 'memory' | 'cpus'): string | undefined => all.find(({limits}) => !limits || limits[key] === null)?.name;
	const [memory, cpus] = (['memory', 'cpus'] as const).map(key => (lacking(key) === undefined ? sum(each => each[key]) : 0));
	const [reserved, shares] = [sum(each => each.reservation), sum(each => each.cpuShares)];
	const own = isShared ? OWN_MEMORY : 0;
	const amounts = (bytes: number, processors: number): Block | undefined => (bytes === 0 && processors === 0 ? undefined : {
		cpu: processors > 0 ? `${Math.ceil(processors * 1000)}m` : undefined,
		memory: bytes > 0 ? `${Math.ceil((bytes + own) / MEBI)}Mi` : undefined,
	});
	const made: Block = {requests: amounts(reserved, shares / 1024), limits: amounts(memory ?? 0, cpus ?? 0)};
	const open = (['memory', 'cpus'] as const).filter(key => all.some(({limits}) => limits?.[key] != null) && lacking(key) !== undefined);
	for (const key of open) making.note(`no limit of ${key}: services.${lacking(key)} has none, and the container is one for all`);
	return made['requests'] === undefined && made['limits'] === undefined ? undefined : made;
}

/** Seconds until kubelet kills: archon's own limit, a little for the end of the container, and what is waited before. */
export const graceSeconds = ({config}: Making, before: number): number =>
	(Number.isFinite(config.shutdownGrace) ? Math.ceil(config.shutdownGrace / 1000) + MARGIN + before : 3600);

const MARGIN = 3;

/** Seconds in which the pod still serves after it was taken out of the endpoints, so that no request is lost. */
export const LINGER = 5;

/** What does nothing else than that. */
export const lingering = (): Block => ({preStop: {sleep: {seconds: LINGER}}});

export const imageOf = ({image, name}: Named): string => image ?? `${name}:latest`;

/** Metrics on the address of `web`, if others than this host may fetch them there. */
export function annotationsOf({config, asked}: Making): Block | undefined {
	const [door] = webPorts(config);
	// In a pod that is split there is no archon that would answer.
	if (asked.isSplit || !door || !config.web?.show?.includes('metrics')) return undefined;
	return {'prometheus.io/scrape': 'true', 'prometheus.io/port': String(door.port), 'prometheus.io/path': '/metrics'};
}

/** Where others than this container come in by HTTP. */
const webPorts = ({web}: Pick<Config, 'web'>): readonly Port[] =>
	(web?.listen ?? []).flatMap(place =>
		(place.kind === 'inet' && !isNear(place) ? [{name: 'web', port: place.port, protocol: 'TCP'} as const] : []));

/** What every container has: no rights that it does not need. */
export const confined = (readOnly: boolean, capabilities: readonly string[]): Block => ({
	allowPrivilegeEscalation: false, readOnlyRootFilesystem: readOnly,
	capabilities: {drop: ['ALL'], ...capabilities.length > 0 && {add: capabilities}},
});

/** Ports below 1024 for any user, by a setting that the pod has for itself (Kubernetes 1.22, a safe sysctl). */
export const lowPorts = (ports: readonly Port[]): Made | undefined =>
	(ports.some(({port}) => port < 1024) ? [{name: 'net.ipv4.ip_unprivileged_port_start', value: '0'}] : undefined);

/** The pod in what was asked for, and what belongs to it. */
export function workload(making: Making, spec: Block, ports: readonly NamedPort[], claims: readonly Block[]): readonly Block[] {
	const {asked: {name, kind}} = making;
	const labels = {'app.kubernetes.io/name': name};
	const metadata = {name, labels};
	const annotations = annotationsOf(making);
	const selector = {matchLabels: labels};
	const template = {metadata: {labels, annotations}, spec};
	const isStateful = kind === 'statefulset';
	const servicePorts = ports.map(({label, port, protocol}) => ({name: label, port, targetPort: label, protocol}));
	const service: Block = {
		apiVersion: 'v1', kind: 'Service', metadata,
		spec: {...isStateful && {clusterIP: 'None'}, selector: labels, ports: servicePorts.length > 0 ? servicePorts : undefined},
	};
	const services = ports.length > 0 || isStateful ? [service] : [];
	if (kind === 'pod') return [{apiVersion: 'v1', kind: 'Pod', metadata: {...metadata, annotations}, spec}, ...services];
	const more: Block = isStateful
		? {serviceName: name, selector, template, volumeClaimTemplates: claims.length > 0 ? claims : undefined}
		// A new pod is ready before an old one ends.
		: {selector, strategy: {type: 'RollingUpdate', rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}, template};
	const made = {apiVersion: 'apps/v1', kind: isStateful ? 'StatefulSet' : 'Deployment', metadata, spec: {replicas: 1, ...more}};
	return [made, ...services];
}
