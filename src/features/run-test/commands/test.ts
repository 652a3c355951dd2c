/** `archonctl test`. */
import {NAMES} from '../../../cli/by-name.ts';
import {type Command, EXIT} from '../../../cli/command.ts';
import {span} from '../../../cli/figures.ts';
import {printJson, rowsOf} from '../../../cli/reply.ts';
import {TEST, TEST_ROW, type TestRow} from '../requests/test/wire.ts';

export const test: Command = {
	name: 'test',
	usage: '[--json] [NAME...]',
	summary: 'run the tests of services, and only show what they say',
	details: [
		'Without a NAME: of all services that have one. Nothing starts or stops: that is for archonctl trigger. The',
		'exit status is 0 if each of them says yes, else 1.',
		NAMES,
	],
	options: [{names: ['--json'], value: null, help: 'one array: name, answer, why, detail, seconds'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl test', 'archonctl test web'],
	run: ({operands}, io, reach) => reach(client => {
		const rows = rowsOf(client, TEST, operands, io);
		if (!rows.ok) return rows.error;
		const found = rows.value.map(TEST_ROW.decode);
		if (io.isJson) printJson(io, found);
		else io.stdout(render(found));
		return found.every(({answer}) => answer === 'yes') ? EXIT.ok : EXIT.refused;
	}),
};

function render(rows: readonly TestRow[]): string {
	if (rows.length === 0) return 'no tests\n';
	const width = Math.max(...rows.map(({name}) => name.length));
	return rows.map(({name, answer, why, detail, seconds}) =>
		`${name.padEnd(width)}  ${answer.padEnd(7)}  ${why}${detail === '' ? '' : `: ${detail}`} (${span(seconds * 1000)})\n`).join('');
}
