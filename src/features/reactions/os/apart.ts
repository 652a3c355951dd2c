/**
 * Who a command runs as that others than the config have thought of, as rules have: with no more than its service may where that is
 * not root's, and else apart from it.
 */
import type {Bounds} from '../../../core/action.ts';
import {exec, LIMITS, service as standard} from '../../../core/defaults.ts';
import {RULES_USER} from '../../../core/lua-rules.ts';
import type {Service, UserSpec} from '../../../core/service.ts';
import {helperUser} from '../../../os/helper-user.ts';
import {gid, uid} from '../../../os/identity.ts';
import {findUser} from '../../../os/spawn/users.ts';

/**
 * The seat of such a command: it has none of the variables, secrets, files and rights of its service and of archon. Null: it is one of
 * the service's own, or of archon's where that is not root.
 */
export function seatApart(service: Service | null, {runAs}: Bounds): Service | null {
	const own = accountOf(service?.exec.user ?? null);
	if (runAs) {
		const wanted = accountOf(runAs);
		return own && own.uid === wanted?.uid && own.gid === wanted.gid ? null : seatFor(service, runAs, false);
	}
	// A user that cannot be found may be root.
	return own && own.uid !== 0 ? null : seatFor(service, helperUser(RULES_USER), true);
}

/** Null: there is no such user. */
function accountOf(user: UserSpec | null): {readonly uid: number; readonly gid: number} | null {
	if (!user) return {uid, gid};
	const found = findUser(user);
	return found.ok ? found.value : null;
}

/** What it writes to is `passed`: pipes of root's services do not become those of the user. */
function seatFor(service: Service | null, user: UserSpec | null, noNewPrivileges: boolean): Service {
	const name = service?.name ?? 'archon';
	return {
		...standard(name, [name]),
		exec: {...exec([name]), base: 'clean', cwd: '/', user, limits: {...LIMITS, noNewPrivileges}, output: {kind: 'passed', fds: [-1, -1, -1]}},
	};
}
