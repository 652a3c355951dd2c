/** The file that `config` of a pool names: the tree in it, or all that is wrong with it. */
import {readTree} from '../../../config/formats/zeus.ts';
import type {Lookups, Planning} from '../../../config/planning.ts';
import type {Gather, Report, Source} from '../../../config/problems.ts';
import {parse} from '../../../config/yaml/parse.ts';
import {byNeed} from '../../../core/by-need.ts';
import {resolve} from '../../../core/path.ts';
import type {DeclaredPool} from './declared.ts';
import type {Plan} from './plan.ts';

const yaml = byNeed(() => import('../../../config/yaml/full.ts'));

/** Undefined: something is wrong, which has been reported. */
export function readTreeFile(source: Source, report: Report, note: Gather): Plan | undefined {
	const root = parse(source, (text, told) => yaml().readYaml(text, told), report);
	return root ? readTree(root, report, note) : undefined;
}

/** Judges the files of pools: those that others may write are their matter, and never keep archon from its config. */
export function judgeTreeFiles(pools: Iterable<DeclaredPool>, {lookups, problems, notes}: Planning): void {
	for (const {path, configAt: at, settings, pool: {config, dir}} of pools) {
		if (config === null || !at) continue;
		const read = lookups.readFile(fileOf(config, dir, lookups));
		if (!read.ok) {
			const {problem: {message}, isOfOthers} = read.error;
			(isOfOthers ? notes : problems).report(at, `${path}.config: ${message}`);
		} else {
			const {isOfOthers = false} = read.value;
			const why = `${path}.config: others may write ${read.value.file}, and archon's own user does what it says`;
			if (isOfOthers && !settings.user) notes.report(at, why, 'set user');
			readTreeFile(read.value, (isOfOthers ? notes : problems).report, notes.gather);
		}
	}
}

const fileOf = (config: string, dir: string | null, {directory}: Pick<Lookups, 'directory'>): string =>
	resolve(dir ?? directory(), config);
