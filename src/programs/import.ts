/** `archon import`: prints configs of other supervisors as one in archon's own format. */
import {importConfig} from '../config/import.ts';
import {fileProblem, formatProblem, type Source} from '../config/problems.ts';
import {readNamed, SIZE_MAX} from '../config/read.ts';
import {needsOf} from '../config/yaml/parse.ts';
import {err, ok} from '../core/result.ts';
import {filesAtStart as files} from '../os/files.ts';
import {lookups} from './lookups.ts';
import {writeNew} from './new-file.ts';
import {refuse, say, stdin, USAGE} from './streams.ts';

const IMPORT_USAGE = 'usage: archon import FILE… [--strict] [-o FILE]; - is stdin';

/** Told once of all that has no translation; the rest stands in the YAML. */
const REST = 'see the comments in it';

interface Asked {
	readonly paths: readonly string[];
	/** Whether what has no translation is a problem. */
	readonly isStrict: boolean;
	/** The file to write; null: stdout. */
	readonly to: string | null;
}

export async function importFiles(args: readonly string[]): Promise<number> {
	const asked = readAsked(args);
	if (typeof asked === 'string') return refuse(asked, USAGE);
	const {paths, isStrict, to} = asked;
	const sources: Source[] = [];
	for (const path of paths) {
		const source = path === '-' ? readStdin() : readNamed(path, files);
		if (!source.ok) return refuse(formatProblem(source.error.problem), USAGE);
		sources.push(source.value);
	}
	const around = await lookups(needsOf(sources));
	const {yaml, problems, untranslated} = importConfig(sources, {...around, dotenv: {}, findUser: () => ok(null)});
	if (yaml === null || (isStrict && untranslated.length > 0)) {
		return refuse([...problems, ...untranslated].map(formatProblem).join('\n'), USAGE);
	}
	if (to === null) return say(yaml);
	const why = writeNew(to, yaml);
	if (why !== null) return refuse(`archon: ${why}`, USAGE);
	const count = untranslated.length;
	return say(`wrote ${to}${count === 0 ? '' : `; ${count} ${count === 1 ? 'key is' : 'keys are'} not translated: ${REST}`}\n`);
}

function readAsked(args: readonly string[]): Asked | string {
	const paths: string[] = [];
	let isStrict = false;
	let to: string | null = null;
	for (let at = 0; at < args.length; at++) {
		const arg = args[at] ?? '';
		const joined = /^(?:--output|-o)=(.+)$/.exec(arg)?.[1];
		if (arg === '--strict') {
			isStrict = true;
		} else if (arg === '-o' || arg === '--output' || joined !== undefined) {
			const path = joined ?? args[++at];
			if (!path) return `${arg} needs a value: FILE; ${IMPORT_USAGE}`;
			to = path === '-' ? null : path;
		} else if (arg === '-' || !arg.startsWith('-')) {
			paths.push(arg);
		} else {
			return `unknown option ${arg}; ${IMPORT_USAGE}`;
		}
	}
	return paths.length === 0 ? IMPORT_USAGE : {paths, isStrict, to};
}

function readStdin(): ReturnType<typeof readNamed> {
	const text = stdin(SIZE_MAX);
	if (text.length <= SIZE_MAX) return ok({file: 'stdin', text: text.replace(/^\uFEFF/, '')});
	return err({problem: fileProblem('', 'cannot read stdin: larger than 1 MiB'), missing: false});
}
