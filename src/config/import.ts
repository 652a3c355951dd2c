/** Configs of other supervisors → a config in archon's own format, printed with what could not be translated. */
import {formatOfText, FORMATS} from './formats.ts';
import {overlay} from './merge.ts';
import {judgeConfig} from './plan.ts';
import type {Lookups, Untranslated} from './planning.ts';
import {collector, locate, type Problem, type Source} from './problems.ts';
import {MERGE_RULES} from './schema/top.ts';
import {sortSources, translate} from './sources.ts';
import type {Value} from './values.ts';
import {printYaml} from './yaml/print.ts';

/** The line by which editors find the schema of a config. */
export const SCHEMA_LINE = 'yaml-language-server: $schema=/usr/share/archon/archon.schema.json';

export interface Imported {
	/** The config as YAML with comments; null if there are problems. */
	readonly yaml: string | null;
	readonly problems: readonly Problem[];
	/** What of the sources is not in the config, each with why. */
	readonly untranslated: readonly Problem[];
}

/** The sources together, each laid over those before it. */
export function importConfig(sources: readonly Source[], lookups: Lookups): Imported {
	const {report, problems} = collector(sources);
	const strangers = new Set(sources.filter(isStrange));
	for (const source of strangers) report({source, offset: 0}, ...stranger(source));
	const refused = (problems: readonly Problem[]): Imported => ({yaml: null, problems, untranslated: []});
	const configs: Value[] = [];
	const untranslated: Untranslated[] = [];
	const names = new Set<string>();
	for (const part of sortSources(sources.filter(source => !strangers.has(source)), lookups, report)) {
		if (part === null) continue;
		if ('root' in part) {
			const [why, hint] = whatElse(part.root, part.source);
			report({source: part.source, offset: 0}, why, hint);
			continue;
		}
		const translation = translate(part, lookups, report);
		if (translation.config) configs.push(translation.config);
		for (const each of translation.untranslated) untranslated.push(each);
		names.add(part.format.name);
	}
	const found = problems();
	const [first, ...rest] = configs;
	if (found.length > 0 || first?.kind !== 'map') return refused(found);
	// What archon does not take of the translation is told at its place in the source.
	const judged = judgeConfig(sources, null, lookups);
	if (judged.problems.length > 0) return refused(judged.problems);
	const config = rest.reduce<Value>((lower, upper) => overlay(lower, upper, MERGE_RULES), first);
	const head = [SCHEMA_LINE, `Made by archon import from ${sources.map(({file}) => file).join(', ')} (${[...names].join(', ')}).`];
	return {yaml: printed(config, untranslated, head, sources), problems: [], untranslated: untranslated.map(problemOf)};
}

/** What neither is of a known format nor can be meant as YAML. */
const isStrange = (source: Source): boolean => formatOfText(source) === null
	&& (source.names !== undefined || !(/\.(?:ya?ml|json)$/.test(source.file) || FIRST_OF_YAML.test(source.text)));

/** After comments and empty lines: a key, an item, a document's begin. */
const FIRST_OF_YAML = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:[\w"'.-]+[ \t]*:(?:\s|$)|-\s|---|[{[])/;

function stranger({file, names}: Source): readonly [why: string, hint: string] {
	const what = names ? 'a directory of no layout' : 'in no format';
	return [`${file} is ${what} that archon knows`, `it translates ${Object.values(FORMATS).join(', ')}`];
}

/** What a source is that needs no translation, or has none. */
function whatElse(root: Value, source: Source): readonly [why: string, hint: string] {
	const {file} = source;
	const services = root.kind === 'map' ? root.entries.get('services')?.value : undefined;
	const isCompose = services?.kind === 'map' && [...services.entries.values()].some(({value}) =>
		value.kind === 'map' && (value.entries.has('image') || value.entries.has('build')));
	if (isCompose) return [`${file} is a compose file, which archon reads as it is`, `archon check ${file} says what it makes of it`];
	if (services) return [`${file} is in archon's own format already`, `archon check ${file} looks at it`];
	return stranger(source);
}

/** Whatever is not translated stands beside its service, and at the top if it has none. */
function printed(config: Value, untranslated: readonly Untranslated[], head: readonly string[], sources: readonly Source[]): string {
	const services = config.kind === 'map' ? config.entries.get('services')?.value : undefined;
	const placeOf = (service: string | null): Value =>
		(service !== null && services?.kind === 'map' ? services.entries.get(service)?.value : undefined) ?? config;
	const comments = new Map<Value, readonly string[]>([[config, head]]);
	const [only, ...others] = new Set(sources.map(({file}) => file).concat(untranslated.map(({at}) => at.source.file)));
	for (const each of untranslated) {
		const {file, line} = locate(each.at);
		const where = others.length === 0 && only === file ? `line ${line}` : line === 0 ? file : `${file} line ${line}`;
		const value = placeOf(each.service);
		const comment = `not translated: ${each.key} (${where}): ${each.why}`;
		comments.set(value, [...comments.get(value) ?? [], onOneLine(comment)]);
	}
	return printYaml(config, comments);
}

const onOneLine = (text: string): string => text.replace(/[^\P{Cc}\t]+/gu, ' ');

const problemOf = ({at, key, service, why}: Untranslated): Problem =>
	({...locate(at), message: `not translated: ${key}${service === null ? '' : ` of ${service}`}: ${why}`, hint: null});
