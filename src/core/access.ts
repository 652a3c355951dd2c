/** Who may what on the control socket: roles, the services for which they are granted, and to whom. */

/** From the least to the most powerful: a role has the rights of those before it. */
export const RIGHTS = ['observe', 'operate', 'admin'] as const;

export type Role = (typeof RIGHTS)[number];

export const includes = (role: Role, other: Role): boolean => RIGHTS.indexOf(role) >= RIGHTS.indexOf(other);

/** A role. `services`: names, groups and patterns of those for which it holds; null: for all, and for archon as a whole. */
export interface Grant {
	readonly role: Role;
	readonly services: readonly string[] | null;
}

/** A role for a user, or for the members of a group. */
export interface AccessRule {
	readonly to: {readonly user: string} | {readonly group: string};
	readonly grant: Grant;
}

/** The same with the numbers that the kernel knows them by. */
export interface NumberedRule {
	readonly to: {readonly uid: number} | {readonly gid: number};
	readonly grant: Grant;
}

/** All that there is. */
export const ALL_RIGHTS: readonly Grant[] = [{role: 'admin', services: null}];

/** No right at all. One object for all, so that a comparison by identity suffices. */
export const NO_RIGHTS: readonly Grant[] = [];
