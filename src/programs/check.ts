/** `archon check`: tells every problem of a config, what in it may surprise, and on demand what it comes to. */
import {lineReader, showProblem, tokenEnd, type Display, type Severity} from '../config/excerpt.ts';
import {judgeConfig, type Judged} from '../config/plan.ts';
import type {Explanation} from '../config/explain/explain.ts';
import {ENGINES, type Engine, GRACE} from '../config/inspect/engine.ts';
import {fileProblem, formatPlace, type Problem, quote, type Source} from '../config/problems.ts';
import {findConfig} from '../config/read.ts';
import {duration} from '../config/scalars.ts';
import {needsOf} from '../config/yaml/parse.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {Environment} from '../core/variables.ts';
import {fileFor, ROLE_VARIABLE, roleOf} from '../features/manifest/core/rules.ts';
import {env} from '../os/environment.ts';
import type {Machine} from '../os/machine/machine.ts';
import {isFolder, newStat, sys} from '../os/sys.ts';
import {NO_CONFIG, readArguments} from './arguments.ts';
import {exposures} from './exposures.ts';
import {refuse, say, USAGE} from './streams.ts';
import {targetFor, type Target} from './target.ts';

const CHECK_USAGE = `usage: archon check [FILE…] [--env-file FILE] [--profile NAME] [--root DIR | --portable] [--strict] [--json]
                    [--explain [SERVICE]] [--for docker|kubernetes [--grace DURATION]]`;

interface Options {
	readonly asJson: boolean;
	/** Whether a note counts as a problem. */
	readonly isStrict: boolean;
	readonly isPortable: boolean;
	/** The folder of an image's files. */
	readonly root: string | null;
	/** With which engine the config is compared; null: with none. */
	readonly engine: Engine | null;
	/** What is to be explained: a service, or (empty) all of them; null: nothing. */
	readonly explain: string | null;
	/** Files without an option before them. */
	readonly named: readonly string[];
	/** All other options, which are those of `up`. */
	readonly rest: readonly string[];
}

/** What is wrong with a config, what is worth a line, and where their lines are. */
interface Verdict extends Pick<Judged, 'problems' | 'notes'> {
	readonly texts: readonly Source[];
	readonly plan: Judged['plan'];
	readonly target: Target | null;
	/** What texts of the config may name. */
	readonly variables: Environment;
}

const refused = (...problems: readonly Problem[]): Verdict => ({problems, notes: [], texts: [], plan: null, target: null, variables: {}});

export async function check(args: readonly string[]): Promise<number> {
	const options = readOptions(args);
	const asJson = args.includes('--json');
	const broken = (error: unknown): Verdict => {
		if (!asJson) throw error;
		return refused(fileProblem('', `archon cannot check this: ${error instanceof Error ? error.message : String(error)}`));
	};
	const verdict = typeof options === 'string' ? refused(fileProblem('', options)) : await judge(options).catch(broken);
	const {isStrict = false, explain = null} = typeof options === 'string' ? {} : options;
	const told = findingsOf(verdict);
	const isBad = told.some(({severity}) => severity === 'problem' || isStrict);
	const {plan, target, variables} = verdict;
	const explained = plan && explain !== null && !isBad ? await explainPlan(plan, explain, target?.machine ?? null, variables) : null;
	if (explained && !explained.ok) return refuse(`archon: ${explained.error}`, USAGE);
	if (asJson) {
		const found = told.map(({severity, problem, line}) => ({severity, ...problem, end: endOf(problem, line)}));
		say(`${JSON.stringify(explain === null ? found : {problems: found, ...explained?.value.data}, null, '\t')}\n`);
		return isBad ? USAGE : 0;
	}
	const display: Display = {isColoured: isColoured(isBad ? 2 : 1), width: 80};
	const words = told.map(({severity, problem, line}) => showProblem(severity, problem, line, display)).join('');
	if (isBad) return refuse(`${words}${endWords(told, isStrict)}${target?.isDoubtful() ? ELSEWHERE : ''}`, USAGE);
	if (words !== '') say(words);
	if (explained) return say(explained.value.text);
	const names = plan?.services.map(({name}) => name) ?? [];
	if (names.length === 0 && plan?.manifest) return say('no services but those of the manifest\n');
	return say(`${counted(names.length, 'service')}, in this order: ${names.join(', ')}\n`);
}

interface Finding {
	readonly severity: Severity;
	readonly problem: Problem;
	/** Null: it is not shown. */
	readonly line: string | null;
}

/** Problems first. What is told of a place as a problem is not noted there as well, but where the note says what to do. */
function findingsOf({problems, notes, texts}: Verdict): readonly Finding[] {
	const lineOf = lineReader(new Map(texts.map(({file, text}) => [file, text])));
	const places = new Set(problems.filter(({line}) => line > 0).map(formatPlace));
	const worthy = notes.filter(note => note.hint !== null || !places.has(formatPlace(note)));
	return [
		...problems.map(problem => ({severity: 'problem' as const, problem, line: lineOf(problem)})),
		...worthy.map(problem => ({severity: 'note' as const, problem, line: lineOf(problem)})),
	];
}

/** All services, or the one that is named. */
async function explainPlan(
	plan: NonNullable<Judged['plan']>, only: string, machine: Machine | null, variables: Environment,
): Promise<Result<{readonly data: Explanation; readonly text: string}, string>> {
	const {explain, secretsIn} = await import('../config/explain/explain.ts');
	const {explanationText} = await import('../config/explain/text.ts');
	const data = explain(plan, machine?.findUser ?? null, secretsIn(variables));
	const names = data.services.map(({name}) => name);
	if (only === '') return ok({data, text: explanationText(data, null)});
	if (!names.includes(only)) return err(`there is no service ${quote(only)}; there are ${names.join(', ')}`);
	return ok({data: {...data, services: data.services.filter(({name}) => name === only)}, text: explanationText(data, only)});
}

/** How many there are; nothing where it is the call that is wrong, and not a config. */
function endWords(told: readonly Finding[], isStrict: boolean): string {
	const problems = told.filter(({severity}) => severity === 'problem');
	if (problems.some(({problem: {file}}) => file === '')) return '';
	const [count, notes] = [problems.length, told.length - problems.length];
	const counts = [...count > 0 ? [counted(count, 'problem')] : [], ...notes > 0 ? [counted(notes, 'note')] : []].join(' and ');
	return `${counts}${count === 0 && isStrict ? ', and --strict takes none' : ''}\n`;
}

const ELSEWHERE = 'if it is to run elsewhere: --root DIR looks into an image\'s files, --portable looks at no machine\n';

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** no-color.org: any value but the empty one turns colours off. */
const isColoured = (fd: number): boolean => sys.isTerminal(fd) && !env()['NO_COLOR'] && env()['TERM'] !== 'dumb';

/** Behind the last character of what is meant; null where there is no place. */
function endOf({line, column}: Problem, text: string | null): {readonly line: number; readonly column: number} | null {
	if (line === 0) return null;
	return {line, column: text === null ? column : tokenEnd(text, column - 1) + 1};
}

function readOptions(args: readonly string[]): Options | string {
	const flags = new Set<string>();
	let [root, explain, engine, grace]: [string | null, string | null, string | null, string | null] = [null, null, null, null];
	const [rest, named]: [string[], string[]] = [[], []];
	for (let index = 0; index < args.length; index += 1) {
		const arg = args[index] ?? '';
		const [name = '', ...joined] = arg.split('=');
		if (FLAGS.includes(arg)) {
			flags.add(arg);
		} else if (name === '--root') {
			root = joined.length > 0 ? joined.join('=') : args[++index] ?? '';
			if (root === '') return '--root needs a directory; see archon --help';
		} else if (name === '--for' || name === '--grace') {
			const value = joined.length > 0 ? joined.join('=') : args[++index] ?? '';
			if (name === '--for') engine = value;
			else grace = value;
		} else if (name === '--explain') {
			const next = args[index + 1];
			const isNamed = joined.length === 0 && next !== undefined && !next.startsWith('-') && sys.access(next, 0) !== 0;
			explain = isNamed ? next : joined.join('=');
			if (isNamed) index += 1;
		} else if (!arg.startsWith('-')) {
			named.push(arg);
		} else {
			rest.push(arg);
			if (!arg.includes('=') && TAKES_VALUE.includes(arg)) rest.push(...args.slice(++index, index + 1));
		}
	}
	const about = newStat();
	if (root !== null && (sys.stat(root, about) < 0 || !isFolder(about))) return `--root: ${root} is not a directory`;
	const isPortable = flags.has('--portable');
	const around = engineOf(engine, grace);
	if (typeof around === 'string') return around;
	if (isPortable && root !== null) return '--portable looks at no machine, and --root at one: give one of them';
	return {asJson: flags.has('--json'), isStrict: flags.has('--strict'), isPortable, root, engine: around, explain, named, rest};
}

/** The engine of `--for`, with its own grace period where `--grace` names none; or what is wrong with them. */
function engineOf(named: string | null, grace: string | null): Engine | null | string {
	if (named === null) return grace === null ? null : `--grace is how long an engine waits: give --for ${ENGINES.join(' or --for ')} with it`;
	const name = ENGINES.find(each => each === named);
	if (!name) return `${`--for ${named}`.trim()}: archon knows ${ENGINES.join(' and ')}`;
	const read = grace === null ? null : duration(grace);
	if (read && !read.ok) return `--grace ${grace} is not a duration; write 30s`;
	return {name, grace: read?.ok ? read.value : GRACE[name]};
}

const FLAGS: readonly string[] = ['--json', '--strict', '--portable'];
/** Options of `up` whose value follows. */
const TAKES_VALUE: readonly string[] = ['-c', '--config', '--env-file', '--profile', '--socket'];

async function judge({root, isPortable, engine, rest, named}: Options): Promise<Verdict> {
	const request = readArguments(rest);
	if (typeof request === 'string') return refused(fileProblem('', `archon: ${request}`));
	if (!request.isBare || request.socket !== null) return refused(fileProblem('', CHECK_USAGE));
	const files = [...request.files, ...named];
	const target = targetFor({root, isPortable, file: files[0] ?? null, engine});
	// A config in an image is named as it is seen there.
	const found = findConfig({named: files, env: root === null ? env() : {}, envFiles: request.envFiles, files: target.files});
	if (found.origin === 'none') {
		const where = root === null ? '' : ` in ${root}`;
		return refused(fileProblem('', `archon: ${NO_CONFIG}${where}; name a file: archon check FILE`));
	}
	if (found.problems.length > 0) return refused(...found.problems);
	const around = await target.lookups(needsOf(found.files));
	const judged = judgeConfig(found.files, null, {...around, dotenv: found.dotenv, profiles: request.profiles});
	const {machine} = target;
	const placeOf = (path: string): string => {
		const place = root !== null && files.length === 0 ? machine?.tree.find(path) : null;
		return place?.ok ? place.value.path : path;
	};
	const exposed = machine ? [...exposures(found.files, placeOf)] : [];
	const rules = judged.plan?.manifest ?? null;
	if (machine && rules) {
		// Which lists those are on this machine; in an image, without a role of its own.
		const role = roleOf(rules, root === null ? env()[ROLE_VARIABLE] : undefined, root === null ? sys.hostname() : '');
		const lists = [fileFor(rules.file, role), ...rules.hitlist === null ? [] : [rules.hitlist]];
		exposed.push(...exposures(lists.map(file => ({file, text: ''})), list => {
			const place = root === null ? null : machine.tree.find(list);
			return place?.ok ? place.value.path : list;
		}));
	}
	return {...judged, notes: [...found.notes, ...exposed, ...judged.notes], target, variables: {...found.dotenv, ...around.environment}};
}
