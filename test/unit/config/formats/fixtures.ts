/** Configs of other supervisors in test/import, and what they look like in archon's own format. */
import {existsSync, globSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import type {ForeignFormat, Untranslated} from '../../../../src/config/planning.ts';
import {collector, formatProblem, type Source} from '../../../../src/config/problems.ts';
import type {Mapping, Value} from '../../../../src/config/values.ts';
import {parse} from '../../../../src/config/yaml/parse.ts';
import {printYaml} from '../../../../src/config/yaml/print.ts';
import {readYaml} from '../../../../src/config/yaml/full.ts';
import {around} from '../around.ts';

const IMPORT = join(import.meta.dirname, '../../../import');

/** The folders with configs of a format. */
export const fixturesOf = (format: string): readonly string[] => globSync('*', {cwd: join(IMPORT, format)})
	.filter(folder => !existsSync(join(IMPORT, format, folder, 'archon.yaml'))).sort();

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

/** All files of a folder as commented YAML. */
export function printed(format: ForeignFormat, name: string, folder: string): string {
	const place = join(IMPORT, name, folder);
	const sources = globSync('*', {cwd: place}).sort().map(file => ({file, text: readFileSync(join(place, file), 'utf8')}));
	const {config, problems, untranslated} = translate(format, sources);
	expect(problems).toEqual([]);
	const services = config.entries.get('services')?.value;
	const comments = new Map<Value, string[]>();
	for (const {key, service, why} of untranslated) {
		const at = service !== null && services?.kind === 'map' ? services.entries.get(service)?.value ?? config : config;
		comments.set(at, [...comments.get(at) ?? [], `not translated: ${key}: ${why}`]);
	}
	return printYaml(config, comments);
}
