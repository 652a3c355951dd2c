/**
 * A tree of files as one sees it who has it as root: `/`, or the folder of an image. Links lead to where they would lead
 * there, and never out of it.
 */
import {err, ok, type Result} from '../../core/result.ts';
import {isFolder, isLink, newStat, type Stat, ERRNO, sys} from '../sys.ts';
import {STAT} from '../layouts.ts';

/** Who looks: what a process of this user may do. */
export interface Viewer {
	readonly uid: number;
	/** Its own group first. */
	readonly gids: readonly number[];
	/** In messages. */
	readonly name: string;
}

/** Something that is there: where it lies on this machine, and what it is. */
export interface Found {
	readonly path: string;
	readonly about: Stat;
}

export interface Miss {
	/** `unknown`: archon itself may not look, or the machine does not say. */
	readonly kind: 'missing' | 'denied' | 'unknown';
	/** The part of the path where it ends, as seen in the tree. */
	readonly at: string;
	/** The link that leads to it, if one does. */
	readonly link: string | null;
}

/** As the kernel has it (path_resolution(7)). */
const LINKS_MAX = 40;

export interface Tree {
	/** The folder on this machine; empty: `/`. */
	readonly root: string;
	/** What a path leads to; with `viewer` only if they may search all folders on the way. */
	find(path: string, viewer?: Viewer): Result<Found, Miss>;
}

export function createTree(folder: string): Tree {
	const real = folder === '/' ? '/' : sys.realPath(folder);
	const root = typeof real === 'number' ? folder.replace(/\/+$/, '') : real.replace(/^\/$/, '');

	return {root, find};

	function find(path: string, viewer?: Viewer): Result<Found, Miss> {
		const left = path.split('/').filter(isStep).reverse();
		const steps: string[] = [];
		let link: string | null = null;
		let links = 0;
		for (let step = left.pop(); step !== undefined; step = left.pop()) {
			if (step === '..') {
				steps.pop();
				continue;
			}
			const at = `/${[...steps, step].join('/')}`;
			const about = newStat();
			const looked = sys.lstat(`${root}${at}`, about);
			if (looked < 0) return err({kind: KINDS[-looked] ?? 'unknown', at, link});
			if (isLink(about)) {
				const target = sys.readLink(`${root}${at}`);
				if (typeof target === 'number' || ++links > LINKS_MAX) return err({kind: 'unknown', at, link});
				link ??= at;
				if (target.startsWith('/')) steps.length = 0;
				left.push(...target.split('/').filter(isStep).reverse());
				continue;
			}
			steps.push(step);
			if (left.length === 0) break;
			if (!isFolder(about)) return err({kind: 'missing', at, link});
			if (viewer && !mayExecute(about, viewer)) return err({kind: 'denied', at, link});
		}
		const about = newStat();
		const place = `${root}/${steps.join('/')}`;
		return sys.stat(place, about) < 0 ? err({kind: 'unknown', at: path, link}) : ok({path: place, about});
	}
}

const isStep = (step: string): boolean => step !== '' && step !== '.';

const KINDS: Readonly<Record<number, Miss['kind']>> = {[ERRNO.ENOENT]: 'missing', [ERRNO.ENOTDIR]: 'missing'};

/** Whether the permissions let a user execute a file, or search a folder; access lists are not looked at (acl(5)). */
export function mayExecute(about: Stat, {uid, gids}: Viewer): boolean {
	const mode = about[STAT.mode] ?? 0;
	if (uid === 0) return (mode & 0o111) !== 0 || isFolder(about);
	if (about[STAT.uid] === uid) return (mode & 0o100) !== 0;
	return (mode & (gids.includes(about[STAT.gid] ?? -1) ? 0o010 : 0o001)) !== 0;
}
