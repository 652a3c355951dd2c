/** Whether those whom a config grants something are there, and the services for which they have it. */
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import {fits, isPattern} from '../core/name-pattern.ts';
import {tokensIn} from '../core/token.ts';
import {MAIN} from './command-service.ts';
import type {WrittenGrant, WrittenRule} from './keys/access.ts';
import type {Name} from './keys/groups.ts';
import type {Planning} from './planning.ts';
import {didYouMean, quoteWritten} from './problems.ts';
import {reportUser} from './users.ts';
import {writtenAt, type Mapping, type Value} from './values.ts';

/** Where who has a token of a file comes in. */
interface WrittenDoor extends WrittenGrant {
	readonly path: string;
	readonly tokenFile: string;
	readonly tokenAt: Value;
}

/** A service with rights of its own. */
interface Controlling {
	readonly path: string;
	readonly map: Mapping;
	readonly settings: {readonly control: readonly WrittenGrant[] | null};
}

/** `known`: the names of all services and groups. */
export function judgeRights(
	{access: rules, doors}: {readonly access: readonly WrittenRule[]; readonly doors: readonly WrittenDoor[]},
	services: readonly Controlling[], known: () => readonly string[], planning: Planning,
): void {
	const {problems, notes, lookups} = planning;
	const controlling = services.filter(({settings: {control}}) => control !== null);
	const names = known();
	const all = new Set(names);
	const judge = (path: string, {name, at}: Name): void => {
		if (isPattern(name)) {
			// supervisord's words for all of a group.
			const isThere = name.endsWith(':*') ? all.has(name.slice(0, -2)) : names.some(each => fits(name, each));
			if (!isThere) notes.report(at, `${path} names ${quoteWritten(at, name)}, which matches no service that the config has`);
			return;
		}
		const base = name.replace(/:.*$/, '');
		// What clients and the command line bring about may come, and helpers may.
		if (all.has(base) || name === 'all' || name === MAIN || name.startsWith(HELPER_PREFIX)) return;
		problems.report(at, `${path} names ${quoteWritten(at, name)}, which is neither a service nor a group`, () => didYouMean(name, names));
	};
	for (const {path, key, to, at, services} of rules) {
		for (const each of to) {
			const found = lookups.findUser('user' in each ? {user: each.user, group: null} : {user: '0', group: each.group});
			if (!found.ok) reportUser(planning, at, `${path}.${key}`, found.error);
		}
		for (const name of services ?? []) judge(`${path}.services`, name);
	}
	for (const door of doors) {
		for (const name of door.services ?? []) judge(`${door.path}.services`, name);
		if (lookups.inspect) inspectTokens(door, planning);
	}
	for (const {path, map, settings: {control}} of controlling) {
		const isList = writtenAt(map, 'control')?.value.kind === 'list';
		for (const [index, {services}] of (control ?? []).entries()) {
			for (const name of services ?? []) judge(`${path}.control${isList ? `[${index}]` : ''}.services`, name);
		}
	}
}

/**
 * Only where a config is checked: archon reads the file when clients come in by it, and nothing that it keeps of a config
 * may hold a token. What is not there may still come, as secrets do.
 */
function inspectTokens({tokenAt, path, tokenFile}: WrittenDoor, {notes, lookups}: Planning): void {
	const file = lookups.readFile(tokenFile);
	const note = (what: string): void => notes.report(tokenAt, `${path}.token_file: ${what}: no client is let in by it`);
	if (!file.ok) return note(file.error.problem.message);
	if (file.value.isOfOthers) return note(`${tokenFile} may be written by others than root and archon's own user`);
	const tokens = tokensIn(file.value.text);
	// Where no machine is looked at, every file is an empty one.
	if (typeof tokens === 'string' && file.value.text !== '') note(`${tokenFile} ${tokens}`);
}
