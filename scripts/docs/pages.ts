/** The pages of the manual about commands and about the protocol, from what these say of themselves. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {formOf} from '../../src/control/wire.ts';
import type {Block, Page, Part} from './manual.ts';
import {ABOUT} from './requests.ts';

const root = join(import.meta.dirname, '../..');

/** As `archonctl help --json` tells it. */
export interface CommandText {
	readonly name: string;
	readonly usage: string;
	readonly summary: string;
	readonly details: readonly string[];
	readonly examples: readonly string[];
	readonly options: readonly {readonly names: readonly string[]; readonly value: string | null; readonly help: string}[];
}

const text = (words: string): Block => ({kind: 'text', text: words});
const example = (lines: string): Block => ({kind: 'example', text: lines});

/** archon(1), from what `archon --help` says: a title, the usage, and paragraphs. */
export function archonPage(help: string): Page {
	const [title = '', usage = '', ...paragraphs] = help.trimEnd().split('\n\n');
	return {
		name: 'archon', section: 1, summary: title.replace(/^.*?: /, ''), seeAlso: ['archonctl(1)', 'archon.yaml(5)', 'archon-protocol(7)'],
		parts: [
			{title: 'Synopsis', blocks: [example(usage.replace(/^usage: /, '       ').replaceAll(/^ {7}/gm, ''))]},
			{title: 'Description', blocks: paragraphs.map(text)},
		],
	};
}

/** archonctl(1). */
export function archonctlPage(commands: readonly CommandText[]): Page {
	const [first] = commands;
	const isCommon = ({names: [name]}: CommandText['options'][number]): boolean =>
		commands.every(({options}) => options.some(({names}) => names[0] === name));
	const listed = (options: CommandText['options']): Block => ({
		kind: 'list',
		items: options.map(({names, value, help}) => [`${names.join(', ')}${value === null ? '' : ` ${value}`}`, `${help}.`] as const),
	});
	return {
		name: 'archonctl', section: 1, summary: 'look at and steer the services of a running archon',
		seeAlso: ['archon(1)', 'archon.yaml(5)', 'archon-protocol(7)'],
		parts: [
			{title: 'Synopsis', blocks: [example('archonctl [OPTION...] COMMAND ...\n')]},
			{title: 'Options of all commands', blocks: [listed((first?.options ?? []).filter(isCommon))]},
			...commands.map(({name, usage, summary, details, options, examples}): Part => {
				const own = options.filter(option => !isCommon(option));
				return {
					title: name,
					blocks: [
						example(`archonctl ${name} ${usage}`.trimEnd()), text(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
						...details.length > 0 ? [text(details.join('\n'))] : [], ...own.length > 0 ? [listed(own)] : [],
						text('For example:'), example(examples.join('\n')),
					],
				};
			}),
			{title: 'Exit status', blocks: [{kind: 'list', items: [
				['0', 'It is done.'], ['1', 'archon refused the request.'], ['3', 'A service named to status is not running.'],
				['100', 'The usage is wrong.'], ['111', 'archon cannot be reached.'],
			]}]},
		],
	};
}

/** archon-protocol(7): the prose of docs/reference/protocol.md, and the requests from their descriptions. */
export function protocolPage(): Page {
	return {
		name: 'archon-protocol', section: 7, summary: 'how programs talk to archon', seeAlso: ['archon(1)', 'archonctl(1)', 'archon.yaml(5)'],
		parts: [
			...prose(readFileSync(join(root, 'docs/reference/protocol.md'), 'utf8')),
			...ABOUT.map((wire): Part => {
				const {verb, help, role, isRepeatable, args, options = {}, rows, reply, examples} = wire;
				const fields = Object.values(args).map(({name, type: {takes, bounds}}) =>
					[name, `${takes}${bounds === undefined ? '' : `: ${bounds}`}.`] as const);
				const choices = Object.entries(options).map(([name, {takes, help}]) => [`${name}=`, `${takes}: ${help}.`] as const);
				return {
					title: verb,
					blocks: [
						example(formOf(wire)), text(`${help}. Role: ${role}. ${isRepeatable ? 'Repeatable.' : 'Not repeatable.'}`),
						...fields.length + choices.length > 0 ? [{kind: 'list', items: [...fields, ...choices]} as const] : [],
						...rows.flatMap(({kind, means, columns}): readonly Block[] => [
							text(`Row${kind === undefined ? '' : `,${kind}`}: ${plain(means)}.`),
							...Object.keys(columns).length > 0
								? [{kind: 'list', items: Object.entries(columns).map(([name, about]) => [name, `${plain(about)}.`] as const)} as const]
								: [],
						]),
						text(`Reply: ${plain(reply)}.`), example(examples.map(records => records.join('\n    ')).join('\n')),
					],
				};
			}),
		],
	};
}

/** The sections before that of the requests: paragraphs, lists, tables and examples. */
function prose(markdown: string): readonly Part[] {
	const sections = markdown.split(/^## /m).slice(1);
	return sections.filter(section => !section.startsWith('Requests')).map(section => {
		const [title = '', ...paragraphs] = section.trimEnd().split('\n\n');
		return {title: plain(title), blocks: paragraphs.map(blockOf)};
	});
}

function blockOf(paragraph: string): Block {
	if (paragraph.startsWith('```')) return example(paragraph.replaceAll(/^```.*\n?/gm, ''));
	if (paragraph.startsWith('|')) {
		const rows = paragraph.split('\n').map(row => row.split('|').slice(1, -1).map(cell => plain(cell.trim())));
		return {kind: 'list', items: rows.slice(2).map(([word = '', ...rest]) => [word, `${rest.join(': ')}.`] as const)};
	}
	return text(plain(paragraph).replaceAll(/^- /gm, ''));
}

/** Without links and emphasis. */
const plain = (markdown: string): string => markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('**', '').replaceAll('`', '');
