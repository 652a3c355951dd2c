/** `archonctl config`. */
import {CONFIG, CONFIG_ROW} from '../../control/requests/config/wire.ts';
import {type Command, EXIT} from '../command.ts';
import {printJson, rowsOf} from '../reply.ts';

export const config: Command = {
	name: 'config',
	usage: '[--show-secrets] [--json] [SERVICE]',
	summary: 'show the config that is in force, as one YAML text',
	details: [
		'All files are merged, variables have their values, and paths begin at the root: as it was read, whatever the',
		'files say by now. What may be a secret is masked, and a config with a mask is refused when it is read.',
	],
	options: [
		{names: ['--show-secrets'], value: null, help: 'mask nothing; for root, and for archon\'s own user'},
		{names: ['--json'], value: null, help: 'one object: yaml, the same text'},
	],
	least: 0,
	most: 1,
	endsOptions: false,
	isLong: true,
	examples: ['archonctl config web', 'archonctl config --show-secrets > archon.yaml'],
	run: (args, io, reach) => reach(client => {
		const [name = ''] = args.operands;
		const rows = rowsOf(client, CONFIG, args.has('--show-secrets') ? [name, 'shown'] : [name], io);
		if (!rows.ok) return rows.error;
		const yaml = rows.value.map(CONFIG_ROW.decode).map(({line}) => `${line}\n`).join('');
		if (io.isJson) printJson(io, {yaml});
		else io.stdout(yaml);
		return EXIT.ok;
	}),
};
