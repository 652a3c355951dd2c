/** What `manifest` in a config comes to, and which file that is on this machine. Pure. */
import {fits} from '../../../core/name-pattern.ts';
import {basename, dirname, join} from '../../../core/path.ts';
import type {Millis} from '../../../core/time.ts';

/** Which foreign processes end beside those of the hitlist: none, or those whose executable lies below `paths` and is not listed. */
export const SCOPES = ['managed', 'paths'] as const;

export type Scope = (typeof SCOPES)[number];

/** What a role may be called: it becomes part of a file's name. */
export const ROLE = /^[A-Za-z0-9_-]{1,32}$/;

/** The variable of archon's own environment that says which role this machine has. */
export const ROLE_VARIABLE = 'ARCHON_ROLE';

export interface ManifestRules {
	/** An absolute path, before the role is put into it. */
	readonly file: string;
	/** An absolute path; null: there is no hitlist. */
	readonly hitlist: string | null;
	/** The role of this machine, or by patterns of hostnames, of which the first that fits counts; null: it has none. */
	readonly role: string | readonly (readonly [host: string, role: string])[] | null;
	/** From the end of one check to the next. */
	readonly every: Millis;
	readonly scope: Scope;
	/** How often one check may try to start what is missing. */
	readonly maxPasses: number;
	/** Absolute paths of folders; empty unless the scope is `paths`. */
	readonly paths: readonly string[];
}

/** The role of this machine: its environment says it, or else the config. Null: it has none. */
export function roleOf({role}: Pick<ManifestRules, 'role'>, variable: string | undefined, hostname: string): string | null {
	if (variable !== undefined && ROLE.test(variable)) return variable;
	if (role === null || typeof role === 'string') return role;
	return role.find(([host]) => fits(host, hostname))?.[1] ?? null;
}

/** `/etc/whizzifest.txt` for the role C is `/etc/whizzifestC.txt`. */
export function fileFor(file: string, role: string | null): string {
	if (role === null) return file;
	const name = basename(file);
	const dot = name.lastIndexOf('.');
	const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
	return join(dirname(file), `${stem}${role}${end}`);
}
