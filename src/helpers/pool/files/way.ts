/** The way to a path, name by name: where something would have to change so that the path leads elsewhere. */
import {plainText} from '../../../core/plain.ts';
import {errnoText} from '../../../os/errno.ts';
import {ERRNO, sys} from '../../../os/sys.ts';

export interface Step {
	/** A folder, by a path without links. */
	readonly folder: string;
	readonly name: string;
	/** The name is there and no link: what has it tells by itself that it is moved or removed. */
	readonly isPlain: boolean;
}

export interface Way {
	readonly steps: readonly Step[];
	/** The path without links; null: it leads nowhere now. */
	readonly end: string | null;
}

const LINKS_MAX = 40;
/** Of a path of 4096 bytes, with what its links add. */
const STEPS_MAX = 4096;
const PATH_MAX = 4096;

export function wayTo(path: string): Way {
	const steps: Step[] = [];
	const rest = path.split('/').reverse();
	let at = '';
	let links = 0;
	while (rest.length > 0) {
		const name = rest.pop() ?? '';
		if (name === '' || name === '.') continue;
		if (name === '..') {
			at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
			continue;
		}
		const link = sys.readLink(`${at}/${name}`);
		const isPlain = link === -ERRNO.EINVAL;
		steps.push({folder: at || '/', name, isPlain});
		if (typeof link === 'string') {
			links += 1;
			if (links > LINKS_MAX || rest.length > STEPS_MAX) return {steps, end: null};
			if (link.startsWith('/')) at = '';
			for (const each of link.split('/').reverse()) rest.push(each);
			continue;
		}
		if (!isPlain) return {steps, end: null};
		at = `${at}/${name}`;
	}
	return {steps, end: at || '/'};
}

/** Why the kernel does not tell of changes there, and what is done instead. */
export function untoldText(path: string, errno: number): string {
	const limit = errno === ERRNO.ENOSPC ? 'max_user_watches' : errno === ERRNO.EMFILE ? 'max_user_instances' : '';
	const advice = limit === '' ? '' : `; a larger fs.inotify.${limit} (sysctl) lets the kernel tell of changes`;
	return `${plainText(path)} cannot be watched: ${errnoText(errno)}; its files are looked at instead, once a second or less${advice}`;
}

/** Whether a path can be that of a file that was loaded: what the kernel makes up itself has the time of the look. */
export const isWatchable = (path: string): boolean => path.startsWith('/') && !path.endsWith('/') && path.length < PATH_MAX
	&& !path.includes('\0') && !path.startsWith('/proc/') && !path.startsWith('/sys/');
