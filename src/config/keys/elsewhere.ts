/** `extends` and `include`: what is said in another service or file. Both are put in place (expand.ts) before any key is read. */
import {either, oneOrMore, someText} from '../accepts.ts';
import type {Group, ServiceGroup} from '../group.ts';
import {key, optional} from '../key.ts';
import {readBy, readListOf} from '../readers.ts';
import {text} from '../scalars.ts';
import {reader, shape, type Reader, type Schema} from '../shape.ts';
import type {Value} from '../values.ts';

/** A file as it is named. */
export interface Named {
	readonly path: string;
	readonly at: Value;
}

export const readPath = reader(someText, (from, context): Named | undefined => {
	const path = readBy(text)(from, context);
	return path === undefined ? undefined : {path, at: from};
});

export const EXTENDS = shape({
	service: optional(text, 'name', 'required', 'the service whose keys are taken over', 'base'),
	file: key<Named | null>(readPath, 'path', 'the same file', null, 'where it is, relative to this file', 'common.yaml'),
});

export const INCLUDE = shape({
	path: key<readonly Named[]>(
		readListOf(readPath), 'path | list', 'required', [], 'files, each laid over those before it', '[db.yaml, db.local.yaml]',
	),
	project_directory: key<Named | null>(
		readPath, 'path', 'that of the first file', null, 'where relative paths in them begin', 'db',
	),
	env_file: key<readonly Named[]>(
		readListOf(readPath), 'path | list', 'empty', [], 'variables for ${NAME} in them, under archon\'s own', 'db.env',
	),
});

/** They have been put in place before: nothing of them is left but what could not be. */
const known = (accepts: () => Schema): Reader<null> => reader(accepts, () => null);

export const extending = {
	keys: {
		extends: key(
			known(() => either(someText(), {shape: EXTENDS})), 'name | map with a service', 'none', null,
			'another service, whose keys are taken over', '{service: base, file: common.yaml}',
		),
	},
	maps: [['services.<name>.extends', EXTENDS]],
	isForAll: true,
	words: () => ({names: {extends: 'inherit inherits template base'}}),
} satisfies ServiceGroup;

export const including = {
	keys: {
		include: key(
			known(() => oneOrMore(either(someText(), {shape: INCLUDE}))), 'path | map with a path | list of them', 'none', null,
			'further files, whose services and secrets are added', '[db.yaml]',
		),
	},
	maps: [['include', INCLUDE]],
	words: () => ({names: {include: 'includes import imports'}}),
} satisfies Group;
