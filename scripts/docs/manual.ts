/**
 * Pages of the manual: what there is to say, once, and as Markdown or as a man page (man(7), for groff and mandoc). A text may have
 * `code` between backticks.
 */

export interface Page {
	/** `archon.yaml`. */
	readonly name: string;
	/** Of the manual: 1 commands, 5 files, 7 all else. */
	readonly section: 1 | 5 | 7;
	readonly summary: string;
	readonly parts: readonly Part[];
	/** Other pages: `archonctl(1)`. */
	readonly seeAlso: readonly string[];
}

export interface Part {
	readonly title: string;
	readonly blocks: readonly Block[];
}

export type Block =
	| {readonly kind: 'text'; readonly text: string}
	| {readonly kind: 'example'; readonly text: string}
	/** Words with what each means. */
	| {readonly kind: 'list'; readonly items: readonly (readonly [word: string, meaning: string])[]}
	| {readonly kind: 'terms'; readonly terms: readonly Term[]};

/** A word, and what it means. */
export interface Term {
	readonly word: string;
	/** What links lead to: no other of the page has it. */
	readonly anchor: string;
	/** What may be written behind it. */
	readonly form: string;
	readonly fallback: string;
	readonly help: string;
	readonly example: string | null;
}

/** The parts as Markdown, each with a heading, its words in a table. */
export const markdown = ({parts}: Page): string => parts.map(({title, blocks}) =>
	[`## ${code(title)}`, ...blocks.map(blockAsMarkdown)].join('\n\n')).join('\n\n');

/** Whether a title is a way to a map, and not words. */
const isCode = (title: string): boolean => /[<.]|^[a-z_]+$/.test(title);

const code = (title: string): string => (isCode(title) ? `\`${title}\`` : title);

function blockAsMarkdown(block: Block): string {
	switch (block.kind) {
		case 'text': return block.text;
		case 'example': return `\`\`\`yaml\n${block.text}\`\`\``;
		case 'list': return block.items.map(([word, meaning]) => `- \`${word}\`: ${meaning}`).join('\n');
		case 'terms': return [
			'| key | is written | default | |', '|---|---|---|---|',
			...block.terms.map(({word, anchor, form, fallback, help, example}) => {
				const meaning = example === null ? cell(help) : `${cell(help)}<br>\`${word}: ${bar(example)}\``;
				return `| <a id="${anchor}"></a>\`${word}\` | ${cell(form)} | ${cell(fallback)} | ${meaning} |`;
			}),
		].join('\n');
	}
}

const bar = (text: string): string => text.replaceAll('|', '\\|');
const cell = (text: string): string => bar(text).replaceAll(/[<>*_[\]]/g, '\\$&');

/** The page as `man` reads it. */
export function troff({name, section, summary, parts, seeAlso}: Page, version: string): string {
	return [
		'.\\" Made of archon\'s own tables.',
		`.TH ${escaped(name.toUpperCase())} ${section} "" "archon ${escaped(version)}"`,
		'.SH NAME', `${escaped(name)} \\- ${escaped(summary)}`,
		...parts.flatMap(({title, blocks}) => [
			`.SH "${escaped(isCode(title) ? title : title.toUpperCase())}"`,
			...blocks.flatMap((block, index) =>
				[...index > 0 && block.kind !== 'terms' && block.kind !== 'list' ? ['.PP'] : [], ...blockAsTroff(block)]),
		]),
		'.SH "SEE ALSO"', seeAlso.map(page => escaped(page).replace(/^(.*)(\(\d\))$/, '\\fB$1\\fP$2')).join(', '),
	].join('\n').concat('\n');
}

function blockAsTroff(block: Block): readonly string[] {
	switch (block.kind) {
		case 'text': return block.text.split('\n').map(line);
		case 'example': return ['.RS 4', '.nf', ...block.text.trimEnd().split('\n').map(line), '.fi', '.RE'];
		case 'list': return block.items.flatMap(([word, meaning]) => ['.TP', `\\fB${escaped(word)}\\fP`, ...meaning.split('\n').map(line)]);
		case 'terms': return block.terms.flatMap(({word, form, fallback, help, example}) => [
			'.TP', `\\fB${escaped(word)}\\fP: ${escaped(form)}`, line(`${help} (default: ${fallback})`),
			...example === null ? [] : ['.br', line(`For example: ${word}: ${example}`)],
		]);
	}
}

/** A line that begins with a dot or a quote would be a request. */
const line = (text: string): string => escaped(text).replace(/^(?=[.'])/, '\\&');

/** In ASCII, so that each reader takes it for the same. */
const escaped = (text: string): string => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('`', '').replaceAll('"', '\\(dq')
	.replaceAll(/[^\0-~]/gu, sign => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`);
