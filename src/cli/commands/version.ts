/** `archonctl version`. */
import {versionJson} from '../../control/json.ts';
import {type Command, EXIT} from '../command.ts';
import {askVersion} from '../versions.ts';

export const version: Command = {
	name: 'version',
	usage: '[--json]',
	summary: 'show the versions of archon and archonctl, and how often archon was re-executed',
	details: ['It is re-executed by an upgrade, and where it would have ended by a fatal signal or a bug.'],
	options: [{names: ['--json'], value: null, help: 'one object; cause is fault, sent, bug, upgrade or null'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl version'],
	run: (args, io, reach) => reach(client => {
		const row = askVersion(client, io);
		if (!row.ok) return row.error;
		const {version, lives} = row.value;
		const times = lives === 1 ? 'once' : `${lives} times`;
		io.stdout(args.has('--json')
			? `${JSON.stringify(versionJson(row.value, io.version), null, 2)}\n`
			: `archon ${version}${lives > 0 ? `, re-executed ${times}` : ''}\narchonctl ${io.version}\n`);
		return EXIT.ok;
	}),
};
