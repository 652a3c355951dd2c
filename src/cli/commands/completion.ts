/** `archonctl completion`. */
import {STATUS, STATUS_ROW} from '../../control/requests/status/wire.ts';
import {type Command, EXIT, type Table} from '../command.ts';
import {scriptFor, SHELLS} from '../completion.ts';
import {usageError} from '../reply.ts';

const NAMES = 'names';

/** As names are in archon. bash's compgen executes what stands in a word as `$(…)`, and what answers may be another program. */
const HARMLESS = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/;

export const completion = (table: Table): Command => ({
	name: 'completion',
	usage: `${SHELLS.join('|')}|${NAMES}`,
	summary: 'print what a shell needs to complete archonctl, or the names of services and groups',
	details: [
		'Images made with COPY --from=archon / / have them where shells look. By hand: in ~/.bashrc',
		'  source <(archonctl completion bash)',
		'and for zsh the same behind compinit; for fish archonctl completion fish | source.',
	],
	options: [],
	least: 1,
	most: 1,
	endsOptions: false,
	onHosts: {isLocal: ({operands}) => operands[0] !== NAMES, refuses: () => 'names come from one'},
	examples: ['archonctl completion bash > /etc/bash_completion.d/archonctl'],
	async run({operands: [what = '']}, io, reach) {
		const shell = SHELLS.find(known => known === what);
		if (shell) {
			io.stdout(scriptFor(shell, await table.all()));
			return EXIT.ok;
		}
		if (what !== NAMES) return usageError(io, `completion ${what}: it takes ${SHELLS.join(', ')} or ${NAMES}`);
		// A person waits for the next character, and does not want to read of problems.
		return reach(client => {
			const answer = client.ask(STATUS, []);
			if (!answer.ok || answer.value.reply.kind !== 'Ok') return EXIT.refused;
			const rows = answer.value.rows.map(STATUS_ROW.decode);
			const names = new Set([...rows.map(({name}) => name), ...rows.flatMap(({groups}) => groups)]);
			io.stdout([...names].filter(name => HARMLESS.test(name)).map(name => `${name}\n`).join(''));
			return EXIT.ok;
		});
	},
});
