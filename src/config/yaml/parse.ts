/** YAML → values: plain texts at once, and all others by what was loaded for them. */
import {formatOfRoot, formatOfText, YAML_FORMATS, type FormatName} from '../formats.ts';
import {isExpanded, mayBeExpanded} from '../expansion.ts';
import type {ReadYaml} from '../planning.ts';
import type {Report, Source} from '../problems.ts';
import {readFast, whereFastEnds} from './fast.ts';
import type {Value} from '../values.ts';

/** In characters: for as many all of YAML takes a second, and archon may not be deaf for longer. */
const LENGTH_MAX = 128 * 1024;

/** What plain texts say, so that none is read twice. */
const read = new WeakMap<Source, {readonly value: Value | null}>();

function readPlainly(source: Source): Value | null {
	const before = read.get(source);
	if (before) return before.value;
	const value = readFast(source);
	read.set(source, {value});
	return value;
}

/** What most configs do without, and is loaded for those that need it. */
export interface Needs {
	/** All of YAML. */
	readonly yaml: boolean;
	/** Formats other than archon's own; of a text that is not read before all of YAML is there: all that it may be. */
	readonly formats: readonly FormatName[];
	/** What says things in other places, which may be in all of YAML (expansion.ts). */
	readonly expansion: boolean;
}

export function needsOf(sources: readonly Source[]): Needs {
	const formats = new Set<FormatName>();
	let [yaml, expansion] = [false, false];
	for (const source of sources) {
		const format = formatOfText(source);
		const value = format === null ? readPlainly(source) : null;
		const likely = format ?? (value && formatOfRoot(value));
		expansion ||= value ? isExpanded(value) : format === null && mayBeExpanded(source.text);
		if (likely !== null) formats.add(likely);
		else if (!value) {
			yaml = true;
			for (const name of YAML_FORMATS) formats.add(name);
		}
	}
	return {yaml: yaml || expansion, formats: [...formats], expansion};
}

/** The value of a text; an empty text is an empty scalar. Null if it is not YAML, which is reported. */
export function parse(source: Source, readYaml: ReadYaml, report: Report): Value | null {
	const plain = readPlainly(source);
	if (plain || source.text.length <= LENGTH_MAX) return plain ?? readYaml(source, report);
	const why = `a config of more than ${LENGTH_MAX / 1024} KiB must be plain YAML, and this is not`;
	report({source, offset: whereFastEnds(source)}, why, 'simplify it here, or make it shorter');
	return null;
}
