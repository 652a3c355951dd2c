/** Sources → values in archon's own format: YAML is read, and configs of other supervisors are translated. */
import {isForeign} from './foreign-files.ts';
import {formatOfRoot, formatOfText, type FormatName} from './formats.ts';
import type {ForeignFormat, Format, Input, Lookups} from './planning.ts';
import type {Gather, Report, Source} from './problems.ts';
import type {Value} from './values.ts';
import {parse} from './yaml/parse.ts';

interface Read {
	/** Null for each source that cannot be read, which is reported. */
	readonly values: readonly (Value | null)[];
	/** The format in which the values are, if it has keys of its own. */
	readonly format: Format | null;
}

/** The inputs of one format, which are translated together. */
interface Foreign {
	readonly format: ForeignFormat;
	readonly inputs: Input[];
}

/** Sources of one foreign format make one value, in the place of the first. */
export function readSources(sources: readonly Source[], lookups: Lookups, report: Report, note: Gather): Read {
	const parts: (Value | null | Foreign)[] = [];
	const foreign = new Map<FormatName, Foreign>();
	let format: Format | null = null;
	for (const source of sources) {
		const named = formatOfText(source);
		if (named === null && (isFolder(source, report) || isForeign(source, report))) {
			parts.push(null);
			continue;
		}
		const root = named === null ? parse(source, lookups.readYaml, report) : null;
		const name = named ?? (root && formatOfRoot(root));
		const found = name === null ? undefined : lookups.formats.get(name);
		if (name === null || !found || 'plan' in found) {
			format ??= found && 'plan' in found ? found : null;
			parts.push(root);
			continue;
		}
		const known = foreign.get(name);
		const part = known ?? {format: found, inputs: []};
		if (!known) parts.push(part);
		part.inputs.push({source, root});
		foreign.set(name, part);
	}
	const values = parts.map(part => (part && 'inputs' in part ? translate(part, lookups, report, note) : part));
	return {values, format};
}

/** Null if its own syntax has mistakes: what is missing for them is no mistake of its own. */
function translate({format, inputs}: Foreign, lookups: Lookups, report: Report, note: Gather): Value | null {
	let isRight = true;
	const {config, untranslated} = format.translate(inputs, lookups, (...problem) => {
		isRight = false;
		report(...problem);
	});
	for (const {at, key} of untranslated) note(at, `${format.name}: not translated (archon import says why)`, key);
	return isRight ? config : null;
}

/** Whether it is a directory that is no config. */
function isFolder(source: Source, report: Report): boolean {
	if (!source.names) return false;
	const hint = 'name a file in it; the only directory of archon\'s that is read is /etc/archon/conf.d, and only if no file is named';
	report({source, offset: 0}, `${source.file} is a directory, and a config is a file`, hint);
	return true;
}
