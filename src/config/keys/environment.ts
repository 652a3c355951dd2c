/** `environment` to `secrets_from_files`: which variables a service has, and where they come from. */
import type {Command, Exec} from '../../core/service.ts';
import {either, listOf, someText, words} from '../accepts.ts';
import type {Part, ServiceGroup} from '../group.ts';
import {key, optional, value} from '../key.ts';
import {appended, textOf, united, variables} from '../merge.ts';
import {readBy, readCommand, readEnvironment, readListOf, refuse} from '../readers.ts';
import {oneOf, text, truth, variableName} from '../scalars.ts';
import {reader, readShape, shape, type Context, type Reader, type Settings, type Shape} from '../shape.ts';
import type {Value} from '../values.ts';

const ENV_PATH = {
	path: optional(text, 'path', 'required', 'relative to the config, unless it begins with /', 'app.env'),
	required: value(truth, 'true | false', 'true', 'false: it may be missing'),
};

const ENV_FILE = shape({
	...ENV_PATH,
	format: optional(oneOf(['raw'] as const), 'raw', 'as compose reads it', 'raw: quotes, $ and # in values are part of them'),
});
const ENV_DIR = shape(ENV_PATH);

const ENV_FROM = shape({
	command: key<Command | null>(readCommand, 'words', 'required', null, 'prints lines of NAME=value; within start_timeout, else 60s'),
});

/** A file or directory of variables, as the config names it. */
export interface EnvPath {
	readonly path: string;
	readonly required: boolean;
	/** Whether it is in docker's own format, without quotes and variables. */
	readonly isRaw: boolean;
	readonly at: Value;
}

const KEYS = {
	environment: key(
		readEnvironment, 'map | list of NAME=value', 'empty', {},
		'its variables; a NAME without a value is taken from archon\'s own environment',
	),
	env_file: key(
		readListOf(readEnvPath(ENV_FILE)), 'path | list of paths or maps with a path', 'empty', [],
		'files of NAME=value lines, read before each start; environment overrides them', '[app.env, {path: local.env, required: false}]',
	),
	env_dir: key(
		readListOf(readEnvPath(ENV_DIR)), 'path | list of paths or maps with a path', 'empty', [],
		'directories with a file for each variable, read before each start; they override env_file', '/run/secrets',
	),
	env_from: key(
		readListOf(reader(() => ({shape: ENV_FROM}), readEnvFrom)), 'map with a command | list of them', 'empty', [],
		'commands that print NAME=value lines, run before each start as the service itself is; they override env_dir',
		'{command: vault-env --format=dotenv}',
	),
	environment_base: key<Exec['base']>(
		reader(() => either(words('inherit', 'clean'), listOf(variableName.accepts())), readBase),
		'inherit | clean | list of names', 'inherit', 'inherit',
		'what it inherits of archon\'s own environment: everything, only PATH and TERM, or these',
	),
	secrets_from_files: value(truth, 'true | false', 'false', 'NAME is set to the content of the file that NAME_FILE names'),
};

type Own = Settings<typeof KEYS>;

const pathOf = (item: Value): string | null => textOf(item, 'path');

/** Its variables themselves are planned with those of all services and of files (variables.ts). */
export const environment = {
	keys: KEYS,
	merge: {environment: variables, env_file: united(pathOf), env_dir: united(pathOf), env_from: appended},
	maps: [['services.<name>.env_file', ENV_FILE], ['services.<name>.env_dir', ENV_DIR], ['services.<name>.env_from', ENV_FROM]],
	words: () => ({names: {environment: 'env envs vars variables environ', env_file: 'EnvironmentFile env_files dotenv'}}),
	plan: ({environment_base: base, secrets_from_files: secretsFromFiles}: Own): Part => ({exec: {base, secretsFromFiles}}),
} satisfies ServiceGroup;

function readEnvPath(form: Shape<typeof ENV_PATH> | typeof ENV_FILE): Reader<EnvPath> {
	return reader(() => either(someText(), {shape: form}), (from, context) => {
		if (from.kind !== 'map') {
			const path = readBy(text)(from, context);
			return path === undefined ? undefined : {path, required: true, isRaw: false, at: from};
		}
		const {path, required, ...others} = readShape(form, from, context);
		if (path !== null) return {path, required, isRaw: 'format' in others && others.format === 'raw', at: from};
		return from.entries.has('path') ? undefined : refuse(from, context, 'has no path');
	});
}

function readEnvFrom(from: Value, context: Context): Command | undefined {
	if (from.kind !== 'map') return refuse(from, context, 'must be a map with a command', 'write {command: …}');
	const {command} = readShape(ENV_FROM, from, context);
	return command ?? (from.entries.has('command') ? undefined : refuse(from, context, 'has no command'));
}

function readBase(from: Value, context: Context): Exec['base'] | undefined {
	if (from.kind === 'list') return readListOf(readBy(variableName))(from, context);
	return readBy(oneOf(['inherit', 'clean'] as const))(from, context);
}
