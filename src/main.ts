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

/** As a shell tells of SIGPIPE. */
const BROKEN_PIPE = 141;

const HELP = `archon ${version}: the init a container deserves

usage: archon [up] [OPTIONS] [[--] CMD ARGS…]                   supervise the services of FILE, and CMD as main
       archon -- CMD ARGS…                                      run CMD alone, as its init; no config is read
       archon --shell[=exit] …                                  the same with a shell on the container's own terminal
       archon check [OPTIONS] [FILE]                            tell every problem of a config
       archon import FILE… [--strict] [-o FILE]                 print configs of other supervisors as archon's own
       archon init [DIRECTORY] [-o FILE]                        write a first config for what is there
       archon help config [KEY]                                 every key of a config, or one with an example
       archon schema                                            the JSON Schema of a config, for editors
       archon --help | --version

FILE is, where -c does not name it, $ARCHON_CONFIG or /etc/archon/archon.yaml with /etc/archon/conf.d/*.yaml over it.
options: -c FILE, and further ones laid over it; --profile NAME, beside those of $ARCHON_PROFILES; --env-file FILE, variables
for \${NAME} in the config that archon's own environment does not have (as docker compose's .env); --socket PATH, where
archonctl finds it. All but that may be given several times.
options of check, beside all but --socket: --root DIR, an image's files; --portable, looks at no machine; --strict, takes no notes;
--json; --explain [SERVICE], what each service will be, and the order of start and stop.
--shell needs a terminal (docker run -it); leaving it ends nothing, with =exit the container.
archonctl looks and steers: see archonctl --help. Called overseerd or overseer it keeps one user's jobs: see overseerd --help.

exit status: of the essential service or CMD that ended it; 128 and the signal that killed that; 0 after a shutdown
that was asked for; 100 bad config or usage; 111 the system failed archon; 126, 127 CMD cannot be executed, is not found
`;

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
	const role = roleOf(called);
	if (role) return (await import('./programs/helper.ts')).help(role, args);
	if (called !== 'archon') {
		const status = (await import('./programs/drop-in.ts')).standIn(called, name, args, version);
		if (status !== undefined) return status;
	}
	const [first, ...rest] = args;
	switch (first) {
		case '--version':
		case '-V':
		case 'version': return say(`archon ${version}\n`);
		case '--help':
		case '-h':
		case 'help': return rest[0] === 'config' ? (await import('./programs/help-config.ts')).helpConfig(rest.slice(1)) : say(HELP);
		case 'schema': return say((await import('./config/json-schema.ts')).schemaText());
		case 'check': return (await import('./programs/check.ts')).check(rest);
		case 'init': return (await import('./programs/init.ts')).init(rest);
		case 'import': return (await import('./programs/import.ts')).importFiles(rest);
		case '--handoff-format': return say(`${(await import('./os/reexec/handoff.ts')).FORMAT}\n`);
		default: return (await import('./programs/up.ts')).up(first === 'up' ? rest : args, version);
	}
}
