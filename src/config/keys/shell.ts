/** `shell`: a command that is one line for a shell. */
import type {Service} from '../../core/service.ts';
import {either, textLike} from '../accepts.ts';
import type {ServiceGroup} from '../group.ts';
import {key} from '../key.ts';
import {readBy} from '../readers.ts';
import {absolutePath, truth} from '../scalars.ts';
import {reader, within, type Context, type Settings} from '../shape.ts';
import {kindOf, type Mapping, type Scalar, type Value, writtenAt} from '../values.ts';

const KEYS = {
	shell: key<string | null>(
		reader(() => either(truth.accepts(), textLike('^/', '/bin/bash')), readShell), 'true | false | path', 'false', null,
		'/bin/sh or this shell runs the command, which is text, as its line; stop_to is group then', 'true',
	),
};

export type Shell = Settings<typeof KEYS>;

/** Which processes signals go to: a shell may stand between archon and what its line runs. */
export const stopToOf = ({stop_to: written, shell}: Reaching): Service['stopTo'] => written ?? (shell === null ? 'main' : 'group');

export interface Reaching extends Shell {
	readonly stop_to: Service['stopTo'] | null;
}

export const shell = {
	keys: KEYS,
	words: () => ({others: [['use_shell', 'shell', 'write shell: true']]}),
} satisfies ServiceGroup;

const SHELL = '/bin/sh';

function readShell(from: Value, context: Context): string | null | undefined {
	if (from.kind === 'scalar' && from.text.startsWith('/')) return readBy(absolutePath)(from, context);
	const isSet = readBy(truth)(from, context);
	return isSet === undefined ? undefined : isSet ? SHELL : null;
}

/**
 * A service with its command as the words that run a shell with it, where `shell` asks for one: then all else takes it as any other
 * command. `shell` itself is read, and what is wrong with it told, with the other keys.
 */
export function withShell(map: Mapping, context: Context): Mapping {
	const written = writtenAt(map, 'shell');
	if (!written || written.value.kind !== 'scalar') return map;
	const {text} = written.value;
	const path = text.startsWith('/') ? text : truthOf(text) ? SHELL : null;
	if (path === null) return map;
	const refuse = (at: Value, why: string, hint: string): Mapping => {
		context.report(at, `${within(context, 'shell').path} ${why}`, hint);
		return map;
	};
	const entrypoint = writtenAt(map, 'entrypoint');
	if (entrypoint) return refuse(written.value, 'does not go with entrypoint', 'write all of it as command');
	const command = writtenAt(map, 'command');
	// That it is missing is told elsewhere.
	if (!command || 'isSpoilt' in command.value) return map;
	const {value} = command;
	if (value.kind !== 'scalar') {
		return refuse(value, `takes a command that is text, not ${kindOf(value)}`, 'write it as one text, or remove shell');
	}
	if (value.text.trim() === '') return map;
	const word = (text: string): Scalar => ({source: value.source, offset: value.offset, kind: 'scalar', text, plain: false});
	const items = [word(path), word('-c'), {...value, plain: false}];
	const line: Value = {source: value.source, offset: value.offset, kind: 'list', items};
	return {...map, entries: new Map([...map.entries, ['command', {...command, value: line}]])};
}

function truthOf(text: string): boolean {
	const parsed = truth(text);
	return parsed.ok && parsed.value;
}
