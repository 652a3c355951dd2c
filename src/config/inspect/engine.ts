/** `archon check --for docker | kubernetes`: where what a config says and what the engine around the container does disagree. */
import {CAPABILITIES} from '../../core/linux.ts';
import type {Limits} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import {SIG} from '../../core/signal-numbers.ts';
import {isNear} from '../../core/web.ts';
import {said} from '../durations.ts';
import {foldersOf, logFilesOf, onlyUserOf, portsOf, startBudget, startedOf, written} from '../export/facts.ts';
import type {Place} from '../problems.ts';
import type {Value} from '../values.ts';
import type {Inspected, Inspecting} from './inspected.ts';

export const ENGINES = ['docker', 'kubernetes'] as const;

/** What runs the container. */
export interface Engine {
	readonly name: (typeof ENGINES)[number];
	/** From the stop signal until it kills. */
	readonly grace: Millis;
}

/** Where nothing else is said: docker-stop(1), and terminationGracePeriodSeconds of a pod. */
export const GRACE: Readonly<Record<Engine['name'], Millis>> = {docker: 10_000, kubernetes: 30_000};

/** What docker and containerd leave to a container that is root. */
const USUAL: ReadonlySet<string> = new Set([
	'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'NET_BIND_SERVICE', 'NET_RAW', 'SYS_CHROOT',
	'MKNOD', 'AUDIT_WRITE', 'SETFCAP',
]);

/** What a note is of: an engine's own way to put it right. */
type Ways = Readonly<Record<Engine['name'], string | null>>;

const alike = (hint: string): Ways => ({docker: hint, kubernetes: hint});

export function inspectEngine({services, draft, note}: Inspecting, {name: engine, grace}: Engine): void {
	const {top = null} = draft;
	const [first] = services;
	const anywhere: Place | undefined = top ?? first?.at();
	const topAt = (...path: readonly string[]): Place | undefined => {
		for (let length = path.length; length > 0; length--) {
			const found = written(top, ...path.slice(0, length));
			if (found) return found;
		}
		return anywhere;
	};
	/** A hint of null: there is nothing to tell of this engine. */
	const tell = (at: Place | undefined, message: string, ways: Ways): void => {
		const hint = ways[engine];
		if (at && hint !== null) note(at, message, hint);
	};

	const {shutdownGrace: budget, whenIdle, stateDir} = draft;
	if (budget >= grace) {
		const more = Math.ceil(budget / 1000) + 3;
		const less = `write shutdown: {grace_period: ${said(Math.max(1000, grace - 1000))}}`;
		const both = `archon may take ${said(budget)} to stop everything, and ${engine} kills it after ${said(grace)}`;
		tell(topAt('shutdown', 'grace_period'), both, {
			docker: `${less}, or give it longer: docker run --stop-timeout ${more}, or stop_grace_period: ${more}s in compose`,
			kubernetes: `${less}, or give it longer: terminationGracePeriodSeconds: ${more}`,
		});
	}
	const term = draft.signals.find(([signal]) => signal === SIG.TERM);
	if (term && term[1] !== 'shutdown') {
		const other = draft.signals.some(([signal]) => signal === SIG.INT) ? 'SIGQUIT' : 'SIGINT';
		const hint = `write STOPSIGNAL ${other} into the image, if that shuts down, or leave TERM as it is`;
		tell(topAt('signals', 'TERM'), `SIGTERM does not shut archon down, and it is what ${engine} sends to stop it`, alike(hint));
	}
	if (whenIdle === 'never') {
		tell(topAt('shutdown', 'when_idle'), `the container goes on when nothing runs any more, and ${engine} does not see that by itself`, {
			docker: 'HEALTHCHECK CMD ["archonctl", "health"] shows it',
			kubernetes: 'a livenessProbe of archonctl health --live finds a service that has failed; archon export kubernetes writes it',
		});
	}
	const isLost = stateDir !== null && !services.some(({name}) => isMounted(written(top, 'services', name, 'volumes'), stateDir));
	if (isLost) {
		tell(topAt('archon', 'state_dir'), `what ${stateDir} keeps is gone with the container, unless a volume is mounted there`, {
			docker: `docker run -v NAME:${stateDir}`, kubernetes: 'archon export kubernetes --kind statefulset claims one',
		});
	}
	if (draft.web && draft.web.listen.every(place => place.kind === 'inet' && isNear(place))) {
		tell(topAt('web', 'listen'), 'web answers on loopback alone, where no client from outside of the container comes in',
			alike('listen: 0.0.0.0:9180, where show says what is shown without a token'));
	}
	inspectStart(services, engine, topAt(), tell);
	const folders = foldersOf(draft, draft.services).map(({path}) => path);
	for (const each of services) inspectService(each, {engine, tell, folders, top, draft});
}

interface Around {
	readonly engine: Engine['name'];
	tell(at: Place | undefined, message: string, ways: Ways): void;
	/** Folders that need be writable in any case. */
	readonly folders: readonly string[];
	readonly top: Value | null;
	readonly draft: Inspecting['draft'];
}

/** How long docker waits by itself: three looks, each half a minute after the other (docker's reference, HEALTHCHECK). */
const PATIENCE: Millis = 90_000;

function inspectStart(services: readonly Inspected[], engine: string, at: Place | undefined, tell: Around['tell']): void {
	const {within, unlimited} = startBudget(startedOf(services.map(({service}) => service)));
	if (within <= PATIENCE || unlimited !== null) return;
	const slow = services.reduce<Inspected | null>((most, each) =>
		(Number.isFinite(each.service.startTimeout) && each.service.startTimeout > (most?.service.startTimeout ?? 0) ? each : most), null);
	tell(slow?.at('start_timeout') ?? at, `the start may take ${said(within)}, and ${engine} has given up by then`, {
		docker: `HEALTHCHECK --start-period=${Math.ceil(within / 1000)}s`, kubernetes: null,
	});
}

/** How long it may take until archon knows that a service is unhealthy. */
const NOTICED: Millis = 120_000;

function inspectService({service, at, path, has}: Inspected, {engine, tell, folders, top, draft}: Around): void {
	const {exec, health, essential, onFailed, type} = service;
	const {limits, resources, user} = exec;
	if (essential || onFailed === 'shutdown' || health?.onUnhealthy === 'shutdown') {
		const key = essential ? 'essential' : onFailed === 'shutdown' ? 'on_failed' : 'healthcheck';
		const isDone = essential && type === 'oneshot';
		const then = engine === 'docker' ? 'does not start it again by itself' : 'starts it again, whatever its exit status';
		tell(at(key), `${path(key)}: the container ends with it, and ${engine} ${then}`, {
			docker: isDone ? null : 'docker run --restart unless-stopped, or restart: unless-stopped in compose',
			kubernetes: isDone ? 'for what is done once: a Job, or a pod with restartPolicy: OnFailure' : null,
		});
	}
	if (health) {
		const late = health.retries * health.interval + health.timeout;
		if (late > NOTICED) {
			tell(
				at('healthcheck', 'interval'),
				`${path('healthcheck')}: archon knows after up to ${said(late)} that it is unhealthy, and ${engine} by archon alone`,
				alike('write a shorter interval, or fewer retries'),
			);
		}
	}
	if (user && !onlyUserOf(draft.services)) {
		tell(at('user'), `${path('user')}: archon must be root to run it as ${user.user}, which the standard "restricted" does not admit`, {
			docker: null, kubernetes: 'where all services have the same user, by number, the pod runs as that one',
		});
	}
	for (const [key, names] of capabilitiesBy(limits)) {
		const lacking = names.filter(name => !USUAL.has(name) || (engine === 'kubernetes' && key === 'cap_add'));
		if (lacking.length === 0) continue;
		tell(at(key), `${path(key)} takes ${lacking.join(' and ')}, which a container does not have by itself`, {
			docker: `docker run ${lacking.map(name => `--cap-add ${name}`).join(' ')}`,
			kubernetes: `securityContext: {capabilities: {add: [${lacking.join(', ')}]}}, as archon export kubernetes writes it`,
		});
	}
	const limited = LIMITS.find(([key, of]) => resources && resources[of] !== null && (has(key) || !has('deploy')));
	if (resources && limited) {
		tell(at(limited[0]), `${path(limited[0])}: archon keeps limits only where it can write cgroups, and in a container it mostly cannot`, {
			docker: 'limit the container: docker run --memory, --cpus, --pids-limit',
			kubernetes: 'limit the container: resources.limits, as archon export kubernetes adds them up',
		});
	}
	if (exec.interactive) {
		tell(at('stdin_open'), `${path()} reads archon's stdin, which is empty unless ${engine} keeps it open`, {
			docker: 'docker run -it, or stdin_open: true and tty: true in compose', kubernetes: 'stdin: true and tty: true of the container',
		});
	}
	const [file] = logFilesOf({events: draft.events}, [service]).filter(each => !logFilesOf(draft, []).includes(each));
	if (file !== undefined) {
		const reader = engine === 'docker' ? 'docker' : 'kubectl';
		tell(
			at('logging'), `${path('logging')}: ${reader} logs does not show what goes to ${file}, and it is gone with the container`,
			alike('log to archon\'s own streams as well, or mount a volume there'),
		);
	}
	const drivers = exec.output.kind === 'lines' ? exec.output.logging.drivers : [];
	if (drivers.some(each => each.kind === 'syslog' && each.address.kind === 'unix')) {
		const hint = 'send it by udp:// or tcp://, or mount the socket of the host';
		tell(at('logging'), `${path('logging')}: there is no syslog socket in a container`, alike(hint));
	}
	const outside = exec.files.find(({target}) => !folders.some(folder => target.startsWith(`${folder}/`)));
	if (outside) {
		const key = outside.kind === 'secret' ? 'secrets' : 'configs';
		tell(at(key), `${path(key)}: archon writes ${outside.target} before a start, which it cannot where the root file system is read-only`, {
			docker: null, kubernetes: 'choose a target below /run, or leave readOnlyRootFilesystem away',
		});
	}
	const low = portsOf(service, top).find(({port}) => port < 1024);
	if (low) {
		tell(at(has('sockets') ? 'sockets' : 'ports'), `${path()} listens at port ${low.port}, which on most nodes is for root alone`, {
			docker: null, kubernetes: 'sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "0"}], as archon export kubernetes writes it',
		});
	}
}

const LIMITS = [['mem_limit', 'memory'], ['cpus', 'cpus'], ['pids_limit', 'pids']] as const;

function capabilitiesBy({capAdd, nice, oomScoreAdj}: Limits): readonly (readonly [key: string, names: readonly string[]])[] {
	return [
		['cap_add', capAdd.map(number => CAPABILITIES[number] ?? String(number))],
		['nice', (nice ?? 0) < 0 ? ['SYS_NICE'] : []],
		['oom_score_adj', (oomScoreAdj ?? 0) < 0 ? ['SYS_RESOURCE'] : []],
	];
}

/** Whether compose's `volumes` mount something at a path, or above it. */
function isMounted(volumes: Value | null, path: string): boolean {
	if (volumes?.kind !== 'list') return false;
	return volumes.items.some(item => {
		const target = item.kind === 'map' ? written(item, 'target') : item;
		const parts = target?.kind === 'scalar' ? target.text.split(':') : [];
		const place = parts.length > 1 ? parts[1] : parts[0];
		return place !== undefined && (path === place || path.startsWith(`${place.replace(/\/$/, '')}/`));
	});
}
