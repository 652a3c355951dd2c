/** Each example of the README and the manual, as a reader would try it: configs, commands, requests and what is said. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {linesOf} from '../../scripts/docs/terminal.ts';
import {undo} from '../../scripts/undo.ts';
import {ARCHON, boot} from './archon.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'docs-'));
afterAll(() => rmSync(folder, {recursive: true}));

const pages = globSync(['*.md', 'docs/**/*.md'], {cwd: root}).sort().map(page => ({page, text: readFileSync(join(root, page), 'utf8')}));

/** Blocks of a language with their places. */
const blocks = (language: string) => pages.flatMap(({page, text}) =>
	[...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].filter(([, name]) => name === language).map(({2: body = '', index}) =>
		({at: `${page}:${text.slice(0, index).split('\n').length + 1}`, body})));

describe('configs', () => {
	test.each(blocks('yaml'))('$at has no problem', async ({body}) => {
		const file = join(folder, 'archon.yaml');
		writeFileSync(file, body);
		const {exitCode, all} = await execa(ARCHON, ['check', '--portable', file], {all: true, reject: false, cwd: folder});
		expect({exitCode, all: exitCode === 0 ? '' : all}).toEqual({exitCode: 0, all: ''});
	});
});

/** What stands for a reader's own words. */
const WORDS: Readonly<Record<string, string>> = {
	NAME: 'web', KEY: 'healthcheck.interval', SIGNAL: 'HUP', PATH: ARCHON, CMD: 'true', ARGS: 'x', COMMAND: 'status', ARG: 'x', OPTION: '', FILE: 'archon.yaml', N: '5', SECONDS: '5',
	RECORD: 'Status', ROLE: 'observe', DURATION: '5s', KEYS: 'ctrl-p', DIRECTORY: '.', COLUMN: 'cpu',
	SERVICE: 'web', PORT: '20000', PROTOCOL: 'tcp', RECEIVER: 'ops',
};

/** What is said where the words were understood, but only archon's own config is there. */
const NOTHING_THERE = new RegExp(String.raw`^(?:cannot read .*: no such file or directory(?:\n1 problem)?|usage: archon import .*`
	+ String.raw`|.*archon\.yaml is (?:in archon's own format|there) already\b.*)$`);

/** Commands of `program` in blocks and in the text: without what may be left out, and with all of it. */
function commands(program: string): string[] {
	const found = new Set<string>();
	// In blocks of `console` the rest is what is said.
	const prompts = [
		...blocks('console').flatMap(({body}) => body.split('\n').filter(line => line.startsWith('$ ')).map(line => line.slice(2))),
		...blocks('sh').flatMap(({body}) => body.split('\n').map(line => line.replace(/^\$ /, ''))),
	];
	const spans = pages.flatMap(({text}) => [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll(/\s+/g, ' ')));
	for (const line of [...prompts, ...spans]) {
		const said = new RegExp(`^(?:docker exec \\S+ )?(${program}(?: .*)?)$`).exec(line)?.[1]?.replace(/\s+#.*/, '');
		if (said === undefined) continue;
		const whole = said.replaceAll(/ ?\\\| ?(?:--)?\w+|…/g, '').replaceAll(/\b[A-Z]+\b/g, word => WORDS[word] ?? word);
		found.add(whole.replaceAll(/\s*\[[^\]]*\]/g, '').trim());
		found.add(whole.replaceAll(/[[\]]/g, '').replaceAll(/\s+/g, ' ').trim());
	}
	return [...found].sort();
}

describe('commands', () => {
	// Nothing listens: 111 says that the words were understood, and 100 that they were not. A sentence may speak of a command
	// without its arguments.
	test.each(commands('archonctl').filter(line => line !== 'archonctl'))('%s', async line => {
		const {exitCode, all} = await execa('sh', ['-c', line.replace(/^archonctl/, `${ARCHON}ctl`)], {
			all: true, reject: false, stdin: 'ignore', cwd: folder,
			env: {ARCHON_SOCKET: join(folder, 'nothing'), ARCHON_RSH: 'false'},
		});
		// Names go with a reload of services, and its options with one of the config. Probes are told 1 where archon is not there, and so
		// is who asks several.
		if (exitCode === 100) expect(all).toMatch(/needs more arguments|without names|needs a terminal|whiz add: (?:name a program|-r and -k exclude)|^Usage: archonctl /);
		else expect([0, /^archonctl (?:health|-H (?:\S+,|.* -H ))/.test(line) ? 1 : 111], `${exitCode}: ${all}`).toContain(exitCode);
	});

	test.each(commands('archon').filter(line => !line.startsWith('archon zeus')))('%s', async line => {
		// It ends by itself, as everything in it does.
		writeFileSync(join(folder, 'archon.yaml'), 'shutdown: {when_idle: always}\nservices: {web: {type: oneshot, command: "true"}}\n');
		const {exitCode, all} = await execa('sh', ['-c', line.replace(/^archon/, ARCHON)], {
			all: true, reject: false, stdin: 'ignore', cwd: folder, timeout: 20_000,
			env: {ARCHON_CONFIG: join(folder, 'archon.yaml'), ARCHON_SOCKET: join(folder, 'archon.sock')},
		});
		if (exitCode === 100 && /^archon (?:import|init|-c \/|(?:-c|check) zeus\.json$) ?/.test(line)) expect(all).toMatch(NOTHING_THERE);
		else if (line.startsWith('archon --shell')) expect(all).toContain('needs a terminal');
		else expect({exitCode, all: exitCode === 0 ? '' : all}).toEqual({exitCode: 0, all: ''});
	});
});

describe('commands of a pool', () => {
	const project = join(folder, 'project');
	let master: ChildProcess;
	beforeAll(async () => {
		mkdirSync(project);
		const plan = {boot: {hello: [], console: ['c'], test: ['t'], status: []}};
		writeFileSync(join(project, 'zeus.json'), JSON.stringify({command: `python3 ${join(root, 'workers/archon_worker.py')} plan.py`, plan}));
		writeFileSync(join(project, 'plan.py'), ['boot', 'hello', 'console', 'test', 'status'].map(name => `def ${name}(): pass\n`).join(''));
		master = spawn(ARCHON, ['zeus', 'start'], {cwd: project, stdio: ['ignore', 'pipe', 'inherit']});
		undo(() => master.kill('SIGKILL'));
		for await (const line of createInterface(master.stdout ?? process.stdin)) if (line.includes(' boot ready ')) break;
		master.stdout?.resume();
	}, 60_000);
	afterAll(async () => {
		master.kill('SIGTERM');
		await once(master, 'exit');
	});

	test.each(commands('archon').filter(line => line.startsWith('archon zeus')))('%s', {timeout: 60_000}, async line => {
		const {exitCode, all} = await execa('sh', ['-c', line.replace(/^archon/, ARCHON)], {all: true, reject: false, stdin: 'ignore', cwd: project});
		// One is there already: of the project, and of the folder of a log.
		if (line.startsWith('archon zeus start')) expect(all).toContain('already running');
		else expect({exitCode, all: exitCode === 0 ? '' : all}).toEqual({exitCode: 0, all: ''});
	});
});

test('a mistake is told as README says', async () => {
	const said = pages.flatMap(({text}) => [...text.matchAll(/^\$ archon check --portable archon\.yaml\n([^]*?)\n```$/gm)].map(([, says]) => says));
	writeFileSync(join(folder, 'archon.yaml'), 'services:\n  web:\n    command: web\n    comand: web\n');
	expect((await execa(ARCHON, ['check', '--portable', 'archon.yaml'], {all: true, reject: false, cwd: folder})).all).toBe(said[0]);
	expect(said).toEqual(Array.from({length: 3}, () => said[0]));
	const json = await execa(ARCHON, ['check', '--portable', '--json', 'archon.yaml'], {reject: false, cwd: folder});
	expect(blocks('json').find(({at}) => at.startsWith('docs/features/check.md'))?.body).toBe(`${json.stdout}\n`);
});

describe('files of others', () => {
	const moving = pages.filter(({text}) => text.includes('\n# Made by archon import from '));

	test.each(moving)('$page shows what is made of them', async ({text}) => {
		const work = mkdtempSync(join(folder, 'moving-'));
		const [before = '', after = ''] = text.split('</td><td valign="top">', 2);
		for (const [, file = '', content = ''] of before.matchAll(/^`([\w./-]+)`\n\n```\w+\n([^]*?)^```$/gm)) {
			mkdirSync(dirname(join(work, file)), {recursive: true});
			writeFileSync(join(work, file), content);
		}
		const [, args = '', shown = ''] = /^`archon (import .*)`\n\n```yaml\n([^]*?)\n```$/m.exec(after) ?? [];
		const {stdout} = await execa(ARCHON, args.split(' '), {cwd: work});
		// The first line is for editors.
		expect(stdout.slice(stdout.indexOf('\n') + 1)).toBe(shown);
	});

	test('are on four pages', () => expect(moving).toHaveLength(4));
});

test('what a config comes to is told as docs/features/check.md says', async () => {
	const page = pages.find(({page}) => page === 'docs/features/check.md')?.text ?? '';
	const [, config = '', says = ''] = /^```yaml\n([^]*?)^```\n\n```console\n\$ archon check --portable --explain archon\.yaml\n([^]*?)\n```$/m.exec(page) ?? [];
	writeFileSync(join(folder, 'archon.yaml'), config);
	const {stdout} = await execa(ARCHON, ['check', '--portable', '--explain', 'archon.yaml'], {cwd: folder});
	expect(stdout).toBe(says);
});

/** The services of the image `web`, by other programs. */
const WEB = `services:
  redis: {command: sleep 1000000, success_codes: [SIGTERM]}
  migrate: {type: oneshot, command: "true", depends_on: [redis]}
  app: {command: sleep 1000000, depends_on: {redis: {condition: service_started}, migrate: {condition: service_completed_successfully}}}
  nginx: {command: sleep 1000000, stop_signal: QUIT, depends_on: [app]}
`;

test('status and tree are as in the picture of README', async () => {
	const lines = linesOf(readFileSync(join(root, 'docs/images/terminal.svg'), 'utf8'));
	const [, tree = '', , status = ''] = lines.join('\n').split(/^\$ .*\n/m);
	await using archon = await boot({config: WEB});
	await archon.says(/started nginx/);
	// Columns, and of each service its name and status.
	const words = (text: string) => text.trim().split('\n').map((line, i) => line.trim().split(/\s+/).slice(0, i === 0 ? undefined : 2));
	expect(words((await archon.ctl('status')).stdout)).toEqual(words(status));
	// What their processes use differs.
	const services = (text: string) => text.split('\n').flatMap(line => /(?:^|\s)(archon|[├└]─ [a-z]+ +\w+)$/.exec(line)?.[1]?.replace(/ +/g, ' ') ?? []);
	expect(services(tree)).toHaveLength(5);
	expect(services((await archon.ctl('tree')).stdout)).toEqual(services(tree));
});

test('the log says what docs/features/logs.md shows', async () => {
	const shown = blocks('').find(({at, body}) => at.startsWith('docs/features/logs.md') && body.includes('started redis'))?.body ?? '';
	await using archon = await boot({config: WEB});
	await archon.says(/started nginx/);
	await archon.ctl('restart', 'redis');
	archon.signal('SIGTERM');
	await archon.ended();
	// What a sleep ends by is another matter than what redis does.
	const own = (log: string) => log.split('\n').filter(line => line.startsWith('archon ')).map(line =>
		line.replaceAll(/\d+/g, 'N').replaceAll(/\((?:exit status N|SIG[A-Z]+)\)/g, '(…)'));
	expect(own(archon.log())).toEqual(own(shown));
});

test('requests are answered as docs/reference/archonctl.md shows', async () => {
	const examples = (blocks('').find(({body}) => body.includes('frobnicate'))?.body ?? '').trim().split('\n').map(line => line.split(/\s+→\s+/));
	await using archon = await boot({config: 'services: {steady: {command: sleep 1000000}}'});
	await archon.says(/started steady/);
	using wire = await archon.connect().then(wire => ({...wire, [Symbol.dispose]: () => wire.destroy()}));
	const answers: string[][] = [];
	for (const [request = '', reply = ''] of examples) {
		// What a process prints arrives when it does.
		if (request.startsWith('Logs')) await expect.poll(async () => (await archon.ctl('logs', 'z')).stdout).toContain('hello');
		wire.send(`${request.replace('sleep 100', '/bin/sh -c \'echo hello; exec sleep 100\'')}\n`);
		answers.push([request, ...await wire.lines(reply.split(/\s{2,}/).filter(part => part !== 'then').length)]);
	}
	const general = (cells: readonly string[]): string[] => cells.map(cell => cell.replace(/(?<=running,)\d+,.*/, '…').replace(/\d{13}/, '…'));
	expect(answers.map(general)).toEqual(examples.map(([request = '', reply = '']) =>
		general([request, ...reply.split(/\s{2,}/).filter(part => part !== 'then')])));
});
