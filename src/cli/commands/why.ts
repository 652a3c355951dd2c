/** `archonctl why`. */
import {WHY, WHY_ROW, type WhyRow} from '../../control/requests/why/wire.ts';
import {rowsOfKind as of, storiesOf, type Story, storyJson} from '../../control/json.ts';
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
		if (args.has('--json')) io.stdout(`${JSON.stringify(storiesOf(decoded).map(storyJson), null, 2)}\n`);
		else io.stdout(renderWhy(decoded, lookOf(io)));
		return EXIT.ok;
	}),
};

/** The answer for people. */
export function renderWhy(rows: readonly WhyRow[], look: Look): string {
	const stories = storiesOf(rows);
	return stories.length === 0 ? 'all is well\n' : stories.map(story => textOf(story, look)).join('\n');
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
