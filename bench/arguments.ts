/** What the bench is asked for on its command line. */
import {err, ok, type Result} from '../src/core/result.ts';
import {nearest} from '../src/core/nearest.ts';
import {type Measure, MEASURES} from './rows.ts';

export interface Choice {
	readonly only: readonly Measure[];
	readonly supervisors: readonly string[];
	readonly isQuick: boolean;
	/** Once more in containers. */
	readonly inContainers: boolean;
	/** How often everything is measured, unless it is slow and steady. */
	readonly repeats: number;
	/** After this many minutes a run in one place starts nothing new. */
	readonly minutes: number;
	/** Where the report goes; null: to `bench/results`. */
	readonly out: string | null;
}

export const USAGE = `usage: npm run bench -- [OPTION]…
  --only MEASURE,…   ${MEASURES.join(', ')}
  --with NAME,…      the supervisors that take part; archon is measured like the others
  --repeats N        7, or 3 with --quick
  --quick            fewer repeats, fewer orphans, less to log
  --containers       everything once more in docker containers
  --minutes N        starts nothing new after so long: 23, or 5.5 with --quick; for each place
  --out FOLDER       for report, figures and plots; bench/results
`;

/** Or what is wrong with it. */
export function readArguments(args: readonly string[], names: readonly string[]): Result<Choice, string> {
	const given = new Map<string, string>();
	for (let i = 0; i < args.length; i++) {
		const [word = '', value] = (args[i] ?? '').split(/=(.*)/s);
		if (FLAGS.includes(word)) given.set(word, '');
		else if (VALUED.includes(word)) given.set(word, value ?? args[++i] ?? '');
		else return err(`unknown option: ${args[i]}`);
	}
	const isQuick = given.has('--quick');
	const only = pick(given.get('--only'), MEASURES, 'measure');
	const supervisors = pick(given.get('--with'), names, 'supervisor');
	const repeats = number(given.get('--repeats'), isQuick ? 3 : 7);
	const minutes = number(given.get('--minutes'), isQuick ? 5.5 : 23);
	if (!only.ok) return only;
	if (!supervisors.ok) return supervisors;
	if (repeats === null || !Number.isInteger(repeats)) return err('--repeats wants a whole number from 1');
	if (minutes === null) return err('--minutes wants a number above 0');
	return ok({
		only: only.value, supervisors: supervisors.value, isQuick, inContainers: given.has('--containers'), repeats, minutes,
		out: given.get('--out') || null,
	});
}

const FLAGS: readonly string[] = ['--quick', '--containers'];
const VALUED: readonly string[] = ['--only', '--with', '--repeats', '--minutes', '--out'];

function number(text: string | undefined, otherwise: number): number | null {
	if (text === undefined) return otherwise;
	return Number(text) > 0 ? Number(text) : null;
}

/** Those of a list that a text names, in the list's order; all where there is no text. */
function pick<Name extends string>(text: string | undefined, all: readonly Name[], what: string): Result<readonly Name[], string> {
	if (text === undefined) return ok(all);
	const words = text.split(',').map(word => word.trim()).filter(word => word !== '');
	const stranger = words.find(word => !all.some(name => name === word));
	if (stranger === undefined) return words.length > 0 ? ok(all.filter(name => words.includes(name))) : err(`no ${what} is named`);
	const near = nearest(stranger, all);
	return err(`unknown ${what}: ${stranger}; ${near ? `did you mean ${near}?` : `there are ${all.join(', ')}`}`);
}
