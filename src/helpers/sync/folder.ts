/** Fetching from a folder of this machine: only what lies in it, by no link, and only regular files. */
import {newBytes} from '../../os/bytes.ts';
import {soon} from '../../os/clock.ts';
import {errnoText} from '../../os/errno.ts';
import {ERRNO, isFile, newStat, O, sys} from '../../os/sys.ts';
import {type Fetcher, TOO_LARGE} from './fetcher.ts';

const READ = 256 * 1024;

/** `root`: the folder, which itself may be reached by links. */
export function createFolder(root: string): Fetcher {
	function openBelow(path: string): number {
		let folder = sys.open(root, O.RDONLY | O.DIRECTORY | O.NONBLOCK, 0);
		const steps = path.split('/');
		for (const [index, step] of steps.entries()) {
			if (folder < 0) return folder;
			const isLast = index === steps.length - 1;
			const next = sys.openAt(folder, step, O.RDONLY | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY | (isLast ? 0 : O.DIRECTORY), 0);
			sys.close(folder);
			folder = next;
		}
		return folder;
	}

	return {
		name: 'this machine',
		resumes: false,
		async fetch(path, {most, take}) {
			const fd = openBelow(path);
			if (fd === -ERRNO.ELOOP) return 'is a symbolic link, which is not followed';
			if (fd < 0) return `cannot be read: ${errnoText(-fd)}`;
			try {
				const about = newStat();
				if (sys.fstat(fd, about) < 0 || !isFile(about)) return 'is not a regular file';
				const bytes = newBytes(READ);
				for (let left = most; ;) {
					const count = sys.read(fd, bytes);
					if (count === -ERRNO.EINTR) continue;
					if (count < 0) return `cannot be read: ${errnoText(-count)}`;
					if (count === 0) return null;
					left -= count;
					if (left < 0) return TOO_LARGE;
					const why = take(bytes.subarray(0, count));
					if (why !== null) return why;
					await new Promise<void>(resolve => soon(resolve));
				}
			} finally {
				sys.close(fd);
			}
		},
	};
}
