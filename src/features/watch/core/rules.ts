/** Which names below a folder that is watched count. */
import type {PathWatch} from './spec.ts';

/** What editors and version control leave in folders, and is never meant. */
export const NEVER_MEANT: readonly string[] = ['.git/', '.hg/', '.svn/', '*~', '.#*', '#*#', '.*.sw?', '.*.swpx', '4913', '.nfs*'];

/** As `sys.isWatched` has them. */
export const rulesOf = ({include, exclude}: Pick<PathWatch, 'include' | 'exclude'>): string =>
	[...[...NEVER_MEANT, ...exclude].map(each => `-${each}`), ...include.map(each => `+${each}`)].join('\n');
