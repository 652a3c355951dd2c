/** Where a path leads, found out by a job: a file system that does not answer keeps nothing from its work but who asks. */
import {join} from '../core/path.ts';
import {type Done, start, textsOf} from './jobs.ts';
import {isRefused, refusalOf} from './places.ts';
import {sys} from './sys.ts';

/**
 * By no link that others may have laid, of which `refused` is told; null: nowhere, or that is not to be known. `flags`: of PLACE
 * (layouts.ts).
 */
export async function placeOf(path: string, flags: number, refused: (why: string) => void): Promise<string | null> {
	const done = await new Promise<Done>(resolve => start('place', {text: path, numbers: [flags]}, resolve));
	if (done.result < 0) {
		if (isRefused(done)) refused(refusalOf(done, path));
		return null;
	}
	sys.close(done.result);
	const [folder = '', name = ''] = textsOf(done);
	return done.stream >= 0 ? null : join(folder || '/', name);
}
