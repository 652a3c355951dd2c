/** Who archon is; none of it changes while it runs. */
import {sys} from './sys.ts';

export const pid = sys.getpid();
export const uid = sys.getuid();
export const gid = sys.getgid();
