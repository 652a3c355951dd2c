/** `archon zeus`: commands of the pool of the folder that it is called in, which start warm. */
import {env} from '../os/environment.ts';
import {refuse, say, type Status, USAGE} from './streams.ts';
import {readCall} from './zeus/flags.ts';

/** Where no pool can be asked. */
const FAILED = 1;

export async function zeus(args: readonly string[], version: string): Promise<Status> {
	const call = readCall(args);
	if (typeof call === 'string') return refuse(`zeus: ${call}; see zeus help`, USAGE);
	switch (call.command) {
		case 'version': return say(`zeus (archon ${version})\n`);
		case null:
		case 'help': return say((await import('./zeus/help.ts')).help(version));
		case 'init': return (await import('./zeus/init.ts')).init(call.args);
		case 'commands': return (await import('./zeus/commands.ts')).listCommands(call.config);
		case 'start': return (await import('./zeus-start.ts')).start(call);
		case 'restart': return (await import('./zeus/restart.ts')).restart(env());
		default: {
			const [{reach}, {attend}] = await Promise.all([import('./zeus/reach.ts'), import('./zeus/session.ts')]);
			const pool = reach(env());
			return pool.ok ? attend(pool.value, {command: call.command, args: call.args, tty: call.tty}) : refuse(`zeus: ${pool.error}`, FAILED);
		}
	}
}
