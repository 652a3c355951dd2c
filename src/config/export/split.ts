/** A pod with a container for each service: Kubernetes does what archon would do, as far as it has words for it. */
import {CAPABILITIES} from '../../core/linux.ts';
import type {Command, Health, HookCommand, Probe, Ready, Service} from '../../core/service.ts';
import {SIG, signalName} from '../../core/signal-numbers.ts';
import type {Millis} from '../../core/time.ts';
import {parseUrl} from '../../core/url.ts';
import type {Environment} from '../../core/variables.ts';
import {isSecretName} from '../explain/explain.ts';
import {baseOf, isLoopback, startedOf, written} from './facts.ts';
import type {Block, Made} from './made.ts';
import {
	confined, containerPorts, graceSeconds, imageOf, labelOf, LINGER, lowPorts, type Making, namedPorts, numbersOf, reference, resourcesOf,
	secretVolume, tellSecrets, valuesOf, variablesIn, volumesFor, withMore, workload,
} from './parts.ts';

/** Between these the texts of a config have the names of secrets, whose values no manifest may hold. */
const [BEGIN, END] = ['\uE000', '\uE001'];

/** An environment in which each secret that texts may name has its own name for a value, which becomes `$(NAME)`. */
export function standIns(texts: readonly string[]): Environment {
	const names = texts.flatMap(text => text.match(/[A-Za-z_]\w*/g) ?? []).filter(isSecretName);
	return Object.fromEntries(names.map(name => [name, `${BEGIN}${name}${END}`]));
}

/** A text for `command`, `args` and `env`, where Kubernetes replaces `$(NAME)`. */
const words = (text: string): string => text.replaceAll('$(', '$$$$(').replaceAll(BEGIN, '$(').replaceAll(END, ')');

/** A text for all else. */
const plain = (text: string): string => text.replaceAll(/[\uE000\uE001]/g, '');

export function splitPod(making: Making): readonly Block[] {
	const {config, root, asked, note} = making;
	const started = startedOf(config.services);
	tellWhole(making, started);
	const needed = new Set(started.flatMap(({needs}) => needs.flatMap(({name, strength}) => (strength === 'order' ? [] : [name]))));
	const usable = started.filter(({schedule, exec, type}) => !exec.isArchon && (schedule === null || type === 'daemon'));
	// A pod has a container at least: the last service, whatever waits for it.
	const isEarly = ({name, type}: Service): boolean => type === 'oneshot' || needed.has(name);
	const [last] = usable.filter(({type}) => type === 'daemon').slice(-1).concat(usable.slice(-1));
	const mains = usable.filter(each => !isEarly(each));
	const isForced = mains.length === 0 && last !== undefined;
	if (last && isForced) {
		mains.push(last);
		for (const {name, needs} of usable) {
			if (!needs.some(need => need.name === last.name)) continue;
			note(`services.${name}: it needs ${last.name}, the one container that stays: it is started before it`);
		}
	}
	const early = usable.filter(each => !mains.includes(each));
	const {mounts, volumes, claims} = volumesFor(making, started);
	const containers = mains.map(each => containerOf(making, each, mounts, 'main'));
	const inits = early.flatMap(each => [
		...before(making, each, mounts), containerOf(making, each, mounts, each.type === 'oneshot' ? 'init' : 'sidecar'),
	]);
	inits.push(...mains.flatMap(each => before(making, each, mounts)));
	const ports = namedPorts(usable, root);
	const secrets = secretVolumes(making, usable);
	if (containers.length === 0) containers.push({name: asked.name, image: imageOf(asked)});
	if (asked.image === null) making.remark(containers, 'Images are those of the config, or else one for all: --image names it.');
	const lasting = inits.filter(each => 'restartPolicy' in each).map(each => each['name']);
	if (lasting.length > 0) {
		const what = 'Native sidecars (Kubernetes 1.29) start before what needs them, and end after it';
		making.remark(inits, `In this order. ${what}: ${lasting.join(', ')}.`);
	}
	const user = asked.user === null ? {} : {runAsUser: asked.user, runAsGroup: asked.user, fsGroup: asked.user};
	const spec: Block = {
		securityContext: {...user, seccompProfile: {type: 'RuntimeDefault'}, sysctls: lowPorts(ports)},
		terminationGracePeriodSeconds: graceSeconds(making, ports.length > 0 ? LINGER : 0),
		enableServiceLinks: false, automountServiceAccountToken: false, shareProcessNamespace: false,
		restartPolicy: asked.kind === 'pod' ? podPolicy(mains) : undefined,
		initContainers: inits.length > 0 ? inits : undefined, containers,
		volumes: withMore(making, volumes, secrets.volumes),
	};
	const names = variablesIn(root);
	tellSecrets(making, names.filter(isSecretName), secrets.keys);
	const jobs = config.services.filter(({schedule, type}) => schedule !== null && type === 'oneshot')
		.flatMap(each => cronJob(making, each, mounts, volumes));
	return [...workload(making, spec, ports, claims), ...valuesOf(making, []), ...jobs];
}

const podPolicy = (mains: readonly Service[]): string =>
	(mains.every(({type}) => type === 'oneshot') ? 'OnFailure'
	: mains.every(({restart}) => restart.policy === 'no') ? 'Never' : 'Always');

/** What archon does for all services together, and a pod does not. */
function tellWhole({config, note}: Making, started: readonly Service[]): void {
	const lost: readonly (readonly [isThere: boolean, key: string])[] = [
		[config.manifest !== null, 'manifest'], [config.monitor.length > 0, 'monitor'], [config.remote.length > 0, 'remote'],
		[config.boot !== null, 'boot'], [config.rules !== null, 'rules'], [config.alerts !== null, 'alerts'], [config.sync !== null, 'sync'],
		[config.signals.length > 0, 'signals'], [config.access.length > 0, 'access'], [config.services.some(({isBound}) => isBound), 'bind'],
		[config.web !== null, 'web'],
	];
	const keys = lost.flatMap(([isThere, key]) => (isThere ? [key] : []));
	if (keys.length > 0) note(`${keys.join(', ')}: there is no archon in a pod that is split`);
	for (const {name, schedule} of config.services) {
		if (schedule !== null || started.some(each => each.name === name)) continue;
		note(`services.${name}: what starts on demand has no place in a pod that is split`);
	}
}

/** What a service says that a container has no words for, one note for all of it. */
function tellLost({note}: Making, {name, ...service}: Service): void {
	const {exec, hooks, restart, type} = service;
	const {limits} = exec;
	const logs = exec.output.kind === 'lines' ? exec.output.logging.drivers.some(({kind}) => kind === 'file' || kind === 'syslog')
		: exec.output.kind === 'files';
	const isOpen = restart.policy === 'always' || restart.policy === 'unless-stopped';
	const lost: readonly (readonly [isThere: boolean, what: string])[] = [
		[service.stop.signal !== SIG.TERM, `stop_signal ${signalName(service.stop.signal)} (write STOPSIGNAL into its image)`],
		[hooks.postStop.length > 0, 'post_stop'], [hooks.down.length > 0, 'down'],
		[service.watchdog !== null, 'watchdog'], [service.forks, 'type: forking (let it stay in the foreground)'],
		[service.reload !== null, 'reload'], [service.onFailure.length > 0, 'on_failure'], [service.conflicts.length > 0, 'conflicts'],
		[service.onlyIf !== null, 'only_if'], [service.test !== null, 'test'], [service.on !== null, 'on'], [service.watch.length > 0, 'watch'],
		[service.sockets.length > 0, 'sockets (it must bind them itself)'], [service.essential, 'essential (its end ends no other container)'],
		[service.fdStoreMax > 0, 'fd_store_max'], [exec.isArchon, 'pools'],
		[limits.rlimits.length > 0, 'ulimits'], [limits.nice !== null, 'nice'], [limits.ionice !== null, 'ionice'],
		[limits.oomScoreAdj !== null, 'oom_score_adj'], [exec.affinity !== null, 'cpuset'], [exec.umask !== null, 'umask'],
		[exec.clean.length > 0, 'clean'], [type === 'daemon' && service.schedule !== null, 'schedule'],
		[type === 'daemon' && !isOpen, `restart: ${restart.policy} (a pod has one policy for all)`],
		[logs, 'logging (its output is the container\'s)'],
	];
	const keys = lost.flatMap(([isThere, what]) => (isThere ? [what] : []));
	if (keys.length > 0) note(`services.${name}: not expressed: ${keys.join(', ')}`);
}

type Role = 'main' | 'sidecar' | 'init' | 'job';

function containerOf(making: Making, service: Service, mounts: readonly Block[], role: Role): Block {
	const {root} = making;
	const {name, exec} = service;
	tellLost(making, service);
	const ports = namedPorts([service], root);
	const stays = role === 'main' || role === 'sidecar';
	return {
		...withoutProbes(making, service, mounts, exec.argv, labelOf(name)),
		restartPolicy: role === 'sidecar' ? 'Always' : undefined,
		ports: stays ? containerPorts(ports) : undefined,
		resources: service.type === 'daemon' ? resourcesOf(making, [service], false) : undefined,
		...stays ? probes(making, service) : {},
		lifecycle: stays ? lifecycle(making, service, role === 'main' && ports.length > 0) : undefined,
		stdin: exec.interactive || undefined, tty: exec.tty || undefined,
	};
}

/** A command of a service as it would run in a container of its own. */
function withoutProbes(making: Making, service: Service, mounts: readonly Block[], argv: Command, name: string): Block {
	const {root, asked} = making;
	const {exec} = service;
	const image = written(root, 'services', baseOf(service.name), 'image');
	const added = exec.limits.capAdd.map(number => CAPABILITIES[number] ?? String(number)).sort();
	const own = exec.files.flatMap(({kind, name, target, from}) => {
		if (kind === 'secret') return [{name: 'secrets', mountPath: target, subPath: name, readOnly: true}];
		const what = from.kind === 'text' ? ', with what the config says' : '';
		making.note(`services.${service.name}: config ${name}: mount a ConfigMap at ${target}${what}`);
		return [];
	});
	return {
		name, image: image?.kind === 'scalar' ? image.text : imageOf(asked),
		command: argv.map(words), workingDir: exec.cwd ?? undefined, ...variables(making, service),
		securityContext: {...userOf(making, service), ...confined(true, added)},
		terminationMessagePolicy: 'FallbackToLogsOnError', volumeMounts: [...mounts, ...own],
	};
}

/** As which user, by number. */
function userOf(making: Making, {name, exec: {user}}: Service): Block {
	if (user === null) return {runAsNonRoot: making.asked.user !== 0};
	const known = numbersOf(making, user);
	if (known) return {runAsNonRoot: known.uid !== 0, runAsUser: known.uid, runAsGroup: known.gid};
	making.note(`services.${name}: user ${user.user} is a name, and Kubernetes takes numbers: --root DIR looks it up in the image's files`);
	return making.remark({runAsNonRoot: true}, `runAsUser: the number of ${user.user} in the image`);
}

function variables(making: Making, {name, exec}: Service): Block {
	const {note} = making;
	const own = {...exec.common, ...exec.environment};
	const secrets = new Set<string>();
	for (const text of [...Object.values(own), ...exec.argv]) {
		for (const [, each = ''] of text.matchAll(/\uE000(\w+)\uE001/g)) secrets.add(each);
	}
	// A variable that is the secret itself needs no other one.
	const env = [...secrets].filter(each => own[each] !== `${BEGIN}${each}${END}`).sort().map(each => reference(making, each));
	for (const [key, text] of Object.entries(own)) {
		const whole = /^\uE000(\w+)\uE001$/.exec(text)?.[1];
		env.push(whole === undefined ? {name: key, value: words(text)} : reference(making, key, whole));
	}
	const envFrom = exec.sources.flatMap((source, index): Block[] => {
		if (source.kind === 'command') {
			note(`services.${name}: not expressed: variables that ${source.command[0]} prints`);
			return [];
		}
		const map = `${labelOf(name)}-env-${index + 1}`;
		const how = source.kind === 'file' ? `--from-env-file=${source.path}` : `--from-file=${source.path}`;
		note(`services.${name}: variables of ${source.path}: kubectl create secret generic ${map} ${how}`);
		return [{secretRef: {name: map, optional: !source.required}}];
	});
	if (exec.secretsFromFiles) note(`services.${name}: not expressed: variables whose names end in _FILE`);
	return {env: env.length > 0 ? env : undefined, envFrom: envFrom.length > 0 ? envFrom : undefined};
}

/** Its `pre_start`, as containers that run before it. */
function before(making: Making, service: Service, mounts: readonly Block[]): readonly Block[] {
	const {name, hooks: {preStart}} = service;
	if (preStart.length > 0) making.note(`services.${name}.pre_start: it runs before the first start alone`);
	return preStart.map((hook, index) => withoutProbes(making, service, mounts, commandOf(hook), labelOf(`${name}-before-${index + 1}`)));
}

const commandOf = (hook: HookCommand): Command => ('command' in hook ? hook.command : hook);

function lifecycle(making: Making, {name, hooks: {postStart, preStop}}: Service, lingers: boolean): Block | undefined {
	const handler = (key: string, hooks: readonly HookCommand[]): Block | undefined => {
		const [first, ...more] = hooks;
		if (!first) return undefined;
		if (more.length > 0) making.note(`services.${name}.${key}: not expressed: the commands after the first one`);
		return {exec: {command: commandOf(first).map(plain)}};
	};
	const stop = handler('pre_stop', preStop) ?? (lingers ? {sleep: {seconds: LINGER}} : undefined);
	const start = handler('post_start', postStart);
	return start || stop ? {postStart: start, preStop: stop} : undefined;
}

const seconds = (millis: Millis): number => Math.max(1, Math.ceil(millis / 1000));

function probes(making: Making, service: Service): Block {
	const {name, ready, health, startTimeout} = service;
	const start = startProbe(making, name, ready);
	const look = health && handlerOf(making, `services.${name}.healthcheck`, health.probe);
	const within = Number.isFinite(startTimeout) ? startTimeout : 600_000;
	const period = ready?.kind === 'probe' ? seconds(ready.interval) : 1;
	const begin = start ?? (health && look ? {handler: look, timeout: health.timeout} : null);
	const own = health && look ? timesOf(health) : null;
	return {
		startupProbe: begin ? {
			...begin.handler, periodSeconds: period, timeoutSeconds: seconds(begin.timeout),
			failureThreshold: Math.max(1, Math.ceil((within + (health?.startPeriod ?? 0)) / 1000 / period)),
		} : undefined,
		readinessProbe: own ? {...look, ...own, successThreshold: health?.successes} : start
			? {...start.handler, periodSeconds: 10, timeoutSeconds: seconds(start.timeout)} : undefined,
		livenessProbe: own && health?.onUnhealthy !== 'none' ? {...look, ...own} : undefined,
	};
}

const timesOf = ({interval, timeout, retries}: Health): Block =>
	({periodSeconds: seconds(interval), timeoutSeconds: seconds(timeout), failureThreshold: retries});

function startProbe(making: Making, name: string, ready: Ready | null): {readonly handler: Block; readonly timeout: Millis} | null {
	if (ready === null) return null;
	if (ready.kind !== 'probe') {
		const how = {log: 'a line of its output', notify: 'READY=1', fd: 'a newline on a descriptor'}[ready.kind];
		making.note(`services.${name}.ready: not expressed: ${how}; give it tcp, http, exec or a healthcheck`);
		return null;
	}
	const handler = handlerOf(making, `services.${name}.ready`, ready.probe);
	return handler && {handler, timeout: ready.timeout};
}

/** How kubelet looks; null: it cannot, which is said. It asks at the pod's address, from outside of the pod. */
function handlerOf({note}: Making, path: string, probe: Probe): Block | null {
	const refuse = (why: string): null => {
		note(`${path}: not expressed: ${why}`);
		return null;
	};
	if (probe.kind === 'exec') return {exec: {command: probe.command.map(plain)}};
	if (probe.kind === 'file') return {exec: {command: ['test', '-e', probe.path]}};
	const url = probe.kind === 'http' ? parseUrl(probe.url) : probe;
	if (!url) return refuse('its address');
	const isOwn = isLoopback(url.host) || url.host === '0.0.0.0' || url.host === '::';
	if (!isOwn) return refuse(`kubelet looks at its own pod, and not at ${url.host}`);
	note(`${path}: kubelet asks at the pod's address: the service must listen there, and not at ${url.host} alone`);
	if (probe.kind === 'tcp' || !('path' in url)) return {tcpSocket: {port: url.port}};
	if (url.credentials !== null) return refuse('a user and a password in its URL');
	if (probe.statuses.length > 0 || probe.body !== null) note(`${path}: every status from 200 to 399 passes, and no body is looked at`);
	const headers: Made = Object.entries(probe.headers).map(([name, value]) => ({name, value}));
	return {httpGet: {
		path: url.path, port: url.port, scheme: url.scheme === 'https' ? 'HTTPS' : undefined,
		httpHeaders: headers.length > 0 ? headers : undefined,
	}};
}

function secretVolumes(
	making: Making, services: readonly Service[],
): {readonly volumes: readonly Block[]; readonly keys: readonly string[]} {
	const keys = new Set(services.flatMap(({exec: {files}}) => files.flatMap(({kind, name}) => (kind === 'secret' ? [name] : []))));
	return {volumes: keys.size > 0 ? [secretVolume(making)] : [], keys: [...keys]};
}

const POLICIES = {skip: 'Forbid', allow: 'Allow', replace: 'Replace'} as const;

/** What the clock starts, in pods of its own. */
function cronJob(making: Making, service: Service, mounts: readonly Block[], volumes: readonly Block[]): readonly Block[] {
	const {name, schedule} = service;
	if (schedule?.when.kind !== 'cron') {
		making.note(`services.${name}.schedule: not expressed: a CronJob runs by a cron expression`);
		return [];
	}
	if (!isPlainCron(schedule.when.text)) {
		making.note(`services.${name}.schedule: not expressed: a CronJob knows five fields`);
		return [];
	}
	const needs = service.needs.map(need => need.name).join(', ');
	if (needs !== '') making.note(`services.${name}: it runs in a pod of its own, without ${needs} beside it`);
	const spec: Block = {
		restartPolicy: 'Never', enableServiceLinks: false, automountServiceAccountToken: false,
		containers: [containerOf(making, service, mounts, 'job')], volumes,
	};
	const {name: zone} = schedule.when.zone;
	return [{
		apiVersion: 'batch/v1', kind: 'CronJob', metadata: {name: labelOf(`${making.asked.name}-${name}`).slice(0, 52)},
		spec: {
			schedule: schedule.when.text, timeZone: /^(?:UTC$|[A-Z]\w+\/)/.test(zone) ? zone : undefined,
			concurrencyPolicy: POLICIES[schedule.overlap],
			jobTemplate: {spec: {backoffLimit: 0, template: {spec}}},
		},
	}];
}

const isPlainCron = (text: string): boolean =>
	/^@(?:hourly|daily|midnight|weekly|monthly|yearly|annually)$|^(?:[\d*/,A-Za-z-]+ +){4}[\d*/,A-Za-z-]+$/.test(text.trim());
