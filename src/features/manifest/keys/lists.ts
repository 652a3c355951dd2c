/** What `manifest` may say, key by key; only a config that has it loads this. */
import {either, mapOf, textLike} from '../../../config/accepts.ts';
import {key, list, optional, value} from '../../../config/key.ts';
import {readBy, refuse, refuseKind} from '../../../config/readers.ts';
import {absolutePath, fault, lapse, oneOf, parser, whole, type Parse} from '../../../config/scalars.ts';
import {isMissing, reader, readShape, REQUIRED, shape, within, type Context} from '../../../config/shape.ts';
import {isNothing, type Value} from '../../../config/values.ts';
import {ok} from '../../../core/result.ts';
import {type ManifestRules, ROLE, SCOPES, type Scope} from '../core/rules.ts';

const role: Parse<string> = parser(() => textLike(ROLE.source, 'C'), text =>
	ROLE.test(text) ? ok(text) : fault('is not a role', 'it has up to 32 letters, digits, "_" and "-"'));

/** The root holds every process. */
const FOLDER = /^\/(?![/.]*$)/;

const folder: Parse<string> = parser(() => textLike(FOLDER.source, '/opt/app/bin'), text => {
	if (FOLDER.test(text)) return ok(text);
	return text.startsWith('/') ? fault('holds every executable', 'name a folder below it') : absolutePath(text);
});

type Role = ManifestRules['role'];

export const LISTS = shape({
	file: optional(absolutePath, 'path', REQUIRED, 'the programs that are to run, a line each: name|/path', '/etc/whizzifest.txt'),
	hitlist: optional(absolutePath, 'path', 'none', 'what must not run: names of services, and paths of executables', '/etc/hitlist.txt'),
	role: key<Role>(
		reader(() => either(role.accepts(), mapOf(role.accepts())), readRole), 'text | map by hostnames', 'none', null,
		'with role C the file is whizzifestC.txt; $ARCHON_ROLE comes before it', '{pi-kitchen: A, "pi-*": B}',
	),
	every: value(lapse, 'duration', '60s', 'the time between two looks at what runs; changed files are read at once'),
	scope: value<Scope>(oneOf<Scope>(SCOPES), SCOPES.join(' | '), 'managed', 'paths: what others have started below paths ends as well'),
	max_passes: value(whole(1, 100), 'number', '5', 'how often one look tries to start what is missing'),
	paths: list(folder, 'path | list', 'folders whose executables run only if they are listed', '[/opt/app/bin]'),
}, {
	words: () => ({
		names: {file: 'list path whizzifest', hitlist: 'blacklist deny kill', every: 'interval period', max_passes: 'passes retries'},
	}),
});

/** How many patterns of hostnames are looked at. */
const HOSTS_MAX = 1000;

function readRole(from: Value, context: Context): Role | undefined {
	if (from.kind !== 'map') return readBy(role)(from, context);
	const roles: (readonly [string, string])[] = [];
	for (const [host, {value}] of from.entries) {
		const read = readBy(role)(value, within(context, host));
		if (read !== undefined) roles.push([host, read]);
	}
	return roles.length > HOSTS_MAX ? refuse(from, context, `has more than ${HOSTS_MAX} entries`) : roles;
}

export function readManifest(from: Value, context: Context): ManifestRules | null | undefined {
	if (isNothing(from)) return null;
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with file');
	const {file, max_passes: maxPasses, ...rules} = readShape(LISTS, from, context);
	const {hitlist, scope, paths} = rules;
	const at = (name: string): readonly [Value, Context] => [from.entries.get(name)?.value ?? from, within(context, name)];
	if (isMissing(['file'], from, LISTS)) refuse(from, context, 'does not name a file', 'write file: /etc/whizzifest.txt');
	if (file !== null && file === hitlist) refuse(...at('hitlist'), 'is the same file as file');
	const isScoped = scope === 'paths';
	if (isScoped && isMissing(['paths'], from, LISTS)) refuse(...at('scope'), 'needs paths', 'write paths: [/opt/app/bin]');
	if (!isScoped && paths.length > 0) refuse(...at('paths'), 'have no meaning without scope: paths');
	return file === null ? undefined : {file, maxPasses, ...rules};
}
