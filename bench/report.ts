/** What was found, as Markdown. */
import {type Cell, type Entrant, type Outcome, told} from './findings.ts';
import {meets, type Row, ROWS, shown} from './rows.ts';
import {type Summary, summarize} from './statistics.ts';

export const report = (outcomes: readonly Outcome[]): string => [
	'# archon and its peers, side by side\n',
	...outcomes.map(section),
	HOW,
].join('\n');

const TITLES: Readonly<Record<Outcome['place'], string>> = {
	namespace: 'Each as PID 1 of a PID namespace',
	container: 'Each as PID 1 of a docker container',
};

const HOW = `## How it is measured

Every service is the same static program. When it starts it writes its number and the time into a pipe, so that "up" and
"restarted" are the words of the services and not of their supervisor; the clock of a start begins when PID 1 is executed.
Each supervisor is set up for its fastest restart that makes sense, and started once right before it is measured, so that
nothing comes from the disk. In each repeat all are measured one after the other, so that whatever the machine does
meanwhile hits all of them. A figure is the median of all repeats, and in brackets stands
what the lowest and the highest repeat alone would have said. Crash: SIGKILL to one service after the other. Status: the
whole command, from its start to its end. Stop: from the request until PID 1 and everything else is gone. Memory: of all
processes but the services, private (what would be free without them; what is in no file is the part that the kernel cannot
drop and read again) and proportional (smaps_rollup, proc(5)). Idle: voluntary context switches and processor time of all
their threads in 10 s. Orphans: PID 1 is stopped while they are made and end; the clock runs from SIGCONT until none is
left. Log: until the last line is where it belongs, 64 KiB at a time where nothing else is said; each line carries its
number, and what does not arrive is told and does not count. What comes with an executable: archon's tree for images; of
Debian packages whatever they need that a minimal Debian lacks.
`;

function section(outcome: Outcome): string {
	const {place, date, machine, wanted, made, seconds, entrants, notes} = outcome;
	const present = entrants.filter(({absent}) => absent === null);
	const rows = told(ROWS, outcome);
	const hasGoals = present.some(({name}) => name === 'archon') && rows.some(({goal}) => goal !== null);
	const table = [
		['', ...(hasGoals ? ['archon must'] : []), ...present.map(({name}) => name)],
		['---', ...(hasGoals ? ['---'] : []), ...present.map(() => '--:')],
		...rows.map(row => [`${row.title}, ${row.unit}`, ...(hasGoals ? [goal(row, outcome)] : []), ...cells(row, outcome, present)]),
	];
	const repeats = made === wanted ? `${wanted} ${wanted === 1 ? 'repeat' : 'repeats'}` : `${made} of ${wanted} repeats whole`;
	return `## ${TITLES[place]}

${date.slice(0, 16).replace('T', ' ')} UTC, ${repeats} in ${Math.round(seconds / 60)} min, on ${machine.cpu}, ${machine.cores} cores, \
${machine.gibibytes} GiB, ${machine.system}, Linux ${machine.kernel}; load before the run ${machine.load}.

${table.map(line => `| ${line.join(' | ')} |`).join('\n')}

${verdict(rows, outcome, hasGoals)}${list('Who took part:', entrants.map(introduce))}
${list('To know:', [...notes, ...whys(rows, outcome, present)])}`;
}

const list = (title: string, items: readonly string[]): string =>
	(items.length > 0 ? `${title}\n\n${items.map(item => `- ${item}`).join('\n')}\n` : '');

const introduce = ({name, version, absent, manner}: Entrant): string =>
	(absent === null ? `${name} ${version}: ${manner}` : `${name} is left out: ${absent}`);

const cellOf = (row: Row, name: string, {cells: all}: Outcome): Cell => all[row.id]?.[name] ?? {repeats: [], refusal: null};

export const summaryOf = (row: Row, name: string, outcome: Outcome): Summary | null =>
	summarize(cellOf(row, name, outcome).repeats, row.statistic);

function cells(row: Row, outcome: Outcome, present: readonly Entrant[]): readonly string[] {
	const summaries = present.map(({name}) => summaryOf(row, name, outcome));
	const values = summaries.flatMap(summary => (summary ? [Number(summary.value.toFixed(row.digits))] : []));
	const best = row.better === 'less' ? Math.min(...values) : Math.max(...values);
	return summaries.map(summary => {
		if (!summary) return '–';
		const value = shown(summary.value, row);
		const middle = values.length > 1 && Number(summary.value.toFixed(row.digits)) === best ? `**${value}**` : value;
		const [least, most] = [shown(summary.least, row), shown(summary.most, row)];
		return least === most ? middle : `${middle} (${least}–${most})`;
	});
}

/** What archon must reach, and whether it does. */
function goal(row: Row, outcome: Outcome): string {
	if (row.goal === null) return '';
	const summary = summaryOf(row, 'archon', outcome);
	const demand = `${row.better === 'less' ? '≤' : '≥'} ${row.goal}`;
	if (!summary) return `${demand}: not measured`;
	return `${demand}: ${meets(summary.value, row) ? 'met' : '**not met**'}`;
}

function verdict(rows: readonly Row[], outcome: Outcome, hasGoals: boolean): string {
	if (!hasGoals) return '';
	const judged = rows.flatMap(row => {
		const summary = summaryOf(row, 'archon', outcome);
		return summary && row.goal !== null ? [meets(summary.value, row)] : [];
	});
	return `archon meets ${judged.filter(Boolean).length} of ${judged.length} goals that were measured.\n\n`;
}

/** Why cells are empty: a line for each supervisor and reason. */
function whys(rows: readonly Row[], outcome: Outcome, present: readonly Entrant[]): readonly string[] {
	const grouped = new Map<string, string[]>();
	for (const {name} of present) {
		for (const row of rows) {
			const {refusal} = cellOf(row, name, outcome);
			if (refusal === null) continue;
			const key = `${name} ${refusal}`;
			grouped.set(key, [...(grouped.get(key) ?? []), row.title]);
		}
	}
	// A supervisor that can do only one thing gets no list of all that it cannot do.
	return [...grouped].map(([key, titles]) =>
		`${key.replace(' ', ': ')} (${titles.length > 6 ? `${titles.length} rows` : titles.join('; ')})`);
}
