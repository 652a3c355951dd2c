/** The style as a test: who may import whom, how files begin, and what is said nowhere. */
import {globSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {describe, expect, test} from 'vitest';

const root = dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const files = (...patterns: string[]): string[] => globSync(patterns, {cwd: root}).sort();

/** A file without its comments. */
const code = (file: string): string => read(file).replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

const sources = files('src/**/*.ts').filter(file => !file.endsWith('.d.ts'));
const all = files('src/**/*.{ts,c,h}', 'test/**/*.{ts,c}', 'bench/**/*.{ts,c,h}', 'scripts/**/*.ts', 'packaging/*.ts', 'vitest.config.ts');

/** What a file imports, types included: paths from the root, or the names of packages. */
function imports(file: string): string[] {
	const found = read(file).matchAll(/(?:^import\s[^'"]*?|\bfrom\s+|\bimport\(|\bload\()\s*['"]([^'"]+)['"]/gm);
	return [...found].map(([, name = '']) => (name.startsWith('.') ? relative(root, join(root, dirname(file), name)) : name));
}

/** A part of a feature lives under the rules of the folder that its kind has outside. */
const PARTS: Readonly<Record<string, string>> = {core: 'core', keys: 'config', os: 'os', requests: 'control', commands: 'cli'};
const placeOf = (file: string): string => file.replace(
	/^src\/features\/([\w-]+)\/(core|keys|os|requests|commands)(?=[./])/, (_, name: string, part: string) => `src/${PARTS[part]}/features/${name}`,
);

/** Each folder and what it may see besides itself, from the most stable to the least. */
const MAY_SEE: readonly (readonly [from: string, ...to: string[]])[] = [
	['src/core/'],
	[
		'src/config/', 'src/core/by-need.ts', 'src/core/result.ts', 'src/core/time.ts', 'src/core/signal-numbers.ts', 'src/core/service.ts',
		'src/core/outcome.ts', 'src/core/config.ts', 'src/core/defaults.ts', 'src/core/linux.ts', 'src/core/graph.ts', 'src/core/words.ts',
		'src/core/nearest.ts', 'src/core/features/', 'src/core/path.ts', 'src/core/pattern/', 'src/core/url.ts',
		'src/core/access.ts', 'src/core/alerts.ts', 'src/core/remote.ts', 'src/core/web.ts',
		'src/core/sync.ts', 'src/core/lua-rules.ts', 'src/core/token.ts', 'src/core/name-pattern.ts', 'src/core/helper-roles.ts',
		'src/core/action.ts', 'src/core/action-text.ts', 'src/core/event-kinds.ts', 'src/core/variables.ts', 'src/core/env-file.ts', 'src/core/sources.ts', 'src/core/signals.ts', 'yaml',
	],
	['src/control/', 'src/core/'],
	['src/dropin/', 'src/core/service.ts', 'src/core/outcome.ts', 'src/core/signal-numbers.ts', 'src/core/path.ts'],
	['src/cli/', 'src/core/', 'src/control/', 'src/os/'],
	['src/os/', 'src/core/'],
	// Some are clients of the control protocol; the status page shows figures as archonctl does.
	['src/helpers/', 'src/core/', 'src/os/', 'src/control/', 'src/cli/figures.ts', 'src/cli/top/load.ts'],
	['src/programs/', 'src/helpers/', 'src/core/', 'src/config/', 'src/control/', 'src/os/', 'src/cli/', 'src/dropin/'],
	['src/main.ts', 'src/'],
];

describe('imports', () => {
	test.each(sources)('%s sees only what it may', file => {
		const [from = '', ...to] = MAY_SEE.find(([prefix]) => placeOf(file).startsWith(prefix)) ?? [];
		const seen = [from, ...to].filter(prefix => prefix !== '');
		expect(imports(file).filter(name => !seen.some(prefix => placeOf(name).startsWith(prefix)))).toEqual([]);
	});

	test.each([
		['yaml', 'src/config/yaml/full.ts'],
	])('only one file sees %s', (name, only) => {
		expect(sources.filter(file => imports(file).includes(name))).toEqual([only]);
	});

	test('nothing goes round in a circle', () => {
		const done = new Set<string>();
		const visit = (file: string, path: readonly string[]): void => {
			expect(path, `${path.join(' → ')} → ${file}`).not.toContain(file);
			if (done.has(file)) return;
			for (const next of imports(file)) if (sources.includes(next)) visit(next, [...path, file]);
			done.add(file);
		};
		for (const file of sources) visit(file, []);
	});

	test('the core knows neither time nor chance', () => {
		for (const file of files('src/core/**/*.ts', 'src/features/*/core.ts')) {
			expect(code(file), file).not.toMatch(/\b(Date|performance|process|console|Math\.random)[.(]|\bsetTimeout\(|\b(async|await) /);
		}
	});
});

describe('files', () => {
	test.each(all)('%s opens with what it is, and keeps to the form', file => {
		const text = read(file);
		expect(text.startsWith('/*'), 'a header comment').toBe(true);
		// The rows of a test's table may be longer.
		const longest = file.startsWith('test/') ? 200 : 140;
		expect(text.split('\n').filter(line => line.length > longest), 'long lines').toEqual([]);
		const forms = /\bas any\b|: any\b|as unknown as|^export default(?! defineConfig)|\bTODO\b|\bFIXME\b/m;
		if (file.endsWith('.ts') && file !== 'test/tidy.test.ts') expect(code(file), 'forms that the house does without').not.toMatch(forms);
	});

	test('no folder is for leftovers', () => {
		expect(files('src/**/{utils,common,types,lib,index}{,.ts}', 'src/*/**/helpers')).toEqual([]);
	});
});

test('the project speaks of itself only', () => {
	const said = [...all, ...files('*.md', 'docs/**/*.md', 'scripts/*', 'packaging/**/*', '.ci/run')]
		.filter(file => !file.endsWith('/') && file !== 'test/tidy.test.ts');
	for (const file of said) {
		let text: string;
		try {
			text = read(file);
		} catch {
			continue; // A directory.
		}
		expect(text, file).not.toMatch(/\/work\/|\bseeds?\.md\b|\bpeers\.md\b|DESIGN(\.md| §)|\b(issue|seed) #?\d{3}\b/);
	}
});

/**
 * What the project once called things by metaphors, and phrases without a subject: the field has words for all of them
 * (CONTRIBUTING.md, glossary).
 */
const OLD_WORDS = new RegExp(`\\b(?:${[
	'bury', 'buries', 'buried', 'hunts?', 'kin', 'desk', 'clerk', 'guests?', 'errands?', 'estate', '(?<!line )feeds', 'bounces?', 'season', 'wish(?:es)?',
	'ledger', 'standstill', 'litter(?:ed)?', 'tenants?', 'dice', 'duty', 'surroundings', 'agreement', 'last life', 'next life', 'first life',
	'whoever', 'anew', 'is none', 'so many', 'executed anew', 'plain mode',
	// The user, who may be named.
	'(?<!user(?:: |-| )|\'|`|=|matches |, |folder that |belongs to |\\), and )nobody(?!:|-here|\'|`)',
].join('|')})\\b`, 'gi');

const SPOKEN = [...all, ...files('*.md', 'docs/**/*.md', 'scripts/{demo,setup,soak,test}', 'packaging/**/*.{yaml,py,conf,php}', 'packaging/**/{Dockerfile,build-images}')]
	.filter(file => file !== 'test/tidy.test.ts');

test.each(SPOKEN)('%s is without words of its own for what the field has words for', file => {
	// The user's number has that name in code.
	expect(read(file).replaceAll(/\bNOBODY\b/g, '').match(OLD_WORDS) ?? []).toEqual([]);
});
