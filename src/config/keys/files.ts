/** `configs` and `secrets`: what they hold, at the top, and where a service finds them (compose-spec). */
import {anyText, either, mapOf, someText} from '../accepts.ts';
import type {Group, ServiceGroup} from '../group.ts';
import {key, optional, value} from '../key.ts';
import {textOf, united} from '../merge.ts';
import type {Place} from '../problems.ts';
import {readBy, readListOf, readText, refuse, refuseKind} from '../readers.ts';
import {fileMode, text, truth, variableName, whole} from '../scalars.ts';
import {reader, readShape, shape, within, type Context, type Key, type Reader, type Schema, type Shape} from '../shape.ts';
import {isNothing, type Value} from '../values.ts';
import {readPath, type Named} from './elsewhere.ts';

/** What a config or secret holds, as the config says it. */
export interface Defined {
	/** As in messages: `secrets.db`. */
	readonly path: string;
	readonly at: Place;
	readonly file: Named | null;
	readonly environment: string | null;
	readonly content: string | null;
	/** Where it says that it comes from elsewhere; null: it does not. */
	readonly external: Place | null;
}

/** Where a service finds one. */
export interface Mounted {
	readonly source: string;
	readonly target: string | null;
	readonly uid: number | null;
	readonly gid: number | null;
	readonly mode: number | null;
	readonly at: Value;
}

const HELD = {
	file: key<Named | null>(readPath, 'path', 'none', null, 'it holds what this file holds; relative to the config', 'db.txt'),
	environment: optional(variableName, 'NAME', 'none', 'it holds the value of this variable of archon\'s own'),
	external: value(truth, 'true | false', 'false', 'true is refused: archon has no store to ask'),
};

const OF_A_STORE: ReadonlySet<string> = new Set(['name', 'labels', 'driver', 'driver_opts', 'template_driver']);
const SECRET = shape(HELD, {foreign: OF_A_STORE});
const CONFIG = shape({
	...HELD,
	content: key<string | null>(reader(anyText, readText), 'text', 'none', null, 'it holds this text', 'max_connections = 200'),
}, {foreign: OF_A_STORE});

const ID_MAX = 4_294_967_294;

const MOUNT = shape({
	source: optional(text, 'name', 'required', 'which one', 'db_password'),
	target: optional(text, 'path', '/run/secrets/<name> for a secret, /<name> for a config', 'where the service finds it', '/etc/app/db'),
	uid: optional(whole(0, ID_MAX), 'number', 'the service\'s user for a secret, archon\'s own for a config', 'whose it is'),
	gid: optional(whole(0, ID_MAX), 'number', 'as for uid', 'its group'),
	mode: optional(fileMode, 'octal', '0400 for a secret, 0444 for a config', 'its permissions'),
});

const NONE: ReadonlyMap<string, Defined> = new Map();

const definitions = (form: typeof SECRET | typeof CONFIG, help: string): Key<ReadonlyMap<string, Defined>> => {
	const accepts = (): Schema => mapOf(either({shape: form}, {type: 'null'}));
	return key<ReadonlyMap<string, Defined>>(
		reader(accepts, (from, context) => readDefinitions(form, from, context)), 'map by name', 'empty', NONE, help,
	);
};

export const definedFiles = {
	keys: {
		configs: definitions(CONFIG, 'files that services find under a name'),
		secrets: definitions(SECRET, 'the same of secrets, whose content archon never shows'),
	},
	maps: [['secrets.<name>', SECRET], ['configs.<name>', CONFIG]],
} satisfies Group;

function readDefinitions(form: Shape<typeof HELD>, from: Value, context: Context): ReadonlyMap<string, Defined> | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	return new Map([...from.entries].map(([name, {key: at, value: said}]) => {
		const here = within(context, name);
		if (said.kind !== 'map' && !isNothing(said)) refuseKind(said, here, 'a map');
		const {external, ...held} = said.kind === 'map' ? readShape(form, said, here) : form.initial;
		const others = said.kind === 'map' ? [...said.entries].filter(([each]) => ['file', 'environment', 'content'].includes(each)) : [];
		const [first, second] = others;
		if (first && second) here.report(second[1].key, `${here.path} has both ${first[0]} and ${second[0]}`, 'keep one');
		const place = external && said.kind === 'map' ? said.entries.get('external')?.key ?? at : null;
		// What cannot be read has been reported, and is not missing as well.
		const isSpoilt = said.kind === 'map' ? first !== undefined && !isNothing(first[1].value) : !isNothing(said);
		const found = {content: null, ...held};
		const isNone = found.file === null && found.environment === null && found.content === null;
		return [name, {...found, ...isSpoilt && isNone && {content: ''}, path: here.path, at, external: place}];
	}));
}

const readMount: Reader<Mounted> = reader(() => either(someText(), {shape: MOUNT}), (from, context) => {
	if (from.kind !== 'map') {
		const source = readBy(text)(from, context);
		return source === undefined ? undefined : {...MOUNT.initial, source, at: from};
	}
	const {source, ...others} = readShape(MOUNT, from, context);
	if (source !== null) return {...others, source, at: from};
	return from.entries.has('source') ? undefined : refuse(from, context, 'has no source', 'write {source: NAME}');
});

const readMounts = readListOf(readMount);

const mounts = (help: string): Key<readonly Mounted[]> =>
	key<readonly Mounted[]>(readMounts, 'list of names or maps with a source', 'empty', [], help, '[db_password]');

/** One place has one file. */
const placeIn = (folder: string) => (item: Value): string | null => {
	const target = item.kind === 'map' && item.entries.has('target') ? textOf(item, 'target') : textOf(item, 'source');
	return target === null ? null : targetOf(folder, target);
};

/** Where a file comes to be; null: it is no path of one. */
export function targetOf(folder: string, target: string): string | null {
	const path = target.startsWith('/') ? target : `${folder}${target}`;
	return path.includes('\0') || path.endsWith('/') || path.split('/').some(part => part === '..' || part === '.') ? null : path;
}

export const SECRETS = '/run/secrets/';
export const CONFIGS = '/';

export const mountedFiles = {
	keys: {
		configs: mounts('configs of the top that it finds as files, in / unless they say otherwise'),
		secrets: mounts('the same of secrets, in /run/secrets; only its user can read them'),
	},
	maps: [['services.<name>.secrets, configs', MOUNT]],
	merge: {configs: united(placeIn(CONFIGS)), secrets: united(placeIn(SECRETS))},
	isForAll: true,
} satisfies ServiceGroup;
