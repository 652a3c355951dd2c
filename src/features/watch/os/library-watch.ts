/** Restarts services whose program or libraries are other files by now (`watch: {libraries: true}`), one after the other. */
import type {Effect} from '../../../core/effect.ts';
import type {Entry} from '../../../core/entry.ts';
import {listed} from '../../../core/listed.ts';
import {plainText} from '../../../core/plain.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';
import {sys} from '../../../os/sys.ts';
import type {Watches} from '../../../os/watches.ts';
import {advance, AT_REST, deadlineOf, enqueue} from '../core/rolling.ts';
import type {Mapped} from './mapped.ts';

export interface LibraryParts {
	readonly watches: Watches;
	readonly now: () => Instant;
	/** As of clock.ts. */
	readonly after: (millis: Millis, callback: () => void) => () => void;
	/** What the processes of these services have mapped. */
	readonly look: (isMeant: (name: string) => boolean, told: (found: readonly Mapped[]) => void) => void;
	readonly entryOf: (name: string) => Entry | undefined;
	readonly restart: (name: string, why: string) => void;
	readonly warn: (text: string) => void;
}

export interface LibraryWatch {
	/** Each service that is meant, and how long files must have been left alone. */
	set(wanted: ReadonlyMap<string, Millis>): void;
	onEffects(effects: readonly Extract<Effect, {kind: 'changed'}>[]): void;
}

/** A program maps most of its libraries before it is ready, and some soon after. */
const SETTLING: Millis = 2000;
/** What is gone so soon after a start is gone because the program removes it itself, as some do that unpack themselves. */
const EARLY: Millis = 10_000;
const FOLDERS_MAX = 500;
const NAMED = 2;
const SHOWS = 'archonctl needs-restart shows what there is to do';

export function createLibraryWatch({watches, now, after, look, entryOf, restart, warn}: LibraryParts): LibraryWatch {
	let wanted: ReadonlyMap<string, Millis> = new Map();
	const hearer = watches.hearer(() => ask(Math.max(...wanted.values())));
	let [cancelLook, cancelRoll] = [() => {}, () => {}];
	/** When a look is due; and whether one is under way, or asked for again meanwhile. */
	let due: Instant = NEVER;
	let [isLooking, isAgain] = [false, false];
	let rolling = AT_REST;
	const whys = new Map<string, string>();
	/** By service: the start that was looked at, and what was gone then already. */
	const habits = new Map<string, {readonly starts: number; readonly paths: ReadonlySet<string>}>();
	const told = new Set<string>();

	const tell = (text: string): void => {
		if (!told.has(text)) warn(text);
		told.add(text);
	};

	/** Looks in so long, and later where more is heard of: while packages are installed. */
	function ask(millis: Millis): void {
		if (wanted.size === 0) return;
		due = now() + millis;
		cancelLook();
		cancelLook = after(millis, go);
	}

	function go(): void {
		due = NEVER;
		if (isLooking) {
			isAgain = true;
			return;
		}
		isLooking = true;
		const fd = hearer.begin();
		look(name => wanted.has(name), found => {
			isLooking = false;
			if (wanted.size === 0) return hearer.close();
			const folders = new Set(found.flatMap(each => each.folders));
			if (folders.size > FOLDERS_MAX) tell(`watch of libraries: they are in more than ${FOLDERS_MAX} folders, and the rest is not watched`);
			const numbers = fd < 0 ? [] : [...folders].slice(0, FOLDERS_MAX).map(folder => sys.addWatch(fd, folder, true));
			const isDeaf = fd < 0 || numbers.some(number => number < 0);
			if (isDeaf && folders.size > 0) tell(`watch of libraries: not all of their folders can be watched; ${SHOWS}`);
			hearer.set(numbers.filter(number => number >= 0));
			const stale = found.map(each => ({...each, files: withoutHabits(each)})).filter(({files}) => files.length > 0);
			for (const {service, files} of stale) {
				const names = files.map(({path, state}) => `${plainText(path)} was ${state}`);
				whys.set(service, listed(names, NAMED));
			}
			rolling = enqueue(rolling, stale.map(({service}) => service));
			roll();
			if (isAgain && due === NEVER) ask(SETTLING);
			isAgain = false;
		});
	}

	function withoutHabits({service, files}: Mapped): Mapped['files'] {
		const entry = entryOf(service);
		if (!entry) return [];
		let habit = habits.get(service);
		if (habit?.starts !== entry.starts) {
			const gone = now() - entry.since < EARLY ? files.filter(({state}) => state === 'deleted') : [];
			habit = {starts: entry.starts, paths: new Set(gone.map(({path}) => path))};
			habits.set(service, habit);
		}
		return files.filter(({path, state}) => state === 'replaced' || !habit.paths.has(path));
	}

	function roll(): void {
		const {after: next, restarts, stuck} = advance(rolling, entryOf, now());
		rolling = next;
		if (stuck) {
			const left = stuck.left.length > 0 ? `; not restarted: ${listed(stuck.left)}` : '';
			warn(`watch of libraries: ${stuck.name} was restarted, and ${stuck.why}${left}; ${SHOWS}`);
		}
		cancelRoll();
		if (deadlineOf(rolling) !== NEVER) cancelRoll = after(Math.max(0, deadlineOf(rolling) - now()), roll);
		if (restarts !== null) restart(restarts, whys.get(restarts) ?? 'its libraries were replaced');
	}

	return {
		set(next) {
			const isMore = [...next.keys()].some(name => !wanted.has(name));
			wanted = next;
			for (const name of habits.keys()) if (!next.has(name)) habits.delete(name);
			for (const name of whys.keys()) if (!next.has(name)) whys.delete(name);
			if (next.size === 0) {
				cancelLook();
				rolling = AT_REST;
				if (!isLooking) hearer.close();
			} else if (isMore) {
				ask(SETTLING);
			}
		},
		onEffects(effects) {
			if (wanted.size === 0) return;
			const isStarted = effects.some(({before, after}) =>
				after.phase.kind === 'up' && before.phase.kind !== 'up' && wanted.has(after.service.name));
			if (isStarted && due === NEVER) ask(SETTLING);
			if (rolling.current && effects.some(({after}) => after.service.name === rolling.current?.name)) roll();
		},
	};
}
