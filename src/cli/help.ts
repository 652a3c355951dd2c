/** Help texts, all from the table of commands. */
import type {Command, Option} from './command.ts';
import {GLOBAL, optionsOf, usageOf} from './global.ts';

export function overview(commands: readonly Command[]): string {
	return [
		'Usage: archonctl [--socket PATH] COMMAND ...',
		'',
		'Shows and controls the services of a running archon.',
		'',
		...twoColumns(commands.map(({name, summary}) => [name, summary])),
		'',
		...optionLines(GLOBAL),
		'',
		'Exit status: 0 done; 1 archon refused the request; 3 a service named to status is not running;',
		'100 wrong usage; 111 archon cannot be reached. run exits as its command does.',
		'Manual: archonctl(1), archon(1), archon.yaml(5), archon-protocol(7).',
		'',
	].join('\n');
}

export function describe(command: Command): string {
	const {summary, details, examples} = command;
	const options = optionsOf(command);
	return [
		usageOf(command),
		'',
		`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
		...details,
		'',
		...options.length > 0 ? [...optionLines(options), ''] : [],
		'Examples:',
		...examples.map(example => `  ${example}`),
		'',
	].join('\n');
}

const optionLines = (options: readonly Option[]): readonly string[] =>
	twoColumns(options.map(({names, value, help}) => {
		const [long, ...short] = names;
		return [[...short, long].join(', ') + (value === null ? '' : ` ${value}`), help];
	}));

function twoColumns(lines: readonly (readonly [string, string])[]): readonly string[] {
	const width = Math.max(...lines.map(([left]) => left.length));
	return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
