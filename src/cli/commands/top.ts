/** `archonctl top`. */
import {sys} from '../../os/sys.ts';
import {parseArguments} from '../arguments.ts';
import type {Arguments, Command} from '../command.ts';
import {GLOBAL} from '../global.ts';
import {lookOf} from '../look.ts';
import {usageError} from '../reply.ts';
import {runTop} from '../top/run.ts';
import {SORT_KEYS} from '../top/sorting.ts';

export const top: Command = {
	name: 'top',
	usage: '[--sort COLUMN] [NAME...]',
	summary: 'show services, what they use and what they log on one screen, and steer them',
	details: [
		'The key ? shows all keys, q leaves. With names it shows these services. It needs a terminal whose cursor can',
		'be moved, and writes there only what has changed.',
	],
	options: [{names: ['--sort'], value: SORT_KEYS.join('|'), help: 'sorted by that at first'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	onHosts: {refuses: () => 'top shows one; status and events -f show all'},
	examples: ['archonctl top', 'archonctl top --sort cpu "worker-*"'],
	async run(args, io, _, reachLive) {
		const wished = args.values('--sort').at(-1) ?? 'order';
		const sort = SORT_KEYS.find(key => key === wished);
		if (!sort) return usageError(io, `--sort ${wished}: the columns are ${SORT_KEYS.join(', ')}`);
		const logs = [...self(args), 'logs', '--plain', '--'];
		return runTop(io, reachLive, {sort, names: args.operands, isColoured: lookOf(io).isColoured, logs});
	},
};

/** archonctl as it was called, and its options about which archon is meant. */
function self(args: Arguments): readonly string[] {
	const [program = 'archonctl', ...words] = sys.arguments();
	const before = parseArguments(words, GLOBAL, true);
	const given = before.ok ? [before.value, args] : [args];
	return [program, ...given.flatMap(each => GLOBAL.filter(({value}) => value !== null)
		.flatMap(({names: [name]}) => each.values(name).flatMap(value => [name, value])))];
}
