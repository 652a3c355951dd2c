/** Whether the users and groups that services name are there. */
import type {Result} from '../core/result.ts';
import type {UserSpec} from '../core/service.ts';
import type {Arrangement, Services} from './edges.ts';
import type {Account} from './group.ts';
import type {Declared} from './keys/services.ts';
import type {Planning} from './planning.ts';
import {quote, writtenIn} from './problems.ts';
import type {Value} from './values.ts';

/** Not asked of services that come after a oneshot, which may make them. */
export function judgeUsers(
	services: Services, accountsOf: (declared: Declared) => readonly Account[], {names, needs}: Arrangement, planning: Planning,
): void {
	const {lookups: {findUser}} = planning;
	const late = new Set<string>();
	const known = new Map<string, Result<unknown, string>>();
	// Many services have the same user, and to find one costs a walk through files.
	const find = (spec: UserSpec): Result<unknown, string> => {
		const id = `${spec.user}:${spec.group}`;
		const result = known.get(id) ?? findUser(spec);
		known.set(id, result);
		return result;
	};
	for (const name of names) {
		const declared = services.get(name);
		if (!declared) continue;
		const isLate = needs.get(name)?.some(need => late.has(need.name)) ?? false;
		if (declared.settings.type === 'oneshot' || isLate) late.add(name);
		if (isLate) continue;
		for (const {spec, key, at} of accountsOf(declared)) {
			const result = find(spec);
			if (!result.ok) reportUser(planning, at, `${declared.path}.${key}`, result.error);
		}
	}
}

/** Reports a user or group that does not exist here. */
export function reportUser({problems}: Planning, place: Value, key: string, why: string): void {
	const [written] = (place.kind === 'list' ? place.items : [place]).flatMap(each => writtenIn(each) ?? []);
	const message = `${key}: ${written === undefined ? why : `${quote(written)} is no user or group here`}`;
	const what = why.startsWith('group') ? 'the group' : 'the user';
	problems.report(place, message, written === undefined ? `make ${what} in the image, or write a number` : null);
}
