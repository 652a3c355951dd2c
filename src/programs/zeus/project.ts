/** Where the pool of a folder is: beside what marks the nearest project upward. */
import {dirname, join} from '../../core/path.ts';

/** In the project's folder. */
export const [SOCKET, PID_FILE] = ['.zeus.sock', '.zeus.pid'] as const;

/** Files that make a folder a project. */
const MARKS = [SOCKET, 'zeus.json', 'zeus.yaml', 'archon.yaml', '.git'];
/** Of Ruby's projects: `Gemfile` and those of some variants. */
const GEMFILE = 'Gemfile';

export interface Folders {
	readonly isThere: (path: string) => boolean;
	readonly names: (folder: string) => readonly string[];
}

/** The nearest folder upward that is a project; null: no folder is. */
export function findProject(from: string, folders: Folders): string | null {
	for (let folder = from; ; folder = dirname(folder)) {
		const isProject = MARKS.some(mark => folders.isThere(join(folder, mark))) || folders.names(folder).some(name => name.endsWith(GEMFILE));
		if (isProject) return folder;
		if (folder === '/' || folder === '.') return null;
	}
}
