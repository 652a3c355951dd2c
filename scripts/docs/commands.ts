/** All commands of archonctl as a table in Markdown, from the table that help and parsing go by. */
import '../under-node.ts';

/** What people type who know other supervisors, and what comes of it. */
export async function habitTable(): Promise<string> {
	const {HABITS} = await import('../../src/cli/habits.ts');
	const rows = HABITS.map(({name, of, means}) => `| \`${name}\` | ${of} | ${means} |`);
	return ['| command | of | |', '|---|---|---|', ...rows].join('\n');
}

export async function commandTable(): Promise<string> {
	// The seam is there first.
	const {TABLE} = await import('../../src/cli/table.ts');
	const {operandsOf} = await import('../../src/cli/global.ts');
	const rows = (await TABLE.all()).map(command => {
		const {name, summary} = command;
		const line = `archonctl ${name} ${operandsOf(command)}`.trim().replaceAll('|', '\\|').replaceAll('...', '…');
		return `| \`${line}\` | ${summary} |`;
	});
	return ['| | |', '|---|---|', ...rows].join('\n');
}
