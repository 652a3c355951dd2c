/** The files that services find where they look for them: what `configs` and `secrets` of a service and of the whole come to. */
import {isAbsolute, join} from '../core/path.ts';
import type {PlacedFile} from '../core/service.ts';
import type {Written} from './group.ts';
import {CONFIGS, SECRETS, targetOf, type Defined, type Mounted} from './keys/files.ts';
import type {Lookups} from './planning.ts';
import {didYouMean, directoryOf, quoteWritten} from './problems.ts';
import {refuse} from './readers.ts';
import {within, type Context} from './shape.ts';

interface Definitions {
	readonly configs: ReadonlyMap<string, Defined>;
	readonly secrets: ReadonlyMap<string, Defined>;
}

type Mounting = Written<{
	readonly configs: readonly Mounted[]; readonly secrets: readonly Mounted[]; readonly user: unknown;
}>;

/** By the name of a service; none for those without any. */
export function placeFiles(
	definitions: Definitions, services: readonly Mounting[], context: Context, {environment}: Pick<Lookups, 'environment'>,
): ReadonlyMap<string, readonly PlacedFile[]> {
	const placed = new Map<string, readonly PlacedFile[]>();
	/** By target: the first service that finds something there. */
	const taken = new Map<string, {readonly path: string; readonly user: string; readonly file: PlacedFile}>();
	for (const {name, path, settings} of services) {
		const files = (['configs', 'secrets'] as const).flatMap(section => settings[section].flatMap(mounted => {
			const at = mounted.at.kind === 'map' ? mounted.at.entries.get('source')?.value ?? mounted.at : mounted.at;
			const defined = definitions[section].get(mounted.source);
			if (!defined) {
				const why = `${path}.${section} names ${quoteWritten(at, mounted.source)}, which is not in ${section}`;
				context.report(at, why, () => didYouMean(mounted.source, definitions[section].keys()) ?? `write it at the top: ${section}: …`);
				return [];
			}
			const from = contentOf(defined, section, context, environment);
			const folder = section === 'secrets' ? SECRETS : CONFIGS;
			const target = targetOf(folder, mounted.target ?? mounted.source);
			if (target === null) {
				const why = `has ${quoteWritten(at, mounted.target ?? mounted.source)}, which is not a path of a file`;
				refuse(mounted.at, within({...context, path}, section), why);
				return [];
			}
			return from ? [fileOf({section, name: mounted.source, target, from, mounted})] : [];
		}));
		if (files.length === 0) continue;
		const user = JSON.stringify(settings.user);
		placed.set(name, files.map(file => {
			const other = taken.get(file.target);
			if (!other) taken.set(file.target, {path, user, file});
			const shared = other ? judgeTwice(other, {path, user, file}) : null;
			const at = [...settings.configs, ...settings.secrets].find(each => each.source === file.name)?.at;
			if (shared !== null && at) context.report(at, shared.why, shared.hint);
			return file;
		}));
	}
	return placed;
}

/** Null: it has nothing that could be had, which is reported. */
function contentOf(
	{path, at, file, environment, content, external}: Defined, section: 'configs' | 'secrets', {report, environment: known}: Context,
	own: Lookups['environment'],
): PlacedFile['from'] | null {
	if (external) {
		const where = section === 'secrets' ? 'at /run/secrets' : 'where it is looked for';
		report(external, `${path} is external, and archon has no store to ask for it`, `have the runtime mount it ${where}, and remove it here`);
		return null;
	}
	if (file) return {kind: 'file', path: isAbsolute(file.path) ? file.path : join(directoryOf(file.at), file.path)};
	if (content !== null) return {kind: 'text', text: content};
	if (environment === null) {
		const ways = section === 'secrets' ? 'file or environment' : 'file, environment or content';
		report(at, `${path} does not say what it holds`, `write ${ways}`);
		return null;
	}
	if (Object.hasOwn(own, environment) && own[environment] !== undefined) return {kind: 'variable', variable: environment};
	const value = known?.[environment] ?? at.source.variables?.[environment];
	if (value !== undefined) return {kind: 'text', text: value};
	report(at, `${path} has the value of ${environment}, which is not set`);
	return null;
}

function fileOf({section, name, target, from, mounted: {uid, gid, mode}}: {
	readonly section: 'configs' | 'secrets'; readonly name: string; readonly target: string; readonly from: PlacedFile['from'];
	readonly mounted: Mounted;
}): PlacedFile {
	const isSecret = section === 'secrets';
	const usual = isSecret ? 'service' : 'archon';
	// Who may read it is everybody: then it is nobody's in particular, and several services may have it.
	const owner = mode !== null && (mode & OTHERS_READ) !== 0 ? 'archon' : usual;
	const permissions = mode ?? (isSecret ? 0o400 : 0o444);
	return {kind: isSecret ? 'secret' : 'config', name, target, from, mode: permissions, uid: uid ?? owner, gid: gid ?? owner};
}

const OTHERS_READ = 0o004;

interface Taken {
	readonly path: string;
	readonly user: string;
	readonly file: PlacedFile;
}

/** Services share the file system, and so the file at a place; null: they have the same there. */
function judgeTwice(one: Taken, other: Taken): {readonly why: string; readonly hint: string} | null {
	const both = `${one.path} and ${other.path} both find ${other.file.kind} ${other.file.name} at ${other.file.target}`;
	if (one.file.kind !== other.file.kind || one.file.name !== other.file.name) {
		return {why: `${one.path} and ${other.path} find different files at ${other.file.target}`, hint: 'give one of them another target'};
	}
	const {uid, gid, mode} = one.file;
	const isSame = uid === other.file.uid && gid === other.file.gid && mode === other.file.mode;
	const isOfUser = uid === 'service' || gid === 'service';
	if (isSame && (!isOfUser || one.user === other.user)) return null;
	return isSame
		? {why: `${both}, and each as its own user only`, hint: 'give each a target of its own, or write mode: 0444 in both'}
		: {why: `${both}, with different owners or modes`, hint: 'write the same in both, or give each a target of its own'};
}
