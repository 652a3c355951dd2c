/** All requests of the control protocol as Markdown, from their descriptions in `src/control/registry.ts`. */
import {globSync} from 'node:fs';
import {join} from 'node:path';
import {REQUESTS} from '../../src/control/registry.ts';
import {type Decoded, formOf, type Page, type Pages, type RowForm, type Wire} from '../../src/control/wire.ts';

const root = join(import.meta.dirname, '../..');

/** What the files say of each verb. */
const PAGES: Pages = Object.assign({}, ...await Promise.all(
	globSync(['src/control/requests/*/wire.ts', 'src/features/*/requests/*/wire.ts'], {cwd: root})
		.map(async file => (await import(join(root, file)) as {readonly pages: Pages}).pages),
));

/** All that is known of each request, in the order of the registry. */
export const ABOUT = REQUESTS.map((wire: Omit<Wire<Decoded>, 'decode'>): About => {
	const page = PAGES[wire.verb];
	if (!page) throw new Error(`${wire.verb} has no page in its wire.ts`);
	return {...wire, ...page};
});

export type About = Omit<Wire<Decoded>, 'decode'> & Page;

const table = (title: readonly string[], rows: readonly (readonly string[])[]): string =>
	[title, title.map(() => '---'), ...rows].map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

/** The requests in one table. */
export const requestTable = (): string => table(
	['request', '', 'role', 'repeatable'],
	ABOUT.map(wire => [
		`[\`${formOf(wire)}\`](#${wire.verb.toLowerCase()})`, wire.help,
		`\`${wire.role}\`${wire.isScoped ? '' : ' of all'}`, wire.isRepeatable ? 'yes' : 'no',
	]),
);

/** Each request by itself. */
export const requestSections = (): string => ABOUT.map(section).join('\n\n');

function section(wire: About): string {
	const {verb, help, role, isScoped = false, isRepeatable, args, options = {}, rows, reply, examples} = wire;
	const optional = Object.entries(options);
	return [
		`### ${verb}`,
		`\`${formOf(wire)}\`: ${help}. Role: \`${role}\`${isScoped ? ', also of some services' : ''}. `
		+ `${isRepeatable ? 'Repeatable' : 'Not repeatable'}.`,
		...Object.keys(args).length === 0 ? [] : [table(['argument', 'is', 'how many'], Object.values(args).map(({name, type, least, most}) => [
			`\`${name}\``, type.bounds === undefined ? type.takes : `${type.takes}: ${type.bounds}`, count(least, most),
		]))],
		...optional.length === 0 ? [] : [table(
			['option', 'takes', ''], optional.map(([name, {takes, help}]) => [`\`${name}=\``, takes, help]),
		)],
		...rows.map(rowTable),
		`Reply: ${reply}.`,
		`\`\`\`\n${examples.map(([request, ...answer]) => [request, ...answer.map(line => `    ${line}`)].join('\n')).join('\n')}\n\`\`\``,
	].join('\n\n');
}

function count(least: number, most: number): string {
	if (most === 1) return least === 1 ? 'one' : 'one, or none';
	return most === Infinity ? `${least} or more` : `${least} to ${most}`;
}

function rowTable({kind, means, columns}: RowForm): string {
	const names = Object.keys(columns);
	const form = ['Row', ...kind === undefined ? [] : [kind], ...names.map(name => `<${name}>`)].join(',');
	const title = `\`${form}\`: ${means}.`;
	if (names.length === 0) return title;
	return `${title}\n\n${table(['field', 'is'], Object.entries(columns).map(([name, is]) => [`\`${name}\``, is]))}`;
}
