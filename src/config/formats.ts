/**
 * The formats of configs other than archon's own, and how each is recognised. A new one is a file in `formats/`, which
 * is loaded for a config that needs it; it is added here, and to the loaders in `formats/load.ts`.
 */
import {basename} from '../core/path.ts';
import type {Source} from './problems.ts';
import type {Mapping, Value} from './values.ts';

export type FormatName = 'supervisord' | 's6' | 'dinit' | 'systemd' | 'taskmaster' | 'overseer' | 'process-compose' | 'pebble'
	| 'pm2' | 'procfile' | 'zeus';

/** How people call them. */
export const FORMATS: Readonly<Record<FormatName, string>> = {
	'supervisord': 'supervisord',
	's6': 's6-overlay, s6 or runit',
	'dinit': 'dinit',
	'systemd': 'systemd',
	'process-compose': 'process-compose',
	'pebble': 'pebble',
	'procfile': 'a Procfile',
	'pm2': 'pm2',
	'taskmaster': 'taskmaster',
	'overseer': 'overseer',
	'zeus': 'zeus',
};

/** By the text, or by the names in a directory: before anything is read as YAML. */
const BY_TEXT: readonly (readonly [FormatName, (source: Source) => boolean])[] = [
	['supervisord', ({text, names}) => names?.includes('supervisord.conf') ?? SUPERVISORD.test(text)],
	['systemd', ({text, names}) => names?.some(name => name.endsWith('.service')) ?? SYSTEMD.test(text)],
	['s6', isScanned],
	['dinit', ({file, text, names, folders}) => (names ? isDescribed(file, names, folders) : DINIT.test(text.slice(0, BEGIN)))],
	['procfile', ({file, names}) => names?.includes('Procfile') ?? isProcfile(basename(file))],
	['pm2', ({text, names}) => names === undefined && PM2.test(text.slice(0, BEGIN))],
];

const isProcfile = (name: string): boolean => /^Procfile(?:\.[\w-]+)?$/.test(name);

/** A directory with directories of services; or one of s6-overlay's, in which there may be scripts alone. */
function isScanned({file, names, folders}: Source): boolean {
	if (!names || !folders) return false;
	const isService = (inner: readonly string[]): boolean => inner.includes('run') || inner.includes('type');
	return [file, ...names, ...folders.get('etc') ?? []].some(name => S6_OVERLAY.test(name)) || [...folders.values()].some(isService);
}

const S6_OVERLAY = /(?:^|\/)(?:s6-overlay|s6-rc\.d|services\.d|cont-init\.d|cont-finish\.d|fix-attrs\.d)\/*$/;

/** dinit's own directory, or one with the service that dinit starts. */
const isDescribed = (file: string, names: readonly string[], folders: Source['folders']): boolean =>
	/(?:^|\/)dinit\.d\/*$/.test(file) || (names.includes('boot') && !folders?.has('boot'));

/** In characters: where it has to be, as every config is looked at. */
const BEGIN = 4096;

/** A type of dinit's services. */
const DINIT = /^type[ \t]*[:=][ \t]*(?:process|bgprocess|scripted|internal|triggered)[ \t]*(?:#.*)?\r?$/m;

/** The first section, after comments and empty lines. */
const SUPERVISORD = new RegExp(String.raw`^(?:[ \t]*(?:[;#][^\n]*)?\r?\n)*\[(?:(?:supervisord|supervisorctl|unix_http_server|DEFAULT|`
	+ String.raw`inet_http_server|include)\]|(?:program|group|eventlistener|fcgi-program|rpcinterface|ctlplugin):)`);
const SYSTEMD = /^(?:[ \t]*(?:[;#][^\n]*)?\r?\n)*[ \t]*\[(?:Unit|Service|Install|Socket|Timer|Path)\]/;

/** A JavaScript file that exports something, after comments. */
const PM2 = new RegExp(String.raw`^(?:\s|//[^\n]*\n|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|['"]use strict['"];?)*`
	+ String.raw`(?:module\.exports\s*=|export\s+default\s|(?:const|let|var|import)\s)`);

/** By what is at the top of a map. */
const BY_ROOT: readonly (readonly [FormatName, (root: Mapping) => boolean])[] = [
	['taskmaster', ({entries}) => entries.has('programs') && !entries.has('services')],
	['process-compose', ({entries}) => entries.get('processes')?.value.kind === 'map' && !entries.has('services')],
	['pebble', ({entries}) => isLayered(entries.get('services')?.value) || isLayered(entries.get('checks')?.value)],
	['pm2', ({entries}) => entries.has('apps') && !entries.has('services')],
	['overseer', ({entries}) => entries.get('jobs')?.value.kind === 'list' && !entries.has('services')],
	['zeus', ({entries, source}) => (entries.has('plan') || ZEUS.test(source.file)) && !entries.has('services') && !entries.has('pools')],
];

const ZEUS = /(?:^|\/)zeus\.(?:json|ya?ml)$/;

/** Whether the first in a map says how it lies over another, as all in a layer of pebble do. */
function isLayered(value: Value | undefined): boolean {
	if (value?.kind !== 'map') return false;
	const [first] = value.entries.values();
	return first?.value.kind === 'map' && first.value.entries.get('override')?.value.kind === 'scalar';
}

/** The formats of texts that are YAML. */
export const YAML_FORMATS: readonly FormatName[] = BY_ROOT.map(([name]) => name);

/** The format of a text that is no YAML; null: it is to be read as YAML. */
export const formatOfText = (source: Source): FormatName | null => BY_TEXT.find(([, matches]) => matches(source))?.[0] ?? null;

/** The format of YAML; null: archon's own. */
export const formatOfRoot = (root: Value): FormatName | null =>
	(root.kind === 'map' ? BY_ROOT.find(([, matches]) => matches(root))?.[0] : undefined) ?? null;
