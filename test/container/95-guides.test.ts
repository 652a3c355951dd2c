/** The guides, each followed from its first line to its last: its Dockerfile, its configs, and what its commands print. */
import {globSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, afterEach, beforeAll, expect, it} from 'vitest';
import {linesOf, picture, record} from '../../scripts/docs/terminal.ts';
import {difference, follow, stepsOf} from './guide.ts';
import {LABEL, ROOT} from './places.ts';
import {teardown} from './setup.ts';

const guides = globSync(['README.md', 'docs/getting-started.md', 'docs/{guides,moving,explained}/*.md'], {cwd: ROOT}).sort()
	.filter(page => readFileSync(join(ROOT, page), 'utf8').includes('```dockerfile\n# Dockerfile\n'));
const folder = mkdtempSync(join(tmpdir(), 'guides-'));
afterAll(() => rmSync(folder, {recursive: true}));
afterEach(teardown);

// Debian's packages come over a network: all at once, and again where that failed. The builds of the pages find them made.
beforeAll(async () => {
	const packages = new Set(guides.flatMap(stepsOf).flatMap(step =>
		('file' in step && step.file === 'Dockerfile' ? [/^FROM .*\nRUN (?:.*\\\n)*.*$/m.exec(step.content)?.[0] ?? ''] : [])));
	await Promise.all([...packages].filter(text => text !== '').map(async input => {
		for (let attempt = 1; ; attempt++) {
			const {exitCode, all} = await execa('docker', ['build', '--quiet', '--network', 'host', '-'], {
				input, all: true, reject: false, timeout: 300_000, env: {DOCKER_BUILDKIT: '0'},
			});
			if (exitCode === 0) return;
			if (attempt === 3) throw new Error(all);
		}
	}));
}, 600_000);

it.each(guides)('%s', {timeout: 300_000}, page => follow(page, mkdtempSync(join(folder, 'page-'))));

it('shows in the picture of README what happens (npm run picture)', () => {
	const shown = linesOf(readFileSync(join(ROOT, 'docs/images/terminal.svg'), 'utf8'));
	expect(difference(shown, linesOf(picture(record(['--label', LABEL]))))).toEqual({missing: [], more: []});
});

it('sees what is not as it is shown', () => {
	const shown = ['web  running  12  3s', 'exit status 3', 'archon | started a (pid 1)', 'archon | started b (pid 2)', '1000'];
	expect(difference(shown, ['web     running   7  2m3s', 'exit status 3', 'archon | started a (pid 5)', 'archon | started b (pid 6)', '1000']))
		.toEqual({missing: [], more: []});
	expect(difference(shown, ['web  stopped  7  2m3s', 'exit status 4', 'archon | started b (pid 1)', 'archon | started a (pid 5)', '1001'])).toEqual({
		missing: ['archon | started b (pid 2)', 'web  running  12  3s', 'exit status 3', '1000'],
		more: ['archon | started b (pid 1)', 'web  stopped  7  2m3s', 'exit status 4', '1001'],
	});
	expect(difference(['…', 'last'], ['first', 'last'])).toEqual({missing: [], more: []});
});

it('knows the guides', () => {
	expect(guides.length).toBeGreaterThanOrEqual(9);
});
