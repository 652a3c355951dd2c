/** The names under which archon stands in for other small inits. */
import {readCatatonit} from './catatonit.ts';
import {readDumbInit} from './dumb-init.ts';
import type {Invocation, Parsed} from './options.ts';
import {readTini} from './tini.ts';

/** Reads the arguments and the environment of the init that it is named for. */
export type Dialect = (args: readonly string[], invocation: Invocation) => Parsed;

/** By the last part of the path by which archon was called. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
	'tini': readTini,
	'tini-static': readTini,
	// docker mounts its --init-path as /sbin/docker-init, and podman its init_path as /run/podman-init.
	'docker-init': readTini,
	'dumb-init': readDumbInit,
	'catatonit': readCatatonit,
	'podman-init': readCatatonit,
};

/** Null: the name is archon's own, or nobody's. */
export const dialectOf = (name: string): Dialect | null => (Object.hasOwn(DIALECTS, name) ? DIALECTS[name] ?? null : null);

/** All of them: the build makes links for them. */
export const NAMES: readonly string[] = Object.keys(DIALECTS);
