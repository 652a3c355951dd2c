/** The pages: what they have from the code and from measurements is as of now, and what they name is there. */
import {existsSync, globSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {FILES, pages, renewed} from '../../../scripts/docs.ts';

const root = join(import.meta.dirname, '../../..');
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** A heading as the end of a link: GitHub's rule. */
const anchors = (page: string): string[] => [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
	title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));

/** Where a page leads within this project. */
const links = (page: string) => [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)|(?:src|srcset|href)="(?!https?:)([^"#]+)"/g)].map(
	([, path = '', anchor, attribute = path]) => ({target: attribute === '' ? page : join(dirname(page), attribute), anchor}));

describe.each(pages())('%s', page => {
	test('has the tables of now (npm run docs)', () => {
		expect(renewed(page)).toBe(read(page));
	});

	test('leads nowhere in vain', () => {
		const broken = links(page).filter(({target, anchor}) => target.startsWith('..') || !existsSync(join(root, target))
			|| (anchor !== undefined && !anchors(target).includes(anchor)));
		expect(broken).toEqual([]);
	});

	test('names only files that are there', () => {
		const named = [...read(page).matchAll(/(?<![\w/.-])(?:src|test|scripts|docs|bench|packaging)\/[\w./{},*-]*[\w}*]/g)].map(([path]) => path);
		const alone = [...read(page).matchAll(/`([\w-]+\.(?:ts|c|h))`/g)].map(([, name]) => `{src,scripts,test,bench}/**/${name}`);
		expect([...named, ...alone].filter(path => globSync(path, {cwd: root}).length === 0 && !MADE.includes(path))).toEqual([]);
	});
});

test('the index of the manual leads to each of its pages', () => {
	const index = links('docs/README.md').map(({target}) => target);
	// A page at the top has no place in the index yet.
	expect(pages().filter(page => /^docs\/(?:.*\/.*|getting-started)\.md$/.test(page) && !index.includes(page))).toEqual([]);
	expect(links('README.md').map(({target}) => target)).toContain('docs/README.md');
});

test.each(Object.entries(FILES))('%s is as of now (npm run docs)', (file, write) => {
	expect(read(file) === write()).toBe(true);
});

/** What is made by a build or a run. */
const MADE = ['bench/results/bench.log'];

test('README is a landing page', () => {
	expect(read('README.md').split('\n').length).toBeLessThanOrEqual(151);
});

test('CONTRIBUTING knows where things are decided', () => {
	const table = read('CONTRIBUTING.md').split('## Where is it decided?')[1] ?? '';
	const rows = [...table.matchAll(/^\| (.*) \| `(src\/.*)` \| `(\w+)` \|$/gm)].map(([, question = '', file = '', symbol = '']) => ({question, file, symbol}));
	expect(rows.length).toBeGreaterThanOrEqual(10);
	expect(rows.filter(({file, symbol}) =>
		!existsSync(join(root, file)) || !new RegExp(`\\b(function|const|class|interface|type) ${symbol}\\b|^\\t(static |#)?${symbol}\\(`, 'm').test(read(file)))).toEqual([]);
});
