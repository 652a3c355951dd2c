/** Why the container ended, for who runs it: Kubernetes shows what stands in this file at the end. */
import {bytesOf} from './bytes.ts';
import {isFile, newStat, O, sys} from './sys.ts';

const PATH = '/dev/termination-log';
/** No more of it is read. */
const MAX = 4096;

/** Adds a line, for a service may have left one of its own. Nothing happens where the file is missing or may not be written. */
export function writeTermination(line: string): void {
	const fd = sys.open(PATH, O.WRONLY | O.APPEND | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY, 0);
	if (fd < 0) return;
	const about = newStat();
	if (sys.fstat(fd, about) === 0 && isFile(about)) sys.write(fd, bytesOf(`${line.slice(0, MAX / 4).toWellFormed()}\n`));
	sys.close(fd);
}
