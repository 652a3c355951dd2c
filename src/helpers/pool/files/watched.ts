/** Which folders are watched, and for whom: each once, whatever leads to it. */
import {STAT} from '../../../os/layouts.ts';
import {ERRNO, newStat, sys} from '../../../os/sys.ts';
import type {Hearer} from '../../../os/watches.ts';
import {type Step, wayTo} from './way.ts';

/** Something that a way leads to: a folder with files, or a file that is a link. */
export interface User {
	/** An empty one is `/`. */
	readonly path: string;
	/** What happens in it counts. */
	readonly isFolder: boolean;
	/** What it is told by. */
	holds: readonly Hold[];
}

type Hold = readonly [number: number, name: string];

export interface Watched<U> {
	readonly number: number;
	readonly folders: string[];
	/** By the name that counts; an empty one: all that happens in it counts, as it is the end of the way. */
	readonly users: Map<string, Set<U>>;
}

export interface WatchedFolders<U extends User> {
	/** Follows the way to it; 0, or -errno: it must be looked at, as it is not told. */
	follow(user: U): number;
	release(user: U): void;
	find(number: number): Watched<U> | undefined;
	/** It was moved or removed: who has used it, and is to follow its way again. */
	lose(watched: Watched<U>): Set<U>;
}

/** Ways that change while they are followed are followed so often. */
const TRIES = 3;
/** A folder where anyone makes files, but takes nothing of others: `/tmp`. */
const SHARED = 0o1002;

const about = newStat();

/** `fd`: of the hearer; or -errno, and then nothing can be watched. */
export function createWatchedFolders<U extends User>(hearer: Hearer, fd: number): WatchedFolders<U> {
	const byFolder = new Map<string, Watched<U>>();
	const byNumber = new Map<number, Watched<U>>();

	function watch(folder: string): Watched<U> | number {
		const known = byFolder.get(folder);
		if (known) return known;
		const number = fd < 0 ? fd : sys.addWatch(fd, folder, true);
		if (number < 0) return number;
		let watched = byNumber.get(number);
		if (!watched) {
			watched = {number, folders: [], users: new Map()};
			byNumber.set(number, watched);
			hearer.add(number);
		}
		watched.folders.push(folder);
		byFolder.set(folder, watched);
		return watched;
	}

	function drop(watched: Watched<U>): void {
		for (const folder of watched.folders) byFolder.delete(folder);
		byNumber.delete(watched.number);
		hearer.drop(watched.number);
	}

	function letGo(user: U, holds: readonly Hold[]): void {
		for (const [number, name] of holds) {
			const watched = byNumber.get(number);
			const users = watched?.users.get(name);
			if (!watched || !users) continue;
			users.delete(user);
			if (users.size === 0) watched.users.delete(name);
			if (watched.users.size === 0) drop(watched);
		}
	}

	/** What is made in `/tmp` all the time is of no interest as long as the folder in it tells of itself. */
	const isNeeded = ({folder, isPlain}: Step): boolean => !isPlain || byFolder.has(folder) || sys.stat(folder, about) < 0
		|| ((about[STAT.mode] ?? 0) & SHARED) !== SHARED;

	/** Those of before are given up when the others are there, as most of them are the same. */
	function hold(user: U, places: readonly (readonly [folder: string, name: string])[]): number {
		let result = 0;
		const holds: Hold[] = [];
		const before = user.holds;
		for (const [folder, name] of places) {
			const watched = watch(folder);
			if (typeof watched === 'number') {
				result ||= watched;
				continue;
			}
			holds.push([watched.number, name]);
			const users = watched.users.get(name);
			if (users) users.add(user);
			else watched.users.set(name, new Set([user]));
		}
		user.holds = holds;
		letGo(user, before.filter(([number, name]) => !holds.some(hold => hold[0] === number && hold[1] === name)));
		return result;
	}

	return {
		follow(user) {
			let result = 0;
			for (let tries = 0; tries < TRIES; tries++) {
				const {steps, end} = wayTo(user.path);
				const places = steps.filter(isNeeded).map(({folder, name}) => [folder, name] as const);
				result = hold(user, end !== null && user.isFolder ? [...places, [end, '']] : places);
				// What is no folder is told by the one that it is in.
				if (result === -ERRNO.ENOTDIR) result = 0;
				const now = sys.realPath(user.path || '/');
				// It may have changed before it was watched.
				if (result !== -ERRNO.ENOENT && (typeof now === 'string' ? now : null) === end) break;
			}
			return result;
		},
		release(user) {
			letGo(user, user.holds);
			user.holds = [];
		},
		find: number => byNumber.get(number),
		lose(watched) {
			const users = new Set<U>();
			for (const each of watched.users.values()) for (const user of each) users.add(user);
			drop(watched);
			for (const user of users) user.holds = user.holds.filter(([number]) => number !== watched.number);
			return users;
		},
	};
}
