/** Config texts → the services to run, needs first; or everything that is wrong with the texts. */
import type {Config} from '../core/config.ts';
import {err, ok, type Result} from '../core/result.ts';
import {commandService, MAIN} from './command-service.ts';
import {isExpanded} from './expansion.ts';
import {overlay, withoutResets} from './merge.ts';
import {readSources} from './sources.ts';
import type {Planning, Lookups} from './planning.ts';
import {collector, fileProblem, type Problem, type Source} from './problems.ts';
import {toCommand} from './readers.ts';
import {MERGE_RULES} from './schema/top.ts';
import {planServices} from './services.ts';
import type {Value} from './values.ts';

export interface Plan extends Config {
	/** What is worth a line and stops nothing. */
	readonly notes: readonly Problem[];
}

/** All texts as one value, before the values of variables are put in. */
export interface Root {
	readonly value: Value;
}

/** A plan where nothing is wrong; else null, and what is. */
export interface Judged {
	readonly plan: Omit<Plan, 'notes'> | null;
	/** What the plan was made of. */
	readonly root: Root | null;
	readonly problems: readonly Problem[];
	readonly notes: readonly Problem[];
	/** The texts that these speak of, whose lines may be shown: those of variables may be secrets, and are not among them. */
	readonly texts: readonly Source[];
}

/** What the texts come to; or everything that is wrong with them. */
export function plan(
	sources: readonly Source[], command: readonly string[] | null, lookups: Lookups,
): Result<Plan, readonly Problem[]> {
	const {plan, problems, notes} = judgeConfig(sources, command, lookups);
	return plan ? ok({...plan, notes}) : err(problems);
}

/**
 * What the texts say together, each laid over those before it. With a `command` the service `main` comes
 * after all of them. If a text is not YAML, only the syntax of all texts is judged.
 */
export function judgeConfig(
	sources: readonly Source[], command: readonly string[] | null, lookups: Lookups,
): Judged {
	const problems = collector(sources);
	const notes = collector(sources);
	const values = readSources(sources, lookups, problems.report, notes.gather);
	const [first, ...rest] = values.filter(value => value !== null);
	const texts = (): readonly Source[] =>
		[...new Set([...problems.sources(), ...notes.sources()])].filter(source => !('isOfOthers' in source));
	const refused = (problems: readonly Problem[]): Judged => ({plan: null, root: null, problems, notes: notes.problems(), texts: texts()});
	if (values.includes(null)) return refused(problems.problems());
	if (first === undefined) return refused([fileProblem('', 'there is no config')]);

	const isFurther = values.some(value => value && isExpanded(value));
	const expand = isFurther ? lookups.createExpand({lookups, rules: MERGE_RULES, report: problems.report, note: notes.gather}) : null;
	const merged = rest.reduce(
		(lower, upper) => overlay(lower, expand ? expand(upper, lower) : upper, MERGE_RULES), expand ? expand(first, null) : first,
	);
	const root = expand || sources.some(({text}) => text.includes('!reset')) ? withoutResets(merged) : merged;
	const main = toCommand(command ?? []);
	const planning: Planning = {problems, notes, lookups, hasCommand: main !== null};
	const draft = planServices(root, planning);
	const rival = draft.names.get(MAIN);
	if (main && rival) {
		const hint = 'rename it, or give no command on the command line';
		problems.report(rival, `the name ${MAIN} is taken by the command line's command`, hint);
	}
	lookups.inspect?.(draft, planning);
	const found = problems.problems();
	if (found.length > 0) return refused(found);

	const {names, written, top, services, ...others} = draft;
	return {
		plan: {...others, services: main ? [...services, commandService(main, services)] : services},
		root: {value: root},
		problems: [], notes: notes.problems(), texts: texts(),
	};
}
