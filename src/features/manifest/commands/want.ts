/** `archonctl want` and `unwant`, and `whiz add`, which does the same with the options of listAdd. */
import {type Command, EXIT, type Io, type Reach} from '../../../cli/command.ts';
import {printJson, rowsOf, usageError} from '../../../cli/reply.ts';
import {ROLE} from '../core/rules.ts';
import {UNWANT, WANT} from '../requests/want/wire.ts';

const HOW = [
	'Both files are replaced at once, with their comments, their order, their owner and their mode. archon reads',
	'them then. What was on neither list, and is no service of the config, is named by its path.',
];

const JSON_OPTION = {names: ['--json'], value: null, help: 'one object: done'} as const;

function mover(name: 'want' | 'unwant', summary: string, example: string): Command {
	return {
		name, summary, details: HOW,
		usage: '[--json] NAME|PATH...',
		options: [JSON_OPTION],
		least: 1,
		most: Infinity,
		endsOptions: false,
		examples: [`archonctl ${name} web`, example],
		run: ({operands}, io, reach) => move(name === 'want', operands.map(program => [program, '', '']), io, reach),
	};
}

export const want = mover('want', 'put programs on the manifest, and take them off the hitlist', 'archonctl want /opt/app/bin/web');
export const unwant = mover('unwant', 'put programs on the hitlist, and take them off the manifest', 'archonctl unwant /usr/bin/miner');

export const whiz: Command = {
	name: 'whiz',
	usage: 'add [-r | -k] [-p PATH] [-m ROLE] [--json] [NAME...]',
	summary: 'put programs on the manifest or the hitlist, as listAdd did',
	details: ['The same as want (-r, or neither) and unwant (-k).', ...HOW],
	options: [
		{names: ['--run', '-r'], value: null, help: 'the manifest: it is to run'},
		{names: ['--kill', '-k'], value: null, help: 'the hitlist: it must not run'},
		{names: ['--path', '-p'], value: 'PATH', help: 'the full path of the program, whose name is its last part unless one is given'},
		{names: ['--master', '-m'], value: 'ROLE', help: 'the manifest of machines with this role: whizzifestROLE.txt'},
		JSON_OPTION,
	],
	least: 1,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl whiz add -r -p /opt/app/bin/web', 'archonctl whiz add -k web', 'archonctl whiz add -m C -p /opt/cam camera'],
	run(args, io, reach) {
		const [verb = '', ...names] = args.operands;
		const path = args.values('--path').at(-1) ?? '';
		const role = args.values('--master').at(-1) ?? '';
		if (verb !== 'add') return usageError(io, `whiz ${verb}: it can only add; archonctl want and unwant move programs`);
		if (args.has('--run') && args.has('--kill')) return usageError(io, 'whiz add: -r and -k exclude each other: a program is on one list');
		if (path !== '' && !path.startsWith('/')) return usageError(io, `whiz add: -p ${path}: not an absolute path`);
		if (role !== '' && !ROLE.test(role)) return usageError(io, `whiz add: -m ${role}: not a role; it has letters, digits, "_" and "-"`);
		if (path !== '' && names.length > 1) return usageError(io, 'whiz add: -p is the path of one program');
		if (path === '' && names.length === 0) return usageError(io, 'whiz add: name a program, or give its path with -p');
		const programs = names.length === 0 ? [[path, '', role] as const] : names.map(name => [name, path, role] as const);
		return move(!args.has('--kill'), programs, io, reach);
	},
};

type Program = readonly [program: string, path: string, role: string];

const move = (isWanted: boolean, programs: readonly Program[], io: Io, reach: Reach): number => reach(client => {
	const done: string[] = [];
	for (const program of programs) {
		const rows = rowsOf(client, isWanted ? WANT : UNWANT, program, io);
		if (!rows.ok) return rows.error;
		for (const [text = ''] of rows.value) {
			done.push(text);
			if (!io.isJson) io.stdout(`${text}\n`);
		}
	}
	if (io.isJson) printJson(io, {done});
	return EXIT.ok;
});
