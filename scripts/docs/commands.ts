/** All commands of archonctl as a table in Markdown, from the table that help and parsing go by. */
import '../under-node.ts';

export async function commandTable(): Promise<string> {
	// The seam is there first.
	const {TABLE} = await import('../../src/cli/table.ts');
	const rows = (await TABLE.all()).map(({name, usage, summary}) => {
		const line = `archonctl ${name} ${usage}`.trim().replaceAll('|', '\\|').replaceAll('...', '…');
		return `| \`${line}\` | ${summary} |`;
	});
	return ['| | |', '|---|---|', ...rows].join('\n');
}
