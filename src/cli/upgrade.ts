/** Commands about archon itself: `upgrade` and `version`. */
import type {Client} from '../control/client.ts';
import {decodeStatusRow, decodeVersionRow, type VersionRow} from '../control/protocol.ts';
import {ok, type Result} from '../core/result.ts';
import {type Command, EXIT, type Io} from './command.ts';
import {absolutePath} from './paths.ts';
import {complain, rowsOf, tellReply, tellTrouble} from './reply.ts';

export const upgrade: Command = {
	name: 'upgrade',
	usage: '[PATH]',
	summary: 'put another archon in this one\'s place, and let every service go on',
	details: [
		'PATH is an executable as archon sees it; without it, archon\'s own file as it is now. The new archon has the',
		'same pid, arguments and environment. It is asked first whether it can go on from what this one wrote down;',
		'if not, nothing changes.',
	],
	options: [],
	least: 0,
	most: 1,
	endsOptions: false,
	examples: ['archonctl upgrade', 'archonctl upgrade /opt/archon-next/bin/archon'],
	run: ({operands}, io, reach) => reach(client => {
		const answer = client.ask(['Upgrade', ...operands.map(absolutePath)]);
		if (answer.ok) return tellReply(answer.value.reply, io);
		// Its end without a reply is how an upgrade looks from here, and a crash as well.
		return answer.error.kind === 'anew' ? tellWhoGoesOn(client, io) : tellTrouble(answer.error, io);
	}),
};

export const version: Command = {
	name: 'version',
	usage: '[--json]',
	summary: 'show the versions of archon and archonctl, and how often archon was re-executed',
	details: ['That is after an upgrade, and after whatever would have ended it otherwise.'],
	options: [{names: ['--json'], value: null, help: 'one object; cause is fault, sent, bug, upgrade or null'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl version'],
	run: (args, io, reach) => reach(client => {
		const row = ask(client, io);
		if (!row.ok) return row.error;
		const {version, lives, cause} = row.value;
		const times = lives === 1 ? 'once' : `${lives} times`;
		io.stdout(args.has('--json')
			? `${JSON.stringify({archon: version, archonctl: io.version, lives, cause: cause === '' ? null : cause}, null, 2)}\n`
			: `archon ${version}${lives > 0 ? `, re-executed ${times}` : ''}\narchonctl ${io.version}\n`);
		return EXIT.ok;
	}),
};

function ask(client: Client, io: Io): Result<VersionRow, number> {
	const rows = rowsOf(client, ['Version'], io);
	return rows.ok ? ok(decodeVersionRow(rows.value[0] ?? [])) : rows;
}

function tellWhoGoesOn(client: Client, io: Io): number {
	const row = ask(client, io);
	if (!row.ok) return row.error;
	if (row.value.cause !== 'upgrade') {
		complain(io, 'cannot upgrade: archon crashed before it was done, and goes on as it was');
		return EXIT.refused;
	}
	const services = rowsOf(client, ['Status'], io);
	if (!services.ok) return services.error;
	const count = services.value.map(decodeStatusRow).filter(({pid}) => pid !== null).length;
	io.stdout(`archon ${row.value.version} goes on with ${count} ${count === 1 ? 'service' : 'services'}\n`);
	return EXIT.ok;
}
