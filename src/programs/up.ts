/** `archon up`: supervises the services of a config, and the image's command as its service main. */
import {formatProblem} from '../config/problems.ts';
import {findConfig} from '../config/read.ts';
import {err, ok} from '../core/result.ts';
import {env, isReexecuted} from '../os/environment.ts';
import {files, filesAtStart} from '../os/files.ts';
import {NO_CONFIG, readArguments} from './arguments.ts';
import {exposures} from './exposures.ts';
import {lookups} from './lookups.ts';
import {refuse, type Status, USAGE} from './streams.ts';

export async function up(args: readonly string[], version: string): Promise<Status> {
	const invocation = readArguments(args);
	if (typeof invocation === 'string') return refuse(`archon: ${invocation}`, USAGE);
	const {files: named, envFiles, profiles, command, isBare} = invocation;
	if (!isBare && command.length === 0) return refuse('archon: a command must follow --; see archon --help', USAGE);
	// `archon -- CMD` is one-command mode whatever configs lie around; a bare CMD is the image's, for the config's main.
	if (!isBare && named.length === 0) return runOne(command, invocation.socket, version);
	const found = findConfig({named, env: env(), envFiles, files: filesAtStart});
	if (found.origin === 'none' && (command.length > 0 || !isReexecuted())) {
		if (command.length > 0) return runOne(command, invocation.socket, version);
		return refuse(`archon: ${NO_CONFIG}, and no command was given; see archon --help`, USAGE);
	}
	const [{plan}, {needsOf}] = await Promise.all([import('../config/plan.ts'), import('../config/yaml/parse.ts')]);
	let needs = needsOf(found.files);
	let around = await lookups(needs);
	const read = ({files, dotenv, problems}: typeof found): ReturnType<typeof plan> =>
		(problems.length > 0 ? err(problems) : plan(files, command.length > 0 ? command : null, {...around, dotenv, profiles}));
	// An instance that goes on from the last one has no use for the config, and is not ended by what is wrong with it.
	const planned = isReexecuted() ? ok(null) : read(found);
	if (!planned.ok) {
		const told = planned.error.map(formatProblem).join('\n');
		(await import('../os/termination.ts')).writeTermination(`archon: ${told}`);
		return refuse(told, USAGE);
	}
	const [{placesFor, runDaemon}, {SUPERVISING}] = await Promise.all([import('./supervise.ts'), import('../core/signals.ts')]);
	const {notes, ...config} = planned.value ?? {notes: []};
	runDaemon({
		config: 'services' in config ? config : null, meanings: SUPERVISING, sockets: placesFor(invocation.socket),
		notes: [...found.notes, ...exposures(found.files), ...notes].map(formatProblem), version,
		reread(done) {
			const again = findConfig({named, env: env(), envFiles, files});
			const tell = (): void => {
				const planned = read(again);
				done(planned.ok ? planned : err(planned.error.map(formatProblem)));
			};
			const more = needsOf(again.files);
			const formats = [...new Set([...needs.formats, ...more.formats])];
			const whole = {yaml: needs.yaml || more.yaml, formats, expansion: needs.expansion || more.expansion};
			if (whole.yaml === needs.yaml && whole.expansion === needs.expansion && formats.length === needs.formats.length) return tell();
			needs = whole;
			void lookups(needs).then(whole => {
				around = whole;
				tell();
			});
		},
	});
	return null;
}

const runOne = async (command: readonly string[], socket: string | null, version: string): Promise<null> =>
	(await import('./one-command.ts')).oneCommand(command, socket, version);
