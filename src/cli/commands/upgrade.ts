/** `archonctl upgrade`. */
import type {Client} from '../../control/client.ts';
import {STATUS, STATUS_ROW} from '../../control/requests/status/wire.ts';
import {UPGRADE} from '../../control/requests/upgrade/wire.ts';
import {type Command, EXIT, type Io} from '../command.ts';
import {absolutePath} from '../paths.ts';
import {complain, printJson, rowsOf, tellReply, tellTrouble} from '../reply.ts';
import {askVersion} from '../versions.ts';

export const upgrade: Command = {
	name: 'upgrade',
	usage: '[--json] [PATH]',
	summary: 'replace the running archon by another executable, while services keep running',
	details: [
		'PATH is an executable as archon sees it; without it, archon\'s own file as it is now. The new archon has the',
		'same pid, arguments and environment. It is asked first whether it can read what this one hands over;',
		'if not, nothing changes.',
	],
	options: [{names: ['--json'], value: null, help: 'one object: archon, running'}],
	least: 0,
	most: 1,
	endsOptions: false,
	examples: ['archonctl upgrade', 'archonctl upgrade /opt/archon-next/bin/archon'],
	run: ({operands}, io, reach) => reach(client => {
		const answer = client.ask(UPGRADE, operands.map(absolutePath));
		if (answer.ok) return tellReply(answer.value.reply, io);
		// A connection that ends without a reply is how an upgrade looks from here, and a crash as well.
		return answer.error.kind === 'unanswered' ? tellWhatRuns(client, io) : tellTrouble(answer.error, io);
	}),
};

function tellWhatRuns(client: Client, io: Io): number {
	const row = askVersion(client, io);
	if (!row.ok) return row.error;
	if (row.value.cause !== 'upgrade') {
		complain(io, 'cannot upgrade: archon crashed before it was done, and was re-executed from its own file');
		return EXIT.refused;
	}
	const services = rowsOf(client, STATUS, [], io);
	if (!services.ok) return services.error;
	const count = services.value.map(STATUS_ROW.decode).filter(({pid}) => pid !== null).length;
	if (io.isJson) printJson(io, {archon: row.value.version, running: count});
	else io.stdout(`upgraded to archon ${row.value.version}: ${count} ${count === 1 ? 'service keeps' : 'services keep'} running\n`);
	return EXIT.ok;
}
