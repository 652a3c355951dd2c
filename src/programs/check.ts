/** `archon check`: tells every problem of a config, and what in it may surprise. */
import {needsOf} from '../config/yaml/parse.ts';
import {judgeConfig} from '../config/plan.ts';
import {fileProblem, formatProblem, type Problem} from '../config/problems.ts';
import {findConfig} from '../config/read.ts';
import {env} from '../os/environment.ts';
import {filesAtStart as files} from '../os/files.ts';
import {isBareScript} from '../os/spawn/diagnose.ts';
import {NO_CONFIG, readArguments} from './arguments.ts';
import {lookups} from './lookups.ts';
import {refuse, say, USAGE} from './streams.ts';

const CHECK_USAGE = 'usage: archon check [FILE] [--env-file FILE] [--json]';

/** What is wrong with a config, and what is worth a line; `words`: what is said where nothing is wrong. */
interface Verdict {
	readonly problems: readonly Problem[];
	readonly notes: readonly Problem[];
	readonly words: string;
}

export async function check(args: readonly string[]): Promise<number> {
	const asJson = args.includes('--json');
	const verdict = await judge(args.filter(arg => arg !== '--json')).catch((error: unknown): Verdict => {
		if (!asJson) throw error;
		const why = error instanceof Error ? error.message : String(error);
		return {problems: [fileProblem('', `archon cannot check this: ${why}`)], notes: [], words: ''};
	});
	const {problems, notes, words} = verdict;
	const status = problems.length > 0 ? USAGE : 0;
	if (asJson) {
		const told = [
			...problems.map(problem => ({severity: 'problem', ...problem})), ...notes.map(note => ({severity: 'note', ...note})),
		];
		say(`${JSON.stringify(told, null, '\t')}\n`);
		return status;
	}
	if (status !== 0) return refuse(problems.map(formatProblem).join('\n'), status);
	for (const note of notes) say(`${formatProblem(note)}\n`);
	return say(words);
}

async function judge(args: readonly string[]): Promise<Verdict> {
	const refused = (...problems: readonly Problem[]): Verdict => ({problems, notes: [], words: ''});
	const [file, ...rest] = args;
	// The file comes first, as of old, or anywhere among the options.
	const request = readArguments(file === undefined || file.startsWith('-') ? args : [...rest, file]);
	if (typeof request === 'string') return refused(fileProblem('', `archon: ${request}`));
	const [named = request.file, ...others] = request.command;
	if (others.length > 0 || !request.isBare || request.socket !== null || (request.file !== null && named !== request.file)) {
		return refused(fileProblem('', CHECK_USAGE));
	}
	const found = findConfig({file: named, env: env(), envFiles: request.envFiles, files});
	if (found.origin === 'none') return refused(fileProblem('', `archon: ${NO_CONFIG}`));
	if (found.problems.length > 0) return refused(...found.problems);
	const around = await lookups(needsOf(found.files));
	const {plan, problems, notes} = judgeConfig(found.files, null, {...around, dotenv: found.dotenv, isBareScript, isElsewhere: true});
	const names = plan?.services.map(({name}) => name) ?? [];
	const count = `${names.length} ${names.length === 1 ? 'service' : 'services'}`;
	return {problems, notes: [...found.notes, ...notes], words: `${count}, in this order: ${names.join(', ')}\n`};
}
