/** `archonctl config`. */
import {CONFIG, CONFIG_ROW} from '../../control/requests/config/wire.ts';
import {type Command, EXIT} from '../command.ts';
import {rowsOf} from '../reply.ts';

export const config: Command = {
	name: 'config',
	usage: '[--show-secrets] [SERVICE]',
	summary: 'show the config that is in force, as one YAML text',
	details: [
		'All files are merged, variables have their values, and paths begin at the root: as it was read, whatever the',
		'files say by now. What may be a secret is masked, and a config with a mask is refused when it is read.',
	],
	options: [{names: ['--show-secrets'], value: null, help: 'mask nothing; for root, and for archon\'s own user'}],
	least: 0,
	most: 1,
	endsOptions: false,
	examples: ['archonctl config web', 'archonctl config --show-secrets > archon.yaml'],
	run: (args, io, reach) => reach(client => {
		const [name = ''] = args.operands;
		const rows = rowsOf(client, CONFIG, args.has('--show-secrets') ? [name, 'shown'] : [name], io);
		if (!rows.ok) return rows.error;
		io.stdout(rows.value.map(CONFIG_ROW.decode).map(({line}) => `${line}\n`).join(''));
		return EXIT.ok;
	}),
};
