/** `archonctl blame`. */
import {blameJson, chainsOf, origin, readyAt} from '../../control/json.ts';
import {BLAME, START_ROW, type StartRow} from '../../control/requests/blame/wire.ts';
import {type Command, EXIT} from '../command.ts';
import {span} from '../figures.ts';
import {complain, namesOf, rowsOf} from '../reply.ts';

export const blame: Command = {
	name: 'blame',
	usage: '[--json] [NAME...]',
	summary: 'show how long services took to become ready, and the critical chain',
	details: [
		'The last start of each: how long it took until it was ready (a oneshot: completed), slowest first, and how',
		'long it had waited for others before. A restart by itself is no start of its own. Then the chain that a start',
		'waited for: of NAME, or of the service that was ready last, each with the time since the chain began.',
	],
	options: [{names: ['--json'], value: null, help: 'one object: services and chains; times in ms'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl blame', 'archonctl blame web'],
	run: (args, io, reach) => reach(client => {
		const answer = rowsOf(client, BLAME, [], io);
		if (!answer.ok) return answer.error;
		const rows = answer.value.map(START_ROW.decode);
		const known = new Set(rows.map(({name}) => name));
		const names = namesOf(client, args.operands, io);
		if (!names.ok) return names.error;
		const started = names.value.filter(name => known.has(name));
		if (names.value.length > 0 && started.length === 0) {
			complain(io, `${names.value.join(', ')} was not started`);
			return EXIT.refused;
		}
		const chains = chainsOf(rows, started);
		io.stdout(args.has('--json') ? `${JSON.stringify(blameJson(rows, chains), null, 2)}\n` : textOf(rows, chains));
		return EXIT.ok;
	}),
};

function textOf(rows: readonly StartRow[], chains: readonly (readonly StartRow[])[]): string {
	if (rows.length === 0) return 'no service was started\n';
	const sorted = [...rows].sort((one, other) => (other.took ?? Infinity) - (one.took ?? Infinity));
	const lines = [cells('TOOK', 'WAITED', 'NAME')];
	for (const {name, took, waited} of sorted) lines.push(cells(took === null ? 'not ready' : span(took), span(waited), name));
	for (const chain of chains) {
		lines.push('', `critical chain of ${chain[0]?.name}:`);
		for (const [depth, row] of chain.entries()) {
			const took = row.took === null ? 'is not ready' : `ready at ${span(readyAt(row) - origin(chain))}, after ${span(row.took)}`;
			lines.push(`${'  '.repeat(Math.min(depth, DEEPEST) + 1)}${row.name}  ${took}`);
		}
	}
	return `${lines.join('\n')}\n`;
}

/** How deep lines are indented. */
const DEEPEST = 20;

const cells = (took: string, waited: string, name: string): string => `${took.padStart(9)}  ${waited.padStart(8)}  ${name}`;
