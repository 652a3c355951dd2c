/** The roles that archon's helpers have, and what helpers are called. */

/** `syslog` delivers lines by TCP and UDP; `gate` is for control by TCP; `sync` pulls programs from a master; `rules` runs
 * those in Lua; `alerts` tells people; `web` answers by HTTP; `pool` is the master of a pool, of which there may be several. */
export const ROLES = ['syslog', 'gate', 'sync', 'rules', 'alerts', 'web', 'pool'] as const;

export type Role = (typeof ROLES)[number];

/** With the role behind it, the name of a helper; no other service may have one that begins so. */
export const HELPER_PREFIX = 'archon.';

/** What the service of each pool is called as a program; as a service it has the pool's name. */
export const POOL_PROGRAM = `${HELPER_PREFIX}pool`;

/** The service of `archon --shell`, which is no helper. */
export const SHELL = `${HELPER_PREFIX}shell`;

/** The role that a program or a service of this name has; undefined: it is no helper. */
export const roleOf = (name: string): Role | undefined => ROLES.find(role => name === HELPER_PREFIX + role);
