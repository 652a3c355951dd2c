/** `archon export kubernetes`: manifests of a pod that runs what a config says, in one container with archon or in one each. */
import {CAPABILITIES} from '../../core/linux.ts';
import {basename} from '../../core/path.ts';
import {err, ok, type Result} from '../../core/result.ts';
import type {Service} from '../../core/service.ts';
import {isSecretName} from '../explain/explain.ts';
import {judgeConfig} from '../plan.ts';
import type {Lookups} from '../planning.ts';
import type {Problem, Source} from '../problems.ts';
import {capabilitiesOf, foldersOf, onlyUserOf, startBudget, startedOf, usersOf, written} from './facts.ts';
import {type Block, type Made, printDocuments, type Remarks} from './made.ts';
import {
	type Asked, confined, containerPorts, type Given, graceSeconds, imageOf, labelOf, LINGER, lingering, lowPorts, type Making,
	type Named, namedPorts, numbersOf, reference, resourcesOf, secretVolume, tellSecrets, valuesOf, variablesIn, volumesFor,
	withMore, withRemarks, workload,
} from './parts.ts';
import {splitPod, standIns} from './split.ts';

/** Manifests as YAML, and what could not be expressed in them. */
export interface Exported {
	readonly text: string;
	readonly notes: readonly string[];
}

/**
 * What the texts come to. Archon's own variables are none of theirs, and secrets stand for themselves: what is printed is the same
 * wherever it is made, and holds no secret. `findUser`: null where the numbers of users in the image are not known.
 */
export function exportKubernetes(
	sources: readonly Source[], lookups: Lookups, asked: Asked, findUser: Given['findUser'],
): Result<Exported, readonly Problem[]> {
	const environment = standIns(sources.map(({text}) => text));
	const {plan, root, problems} = judgeConfig(sources, null, {...lookups, environment});
	if (!plan) return err(problems);
	const own = written(root?.value ?? null, 'name');
	const name = asked.name ?? (own?.kind === 'scalar' ? labelOf(own.text) : 'app');
	return ok(make({config: plan, root: root?.value ?? null, sources, dotenv: lookups.dotenv, findUser}, {...asked, name}));
}

function make(given: Given, asked: Named): Exported {
	const notes: string[] = [];
	const remarks: Remarks = new Map();
	const making: Making = {
		...given, asked, remarks,
		note: text => void notes.push(text),
		remark(at, ...lines) {
			remarks.set(at, [...remarks.get(at) ?? [], ...lines]);
			return at;
		},
	};
	const documents = asked.isSplit ? splitPod(making) : onePod(making);
	const [first] = documents;
	if (first) making.remark(first, `Made by archon export kubernetes from ${given.sources.map(({file}) => basename(file)).join(', ')}.`);
	return {text: printDocuments(documents, remarks), notes: [...new Set(notes)]};
}

/** Where archon looks for its config. */
const HOME = '/etc/archon';
/** What a ConfigMap may hold, a little less than etcd takes. */
const MAP_MAX = 1_000_000;

function onePod(making: Making): readonly Block[] {
	const {config, root, asked} = making;
	const {services} = config;
	const started = startedOf(services);
	const ports = namedPorts(services, root, config);
	const {block: own, isRoot} = identity(making);
	const capabilities = capabilitiesOf(services, isRoot);
	const {mounts, volumes, claims} = volumesFor(making, services);
	const map = configMap(making);
	const names = namesFor(making);
	const secrets = secretFiles(making);
	const isWork = started.length > 0 && started.every(({type, schedule}) => type === 'oneshot' && !schedule);
	const reads = services.some(({exec: {interactive}}) => interactive);
	const sleeps = ports.length > 0 && !isWork;
	const container: Block = {
		name: asked.name, image: imageOf(asked), args: map?.args,
		env: names.length > 0 ? names.map(name => reference(making, name)) : undefined,
		ports: containerPorts(ports), resources: resourcesOf(making, services, true),
		...isWork ? {} : probes(making, started),
		lifecycle: sleeps ? making.remark(lingering(), 'Until nothing sends requests here any more (Kubernetes 1.30).') : undefined,
		securityContext: confined(isReadOnly(making), capabilities),
		stdin: reads || undefined, tty: reads || undefined,
		terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'FallbackToLogsOnError',
		volumeMounts: [...mounts, ...map ? [{name: 'config', mountPath: HOME, readOnly: true}] : [], ...secrets.mounts],
	};
	const containers = [container];
	if (asked.image === null) making.remark(containers, 'An image with archon and all that its services need: --image names it.');
	const spec: Block = {
		securityContext: {...own, sysctls: lowPorts(ports)},
		terminationGracePeriodSeconds: graceSeconds(making, sleeps ? LINGER : 0),
		enableServiceLinks: false, automountServiceAccountToken: false,
		restartPolicy: asked.kind === 'pod' ? (isWork ? 'OnFailure' : 'Always') : undefined,
		containers, volumes: withMore(making, volumes, [...map ? [map.volume] : [], ...secrets.volumes]),
	};
	withRemarks(making, own, spec['securityContext'] as Block);
	if (isWork) tellWork(making);
	tellSecrets(making, names.filter(isSecretName), secrets.keys);
	return [...workload(making, spec, ports, claims), ...map ? [map.document] : [], ...valuesOf(making, names)];
}

function tellWork({asked, config, note}: Making): void {
	if (asked.kind !== 'pod') note(`nothing but oneshots: a ${asked.kind} would run them again and again; --kind pod runs them once`);
	if (config.whenIdle !== 'always') note('nothing but oneshots: write shutdown: {when_idle: always}, or the pod stays when they are done');
}

/** Variables that archon is to be given: those that texts name, and those that services take of archon's by their names. */
function namesFor({config, root}: Making): readonly string[] {
	const found = new Set(variablesIn(root));
	for (const {exec: {base, files}} of config.services) {
		if (Array.isArray(base)) for (const name of base) if (!/^(?:PATH|TERM|HOME|LANG|LC_\w+|TZ)$/.test(name)) found.add(name);
		for (const {from} of files) if (from.kind === 'variable') found.add(from.variable);
	}
	return [...found].sort();
}

/** What names a file beside the config's texts. */
const FURTHER = /^[ \t]*(?:- )?(?:include|extends|env_file):|\/etc\/archon\//m;

/** The config as a ConfigMap, and how archon finds it; null: it is in the image. */
function configMap(making: Making): {readonly document: Block; readonly volume: Block; readonly args: Made | undefined} | null {
	const {sources, asked, note} = making;
	if (asked.isInImage) return null;
	const why = sources.some(({names}) => names) ? 'a directory is no key of a ConfigMap'
		: sources.reduce((sum, {text}) => sum + text.length, 0) > MAP_MAX ? 'it is too long for a ConfigMap' : null;
	if (why !== null) {
		note(`the config is left in the image: ${why}`);
		return null;
	}
	const fitting = ({file}: Source): string => basename(file).replace(/[^\w.-]/g, '-');
	const keyOf = (source: Source, index: number): string => {
		const own = fitting(source);
		return sources.findIndex(each => fitting(each) === own) === index ? own : `${index}-${own}`;
	};
	const isOne = sources.length === 1 && /\.ya?ml$/.test(sources[0]?.file ?? '');
	const keys = isOne ? ['archon.yaml'] : sources.map(keyOf);
	const name = `${asked.name}-config`;
	const document: Block = {
		apiVersion: 'v1', kind: 'ConfigMap', metadata: {name},
		data: Object.fromEntries(sources.map(({text}, index) => [keys[index] ?? '', text])),
	};
	if (sources.some(({text}) => FURTHER.test(text))) {
		making.remark(document, `The config names further files, and what the image has in ${HOME} is hidden by this.`);
		note(`the config names further files: add those of ${HOME} to the ConfigMap ${name}, or leave it in the image (--config-in-image)`);
	}
	return {document, volume: {name: 'config', configMap: {name}}, args: isOne ? undefined : keys.flatMap(key => ['-c', `${HOME}/${key}`])};
}

interface SecretFiles {
	readonly mounts: readonly Block[];
	readonly volumes: readonly Block[];
	readonly keys: readonly string[];
}

/** Files that archon reads secrets from, each a key of the one Secret. */
function secretFiles(making: Making): SecretFiles {
	const paths = new Map<string, string>();
	for (const {exec: {files}} of making.config.services) {
		for (const {kind, name, from} of files) {
			if (from.kind !== 'file') continue;
			if (kind === 'secret' && from.path.startsWith('/')) paths.set(from.path, name);
			else making.note(`${kind} ${name}: archon reads ${from.path} in the container: put it into the image, or mount it there`);
		}
	}
	if (paths.size === 0) return {mounts: [], volumes: [], keys: []};
	const items = [...paths].map(([path, key]) => ({name: 'secrets', mountPath: path, subPath: key, readOnly: true}));
	return {mounts: items, volumes: [secretVolume(making)], keys: [...paths.values()]};
}

/** How often the start is looked at, in seconds. */
const LOOK = 2;
/** How long it may take where a service sets no limit, in seconds. */
const OPEN_START = 600;

function probes({remark}: Making, started: readonly Service[]): Block {
	const {within, unlimited} = startBudget(started);
	const seconds = unlimited === null ? Math.ceil(within / 1000) + 30 : Math.max(OPEN_START, Math.ceil(within / 1000));
	const startupProbe: Block = {
		exec: {command: ['archonctl', 'health']}, periodSeconds: LOOK, timeoutSeconds: 5, failureThreshold: Math.ceil(seconds / LOOK),
	};
	if (unlimited !== null) remark(startupProbe, `${unlimited} has no start_timeout: ${OPEN_START / 60} minutes are given to the start.`);
	return {
		startupProbe,
		readinessProbe: {exec: {command: ['archonctl', 'health']}, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 1},
		// No only where it would help to start the container again: archon heals all else itself.
		livenessProbe: {exec: {command: ['archonctl', 'health', '--live']}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3},
	};
}

/** Files that archon writes are below volumes, so that nothing else need be writable. */
function isReadOnly({config, note}: Making): boolean {
	const folders = foldersOf(config, config.services).map(({path}) => path);
	const targets = config.services.flatMap(({exec: {files}}) => files.map(({target}) => target));
	const outside = targets.find(target => !folders.some(folder => target.startsWith(`${folder}/`)));
	if (outside !== undefined) note(`the root file system stays writable, as archon writes ${outside}: choose a target below /run`);
	return outside === undefined;
}

/** As whom the pod runs, and whether that is root, to run services as others. */
function identity(making: Making): {readonly block: Block; readonly isRoot: boolean} {
	const {asked, config: {services}, note, remark} = making;
	const users = usersOf(services);
	const only = onlyUserOf(services);
	const same = only && numbersOf(making, only);
	const [uid, gid] = asked.user === null ? [same?.uid ?? null, same?.gid ?? null] : [asked.user, asked.user];
	const seccompProfile = {type: 'RuntimeDefault'};
	const names = users.join(', ');
	if (uid === null && users.length > 0) {
		note(`archon begins as root to run services as ${names}: where that is not admitted, give all the same user, by number, or --user`);
		const why = `archon begins as root, and services run as ${names}, with the capabilities that takes.`;
		return {block: remark({runAsUser: 0, seccompProfile}, why), isRoot: true};
	}
	const others = users.filter(user => numbersOf(making, {user, group: null})?.uid !== uid);
	if (others.length > 0) note(`as --user ${uid} archon cannot run services as ${others.join(', ')}, unless that is the same user`);
	const added = services.flatMap(({exec: {limits}}) => limits.capAdd.map(number => CAPABILITIES[number]));
	if (added.length > 0) note(`cap_add ${[...new Set(added)].join(', ')}: Kubernetes gives capabilities to root alone`);
	if (uid === null) {
		const block = remark({runAsNonRoot: true, seccompProfile}, 'The image\'s USER must be a number other than 0; --user writes one here.');
		return {block, isRoot: false};
	}
	return {block: {runAsNonRoot: uid !== 0, runAsUser: uid, runAsGroup: gid ?? uid, fsGroup: gid ?? uid, seccompProfile}, isRoot: false};
}
