/** What may be said of commands at the turns of a service's life: `pre_start` to `post_stop`, `down` and `reload`. */
import type {HookCommand, Service} from '../core/service.ts';
import {SERVICE_WORDS} from './glossary.ts';
import {command, key, optional} from './keys.ts';
import {isMissing} from './planning.ts';
import {readBy, readCommand, readEnvironment, readListOf, refuse, refuseKind} from './readers.ts';
import {absolutePath, signal, user} from './scalars.ts';
import {readShape, shape, type Context, type Key} from './shape.ts';
import {withoutNothing, type Value} from './values.ts';

export const HOOK = shape({
	command: command('required', 'program and arguments'),
	user: optional(user, 'name[:group] | uid[:gid]', 'the service\'s', 'as whom it runs'),
	working_dir: optional(absolutePath, 'path', 'the service\'s', 'where it runs'),
	environment: key(readEnvironment, 'map | list of NAME=value', 'empty', {}, 'over the service\'s'),
}, new Set(), new Set(['privileged']), SERVICE_WORDS);

export const RELOAD = shape({
	signal: optional(signal, 'signal', 'none', 'tells it to read its config anew'),
	command: command('none', 'or this command does'),
});

export const hook = (help: string): Key<readonly HookCommand[]> =>
	key<readonly HookCommand[]>(readListOf(readHook), 'list of words or maps with a command', 'empty', [], help);

function readHook(from: Value, context: Context): HookCommand | undefined {
	if (from.kind !== 'map') return readCommand(from, context);
	const {command: words, user: owner, working_dir: cwd, environment} = readShape(HOOK, from, context);
	const isPlain = owner === null && cwd === null && Object.keys(environment).length === 0;
	if (words) return isPlain ? words : {command: words, user: owner, cwd, environment};
	return isMissing(['command'], from, HOOK) ? refuse(from, context, 'has no command') : undefined;
}

export function readReload(from: Value, context: Context): Service['reload'] | undefined {
	if (from.kind === 'list') return refuseKind(from, context, 'a signal or a map');
	if (from.kind === 'scalar') {
		const number = readBy(signal)(from, context);
		return number === undefined ? undefined : {signal: number};
	}
	const settings = readShape(RELOAD, from, context);
	const {entries} = withoutNothing(from);
	const isWritten = entries.has('signal') || entries.has('command');
	if (!isWritten) return refuse(from, context, 'does not say how', 'write a signal or a command');
	if (entries.has('signal') && entries.has('command')) {
		return refuse(from, context, 'has both a signal and a command', 'keep one');
	}
	if (settings.signal !== null) return {signal: settings.signal};
	return settings.command ? {command: settings.command} : undefined;
}
