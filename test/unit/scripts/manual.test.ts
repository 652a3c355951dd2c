/** The manual: one page as Markdown, and as `man` reads it. */
import {spawnSync} from 'node:child_process';
import {expect, test} from 'vitest';
import {markdown, troff, type Page} from '../../../scripts/docs/manual.ts';
import {archonctlPage, archonPage, type CommandText, protocolPage} from '../../../scripts/docs/pages.ts';
import {ABOUT} from '../../../scripts/docs/requests.ts';
import {configPage} from '../../../scripts/docs/reference.ts';
import {SECTIONS} from '../../../src/config/describe.ts';

const PAGE: Page = {
	name: 'x.conf', section: 5, summary: 'what x - and y - does', seeAlso: ['y(1)'],
	parts: [
		{title: 'Description', blocks: [{kind: 'text', text: 'A `\\n` is "one" newline.\n.so is no request, nor is \'this.'}]},
		{title: 'map.<name>', blocks: [{kind: 'terms', terms: [
			{word: 'a_b', anchor: 'map.a_b', form: 'yes | no', fallback: 'no', help: 'what… *it* is', example: 'yes'},
		]}]},
	],
};

test('Markdown', () => {
	expect(markdown(PAGE)).toMatchInlineSnapshot(`
		"## Description

		A \`\\n\` is "one" newline.
		.so is no request, nor is 'this.

		## \`map.<name>\`

		| key | is written | default | |
		|---|---|---|---|
		| <a id="map.a_b"></a>\`a_b\` | yes \\| no | no | what… \\*it\\* is<br>\`a_b: yes\` |"
	`);
});

test('a man page', () => {
	expect(troff(PAGE, '1.0')).toMatchInlineSnapshot(`
		".\\" Made of archon's own tables.
		.TH X.CONF 5 "" "archon 1.0"
		.SH NAME
		x.conf \\- what x \\- and y \\- does
		.SH "DESCRIPTION"
		A \\en is \\(dqone\\(dq newline.
		\\&.so is no request, nor is 'this.
		.SH "map.<name>"
		.TP
		\\fBa_b\\fP: yes | no
		what\\[u2026] *it* is (default: no)
		.br
		For example: a_b: yes
		.SH "SEE ALSO"
		\\fBy\\fP(1)
		"
	`);
});

const TEXT = troff(configPage(), '1.0');

test('archon.yaml(5) is ASCII, has no line that is a request by mistake, and tells each key', () => {
	expect(TEXT).toMatch(/^[\n -~]*$/);
	const requests = new Set([...TEXT.matchAll(/^[.'](\S+)/gm)].map(([, request]) => request));
	expect([...requests].sort()).toEqual(['PP', 'RE', 'RS', 'SH', 'TH', 'TP', '\\"', 'br', 'fi', 'nf']);
	const keys = SECTIONS.flatMap(([, {keys}]) => Object.keys(keys));
	expect(TEXT.split('\n.TP\n').length - 1).toBe(keys.length);
});

/** Readers of manuals that may be here. */
const READERS: readonly (readonly [string, ...string[]])[] = [['mandoc', '-T', 'lint', '-W', 'warning'], ['groff', '-man', '-Tutf8', '-ww', '-z']];

const HELP = await (async () => {
	let text = '';
	const {runCli} = await import('../../../src/cli/archonctl.ts');
	await runCli(['help', '--json'], {
		connect: () => ({ok: false, error: 'no'}), rest() {}, stdout: more => void (text += more), stderr() {},
		stdin: () => '', env: {}, isTty: false, uid: 0, version: '1',
	});
	return JSON.parse(text) as readonly CommandText[];
})();

const PAGES: Readonly<Record<string, string>> = Object.fromEntries([
	configPage(), archonctlPage(HELP), protocolPage(),
	archonPage('archon 1.0: an init\n\nusage: archon [OPTIONS]\n       archon -- CMD\n\nFILE is read.\n\nexit status: 0\n'),
].map(page => [`${page.name}(${page.section})`, troff(page, '1.0')]));

const readers = READERS.filter(([program]) => spawnSync(program, ['--version']).error === undefined);

test.each(Object.keys(PAGES).flatMap(page => readers.map(([program, ...args]) => [program, page, args] as const)))(
	'%s has nothing to say against %s', (program, page, args) => {
		const {stdout, stderr} = spawnSync(program, args, {input: PAGES[page] ?? '', encoding: 'utf8'});
		const said = `${stdout}${stderr}`.split('\n').filter(line => /\b(ERROR|WARNING|UNSUPP|warning|error)\b/.test(line));
		expect(said.filter(line => !/missing date/.test(line))).toEqual([]);
	},
);

test('the pages tell each command, option and request, in ASCII', () => {
	const [commands = '', protocol = '', archon = ''] = ['archonctl(1)', 'archon-protocol(7)', 'archon(1)'].map(page => PAGES[page]?.replaceAll('\\-', '-') ?? '');
	for (const page of [commands, protocol, archon]) expect(page).toMatch(/^[\n -~]*$/);
	for (const {name, options, details} of HELP) {
		expect(commands).toContain(`.SH "${/^[a-z_]+$/.test(name) ? name : name.toUpperCase()}"\n`);
		for (const {names: [long = '']} of options) expect(commands).toMatch(new RegExp(`\\\\fB(?:.*, )?${long}\\b`));
		for (const line of details) if (/^[\w ,.]+$/.test(line)) expect(commands).toContain(line);
	}
	for (const {verb} of ABOUT) expect(protocol).toContain(`.SH "${verb.toUpperCase()}"\n`);
	for (const words of ['SO_PEERCRED', 'record too long', 'STATUS', '@7,Run']) expect(protocol).toContain(words);
	expect(archon).toContain('archon -- CMD');
	expect(protocol).not.toMatch(/\]\(|\*\*/);
});

test('each key has an anchor of its own', () => {
	const anchors = configPage().parts.flatMap(({blocks}) => blocks.flatMap(block => (block.kind === 'terms' ? block.terms.map(({anchor}) => anchor) : [])));
	expect(anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index)).toEqual([]);
});
