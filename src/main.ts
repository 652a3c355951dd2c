/** The one executable: looks at its name and its arguments, and becomes the program that they ask for. */
import './os/globals.ts';
import {roleOf} from './core/helper-roles.ts';
import {basename} from './core/path.ts';
import {BrokenPipe} from './os/errno.ts';
import {sys} from './os/sys.ts';
import {refuse, say, type Status, SYSTEM} from './programs/streams.ts';

/** The build puts it in (package.json). */
declare const VERSION: string | undefined;
const version = typeof VERSION === 'undefined' ? 'source' : VERSION;

/** What explains itself by the help of all. */
const HELPED: readonly string[] = ['check', 'import', 'export', 'init', 'schema'];

/** As a shell tells of SIGPIPE. */
const BROKEN_PIPE = 141;

main(sys.arguments()).then(status => {
	if (status !== null) sys.exit(status);
}, (error: unknown) => {
	// A reader that went away (`archonctl status | head -1`) is no failure of ours to talk about.
	if (error instanceof BrokenPipe) sys.exit(BROKEN_PIPE);
	sys.exit(refuse(`archon: cannot run here: ${error instanceof Error ? error.message : error}`, SYSTEM));
});

/** Each program is loaded when it is asked for: most of archon is of no use to `archonctl`, and the other way round. */
async function main([name = '', ...args]: readonly string[]): Promise<Status> {
	const called = basename(name);
	if (called === 'archonctl') return (await import('./programs/control.ts')).control(args, version);
	if (called === 'overseerd') return (await import('./programs/overseerd.ts')).overseerd(args, version);
	if (called === 'overseer') return (await import('./programs/overseer.ts')).overseer(args, version);
	if (called === 'zeus') return (await import('./programs/zeus.ts')).zeus(args, version);
	const role = roleOf(called);
	if (role) return (await import('./programs/helper.ts')).help(role, args);
	if (called !== 'archon') {
		const status = (await import('./programs/drop-in.ts')).standIn(called, name, args, version);
		if (status !== undefined) return status;
	}
	const [first, ...rest] = args;
	const asksHelp = (words: readonly string[]): boolean => words.includes('--help') || words.includes('-h');
	// What follows `up` may be a command with a --help of its own.
	const isHelped = first === 'up' ? asksHelp(rest.slice(0, 1)) : HELPED.includes(first ?? '') && asksHelp(rest);
	switch (isHelped ? 'help' : first) {
		case '--version':
		case '-V':
		case 'version': return say(`archon ${version}\n`);
		case '--help':
		case '-h':
		case 'help':
			if (rest[0] === 'config') return (await import('./programs/help-config.ts')).helpConfig(rest.slice(1));
			return say((await import('./programs/help.ts')).help(version));
		case 'schema': return say((await import('./config/json-schema.ts')).schemaText());
		case 'check': return (await import('./programs/check.ts')).check(rest);
		case 'zeus': return (await import('./programs/zeus.ts')).zeus(rest, version);
		case 'init': return (await import('./programs/init.ts')).init(rest);
		case 'import': return (await import('./programs/import.ts')).importFiles(rest);
		case 'export': return (await import('./programs/export.ts')).exportTo(rest);
		case '--handoff-format': return say(`${(await import('./os/reexec/handoff.ts')).FORMAT}\n`);
		default: return (await import('./programs/up.ts')).up(first === 'up' ? rest : args, version);
	}
}
