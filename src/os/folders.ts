/** Folders made where they are missing, with their parents. */
import {dirname} from '../core/path.ts';
import {ERRNO, type Outcome, sys} from './sys.ts';

const isMissing = (result: Outcome, path: string): boolean => result === -ERRNO.ENOENT && dirname(path) !== path;
const madeOrThere = (result: Outcome): Outcome => (result === -ERRNO.EEXIST ? 0 : result);

/** 0 where something of that name is there. */
export function makeFolder(path: string, mode = 0o777): Outcome {
	const made = sys.mkdir(path, mode);
	if (!isMissing(made, path)) return madeOrThere(made);
	const parent = makeFolder(dirname(path), mode);
	return parent < 0 ? parent : madeOrThere(sys.mkdir(path, mode));
}
