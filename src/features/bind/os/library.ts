/** Where libarchon-bind.so is. */
import {dirname} from '../../../core/path.ts';
import {ownPath} from '../../../os/identity.ts';
import {isFile, newStat, sys} from '../../../os/sys.ts';

const NAME = 'libarchon-bind.so';

/** Where the image tree has it. */
export const PRELOADED = `/usr/lib/archon/${NAME}`;

/** The library that the config names, else that of the image tree, else one beside archon's executable. */
export function libraryPath(given: string | null): string {
	if (given !== null) return given;
	const beside = `${dirname(ownPath())}/${NAME}`;
	return !isThere(PRELOADED) && isThere(beside) ? beside : PRELOADED;
}

export function isThere(path: string): boolean {
	const stat = newStat();
	return sys.stat(path, stat) === 0 && isFile(stat);
}
