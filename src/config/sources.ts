/** Sources → values in archon's own format: YAML is read, and configs of other supervisors are translated. */
import {formatOfRoot, formatOfText} from './formats.ts';
import type {ForeignFormat, Input, Lookups, Translation} from './planning.ts';
import type {Gather, Report, Source} from './problems.ts';
import type {Value} from './values.ts';
import {parse} from './yaml/parse.ts';

/** A source in archon's own format. */
interface Plain {
	readonly source: Source;
	readonly root: Value;
}

/** The inputs of one foreign format, which are translated together. */
export interface Foreign {
	readonly format: ForeignFormat;
	readonly inputs: Input[];
}

/** What a config is made of, part by part; null for what cannot be read, which is reported. */
export type Part = Plain | Foreign | null;

/** Sources of one foreign format make one value, in the place of the first; null for each that cannot be read, which is reported. */
export function readSources(sources: readonly Source[], lookups: Lookups, report: Report, note: Gather): readonly (Value | null)[] {
	return sortSources(sources, lookups, report).map(part => {
		if (part === null || 'root' in part) return part && part.root;
		const {config, untranslated} = translate(part, lookups, report);
		for (const {at, key} of untranslated) note(at, `${part.format.name}: not translated (archon import says why)`, key);
		return config;
	});
}

/** The sources, each by its format; those of one foreign format are one part, in the place of the first. */
export function sortSources(sources: readonly Source[], lookups: Lookups, report: Report): readonly Part[] {
	const parts: Part[] = [];
	const foreign = new Map<ForeignFormat, Foreign>();
	for (const source of sources) {
		const named = formatOfText(source);
		if (named === null && isFolder(source, report)) {
			parts.push(null);
			continue;
		}
		const root = named === null ? parse(source, lookups.readYaml, report) : null;
		const name = named ?? (root && formatOfRoot(root));
		const format = name === null ? undefined : lookups.formats.get(name);
		if (format) {
			const known = foreign.get(format);
			const part = known ?? {format, inputs: []};
			if (!known) parts.push(part);
			part.inputs.push({source, root});
			foreign.set(format, part);
		} else {
			parts.push(root && {source, root});
		}
	}
	return parts;
}

/** The config is null if the syntax of the sources has mistakes: what is missing for them is no mistake of its own. */
export function translate(
	{format, inputs}: Foreign, lookups: Lookups, report: Report,
): Omit<Translation, 'config'> & {readonly config: Translation['config'] | null} {
	let isRight = true;
	const {config, untranslated} = format.translate(inputs, lookups, (...problem) => {
		isRight = false;
		report(...problem);
	});
	return {config: isRight ? config : null, untranslated};
}

/** Whether it is a directory that is no config. */
function isFolder(source: Source, report: Report): boolean {
	if (!source.names) return false;
	const hint = 'name a file in it; the only directory of archon\'s that is read is /etc/archon/conf.d, and only if no file is named';
	report({source, offset: 0}, `${source.file} is a directory, and a config is a file`, hint);
	return true;
}
