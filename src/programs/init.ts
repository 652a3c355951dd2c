/** `archon init`: writes a first config for what a directory holds, and never over one that is there. */
import {importConfig} from '../config/import.ts';
import {formatProblem, type Source} from '../config/problems.ts';
import {readSource} from '../config/read.ts';
import {emptyStarter, FOUND_BY, fromCompose, fromPackage, type Starter, starterText, withNext} from '../config/starter.ts';
import type {Value} from '../config/values.ts';
import {needsOf, parse} from '../config/yaml/parse.ts';
import {join} from '../core/path.ts';
import {ok} from '../core/result.ts';
import {filesAtStart as files} from '../os/files.ts';
import {lookups} from './lookups.ts';
import {writeNew} from './new-file.ts';
import {refuse, say, USAGE} from './streams.ts';

const INIT_USAGE = 'usage: archon init [DIRECTORY] [-o FILE]; -o - prints it';
const CONFIG = 'archon.yaml';

export async function init(args: readonly string[]): Promise<number> {
	const operands: string[] = [];
	let to: string | null = null;
	for (let at = 0; at < args.length; at++) {
		const arg = args[at] ?? '';
		if (arg === '-o' || arg === '--output') to = args[++at] ?? '';
		else if (arg.startsWith('-')) return refuse(`unknown option ${arg}; ${INIT_USAGE}`, USAGE);
		else operands.push(arg);
	}
	const [folder = '.', ...others] = operands;
	if (others.length > 0 || to === '') return refuse(INIT_USAGE, USAGE);
	const listed = files.list(folder);
	if (!listed.ok) return refuse(`archon: cannot read ${folder}: ${listed.error.reason}`, USAGE);
	const made = await textFor(folder, new Set(listed.value));
	if (typeof made !== 'string') return refuse(made.join('\n'), USAGE);
	if (to === '-') return say(made);
	const path = to ?? (folder === '.' ? CONFIG : join(folder, CONFIG));
	const why = writeNew(path, made);
	return why === null ? say(`wrote ${path}; archon check ${path} looks at it\n`) : refuse(`archon: ${why}`, USAGE);
}

/** The text of a config for the surest of what is there; or why that cannot be read. */
async function textFor(folder: string, names: ReadonlySet<string>): Promise<string | readonly string[]> {
	const pathOf = (name: string): string => (folder === '.' ? name : join(folder, name));
	for (const name of FOUND_BY.translated.filter(each => names.has(each))) {
		const read = readSource(pathOf(name), files);
		if (!read.ok) return [formatProblem(read.error.problem)];
		const around = await lookups(needsOf([read.value]));
		const {yaml, problems} = importConfig([read.value], {...around, dotenv: {}, findUser: () => ok(null)});
		return yaml === null ? problems.map(formatProblem) : withNext(yaml);
	}
	for (const [kinds, make] of [[FOUND_BY.compose, fromCompose], [FOUND_BY.npm, fromPackage]] as const) {
		for (const name of kinds.filter(each => names.has(each))) {
			const read = await starterOf(pathOf(name), make);
			if (read && 'services' in read) return starterText(read, `Made by archon init from ${name}.`);
			if (read) return read;
		}
	}
	return starterText(emptyStarter(), 'Made by archon init, which found nothing here that says what runs.');
}

async function starterOf(path: string, make: (source: Source, root: Value) => Starter | null): Promise<Starter | readonly string[] | null> {
	const read = readSource(path, files);
	if (!read.ok) return [formatProblem(read.error.problem)];
	const problems: string[] = [];
	const {readYaml} = await lookups(needsOf([read.value]));
	const root = parse(read.value, readYaml, (_, message) => problems.push(`${path}: ${message}`));
	return root ? make(read.value, root) : problems;
}
