/** The names under which archon acts as another small init. */
import {readCatatonit} from './catatonit.ts';
import {readDumbInit} from './dumb-init.ts';
import type {Invocation, Parsed} from './options.ts';
import {readTini} from './tini.ts';

/** Reads arguments and environment as that init does. */
export type Dialect = (args: readonly string[], invocation: Invocation) => Parsed;

/** By the basename of argv[0]. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
	'tini': readTini,
	'tini-static': readTini,
	// docker mounts its --init-path as /sbin/docker-init, and podman its init_path as /run/podman-init.
	'docker-init': readTini,
	'dumb-init': readDumbInit,
	'catatonit': readCatatonit,
	'podman-init': readCatatonit,
};

/** The dialect of a name; null: it is not one of another init. */
export const dialectOf = (name: string): Dialect | null => (Object.hasOwn(DIALECTS, name) ? DIALECTS[name] ?? null : null);

/** overseer's daemon and client, and that of pools, which are programs of their own; the build makes a link for each. */
export const PROGRAMS = ['overseerd', 'overseer', 'zeus'] as const;

/** All names; the build makes a link for each. */
export const NAMES: readonly string[] = Object.keys(DIALECTS);
