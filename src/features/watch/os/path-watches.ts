/**
 * Watches what services name (`watch`): the kernel tells that something may have changed, a thread looks what there is, and where
 * that is something else than before the actions are done. However large or hostile a tree, PID 1 holds no more of it than a stamp
 * and the numbers of its folders.
 */
import {duration} from '../../../core/duration.ts';
import {listed} from '../../../core/listed.ts';
import {plainText} from '../../../core/plain.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';
import {errnoText} from '../../../os/errno.ts';
import {type Done, type Order, textsOf} from '../../../os/jobs.ts';
import {SCAN} from '../../../os/layouts.ts';
import {ERRNO, sys} from '../../../os/sys.ts';
import type {Hearer, Watches} from '../../../os/watches.ts';
import {rulesOf} from '../core/rules.ts';
import type {PathWatch} from '../core/spec.ts';
import {ACTIONS_MAX, heard, judge, look, newWatching, POLL, type Watching, WINDOW} from '../core/watching.ts';

export interface PathParts {
	readonly watches: Watches;
	readonly now: () => Instant;
	/** As of clock.ts. */
	readonly after: (millis: Millis, callback: () => void) => () => void;
	/** As of jobs.ts. */
	readonly scan: (order: Order, told: (done: Done) => void) => void;
	/** Paths, and how paths begin, that archon itself writes. */
	readonly ownPaths: () => readonly string[];
	/** Something else is there; `paths`: some of what is, as far as that is known. */
	readonly changed: (service: string, spec: PathWatch, why: string, paths: readonly string[]) => void;
	readonly info: (text: string) => void;
	readonly warn: (text: string) => void;
}

export interface PathWatches {
	/** Watches these from now on, by service; what was watched before in the same way goes on. */
	set(wanted: ReadonlyMap<string, readonly PathWatch[]>): void;
}

/** For all together; and for one: folders, files, bytes that are compared, seconds. */
const [WATCHES_MAX, FOLDERS_MAX, FILES_MAX, BYTES_MAX, SECONDS_MAX] = [10_000, 2000, 20_000, 64 << 20, 10];
/** How many paths are watched, by all services. */
export const PATHS_MAX = 1000;
/** One that does not answer keeps no more than one thread from its work; and is told after so long. */
const [LOOKS_MAX, PATIENCE] = [2, 20_000];
/** How many changed names are remembered, and how many are named. */
const [NAMES_MAX, NAMED] = [20, 3];
const OWN_MAX = 200;

interface Place {
	/** `n`: a name in a folder leads to the path; `d`: a folder below it, `about` is where; `f`: the file itself. */
	readonly kind: string;
	readonly about: string;
}

interface Watched {
	readonly service: string;
	readonly spec: PathWatch;
	readonly rules: string;
	readonly hearer: Hearer;
	machine: Watching;
	places: ReadonlyMap<number, Place>;
	/** The path without links. */
	top: string;
	readonly names: Set<string>;
	readonly told: Set<string>;
	cancel: () => void;
	isGone: boolean;
}

export function createPathWatches(parts: PathParts): PathWatches {
	const {watches, now, after, scan, ownPaths, changed, info, warn} = parts;
	let all = new Map<string, Watched>();
	const waiting = new Set<Watched>();
	let looking = 0;

	const tell = (watched: Watched, what: string, text: string): void => {
		if (watched.told.has(what)) return;
		watched.told.add(what);
		warn(`watch of ${watched.service}: ${plainText(watched.spec.path)} ${text}`);
	};

	function arm(watched: Watched): void {
		watched.cancel();
		const {due, isLooking} = watched.machine;
		if (due === NEVER || isLooking || watched.isGone) return;
		watched.cancel = after(Math.max(0, due - now()), () => {
			waiting.add(watched);
			next();
		});
	}

	function next(): void {
		for (const watched of waiting) {
			if (looking >= LOOKS_MAX) return;
			waiting.delete(watched);
			if (!watched.isGone) begin(watched);
		}
	}

	function begin(watched: Watched): void {
		const {spec, rules, hearer, machine} = watched;
		const [began, wasHeard] = [now(), machine.heardAt !== null];
		watched.machine = look(machine);
		looking += 1;
		const fd = hearer.begin();
		const others = all.values().reduce((sum, each) => sum + (each === watched ? 0 : each.places.size), 0);
		const isSlow = after(PATIENCE, () => tell(watched, 'slow', 'does not answer: its changes are not seen until it does'));
		const order: Order = {
			fd: Math.max(fd, -1), text: spec.path, other: `${rules}\t${ownPaths().slice(0, OWN_MAX).join('\n')}`,
			numbers: [Math.max(0, WATCHES_MAX - others), FOLDERS_MAX, FILES_MAX, BYTES_MAX, SECONDS_MAX],
		};
		scan(order, done => {
			looking -= 1;
			isSlow();
			if (watched.isGone) hearer.close();
			else seen(watched, done, fd, {took: now() - began, wasHeard});
			next();
		});
	}

	function seen(watched: Watched, done: Done, fd: number, {took, wasHeard}: {readonly took: Millis; readonly wasHeard: boolean}): void {
		const {spec, hearer} = watched;
		const [stamp = '', top = '', ...records] = done.result < 0 ? [] : textsOf(done);
		watched.places = new Map(records.map(placeOf));
		watched.top = top;
		hearer.set(watched.places.keys());
		const flags = done.result < 0 ? SCAN.late : done.stream;
		const has = (flag: number): boolean => (flags & flag) !== 0;
		const isDeaf = fd < 0 || has(SCAN.noRoom | SCAN.remote);
		complain(watched, fd, flags);
		const names = [...watched.names];
		watched.names.clear();
		const found = {stamp: has(SCAN.missing) ? null : stamp, took, isDeaf, isUnsure: has(SCAN.late) && wasHeard};
		const {after, acts, says} = judge(watched.machine, found, now());
		watched.machine = after;
		arm(watched);
		const path = plainText(spec.path);
		if (says === 'suspended') {
			const often = `${ACTIONS_MAX} times within ${duration(WINDOW)}, as if its own actions changed it`;
			const again = `it is looked at again in ${duration(Math.max(0, after.due - now()))}: exclude what the service writes itself`;
			warn(`suspended: watch of ${watched.service}: ${path} has changed ${often}; ${again}`);
		}
		if (says === 'resumed') info(`watch of ${watched.service}: ${path} is acted on again`);
		if (acts) changed(watched.service, spec, whyOf(watched, names), names.length > 0 ? names : [spec.path]);
	}

	function complain(watched: Watched, fd: number, flags: number): void {
		const polled = `it is looked at every ${duration(POLL)} instead`;
		if (fd < 0) {
			const limit = fd === -ERRNO.EMFILE ? ' (fs.inotify.max_user_instances)' : '';
			tell(watched, 'instance', `cannot be watched: ${errnoText(-fd)}${limit}; ${polled}`);
		}
		for (const [flag, what, text] of [
			[SCAN.noRoom, 'room', `cannot be watched in full: ${errnoText(ERRNO.ENOSPC)} (fs.inotify.max_user_watches); ${polled}`],
			[SCAN.remote, 'remote', `is on a file system that others may change unseen; ${polled}`],
			[SCAN.mounted, 'mounted', 'is mounted by itself, and so remains the file that it was when another one takes its place outside: '
				+ 'mount its directory'],
			[SCAN.partial, 'partial', `is more than is watched: ${FOLDERS_MAX} folders and ${FILES_MAX} files; narrow it by include or exclude`],
			[SCAN.late, 'late', 'takes too long to be read, and so what is written there counts as changed whatever it says'],
			[SCAN.unreadable, 'unreadable', 'has folders that archon may not read, and whose changes are not seen'],
			[SCAN.own, 'own', 'is written by archon itself, and is not watched'],
		] as const) if ((flags & flag) !== 0) tell(watched, what, text);
	}

	function hear(watched: Watched, number: number, name: string): void {
		const place = watched.places.get(number);
		if (place?.kind === 'n' && name !== place.about && name !== '') return;
		if (place?.kind === 'd' && name !== '') {
			const path = place.about === '' ? name : `${place.about}/${name}`;
			// What comes may be a file or a folder; the names of Kubernetes lead to what counts.
			if (!name.startsWith('..') && !sys.isWatched(watched.rules, path, false) && !sys.isWatched(watched.rules, path, true)) return;
			const full = `${watched.top === '/' ? '' : watched.top}/${path}`;
			const written = `${watched.spec.path}/${path}`;
			if (ownPaths().some(each => full.startsWith(each) || written.startsWith(each))) return;
			if (!name.startsWith('..') && watched.names.size < NAMES_MAX) watched.names.add(full);
		}
		watched.machine = heard(watched.machine, now(), watched.spec.debounce);
		arm(watched);
	}

	function add(service: string, spec: PathWatch): Watched {
		const watched: Watched = {
			service, spec, rules: rulesOf(spec), machine: newWatching(now()), places: new Map(), top: '', names: new Set(), told: new Set(),
			hearer: watches.hearer((number, name) => hear(watched, number, name)), cancel: () => {}, isGone: false,
		};
		arm(watched);
		return watched;
	}

	return {
		set(wanted) {
			const before = all;
			all = new Map();
			let left = PATHS_MAX;
			for (const [service, specs] of wanted) {
				for (const spec of specs) {
					left -= 1;
					if (left === -1) warn(`watch: more than ${PATHS_MAX} paths are to be watched, and the rest is not`);
					if (left < 0) break;
					const key = JSON.stringify([service, spec]);
					all.set(key, before.get(key) ?? add(service, spec));
				}
			}
			for (const [key, watched] of before) {
				if (all.has(key)) continue;
				watched.isGone = true;
				watched.cancel();
				if (!watched.machine.isLooking) watched.hearer.close();
			}
		},
	};
}

/** `number kind about`. */
function placeOf(record: string): readonly [number, Place] {
	const space = record.indexOf(' ');
	return [Number(record.slice(0, space)), {kind: record[space + 1] ?? '', about: record.slice(space + 2)}];
}

function whyOf({spec: {path}}: Watched, names: readonly string[]): string {
	if (names.length === 0) return `${plainText(path)} has changed`;
	return `${listed(names.map(plainText), NAMED)} ${names.length === 1 ? 'has' : 'have'} changed`;
}
