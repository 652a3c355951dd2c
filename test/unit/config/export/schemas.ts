/** Manifests against what Kubernetes publishes of its API: the schemas of `kubernetes-models`, and on top no unknown keys. */
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {parseAllDocuments} from 'yaml';

export interface Manifest {
	readonly apiVersion: string;
	readonly kind: string;
	readonly [key: string]: unknown;
}

const MODELS = join(dirname(createRequire(import.meta.url).resolve('kubernetes-models/package.json')));

/** Where the types of a kind are declared, and the schema. */
const KINDS: Readonly<Record<string, readonly [types: string, schema: string]>> = {
	'v1/Pod': ['v1/Pod.d.ts', 'IoK8sApiCoreV1Pod'], 'v1/ConfigMap': ['v1/ConfigMap.d.ts', 'IoK8sApiCoreV1ConfigMap'],
	'v1/Service': ['v1/Service.d.ts', 'IoK8sApiCoreV1Service'], 'apps/v1/Deployment': ['apps/v1/Deployment.d.ts', 'IoK8sApiAppsV1Deployment'],
	'apps/v1/StatefulSet': ['apps/v1/StatefulSet.d.ts', 'IoK8sApiAppsV1StatefulSet'],
	'batch/v1/CronJob': ['batch/v1/CronJob.d.ts', 'IoK8sApiBatchV1CronJob'],
};

/** The documents of a text, parsed as YAML 1.1, which kubectl reads. */
export function manifestsIn(text: string): readonly Manifest[] {
	return parseAllDocuments(text, {version: '1.1', strict: true, uniqueKeys: true}).map(document => {
		if (document.errors.length > 0) throw new Error(document.errors.join('\n'));
		return document.toJS() as Manifest;
	});
}

/** What is wrong with a manifest; empty: nothing. */
export async function faultsOf(manifest: Manifest): Promise<readonly string[]> {
	const known = KINDS[`${manifest.apiVersion}/${manifest.kind}`];
	if (!known) return [`no schema of ${manifest.apiVersion} ${manifest.kind}`];
	const [types, schema] = known;
	const {validate} = await import(join(MODELS, '_schemas', `${schema}.js`)) as {validate: Validate};
	const {apiVersion: _, kind: __, ...rest} = manifest;
	return [
		...validate(manifest) ? [] : (validate.errors ?? []).map(({instancePath, message, keyword}) => `${instancePath}: ${message ?? keyword}`),
		...unknownIn(rest, join(MODELS, types), manifest.kind),
	];
}

interface Validate {
	(data: unknown): boolean;
	errors?: readonly {readonly instancePath: string; readonly message?: string; readonly keyword: string}[] | null;
}

/** A key, with the type of its value. */
type Keys = ReadonlyMap<string, string>;

const read = new Map<string, {readonly keys: Keys; readonly files: ReadonlyMap<string, string>}>();

/** The keys of the interface that a file declares, and where the interfaces are that it names. */
function declared(file: string): {readonly keys: Keys; readonly files: ReadonlyMap<string, string>} {
	const known = read.get(file);
	if (known) return known;
	const text = readFileSync(file, 'utf8');
	const body = /export interface I\w+(?: extends \w+)? \{\n([\s\S]*?)\n\}/.exec(text)?.[1] ?? '';
	const keys = new Map([...body.matchAll(/^ {4}"([^"]+)"\??: ([^;]+)/gm)].map(([, key = '', type = '']) => [key, type]));
	const files = new Map([...text.matchAll(/^import \{ (\w+) \} from "([^"]+)";$/gm)].map(([, name = '', from = '']) => [name, placeOf(file, from)]));
	const found = {keys, files};
	read.set(file, found);
	return found;
}

function placeOf(file: string, from: string): string {
	const path = from.startsWith('.') ? join(dirname(file), from) : join(MODELS, '..', from);
	const declaration = path.replace(/(?:\.js)?$/, '.d.ts');
	return existsSync(declaration) ? declaration : join(path, 'index.d.ts');
}

function unknownIn(value: unknown, file: string, path: string): readonly string[] {
	if (typeof value !== 'object' || value === null) return [];
	const {keys, files} = declared(file);
	// A quantity, or a map of texts, is a type without keys.
	if (keys.size === 0) return [];
	return Object.entries(value).flatMap(([key, inner]) => {
		const type = keys.get(key);
		if (type === undefined) return [`${path}.${key} is unknown`];
		const name = /\bII?\w+/.exec(type)?.[0] ?? '';
		const next = files.get(name);
		if (!next) return [];
		const items: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
		return items.flatMap(item => unknownIn(item, next, `${path}.${key}`));
	});
}
