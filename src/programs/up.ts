/** `archon up`: supervises the services of a config, and the image's command as its service main. */
import {formatProblem} from '../config/problems.ts';
import {recording} from '../config/kept.ts';
import {findConfig} from '../config/read.ts';
import {env, isReexecuted} from '../os/environment.ts';
import {isPersonThere} from '../os/person.ts';
import {filesAtStart} from '../os/files.ts';
import {NO_CONFIG, readArguments} from './arguments.ts';
import {exposures} from './exposures.ts';
import {refuse, type Status, USAGE} from './streams.ts';

export async function up(args: readonly string[], version: string): Promise<Status> {
	const invocation = readArguments(args);
	if (typeof invocation === 'string') return refuse(`archon: ${invocation}`, USAGE);
	const {files: named, envFiles, profiles, command, isBare, socket} = invocation;
	if (invocation.shell && !isReexecuted() && !isPersonThere()) return refuse(NO_TERMINAL, USAGE);
	const shell = invocation.shell && {leaving: invocation.shell, socket};
	if (!isBare && command.length === 0) return refuse('archon: a command must follow --; see archon --help', USAGE);
	// `archon -- CMD` is one-command mode whatever configs lie around; a bare CMD is the image's, for the config's main.
	if (!isBare && named.length === 0 && !shell) return runOne(command, invocation.socket, version);
	const recorder = recording(filesAtStart);
	const found = findConfig({named, env: env(), envFiles, files: recorder.files});
	if (found.origin === 'none' && (command.length > 0 || !isReexecuted())) {
		if (shell) return refuse(`archon: ${NO_CONFIG}, and --shell needs one; see archon --help`, USAGE);
		if (command.length > 0) return runOne(command, invocation.socket, version);
		return refuse(`archon: ${NO_CONFIG}, and no command was given; see archon --help`, USAGE);
	}
	const asked = {named, envFiles, profiles, command, shell};
	const [{createConfigSource, judge}, {loadFor}, {needsOf}] = await Promise.all([
		import('./config-source.ts'), import('./lookups.ts'), import('../config/yaml/parse.ts'),
	]);
	const loaded = await loadFor(needsOf(found.files));
	// An instance that goes on from the last one has no use for the config, and is not ended by what is wrong with it.
	const reading = isReexecuted() ? null : judge({found, recorder}, asked, loaded);
	if (reading && !reading.config.ok) {
		const told = reading.config.error.map(formatProblem).join('\n');
		(await import('../os/termination.ts')).writeTermination(`archon: ${told}`);
		return refuse(told, USAGE);
	}
	const [{placesFor, runDaemon}, {SUPERVISING}] = await Promise.all([import('./supervise.ts'), import('../core/signals.ts')]);
	runDaemon({
		config: reading?.config.ok ? reading.config.value : null, kept: reading?.kept ?? null,
		meanings: SUPERVISING, sockets: placesFor(invocation.socket),
		notes: reading ? [...reading.notes, ...exposures(found.files)].map(formatProblem) : [], version,
		source: createConfigSource(asked, loaded),
	});
	return null;
}

const NO_TERMINAL = 'archon: --shell needs a terminal for standard input and output: docker run gives one with -it';

const runOne = async (command: readonly string[], socket: string | null, version: string): Promise<null> =>
	(await import('./one-command.ts')).oneCommand(command, socket, version);
