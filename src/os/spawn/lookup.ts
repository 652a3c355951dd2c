/** The files that the name of a program may mean. */
import {sys} from '../sys.ts';

/** Where programs are looked for by those that have no PATH. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** As execvp(3) would try them: a name with a slash is a path, an empty element of PATH is the directory. */
export function candidates(program: string, path: string): string[] {
	if (program.includes('/')) return [program];
	return path.split(':').map(directory => (directory === '' ? program : `${directory.replace(/\/$/, '')}/${program}`));
}

/** Whether archon may execute one of them (access(2), X_OK). */
export const hasProgram = (program: string, path: string): boolean => candidates(program, path).some(file => sys.access(file, 1) === 0);
