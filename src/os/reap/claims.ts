/** What a process claims by its environment to be, and who may claim it: any user that executes a program may put anything there. */
import type {Run} from '../../core/ids.ts';
import type {UserSpec} from '../../core/service.ts';
import {uid as ownUid} from '../identity.ts';
import {environOf, uidOf, variableIn} from './procfs.ts';
import {findUser} from '../spawn/users.ts';

export interface Claim {
	readonly service: string;
	readonly run: Run;
	/** Who claims it: the process's real user, as whom it may execute what it likes. */
	readonly uid: number;
}

/** Null: it claims nothing, or what it says may not be read. */
export function claimOf(pid: number): Claim | null {
	const environ = environOf(pid);
	const [service, run] = [variableIn(environ, 'ARCHON_SERVICE'), variableIn(environ, 'ARCHON_RUN')];
	const uid = service !== null && run !== null && /^\d{1,15}$/.test(run) ? uidOf(pid) : null;
	return service === null || uid === null ? null : {service, run: Number(run), uid};
}

/** Whether it may come from what was made as that user; null: as archon's own. Root may say anything. */
export function isBelieved({uid}: Claim, user: UserSpec | null): boolean {
	if (uid === 0) return true;
	if (user === null) return uid === ownUid;
	const found = findUser(user);
	return found.ok && found.value.uid === uid;
}
