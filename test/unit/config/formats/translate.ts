/** Texts of other supervisors, and what becomes of them in archon's own format. */
import type {ForeignFormat, Untranslated} from '../../../../src/config/planning.ts';
import {collector, formatProblem, type Source} from '../../../../src/config/problems.ts';
import type {Mapping} from '../../../../src/config/values.ts';
import {parse} from '../../../../src/config/yaml/parse.ts';
import {readYaml} from '../../../../src/config/yaml/full.ts';
import {around} from '../around.ts';

export interface Translated {
	readonly config: Mapping;
	readonly problems: readonly string[];
	readonly untranslated: readonly Untranslated[];
}

/** `files`: what can be read beside the sources. */
export function translate(format: ForeignFormat, sources: readonly Source[], files: Readonly<Record<string, string>> = {}): Translated {
	const {report, problems} = collector(sources);
	const inputs = sources.map(source => ({source, root: /ya?ml$|json$/.test(source.file) ? parse(source, readYaml, report) : null}));
	const {config, untranslated} = format.translate(inputs, around({}, files), report);
	return {config, problems: problems().map(formatProblem), untranslated};
}
