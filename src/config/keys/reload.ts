/** `reload`: how a service is told to reload its configuration. */
import type {Service} from '../../core/service.ts';
import {either} from '../accepts.ts';
import type {Advising, Part, ServiceGroup, Written} from '../group.ts';
import {command, key, optional} from '../key.ts';
import {oneWayOf} from '../merge.ts';
import {readBy, refuse, refuseKind} from '../readers.ts';
import {signal} from '../scalars.ts';
import {reader, readShape, shape, type Context, type Settings} from '../shape.ts';
import {withoutNothing, type Value} from '../values.ts';
import {noteWrapped} from '../wrappers.ts';
import type {Reaching} from './shell.ts';

const RELOAD = shape({
	signal: optional(signal, 'signal', 'none', 'tells it to reload its configuration'),
	command: command('none', 'or this command does'),
});

const KEYS = {
	reload: key<Service['reload']>(
		reader(() => either(signal.accepts(), {shape: RELOAD}), readReload),
		'signal | map with signal or command', 'none', null, 'how it is told to reload its configuration',
	),
};

type Own = Settings<typeof KEYS>;

export const reload = {
	keys: KEYS,
	maps: [['services.<name>.reload', RELOAD]],
	merge: {reload: oneWayOf('signal', 'command')},
	words: () => ({names: {reload: 'ExecReload'}}),
	advise(service: Written<Own & Reaching>, advising: Advising) {
		const {settings: {reload}} = service;
		if (reload && 'signal' in reload) noteWrapped(service, 'reload', advising);
	},
	plan: ({reload}: Own): Part => ({reload}),
} satisfies ServiceGroup;

function readReload(from: Value, context: Context): Service['reload'] | undefined {
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
