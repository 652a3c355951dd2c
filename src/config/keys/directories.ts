/** `runtime_directory` to `logs_directory`: directories of a service's own. */
import {isAbsolute, normalize} from '../../core/path.ts';
import {ok} from '../../core/result.ts';
import {DIRECTORY_KINDS, type Directory, directoryBase, type DirectoryKind} from '../../core/service.ts';
import {either, listOf, textLike} from '../accepts.ts';
import type {Account, Part, ServiceGroup, Written} from '../group.ts';
import {key, optional, value} from '../key.ts';
import {textOf, united} from '../merge.ts';
import type {Planning} from '../planning.ts';
import {readBy, refuse} from '../readers.ts';
import {fault, fileMode, parser, truth, user} from '../scalars.ts';
import {reader, readShape, shape, within, type Context, type Key, type Reader, type Settings} from '../shape.ts';
import {type Value, writtenAt} from '../values.ts';

/** `web`, `web/cache` or an absolute path; never one that leads upwards. */
const directoryPath = parser<string>(() => textLike(String.raw`^/?[^/\s].*`, 'web', '/srv/web'), text => {
	if (text.split('/').some(part => part === '..')) return fault('leads upwards', 'write it without ..');
	const path = normalize(text).replace(/\/$/, '');
	return path === '' || path === '.' ? fault('is not the name of a directory') : ok(path);
});

const DIRECTORY = shape({
	path: optional(directoryPath, 'name | absolute path', 'required', 'where it is; a name is below /run, /var/lib, /var/cache or /var/log'),
	mode: optional(fileMode, 'octal', '0755, or as it is', 'its permissions'),
	user: optional(user, 'name[:group] | uid[:gid]', 'the user of the service', 'whose it is'),
}, {words: () => ({names: {user: 'owner uid'}})});

type Entry = Omit<Directory, 'kind'>;

const keyFor = (kind: DirectoryKind, help: string): Key<readonly Entry[]> => key<readonly Entry[]>(
	readDirectories(kind), 'name | path | {path, mode, user} | list of them', 'none', [],
	`${help}, made before each start; ${directoryVariable(kind)} says where`,
	kind === 'runtime' ? 'web' : undefined,
);

const directoryVariable = (kind: DirectoryKind): string => `$${kind.toUpperCase()}_DIRECTORY`;

const KEYS = {
	runtime_directory: keyFor('runtime', 'below /run: removed after each stop'),
	runtime_directory_preserve: value(truth, 'true | false', 'false', 'its runtime_directory stays when it stops'),
	state_directory: keyFor('state', 'below /var/lib'),
	cache_directory: keyFor('cache', 'below /var/cache'),
	logs_directory: keyFor('logs', 'below /var/log'),
};

type Own = Settings<typeof KEYS>;

export const directories = {
	keys: KEYS,
	merge: Object.fromEntries(DIRECTORY_KINDS.map(kind => [`${kind}_directory`, united(item => textOf(item, 'path'))])),
	maps: [['services.<name>.runtime_directory', DIRECTORY]],
	words: () => ({
		names: {
			logs_directory: 'log_directory',
		},
	}),
	accounts({map, settings}: Written<Own>): readonly Account[] {
		return DIRECTORY_KINDS.flatMap(kind => {
			const at = writtenAt(map, `${kind}_directory`)?.value;
			return at ? settings[`${kind}_directory`].flatMap(({user}) => (user ? [{spec: user, key: `${kind}_directory`, at}] : [])) : [];
		});
	},
	conflicts({path, map, settings}: Written<Own & {readonly scale: number | null}>, {problems: {report}}: Planning) {
		const preserve = writtenAt(map, 'runtime_directory_preserve');
		const runtime = writtenAt(map, 'runtime_directory');
		if (preserve && !runtime) report(preserve.key, `${path}.runtime_directory_preserve is of no use without runtime_directory`);
		if (!runtime || settings.runtime_directory_preserve || (settings.scale ?? 1) <= 1 || isVarying(runtime.value)) return;
		report(runtime.value, `${path}.runtime_directory is the same for all ${settings.scale} instances, and goes when one stops`,
			'write {instance} into it, or runtime_directory_preserve: true');
	},
	rivals(services: readonly Written<Own>[], {problems: {report}}: Planning) {
		const owners = new Map<string, Written<Own>>();
		for (const each of services) {
			if (!each.settings.runtime_directory_preserve) for (const {path} of each.settings.runtime_directory) owners.set(path, each);
		}
		if (owners.size === 0) return;
		for (const each of services) {
			for (const kind of DIRECTORY_KINDS) {
				const place = writtenAt(each.map, `${kind}_directory`)?.value;
				for (const {path} of place ? each.settings[`${kind}_directory`] : []) {
					const owner = aboveIn(path, owners);
					if (!owner || owner === each || !place) continue;
					report(place, `${each.path}.${kind}_directory goes when ${owner.name} stops: it is, or lies in, its runtime_directory`,
						`name another one, or give ${owner.name} runtime_directory_preserve: true`);
				}
			}
		}
	},
	plan: (settings: Own): Part => ({
		exec: {
			directories: DIRECTORY_KINDS.flatMap(kind => settings[`${kind}_directory`].map(each => ({kind, ...each}))),
			keepsRuntime: settings.runtime_directory_preserve,
		},
	}),
} satisfies ServiceGroup;

/** Who has the directory, or one that it is in. */
function aboveIn<T>(path: string, owners: ReadonlyMap<string, T>): T | undefined {
	for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
		const owner = owners.get(path.slice(0, end));
		if (owner) return owner;
	}
	return undefined;
}

const isVarying = (value: Value): boolean => {
	switch (value.kind) {
		case 'scalar': return /\{(?:instance|index|name)\}/.test(value.text);
		case 'list': return value.items.every(isVarying);
		case 'map': return [...value.entries].some(([name, entry]) => name === 'path' && isVarying(entry.value));
	}
};

function readDirectories(kind: DirectoryKind): Reader<readonly Entry[]> {
	const one = (): ReturnType<typeof either> => either(directoryPath.accepts(), {shape: DIRECTORY});
	return reader(() => either(...one().anyOf, listOf(one())), (from, context) => {
		if (from.kind !== 'list') return each(from, kind, context);
		return from.items.flatMap((item, index) => each(item, kind, within(context, index)) ?? []);
	});
}

function each(from: Value, kind: DirectoryKind, context: Context): readonly Entry[] | undefined {
	if (from.kind === 'list') return refuse(from, context, 'must be a name, a path or a map, not a list');
	const {path, mode, user} = from.kind === 'scalar'
		? {path: readBy(directoryPath)(from, context) ?? null, mode: null, user: null} : readShape(DIRECTORY, from, context);
	if (path === null) return from.kind === 'map' && !from.entries.has('path') ? refuse(from, context, 'has no path') : undefined;
	const full = isAbsolute(path) ? path : `${directoryBase(kind)}/${path}`;
	if (kind === 'runtime' && full.lastIndexOf('/') === 0) {
		return refuse(from, context, 'is not one service\'s, and would be removed when it stops', 'name a directory below it');
	}
	return [{path: full, mode, user}];
}
