/** What services watch (`watch`), composed; it is loaded by the first config that has such a service. */
import type {Action} from '../core/action.ts';
import type {Entry} from '../core/entry.ts';
import {find, type State} from '../core/state.ts';
import type {Service} from '../core/service.ts';
import type {Millis} from '../core/time.ts';
import type {Recorder} from '../features/events/os/recorder.ts';
import type {Logging} from '../features/logging/core.ts';
import {createLibraryWatch} from '../features/watch/os/library-watch.ts';
import {findMapped} from '../features/watch/os/mapped.ts';
import {createPathWatches} from '../features/watch/os/path-watches.ts';
import {after, now, soon} from '../os/clock.ts';
import {start} from '../os/jobs.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';
import type {Poller} from '../os/poller.ts';
import type {Reaper} from '../os/reap/reaper.ts';
import {looksAt} from '../os/reap/tree.ts';
import {watchesOf} from '../os/watches.ts';

export interface ServiceWatchParts {
	readonly loop: Loop;
	readonly log: Log;
	readonly recorder: Pick<Recorder, 'tell'>;
	readonly poller: Poller;
	readonly reaper: Pick<Reaper, 'isCommand'>;
	/** Of archon itself: where its lines go, and what outlives it. */
	readonly own: () => {readonly events: Logging; readonly stateDir: string | null};
}

export interface ServiceWatches {
	/** The services may be others. */
	renew(): void;
}

const PATHS_MAX = 20;

export function createServiceWatches({loop, log, recorder, poller, reaper, own}: ServiceWatchParts): ServiceWatches {
	const watches = watchesOf(poller);
	const entryOf = (name: string): Entry | undefined => find(loop.state(), name);
	const looking = looksAt(() => ({state: loop.state(), isCommand: reaper.isCommand}), soon);
	let ownPaths: readonly string[] = [];
	const paths = createPathWatches({
		watches, now, after, ownPaths: () => ownPaths, info: log.info, warn: log.warn,
		scan: (order, told) => start('scan', order, told),
		changed: (service, spec, why, names) => act(service, spec.actions, why, names),
	});
	const libraries = createLibraryWatch({
		watches, now, after, entryOf, warn: log.warn,
		look: (isMeant, told) => findMapped({
			processes: told => looking.tree(false, told, () => told([])),
			mapped: (order, told) => start('mapped', order, told),
		}, isMeant, told),
		restart: (name, why) => act(name, RESTART, why, []),
	});
	loop.subscribe(['changed'], libraries.onEffects);

	function act(name: string, actions: readonly Action[], why: string, names: readonly string[]): void {
		const entry = entryOf(name);
		if (!entry) return;
		recorder.tell('file-changed', name, why);
		loop.dispatch({
			kind: 'act', by: `watch of ${name}`, about: entry.id, why, actions: actions.map(each => mended(each, entry)),
			variables: {ARCHON_EVENT: 'file-changed', ARCHON_PATH: names[0] ?? '', ARCHON_PATHS: fitting(names.slice(0, PATHS_MAX)).join('\n')},
		});
	}

	return {
		renew() {
			const services = servicesWith(loop.state());
			ownPaths = pathsOf(services.all, own());
			paths.set(new Map(services.watching.map(({name, watch}) => [name, watch.filter(spec => spec.kind === 'path')])));
			libraries.set(new Map(services.watching.flatMap(({name, watch}): readonly (readonly [string, Millis])[] => {
				const spec = watch.find(({kind}) => kind === 'libraries');
				return spec ? [[name, spec.debounce]] : [];
			})));
		},
	};
}

/** As many as fit: with a text of 128 KiB the kernel executes nothing (execve(2)), and whose the folder is could name its files so. */
function fitting(names: readonly string[]): readonly string[] {
	let left = 32 << 10;
	return names.filter(name => (left -= name.length + 1) >= 0);
}

const RESTART: readonly Action[] = [{kind: 'restart', names: []}];

/** Whether there is anything to watch. */
export const isWatching = ({watch}: Service): boolean => watch.length > 0;

/** A service that has failed is started again: what has changed may be what was wrong. */
function mended(action: Action, {phase}: Entry): Action {
	const hasFailed = phase.kind === 'down' && phase.cause === 'failed';
	return hasFailed && action.kind === 'restart' && action.names.length === 0 ? {kind: 'start', names: []} : action;
}

function servicesWith(state: State): {readonly all: readonly Service[]; readonly watching: readonly Service[]} {
	const all = [...state.names.keys()].flatMap(name => {
		const entry = find(state, name);
		return entry && !entry.retired ? [entry.service] : [];
	});
	return {all, watching: all.filter(isWatching)};
}

/** The files that archon writes: what is logged, with what is rotated, and its state. */
function pathsOf(services: readonly Service[], {events, stateDir}: ReturnType<ServiceWatchParts['own']>): readonly string[] {
	const filesOf = ({drivers}: Logging): readonly string[] => drivers.flatMap(driver => (driver.kind === 'file' ? [driver.path] : []));
	const found = services.flatMap(({exec: {output}}): readonly (string | null)[] =>
		(output.kind === 'lines' ? filesOf(output.logging) : output.kind === 'files' ? [output.stdout, output.stderr] : []));
	const all = new Set<string | null>([...filesOf(events), stateDir === null ? null : `${stateDir}/`, ...found]);
	return [...all].filter(path => path !== null);
}
