/** Why the container ended, for who runs it: Kubernetes shows what stands in this file at the end. */
import {closeSync, constants, lstatSync, openSync, writeSync} from 'node:fs';

const PATH = '/dev/termination-log';
/** No more of it is read. */
const MAX = 4096;

/** Adds a line, for a service may have left one of its own. Where the file is missing or may not be written nothing happens. */
export function writeTermination(line: string): void {
	try {
		if (!lstatSync(PATH).isFile()) return;
		const fd = openSync(PATH, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
		writeSync(fd, `${line.slice(0, MAX / 4)}\n`);
		closeSync(fd);
	} catch {
		// Nobody asked for it, then.
	}
}
