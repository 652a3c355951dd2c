/** `archon export kubernetes`: prints manifests of a pod that runs what a config says, and says what they cannot express. */
import {exportKubernetes} from '../config/export/kubernetes.ts';
import {KINDS, type Kind, labelOf, type Asked} from '../config/export/parts.ts';
import type {Lookups} from '../config/planning.ts';
import {formatProblem} from '../config/problems.ts';
import {findConfig} from '../config/read.ts';
import {needsOf} from '../config/yaml/parse.ts';
import {env as environment} from '../os/environment.ts';
import {isFolder, newStat, sys} from '../os/sys.ts';
import {NO_CONFIG, readArguments} from './arguments.ts';
import {refuse, say, USAGE} from './streams.ts';
import {targetFor} from './target.ts';

const EXPORT_USAGE = `usage: archon export kubernetes [FILE…] [--split] [--kind ${KINDS.join('|')}] [--image IMAGE] [--name NAME]
                                [--user UID] [--config-in-image] [--root DIR] [--env-file FILE] [--profile NAME]`;

interface Call extends Asked {
	/** The folder of an image's files, in which users are looked up. */
	readonly root: string | null;
	readonly named: readonly string[];
	/** Options that are those of `up`. */
	readonly rest: readonly string[];
}

export async function exportTo(args: readonly string[]): Promise<number> {
	const call = readCall(args);
	if (typeof call === 'string') return refuse(call, USAGE);
	const {root, named, rest, ...asked} = call;
	const request = readArguments(rest);
	if (typeof request === 'string') return refuse(`archon: ${request}`, USAGE);
	const files = [...request.files, ...named];
	const target = targetFor({root, isPortable: root === null, file: files[0] ?? null});
	const env = root === null ? {ARCHON_CONFIG: environment()['ARCHON_CONFIG']} : {};
	const found = findConfig({named: files, env, envFiles: request.envFiles, files: target.files});
	if (found.origin === 'none') return refuse(`archon: ${NO_CONFIG}; ${EXPORT_USAGE}`, USAGE);
	if (found.problems.length > 0) return refuse(found.problems.map(formatProblem).join('\n'), USAGE);
	const around: Lookups = {...await target.lookups(needsOf(found.files)), dotenv: found.dotenv, profiles: request.profiles};
	const {machine} = target;
	const exported = exportKubernetes(found.files, around, asked, machine && (spec => machine.findUser(spec)));
	if (!exported.ok) return refuse(exported.error.map(formatProblem).join('\n'), USAGE);
	const {text, notes} = exported.value;
	say(text);
	if (notes.length > 0) refuse(notes.map(note => `note: ${note}`).join('\n'), 0);
	return 0;
}

function readCall(args: readonly string[]): Call | string {
	const [engine, ...options] = args;
	if (engine === undefined) return EXPORT_USAGE;
	if (engine !== 'kubernetes') return `archon exports to kubernetes, and not to ${engine}; ${EXPORT_USAGE}`;
	const values: Record<(typeof VALUED)[number], string | null> =
		{'--kind': null, '--image': null, '--name': null, '--user': null, '--root': null};
	const [flags, rest, named] = [new Set<string>(), [] as string[], [] as string[]];
	for (let at = 0; at < options.length; at++) {
		const option = options[at] ?? '';
		const [key = '', ...joined] = option.split('=');
		const valued = VALUED.find(each => each === key);
		if (FLAGS.includes(option)) {
			flags.add(option);
		} else if (valued) {
			const value = joined.length > 0 ? joined.join('=') : options[++at];
			if (!value) return `${key} needs a value; ${EXPORT_USAGE}`;
			values[valued] = value;
		} else if (!option.startsWith('-')) {
			named.push(option);
		} else if (TAKEN.includes(key)) {
			rest.push(option);
			if (joined.length === 0) rest.push(...options.slice(++at, at + 1));
		} else {
			return `unknown option ${key}; ${EXPORT_USAGE}`;
		}
	}
	const kind = KINDS.find(each => each === (values['--kind'] ?? 'deployment')) as Kind | undefined;
	if (!kind) return `--kind ${values['--kind']}: it is one of ${KINDS.join(', ')}`;
	const {'--user': user, '--name': name, '--root': root} = values;
	if (user !== null && !/^\d{1,9}$/.test(user)) return `--user ${user}: Kubernetes takes a number`;
	if (name !== null && (labelOf(name) !== name || name.length > NAME_MAX)) {
		return `--name ${name}: Kubernetes takes small letters, digits and hyphens, at most ${NAME_MAX}`;
	}
	const about = newStat();
	if (root !== null && (sys.stat(root, about) < 0 || !isFolder(about))) return `--root: ${root} is not a directory`;
	return {
		name, kind, root, named, rest, image: values['--image'], user: user === null ? null : Number(user),
		isSplit: flags.has('--split'), isInImage: flags.has('--config-in-image'),
	};
}

const VALUED = ['--kind', '--image', '--name', '--user', '--root'] as const;
const FLAGS: readonly string[] = ['--split', '--config-in-image'];
/** Options of `up`, whose value follows. */
const TAKEN: readonly string[] = ['-c', '--config', '--env-file', '--profile'];
/** There is room for `-secrets` behind it. */
const NAME_MAX = 50;
