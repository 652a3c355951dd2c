/**
 * The life of one service as a table, read from the code: for each phase and each piece of news the phases that may follow.
 * A cell is followed through the functions that it calls; the linter keeps the form by which they are found.
 */
import {globSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

const FILE = 'src/core/lifecycle.ts';

export function lifeTable(root: string): string {
	const table = /^const table: Table = \{\n([^]*?)^\};$/m.exec(read(root, FILE))?.[1];
	const none = /^const none = \{\n([^]*?)^\};$/m.exec(read(root, FILE))?.[1] ?? '';
	const news = [...none.matchAll(/(\w+): impossible/g)].map(([, name = '']) => name);
	if (!table || news.length === 0) throw new Error(`${FILE} has no table that can be read`);
	const parts = partsOf(root);
	const phases = [...table.matchAll(/^\t(\w+): (?:none,$|\{\n([^]*?)^\t\},$)/gm)].map(([, phase = '', cells = '']) => {
		const found = cells.matchAll(/^\t\t(\w+): ([^]*?)(?=^\t\t\w+: |$(?![^]))/gm);
		const texts = new Map([...found].map(([, name = '', text = '']) => [name, text]));
		return {phase, cells: news.map(name => cell(phase, texts.get(name), parts))};
	});
	const rows = Map.groupBy(phases, ({cells}) => cells.join());
	return [
		['phase ↓ news →', ...news],
		['---', ...news.map(() => '---')],
		...[...rows.values()].map(same => [same.map(({phase}) => phase).join(', '), ...same[0]?.cells ?? []]),
	].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

/** `×`: the table says that it cannot happen; `·`: nothing is changed; else the phases after it, its own among them as `=`. */
function cell(phase: string, text: string | undefined, parts: ReadonlyMap<string, string>): string {
	if (text === undefined) return '×';
	const after = new Set<string>();
	const seen = new Set<string>();
	const follow = (text: string, own: string): void => {
		// As a literal, as what a variable is said to be, and as the phase that it was.
		for (const [, kind = ''] of text.matchAll(/\bkind: '(\w+)'/g)) if (PHASES.includes(kind)) after.add(kind);
		for (const [, kind = ''] of text.matchAll(/: ([A-Z]\w+) = \{/g)) if (PHASES.includes(kind.toLowerCase())) after.add(kind.toLowerCase());
		// To wait is the supervisor's to begin: it knows for how long.
		if (/'await'/.test(text)) after.add('waiting');
		if (/\{phase[,}]|\(\{\.\.\.phase,|phase: \{\.\.\.(?:phase|before),|return \{phase: after\}/.test(text)) after.add(own);
		for (const [, name = ''] of text.replaceAll('...', ' ').matchAll(/(?<![.\w])(\w+)(?=\()|\bWAITING\b/g)) {
			const part = parts.get(name || 'WAITING');
			if (part === undefined || seen.has(part)) continue;
			seen.add(part);
			const kinds = /\bphase: ([A-Z][\w |]*)[,)]/.exec(part)?.[1]?.toLowerCase().split(' | ') ?? [own];
			follow(part, kinds.includes(own) ? own : kinds[0] ?? own);
		}
	};
	follow(text, phase);
	const others = PHASES.filter(name => after.has(name) && name !== phase);
	if (others.length === 0) return /^stay,/.test(text) ? '·' : '=';
	return [...after.has(phase) ? ['='] : [], ...others].join(' ');
}

/** Of src/core/phase.ts, in the order of a life. */
const PHASES = ['down', 'waiting', 'spawning', 'starting', 'up', 'stopping', 'done', 'backoff'];

/** The functions and constants of the core by name. */
function partsOf(root: string): ReadonlyMap<string, string> {
	const parts = new Map<string, string>();
	for (const file of [FILE, 'src/core/phase.ts', ...globSync('src/features/*/core.ts', {cwd: root})]) {
		const text = read(root, file);
		for (const [part, name = ''] of text.matchAll(/^(?:export )?function (\w+)[^]*?^\}$/gm)) parts.set(name, part);
		for (const [part, name = ''] of text.matchAll(/^(?:export )?const (\w+)[^]*?;\n(?!\t)/gm)) parts.set(name, part);
	}
	for (const name of ['table', 'none', 'impossible']) parts.delete(name);
	return parts;
}

const read = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');
