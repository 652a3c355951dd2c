/** `pre_start` to `post_stop` and `down`: commands at the stages of a run. */
import type {HookCommand, Hooks} from '../../core/service.ts';
import {either} from '../accepts.ts';
import {joined} from '../glossary.ts';
import type {Account, Part, ServiceGroup, Written} from '../group.ts';
import {command as commandKey, key, optional} from '../key.ts';
import {appended} from '../merge.ts';
import type {Planning} from '../planning.ts';
import {readCommand, readEnvironment, readListOf, refuse} from '../readers.ts';
import {absolutePath, user} from '../scalars.ts';
import {isMissing, reader, readShape, shape, type Context, type Key, type Settings} from '../shape.ts';
import {sharing} from '../sharing.ts';
import {writtenAt, type Value} from '../values.ts';
import {command} from './command.ts';
import {environment} from './environment.ts';
import {process} from './process.ts';
import type {Type} from './type.ts';

const HOOK = shape({
	command: commandKey('required', 'program and arguments'),
	user: optional(user, 'name[:group] | uid[:gid]', 'the service\'s', 'as whom it runs'),
	working_dir: optional(absolutePath, 'path', 'the service\'s', 'where it runs'),
	environment: key(readEnvironment, 'map | list of NAME=value', 'empty', {}, 'added to the service\'s'),
}, {unsupported: new Set(['privileged']), words: () => joined([command, process, environment])});

const hooks = readListOf(reader(() => either(readCommand.accepts(), {shape: HOOK}), readHook));

const hook = (help: string): Key<readonly HookCommand[]> =>
	key<readonly HookCommand[]>(hooks, 'list of words or maps with a command', 'empty', [], help);

const STARTING = {
	pre_start: hook('commands run before each start, within start_timeout; if one fails, the start has failed'),
	post_start: hook('commands run after its start; if one fails, the start has failed'),
};

const STOPPING = {
	pre_stop: hook('commands run before the stop signal, within the grace period'),
	post_stop: hook('commands run after each exit, with $SERVICE_RESULT, $EXIT_CODE and $EXIT_STATUS; within a grace period'),
	down: hook('commands that undo a completed oneshot when it is stopped; within a grace period'),
};

type Starting = Settings<typeof STARTING>;
type Stopping = Settings<typeof STOPPING>;

const shared = sharing<Hooks>();

/** The hooks of the start alone come to nothing: those of the stop plan all of them. */
export const startHooks = {
	keys: STARTING,
	merge: {pre_start: appended, post_start: appended},
	maps: [['services.<name>.pre_start, post_start, pre_stop, post_stop, down', HOOK]],
	words: () => ({names: {post_start: 'ExecStartPost', pre_start: 'ExecStartPre before_start'}}),
	accounts: (service: Written<Starting>) => accountsOf(service, ['pre_start', 'post_start']),
} satisfies ServiceGroup;

export const stopHooks = {
	keys: STOPPING,
	merge: {pre_stop: appended, post_stop: appended, down: appended},
	reads: Object.keys(STARTING),
	words: () => ({
		names: {post_stop: 'finish ExecStopPost after_stop'},
		others: [['ExecStop stopCommand stopProgram', 'pre_stop', 'write pre_stop, which runs before the stop signal']],
	}),
	conflicts({name, path, map, settings: {type}}: Written<Stopping & {readonly type: Type}>, {problems, notes}: Planning) {
		const [down, farewell] = [writtenAt(map, 'down')?.key, writtenAt(map, 'pre_stop')?.key];
		if (down && type !== 'oneshot') {
			problems.report(down, `${path}.down is only for oneshots, which it undoes`, 'write pre_stop or post_stop');
		}
		if (farewell && type === 'oneshot' && !down) {
			const message = 'pre_stop of a oneshot runs only while it is running; "down" undoes it once it has completed';
			notes.gather(farewell, message, name);
		}
	},
	accounts: (service: Written<Stopping>) => accountsOf(service, ['pre_stop', 'post_stop', 'down']),
	plan: ({pre_start: preStart, post_start: postStart, pre_stop: preStop, post_stop: postStop, down}: Starting & Stopping): Part =>
		({hooks: shared({preStart, postStart, preStop, postStop, down})}),
} satisfies ServiceGroup;

function accountsOf<Name extends string>(
	{map, settings}: Written<Readonly<Record<Name, readonly HookCommand[]>>>, names: readonly Name[],
): readonly Account[] {
	return names.flatMap(name => settings[name].flatMap((command, index) => {
		const spec = 'command' in command ? command.user : null;
		const written = map.entries.get(name)?.value;
		return spec && written ? [{spec, key: `${name}.user`, at: userOf(written, index)}] : [];
	}));
}

/** Where the user of a list's hook is written, or of the only one. */
function userOf(hooks: Value, index: number): Value {
	const hook = hooks.kind === 'list' ? hooks.items[index] ?? hooks : hooks;
	return hook.kind === 'map' ? hook.entries.get('user')?.value ?? hook : hook;
}

function readHook(from: Value, context: Context): HookCommand | undefined {
	if (from.kind !== 'map') return readCommand(from, context);
	const {command: words, user: owner, working_dir: cwd, environment} = readShape(HOOK, from, context);
	const isPlain = owner === null && cwd === null && Object.keys(environment).length === 0;
	if (words) return isPlain ? words : {command: words, user: owner, cwd, environment};
	return isMissing(['command'], from, HOOK) ? refuse(from, context, 'has no command') : undefined;
}
