/** Help texts, all from the table of commands. */
import type {Command, Option} from './command.ts';

export const GLOBAL: readonly Option[] = [
	{names: ['--socket'], value: 'PATH', help: 'the control socket; else $ARCHON_SOCKET, else the usual places'},
	{names: ['--help', '-h'], value: null, help: 'this help, or that of a command'},
	{names: ['--version'], value: null, help: 'the version'},
];

export function overview(commands: readonly Command[]): string {
	return [
		'Usage: archonctl [--socket PATH] COMMAND ...',
		'',
		'Looks at and steers the services of a running archon.',
		'',
		...twoColumns(commands.map(({name, summary}) => [name, summary])),
		'',
		...optionLines(GLOBAL),
		'',
		'Exit status: 0 done; 1 archon says no; 3 a service that status names is not running;',
		'100 wrong usage; 111 archon cannot be reached. run exits as its command does.',
		'',
	].join('\n');
}

export function describe({name, usage, summary, details, options, examples}: Command): string {
	return [
		usageOf({name, usage}),
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

export const usageOf = ({name, usage}: Pick<Command, 'name' | 'usage'>): string =>
	`Usage: archonctl ${name}${usage === '' ? '' : ` ${usage}`}`;

const optionLines = (options: readonly Option[]): readonly string[] =>
	twoColumns(options.map(({names, value, help}) => {
		const [long, ...short] = names;
		return [[...short, long].join(', ') + (value === null ? '' : ` ${value}`), help];
	}));

function twoColumns(lines: readonly (readonly [string, string])[]): readonly string[] {
	const width = Math.max(...lines.map(([left]) => left.length));
	return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
