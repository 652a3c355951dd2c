/** `archonctl why`. */
import {WHY, WHY_ROW, type WhyRow} from '../../control/requests/why/wire.ts';
import {plainText} from '../../core/plain.ts';
import {NAMES} from '../by-name.ts';
import {type Command, EXIT} from '../command.ts';
import {type Look, lookOf} from '../look.ts';
import {age, aged, span} from '../figures.ts';
import {rowsOf} from '../reply.ts';

export const why: Command = {
	name: 'why',
	usage: '[--json] [NAME...]',
	summary: 'explain why a service is as it is, and what would help',
	details: [
		'What is wanted of it and by whom; what it waits for, down to the root of it all; which attempt it is and when',
		'the next one is; how the root last ended, its last lines, and commands that help. Without a NAME: what is',
		'wrong.',
		NAMES,
	],
	options: [{names: ['--json'], value: null, help: 'one array of objects; times are in ms since 1970'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl why', 'archonctl why web'],
	run: (args, io, reach) => reach(client => {
		const rows = rowsOf(client, WHY, args.operands, io);
		if (!rows.ok) return rows.error;
		const decoded = rows.value.map(WHY_ROW.decode);
		if (args.has('--json')) io.stdout(`${JSON.stringify(grouped(decoded).map(asObject), null, 2)}\n`);
		else io.stdout(renderWhy(decoded, lookOf(io)));
		return EXIT.ok;
	}),
};

/** The answer for people. */
export function renderWhy(rows: readonly WhyRow[], look: Look): string {
	const stories = grouped(rows);
	return stories.length === 0 ? 'all is well\n' : stories.map(story => textOf(story, look)).join('\n');
}

type RowOf<K extends WhyRow['kind']> = Extract<WhyRow, {kind: K}>;

interface Story {
	readonly service: RowOf<'service'>;
	readonly rows: WhyRow[];
}

/** The rows of each service. */
function grouped(rows: readonly WhyRow[]): readonly Story[] {
	const stories: Story[] = [];
	for (const row of rows) {
		if (row.kind === 'service') stories.push({service: row, rows: []});
		else stories.at(-1)?.rows.push(row);
	}
	return stories;
}

const of = <K extends WhyRow['kind']>({rows}: Story, kind: K): readonly RowOf<K>[] =>
	rows.filter((row): row is RowOf<K> => row.kind === kind);

function asObject(story: Story): object {
	const {name, status, since, starts} = story.service;
	const [wanted] = of(story, 'wanted').map(({runs, by, why: words, at}) => ({runs, by, why: words, at}));
	const [end] = of(story, 'end').map(({name: who, at, exit, how}) => ({name: who, at, exit, how}));
	return {
		name, status, since, starts, wanted,
		chain: of(story, 'link').map(link => ({name: link.name, status: link.status, why: link.why})),
		next: of(story, 'next').map(next => ({name: next.name, at: next.at, what: next.what})),
		end: end ?? null,
		lines: of(story, 'line').map(line => ({name: line.name, stream: line.stream, at: line.at, text: line.text})),
		waiting: of(story, 'waiting').map(waiting => waiting.name),
		help: of(story, 'help').map(({command, does}) => ({command, does})),
	};
}

function textOf(story: Story, {isColoured, now}: Look): string {
	const {name, status, since, starts} = story.service;
	const bold = (text: string): string => (isColoured ? `\x1b[1m${text}\x1b[0m` : text);
	const [wanted] = of(story, 'wanted');
	const times = starts > 1 ? `, started ${starts} times` : '';
	const rule = wanted ? `; it is ${wanted.runs ? '' : 'not '}to run: ${aged(wanted.why, wanted.at, now)}` : '';
	const lines = [`${bold(name)} is ${status} (for ${age(now - since)}${times})${rule}`];
	for (const [depth, link] of of(story, 'link').entries()) {
		lines.push(depth === 0 ? `  ${link.why}` : `${'  '.repeat(Math.min(depth, 10))}  ${bold(link.name)} is ${link.status}: ${link.why}`);
	}
	for (const {name: who, at, what} of of(story, 'next')) lines.push(`next: ${what.replace(/^it/, who)} ${inTime(at - now)}`);
	for (const {name: who, at, how} of of(story, 'end')) lines.push(`last end: ${who}, ${age(now - at)} ago: ${how}`);
	const said = of(story, 'line');
	if (said.length > 0) lines.push(`last lines of ${said[0]?.name}:`, ...said.map(({text}) => `  | ${plainText(text)}`));
	const waiting = of(story, 'waiting').map(row => row.name);
	const others = waiting.length > SHOWN ? ` and ${waiting.length - SHOWN} more` : '';
	if (waiting.length > 0) lines.push(`for it wait: ${waiting.slice(0, SHOWN).join(', ')}${others}`);
	const help = of(story, 'help');
	const width = Math.max(0, ...help.map(({command}) => command.length));
	if (help.length > 0) lines.push('what helps:', ...help.map(({command, does}) => `  ${command.padEnd(width)}  ${does}`));
	return `${lines.join('\n')}\n`;
}

const SHOWN = 10;

const inTime = (millis: number): string => `in ${span(Math.max(0, millis))}`;
