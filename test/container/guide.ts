/**
 * A page of the manual, followed as its reader would: files are written, commands are run one after the other, and what they
 * print is what the page shows.
 */
import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {expect} from 'vitest';
import {LABEL, ROOT} from './places.ts';

/** A file that is to be written, or a command with the lines that it prints; null where the page shows none. */
export type Step =
	| {readonly file: string; readonly content: string}
	| {readonly command: string; readonly line: number; readonly shown: readonly string[] | null};

/**
 * What a page says to do, in its order. A block whose first line is a comment with a file's name is that file. In blocks of
 * `console` a line with `$ ` is a command, and what follows is what it prints; in blocks of `sh` each line is a command.
 */
export function stepsOf(page: string): readonly Step[] {
	const text = readFileSync(join(ROOT, page), 'utf8');
	return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].flatMap(({1: language, 2: body = '', index}): readonly Step[] => {
		const file = /^(?:<\?php )?(?:#|\/\/|;) (Dockerfile|[\w/-]+\.\w+)$/m.exec(body.split('\n', 1)[0] ?? '')?.[1];
		if (file !== undefined) return [{file, content: body}];
		if (language !== 'console' && language !== 'sh') return [];
		const first = text.slice(0, index).split('\n').length + 1;
		const lines = body.trimEnd().split('\n');
		const commands = lines.flatMap((line, i) => (language === 'sh' || line.startsWith('$ ') ? [i] : []));
		return commands.map((at, i) => {
			const shown = lines.slice(at + 1, commands[i + 1]);
			const command = (lines[at] ?? '').replace(/^\$ /, '').replace(/\s+# .*$/, '');
			return {command, line: first + at, shown: language === 'sh' || shown.length === 0 ? null : shown};
		});
	});
}

/** What may be asked again until it is as shown: it changes nothing. */
const LOOKS = /^(?:curl|cat|docker (?:logs|inspect|ps|exec \S+ archonctl (?:status|version|tree|why|logs|history|events)))\b/;

/** Does all that a page says, in `folder`. */
export async function follow(page: string, folder: string): Promise<void> {
	// What archon itself is asked is tried elsewhere, without a container.
	const steps = stepsOf(page).filter(step => 'file' in step || !step.command.startsWith('archon '));
	const path = `${docker(folder)}:${process.env['PATH'] ?? ''}`;
	for (const step of steps) {
		if ('file' in step) {
			mkdirSync(dirname(join(folder, step.file)), {recursive: true});
			writeFileSync(join(folder, step.file), step.content);
			continue;
		}
		const said = async (): Promise<{at: string; exitCode: number | undefined; missing: string[]; more: string[]}> => {
			const {exitCode, all} = await execa('bash', ['-c', step.command], {
				cwd: folder, env: {PATH: path}, all: true, reject: false, stdin: 'ignore', timeout: 90_000,
			});
			const at = `${page}:${step.line}: ${step.command}`;
			if (exitCode !== 0) return {at: `${at}\n${all}`, exitCode, missing: [], more: []};
			return {at, exitCode, ...step.shown === null ? {missing: [], more: []} : difference(step.shown, all.split('\n'))};
		};
		const asShown = {at: `${page}:${step.line}: ${step.command}`, exitCode: 0, missing: [], more: []};
		if (LOOKS.test(step.command)) await expect.poll(said, {timeout: 60_000, interval: 200}).toEqual(asShown);
		else expect(await said()).toEqual(asShown);
	}
}

/**
 * Lines that are shown and were not said, and the other way round. The two streams of a container come in no order, so archon's
 * own lines are compared with each other, and the others with each other. A line `…` is any number of lines.
 */
export function difference(shown: readonly string[], said: readonly string[]): {missing: string[]; more: string[]} {
	const missing: string[] = [];
	const more: string[] = [];
	for (const isOwn of [true, false]) {
		const rest = said.filter(line => line.trim() !== '' && /^archon +\|/.test(line) === isOwn);
		for (const line of shown.filter(line => line.trim() !== '' && line !== '…' && /^archon +\|/.test(line) === isOwn)) {
			const at = rest.findIndex(other => pattern(line).test(other));
			if (at === -1) missing.push(line);
			else more.push(...rest.splice(0, at + 1).slice(0, -1));
		}
		more.push(...rest);
	}
	return {missing, more: shown.includes('…') ? [] : more};
}

/** Of a line that is shown: what stands for anything, a number that must be this one, any other number or time, blanks, and words. */
const TOKEN = /(?<any>…)|(?<kept>(?:status|exit|uid|HTTP\/1\.[01]) \d+|^\d+$)|(?<number>\d[\d.,:]*(?:(?:(?:ms|[dhms])\d*)+(?!\w))?)|(?<blanks> +)|[^…\d ]+?(?=status \d|exit \d|uid \d|HTTP|[…\d ]|$)/g;

/** Numbers and times may differ, but for what a status is; columns may be wider. */
const pattern = (line: string): RegExp => new RegExp(`^ *${[...line.trim().matchAll(TOKEN)].map(({0: token, groups}) => {
	if (groups?.['any'] !== undefined) return '.*';
	if (groups?.['number'] !== undefined) return String.raw`\d[\d.,:dhms]*`;
	return groups?.['blanks'] === undefined ? token.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`) : ' +';
}).join('')}\\s*$`);

/** A folder with a docker that builds over the machine's network, has archon's image already, and marks what it starts for removal. */
function docker(folder: string): string {
	const programs = join(folder, '.programs');
	mkdirSync(programs, {recursive: true});
	writeFileSync(join(programs, 'docker'), `#!/bin/bash
PATH=\${PATH#*:}
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
case "$*" in
'build -t archon .') ;; # Made of dist/rootfs before the tests.
'build '*) shift; exec docker build --quiet --network host "$@" ;;
'run '*) shift; exec docker run --label ${LABEL} "$@" ;;
*) exec docker "$@" ;;
esac
`);
	chmodSync(join(programs, 'docker'), 0o755);
	return programs;
}
