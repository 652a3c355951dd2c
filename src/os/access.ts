/** From the names of users and groups in `access` to the numbers that the kernel knows them by. */
import type {AccessRule, NumberedRule} from '../core/access.ts';
import {findGroups, findUser} from './spawn/users.ts';

/** `unknown`: why a rule means no one, in words. */
export function numbered(rules: readonly AccessRule[]): {readonly rules: readonly NumberedRule[]; readonly unknown: readonly string[]} {
	const [found, unknown]: [NumberedRule[], string[]] = [[], []];
	for (const {to, grant} of rules) {
		if ('user' in to) {
			const user = findUser({user: to.user, group: null});
			if (user.ok) found.push({to: {uid: user.value.uid}, grant});
			else unknown.push(user.error);
		} else {
			const groups = findGroups([to.group]);
			if (groups.ok) found.push({to: {gid: groups.value[0] ?? -1}, grant});
			else unknown.push(groups.error);
		}
	}
	return {rules: found, unknown};
}
