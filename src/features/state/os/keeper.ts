/**
 * What outlives archon, in a folder: it is read at the start, and written by a thread when the core asks for it. Nothing that
 * is wrong with the folder keeps archon from its services.
 */
import type {Entry} from '../../../core/entry.ts';
import type {Run} from '../../../core/ids.ts';
import {listed} from '../../../core/listed.ts';
import type {Adopted} from '../../../core/outcome.ts';
import type {Remembered, RememberedService} from '../../../core/remembered.ts';
import {withTransients} from '../../../core/remembering.ts';
import type {Service} from '../../../core/service.ts';
import {entryOf, find, type State} from '../../../core/state.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import {NO_RULINGS, type Ruling} from '../../../core/wanted.ts';
import {bytesOf, textOf} from '../../../os/bytes.ts';
import {after, now, soon, wallClock} from '../../../os/clock.ts';
import {errnoText} from '../../../os/errno.ts';
import {pid as ownPid} from '../../../os/identity.ts';
import {type Done, OTHERS_WRITE, start, wait} from '../../../os/jobs.ts';
import type {Log} from '../../../os/log.ts';
import {isOfOthers, isRefused, refusalOf} from '../../../os/places.ts';
import {slurp, statOf} from '../../../os/reap/procfs.ts';
import {numberFrom, RUNS_OF_ONE} from '../../../os/reap/run-tag.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import {ERRNO, sys} from '../../../os/sys.ts';
import type {AboutKept} from '../core.ts';
import {createWriter, definitionOf, isKeptStopped, type Left, type LeftService, mayOutlive, type Place, readLeft} from './format.ts';
import {findLeft, lives} from './orphans.ts';

export interface KeeperParts {
	readonly dir: string;
	readonly kept: KeptFds;
	readonly log: Log;
	readonly state: () => State;
	/** Whether the config has a manifest. */
	readonly hasManifest: boolean;
}

export interface Keeper {
	/**
	 * Takes the folder for this archon alone, and reads what one before it has left there. A text: another archon has it, and
	 * this one must not run what the other one runs.
	 */
	begin(state: State): Beginning | string;
	/** It has begun in an earlier instance of archon. */
	resume(): void;
	/** `done`: is called when what is known now is written, or cannot be. */
	persist(done?: () => void): void;
	/** For the last time; it waits for that, but not for long. */
	finish(): void;
	about(): AboutKept;
}

/** What an archon starts with. */
export interface Beginning {
	readonly adopted: readonly Adopted[];
	/** Undefined: nothing is kept. */
	readonly remembered: Remembered | undefined;
	/** With the services of which no config knows. */
	readonly state: State;
}

/** How long archon waits for the disk at the start and at the end (ms), and for an archon that ends or what it had begun to start. */
const PATIENCE: Millis = 2000;
/** After a failure nothing is written for so long, and then once more if there was anything. */
const PAUSE: Millis = 10_000;
/** How long a write may take before that is said. */
const SLOW: Millis = 10_000;
/** Of what is read. Ten thousand services take three million bytes. */
const SIZE_MAX = 16 << 20;
/**
 * PID 1 takes a folder into which a group may write, and what is made of a text of that size takes thirty times as much memory, and
 * seconds. It remembers no definitions; what services that the config has no more may have left, and what each has.
 */
const [SIZE_OTHERS, SIZE_EACH] = [2 << 20, 4 << 10];
/** How long a turn of the loop may take for what is written (ms). */
const SLICE: Millis = 3;
/** How many folders can be told apart: with RUNS_OF_ONE that is what a variable of a process may say of its run (claims.ts). */
const FIRSTS = 2 ** 22;

const KEY = 'state lock';

const OPEN = 'others than root and archon\'s user may write to it, or exchange it, and could have archon end any process; \
chmod go-w it and the folders above it';

export function createKeeper({dir, kept, log, state, hasManifest}: KeeperParts): Keeper {
	const file = `${dir}/state.json`;
	const place = ownPlace();
	const writer = createWriter({startOf: pid => statOf(pid)?.start ?? null, wallClock, isLasting: ownPid !== 1});
	let isHeld = false;
	let isBusy = false;
	/** Something has changed since the write that is under way, or the last one, which failed. */
	let isStale = false;
	/** Who waits for the next write. */
	const later: (() => void)[] = [];
	let pausedUntil: Instant = 0;
	let isPauseOver = true;
	let writtenAt: number | null = null;
	let trouble: string | null = null;

	function hold(fd: number): void {
		isHeld = true;
		// What is on its way from here to its program when archon is killed keeps the next one waiting.
		sys.lendToChildren(fd);
	}

	function complain(why: string): void {
		if (why !== trouble) log.warn(`cannot write ${file}: ${why}; what changes is forgotten with archon until that is mended`);
		trouble = why;
	}

	/** Calls back when what is known now is put into words: a little in each turn of the loop, or at once. */
	function word(isUrgent: boolean, done: (bytes: Uint8Array) => void): void {
		const steps = writer.write(state(), place, Date.now());
		const turn = (): void => {
			const until = isUrgent ? Infinity : now() + SLICE;
			for (let step = steps.next(); ; step = steps.next()) {
				if (step.done) return done(step.value);
				if (now() >= until) return soon(turn);
			}
		};
		turn();
	}

	function told(done: Done): void {
		if (done.result < 0) return complain(reasonOf(done, file));
		if (trouble !== null) log.info(`${file} is written again`);
		trouble = null;
		writtenAt = Date.now();
	}

	function write(): void {
		isBusy = true;
		isStale = false;
		const heard = later.splice(0);
		const notSlow = after(SLOW, () => complain(`the disk has not answered for ${SLOW / 1000} s`));
		word(false, bytes => start('save', {text: file, pieces: [bytes]}, done => {
			notSlow();
			isBusy = false;
			told(done);
			// After a failure the next write is a while away.
			for (const each of [...heard, ...done.result < 0 ? later.splice(0) : []]) each();
			if (done.result < 0) pause();
			else if (isStale) write();
		}));
	}

	/** A disk that is full is full in a second as well. */
	function pause(): void {
		pausedUntil = now() + PAUSE;
		if (isStale) resumeLater();
	}

	function resumeLater(): void {
		if (!isPauseOver) return;
		isPauseOver = false;
		after(Math.max(0, pausedUntil - now()), () => {
			isPauseOver = true;
			if (isStale && !isBusy) write();
		});
	}

	function lock(): {readonly fd: number; readonly text: string} | {readonly why: string; readonly holder: string | null} {
		const path = `${dir}/state.lock`;
		const done = wait('lock', {text: path, numbers: [PATIENCE]}, 2 * PATIENCE, ({result}) => void (result >= 0 && sys.close(result)));
		if (done.result >= 0) {
			// What is read there names processes that are ended with services: PID 1 reads nothing of these.
			if (ownPid === 1 || !isOfOthers(wait('readFile', {text: path, numbers: [0, OTHERS_WRITE]}, PATIENCE))) {
				return {fd: done.result, text: textOf(done.bytes)};
			}
			sys.close(done.result);
			return {why: OPEN, holder: null};
		}
		const isTaken = done.result === -ERRNO.EAGAIN;
		return {why: reasonOf(done, dir), holder: isTaken ? textOf(done.bytes).split(' ')[0]?.trim() ?? '' : null};
	}

	/** `isOwn`: only root and archon's own user can have written it. */
	function read(services: number): {readonly left: Left; readonly isOwn: boolean} | null {
		const most = ownPid === 1 ? Math.min(SIZE_MAX, SIZE_OTHERS + SIZE_EACH * services) : SIZE_MAX;
		const done = wait('readFile', {text: file, numbers: [most, OTHERS_WRITE]}, PATIENCE);
		if (done.result === -ERRNO.ENOENT) return null;
		if (done.result < 0) return refuse(reasonOf(done, file));
		if (done.bytes.length > most) return refuse(`it has more than ${most >> 20} MB`);
		const left = readLeft(textOf(done.bytes));
		return left.ok ? {left: left.value, isOwn: !isOfOthers(done)} : refuse(left.error);
	}

	/** It is kept for people, under another name. */
	function refuse(why: string): null {
		const aside = `${file}.bad-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
		const moved = wait('rename', {text: file, other: aside}, PATIENCE);
		const where = moved.result < 0 ? `it cannot be set aside: ${errnoText(-moved.result)}` : `it is ${aside} now`;
		log.error(`cannot use what an archon before this one has left in ${file}: ${why}; ${where}, and archon starts without it`);
		return null;
	}

	return {
		begin(state) {
			const taken = lock();
			if ('why' in taken) {
				const holder = taken.holder === '' ? '' : ` (pid ${taken.holder})`;
				if (taken.holder === null) log.warn(`state_dir ${dir}: ${taken.why}; nothing is kept there`);
				else if (ownPid !== 1) return `another archon${holder} is already running with state_dir ${dir}`;
				else log.warn(`state_dir ${dir}: another archon keeps its state there; nothing of this one is kept`);
				return {adopted: [], remembered: undefined, state};
			}
			hold(taken.fd);
			kept.keep(KEY, [taken.fd]);
			const found = read(state.table.places);
			const left = found?.left ?? null;
			// Nothing that PID 1 has started outlives it.
			const first = ownPid === 1 ? 0 : firstRun(taken.text);
			sys.write(taken.fd, bytesOf(`${ownPid} ${first}\n`));
			// Pids and times mean nothing elsewhere, nor after the machine was started again.
			const isSame = ownPid !== 1 && left !== null && left.place.bootId === place.bootId && left.place.namespace === place.namespace;
			// They are executed as they stand there.
			const transients = left && found?.isOwn ? transientsOf(left, isSame, hasManifest) : [];
			const whole = withTransients(state, transients, now());
			// Who could have written it could have any process taken for a service's, and ended with it.
			const known = isSame && found?.isOwn ? left : null;
			const orphans = first === 0 ? {adopted: [], runs: 0} : findLeft({state: whole, left: known, first, log, hasManifest});
			const services = new Map([...left?.services ?? []].flatMap(([name, each]) => {
				const entry = find(whole, name);
				return entry ? [[name, remember(each, entry, isSame, hasManifest)] as const] : [];
			}));
			numberFrom(first);
			tell(orphans.adopted, services, whole);
			return {
				adopted: orphans.adopted, state: whole,
				remembered: {runs: first === 0 ? 0 : Math.max(first, orphans.runs, isSame ? left.runs : 0), services, transients},
			};
		},
		resume() {
			const [fd] = kept.inherited(KEY);
			if (fd === undefined) return;
			hold(fd);
			numberFrom(state().runs);
		},
		persist(done) {
			if (!isHeld) return done?.();
			isStale = true;
			const isPaused = now() < pausedUntil;
			if (isPaused) done?.();
			else if (done) later.push(done);
			if (isBusy) return;
			if (isPaused) resumeLater();
			else write();
		},
		finish() {
			if (isHeld) word(true, bytes => told(wait('save', {text: file, pieces: [bytes]}, PATIENCE)));
		},
		about: () => ({path: file, writtenAt, trouble}),
	};

	function tell(adopted: readonly Adopted[], services: ReadonlyMap<string, RememberedService>, state: State): void {
		const taken = adopted.flatMap(({id}) => entryOf(state, id)?.service.name ?? []);
		const count = taken.length === 1 ? 'a service' : `${taken.length} services`;
		if (taken.length > 0) log.info(`goes on with ${count} of an archon that has ended: ${listed(taken)}`);
		const stopped = [...services].flatMap(([name, {asked}]) => (asked === 'stop' ? [name] : []));
		if (stopped.length > 0) log.info(`stopped by an operator before, and stays so until archonctl auto NAME: ${listed(stopped)}`);
	}
}

/** What still holds: what was asked does until the definition of its service changes, all else where the place is the same. */
function remember(
	{asked, starts, rulings: {hitlist, test, manifest}, rest, scheduled, definition}: LeftService, {service}: Entry, isSame: boolean,
	hasManifest: boolean,
): RememberedService {
	const isAlike = definition === definitionOf(service);
	const ago = now() - Date.now();
	const dated = (ruling: Ruling): Ruling => ({...ruling, at: Math.min(now(), ruling.at + ago)});
	// What no manifest says any more would never be taken back.
	const rulings = {
		...hasManifest && hitlist && {hitlist: dated(hitlist)}, ...service.test && test && {test: dated(test)},
		...hasManifest && manifest && {manifest: dated(manifest)},
	};
	return {
		asked: isAlike ? asked : 'auto', starts, rest: isSame && isAlike ? rest : null, scheduled,
		rulings: isSame && Object.keys(rulings).length > 0 ? rulings : NO_RULINGS,
	};
}

/** Services that no config has, and whose processes live, or which are to stay stopped. Those of a manifest are the manifest's to end. */
const transientsOf = ({services}: Left, isSame: boolean, hasManifest: boolean): readonly Service[] =>
	[...services.values()].flatMap(({service, process, asked}) => {
		if (!service || (service.origin === 'manifest' && !hasManifest)) return [];
		const goesOn = isSame && process !== null && lives(process) && mayOutlive(service);
		return goesOn || isKeptStopped(service, asked) ? [service] : [];
	});

function ownPlace(): Place {
	const namespace = sys.readLink('/proc/self/ns/pid');
	return {
		bootId: slurp('/proc/sys/kernel/random/boot_id')?.trim() ?? '',
		namespace: typeof namespace === 'string' ? Number(/\d+/.exec(namespace)?.[0] ?? 0) : 0,
	};
}

/**
 * The first number of the runs of all archons that have kept their state in this folder: no other archon gives out the same, and
 * so the tag of a process (run-tag.ts) tells whether it was made by one of these. The number outlives a damaged state.
 */
function firstRun(text: string): Run {
	const known = Number(text.split(' ')[1] ?? 0);
	if (Number.isSafeInteger(known) && known >= RUNS_OF_ONE && known % RUNS_OF_ONE === 0 && known < RUNS_OF_ONE * FIRSTS) return known;
	return RUNS_OF_ONE * (1 + Math.floor(Math.random() * (FIRSTS - 1)));
}

function reasonOf(done: Done, path: string): string {
	if (done.result === -ERRNO.ETIMEDOUT) return 'the disk does not answer';
	if (done.result === -ERRNO.EINVAL) return 'it is not a regular file';
	if (isRefused(done)) return refusalOf(done, path);
	return errnoText(-done.result);
}
