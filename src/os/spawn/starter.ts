/** Makes the process of a run: its variables are read, its streams wired, and what it needs to say that it is ready is opened. */
import type {Event, News} from '../../core/event.ts';
import type {Id, Run} from '../../core/ids.ts';
import {type Service, type Sourced, withSourced} from '../../core/service.ts';
import type {Readiness} from '../../features/health/os/readiness.ts';
import type {BindServer} from '../../features/bind/os/answering.ts';
import type {OwnPorts} from '../../features/ports/os/ports.ts';
import type {Output} from '../../features/logging/os/output.ts';
import type {Unwired} from '../../features/logging/os/wiring.ts';
import type {OwnSockets} from '../../features/sockets/os/owner.ts';
import {errnoText, isTemporary} from '../errno.ts';
import type {Helpers} from '../helpers.ts';
import type {EffectOf} from '../owners.ts';
import {originOf} from '../reap/descendants.ts';
import type {Reaper} from '../reap/reaper.ts';
import {ERRNO} from '../sys.ts';
import type {Placing} from './placed-files.ts';
import {hasPorts} from './port-variables.ts';
import {type Spawned, spawnRun, variableOf} from './spawner.ts';
import type {Sources} from './variable-sources.ts';

type Made = Spawned | Extract<News, {kind: 'withdrawn'}>;

const NO_PORTS = {kind: 'free', variables: {}} as const;

/** Where descriptors begin that are handed over (sd_listen_fds(3)). */
const FIRST_FD = 3;

export interface StarterParts {
	readonly reaper: Reaper;
	readonly output: Output;
	readonly readiness: Readiness;
	readonly helpers: Helpers;
	readonly sockets: Pick<OwnSockets, 'prepare'>;
	readonly sources: Sources;
	readonly placing: Placing;
	/** Is asked of services that have ports. */
	readonly ports: () => Pick<OwnPorts, 'await' | 'prepare'>;
	/** The same of those that a rule of `bind` is for. */
	readonly binds: () => Pick<BindServer, 'variables'>;
	readonly warn: (text: string) => void;
}

export interface Starter {
	/** Begins to make the process; the result ends that, and says what came of it. Neither ever throws. */
	spawn(effect: EffectOf<'spawn'>): () => Event;
	/** The process will not be made: what was handed over for it is closed. */
	withdraw(effect: EffectOf<'spawn'>): void;
}

export function createStarter({reaper, output, readiness, helpers, sockets, sources, placing, ports, binds, warn}: StarterParts): Starter {
	function begin(id: Id, run: Run, service: Service): () => Made {
		const read = sources.take(run);
		if (!read) return makeProcess(id, run, service);
		if (!read.ok) return () => ({kind: 'refused', refusal: read.error});
		const end = makeProcess(id, run, withSourced(service, read.value));
		return () => {
			const news = end();
			return news.kind === 'spawned' && !isKnown(service, read.value) ? {...news, sourced: read.value} : news;
		};
	}

	function makeProcess(id: Id, run: Run, of: Service): () => Made {
		const found = hasPorts(of) ? ports().prepare(of) : NO_PORTS;
		// It waits for a port, and is no failure.
		if (found.kind === 'busy') return () => ({kind: 'withdrawn'});
		if (found.kind === 'none') return unwired({stage: 'finding a port', errno: ERRNO.EBUSY, reason: found.why});
		const refusal = placing.place(id, of);
		if (refusal) return () => ({kind: 'refused', refusal});
		const wiring = output.wire(id, of);
		if (!wiring.ok) return unwired(wiring.error);
		try {
			const held = sockets.prepare(id, of);
			if (!held.ok) {
				const {taken, ...refusal} = held.error;
				if (!taken) return () => ({kind: 'refused', refusal});
				ports().await(of, taken, (id, now) => {
					const again = sockets.prepare(id, now);
					return again.ok || again.error.taken?.name !== taken.name;
				});
				return () => ({kind: 'withdrawn'});
			}
			const service = behindSockets(of, held.value.fds?.length ?? 0);
			const given = readiness.prepare(id, run, service);
			if (!given.ok) return unwired({stage: 'making its notification pipe or socket', errno: given.error});
			const connection = helpers.prepare(service);
			if (!connection.ok) return unwired({stage: 'making its connection', errno: connection.error});
			const fds = [...held.value.fds ?? [], ...given.value.fds ?? [], ...connection.value];
			const loading = service.isBound ? binds().variables(variableOf(service, 'LD_PRELOAD')) : {};
			const environment = {...given.value.environment, ...held.value.environment, ...found.variables, ...loading};
			const end = spawnRun(service, run, wiring.value.streams, {...held.value, environment, fds, note: warn});
			return () => {
				try {
					const news = end();
					if (news.kind === 'spawned') reaper.register(news.pid, id, run, originOf(service));
					return news;
				} catch (error) {
					return obstructed(error);
				}
			};
		} catch (error) {
			return () => obstructed(error);
		} finally {
			readiness.spawned(run);
			helpers.spawned(of);
			wiring.value.release();
		}
	}

	return {
		spawn({id, run, service}) {
			const end = begin(id, run, service);
			return () => ({kind: 'news', id, run, news: end() satisfies News});
		},
		withdraw({id, run, service}) {
			sources.abandon(run);
			const wiring = service.exec.output.kind === 'passed' ? output.wire(id, service) : null;
			if (wiring?.ok) wiring.value.release();
		},
	};
}

/** The descriptor of which a variable tells stands behind those that are handed over. */
const behindSockets = (service: Service, count: number): Service =>
	(count > 0 && service.ready?.kind === 'fd' && service.ready.variable !== null
		? {...service, ready: {...service.ready, fd: FIRST_FD + count}} : service);

/** Whether the service already says what its sources hold; what commands print has no stamp. */
const isKnown = ({exec: {sources, sourced}}: Service, {stamp, foreign}: Sourced): boolean =>
	stamp === sourced.stamp && String(foreign) === String(sourced.foreign) && sources.every(({kind}) => kind !== 'command');

const unwired = ({stage, errno, reason = errnoText(errno)}: Unwired) => (): Spawned =>
	({kind: 'refused', refusal: {stage, errno, reason, temporary: isTemporary(errno)}});

/** An exception on the way (there is no memory for the request) is a refusal that may pass. */
const obstructed = (error: unknown): Spawned => {
	const reason = error instanceof Error ? error.message : String(error);
	return {kind: 'refused', refusal: {stage: 'creating a process', errno: ERRNO.EAGAIN, reason, temporary: true}};
};
