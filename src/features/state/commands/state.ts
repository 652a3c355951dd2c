/** `archonctl state`. */
import {type Command, EXIT} from '../../../cli/command.ts';
import {printJson, rowsOf} from '../../../cli/reply.ts';
import {plainText} from '../../../core/plain.ts';
import {STATE, STATE_ROW, type StateRow} from '../requests/state/wire.ts';

type File = Extract<StateRow, {kind: 'file'}>;
type Service = Extract<StateRow, {kind: 'service'}>;

export const state: Command = {
	name: 'state',
	usage: '[--json]',
	summary: 'show what is kept for the next archon (state_dir)',
	details: [
		'ASKED is what an operator has asked last. It holds for the next archon as well, until archonctl auto NAME',
		'or until the definition of the service changes.',
	],
	options: [{names: ['--json'], value: null, help: 'one object: file and services'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl state'],
	run: (args, io, reach) => reach(client => {
		const found = rowsOf(client, STATE, [], io);
		if (!found.ok) return found.error;
		const rows = found.value.map(STATE_ROW.decode);
		const file = rows.find((row): row is File => row.kind === 'file');
		const services = rows.filter((row): row is Service => row.kind === 'service');
		if (!file) return EXIT.refused;
		const {path, written, trouble} = file;
		if (args.has('--json')) {
			const shown = services.map(({name, asked, wanted, by, starts, run, pid}) => ({name, asked, wanted, by, starts, run, pid}));
			printJson(io, {path, written, trouble: trouble === '' ? null : trouble, services: shown});
		} else {
			io.stdout(render(file, services));
		}
		return EXIT.ok;
	}),
};

function render({path, written, trouble}: File, services: readonly Service[]): string {
	const when = written === null ? 'not written yet' : `written ${new Date(written).toISOString()}`;
	const head = `${plainText(path)}, ${when}${trouble === '' ? '' : `; cannot be written: ${plainText(trouble)}`}\n`;
	const lines = [['NAME', 'ASKED', 'WANTED', 'BY', 'STARTS', 'PID'], ...services.map(({name, asked, wanted, by, starts, pid}) =>
		[name, asked === 'auto' ? '-' : asked, wanted ? 'yes' : 'no', by, String(starts), pid === null ? '-' : String(pid)])];
	const widths = [0, 1, 2, 3, 4, 5].map(i => Math.max(...lines.map(line => (line[i] ?? '').length)));
	const padded = (cell: string, i: number): string => (i < 4 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
	return head + lines.map(line => `${line.map(padded).join('  ')}\n`).join('');
}
