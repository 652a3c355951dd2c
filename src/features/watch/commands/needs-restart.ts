/** `archonctl needs-restart`. */
import {type Command, EXIT} from '../../../cli/command.ts';
import {printJson, rowsOf} from '../../../cli/reply.ts';
import {plainText} from '../../../core/plain.ts';
import {NEEDS_RESTART, NEEDS_RESTART_ROW, type NeedsRestartRow} from '../requests/needs-restart/wire.ts';

export const needsRestart: Command = {
	name: 'needs-restart',
	usage: '[--json] [NAME...]',
	summary: 'show services whose program or libraries were replaced since they were started',
	details: [
		'Their processes go on with the files that were there, for instance a library with a hole that an update has',
		'closed. archonctl restart NAME puts that right; watch: {libraries: true} of a service does so by itself. Only',
		'files that are mapped to be executed count.',
	],
	options: [{names: ['--json'], value: null, help: 'one array of objects: service, pid, state, path'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl needs-restart', 'archonctl restart $(archonctl needs-restart --json | jq -r ".[].service" | sort -u)'],
	run: ({operands}, io, reach) => reach(client => {
		const answer = rowsOf(client, NEEDS_RESTART, operands, io);
		if (!answer.ok) return answer.error;
		const rows = answer.value.map(NEEDS_RESTART_ROW.decode);
		if (io.isJson) {
			printJson(io, rows);
		} else {
			io.stdout(rows.length === 0 ? 'no service needs a restart\n' : rows.map(lineOf).join(''));
		}
		return EXIT.ok;
	}),
};

const lineOf = ({service, pid, state, path}: NeedsRestartRow): string =>
	`${service} (pid ${pid}): ${state === 'unknown' ? `cannot be looked at: ${path}` : `${plainText(path)} was ${state}`}\n`;
