/** What may be said of commands at the turns of a service's life: `post_start`, `pre_stop`, `reload`. */
import type {Command, Service} from '../core/model.ts';
import {command, key, optional} from './keys.ts';
import {readBy, readCommand, readListOf, refuse, refuseKind} from './readers.ts';
import {signal} from './scalars.ts';
import {readShape, shape, type Context, type Key} from './shape.ts';
import {withoutNothing, type Value} from './values.ts';

/** compose can have other users, directories and variables for each; here a hook has its service's. */
export const HOOK = shape({
	command: command('required', 'program and arguments'),
}, new Set(), new Set(['user', 'privileged', 'working_dir', 'environment']));

export const RELOAD = shape({
	signal: optional(signal, 'signal', 'none', 'tells it to read its config anew'),
	command: command('none', 'or this command does'),
});

export const hook = (help: string): Key<readonly Command[]> =>
	key<readonly Command[]>(readListOf(readHook), 'list of words or maps with a command', 'empty', [], help);

function readHook(from: Value, context: Context): Command | undefined {
	if (from.kind !== 'map') return readCommand(from, context);
	const hook = readShape(HOOK, from, context);
	if (hook.command) return hook.command;
	return from.entries.has('command') ? undefined : refuse(from, context, 'has no command');
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
