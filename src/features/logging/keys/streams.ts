/** `stdout`, `stderr`: files that a service writes to itself, beside `logging`, for which archon reads its lines. */
import {someText} from '../../../config/accepts.ts';
import type {ServiceGroup, Written} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import type {Planning} from '../../../config/planning.ts';
import {readBy} from '../../../config/readers.ts';
import {text} from '../../../config/scalars.ts';
import {reader, type Context, type Key, type Settings} from '../../../config/shape.ts';
import {isNothing, type Value} from '../../../config/values.ts';
import type {Stream} from './outputs.ts';

function stream(own: string, help: string): Key<Stream> & {readonly takesNothing: true} {
	const fallback = `as logging says; ${own} if the other one is written`;
	const made = key<Stream>(reader(someText, readStream), 'path | null', fallback, {kind: 'log'}, help, '/var/log/web.log');
	return {...made, takesNothing: true};
}

const KEYS = {
	stdout: stream('/dev/stdout', 'the service itself appends to this file, which is not rotated; nothing or none: it is dropped'),
	stderr: stream('/dev/stderr', 'the same for stderr'),
};

type Own = Settings<typeof KEYS>;

export const streams = {
	keys: KEYS,
	conflicts({path, map}: Written<Own & {readonly tty: boolean}>, {problems}: Planning) {
		const place = (map.entries.get('stdout') ?? map.entries.get('stderr'))?.key;
		if (!place) return;
		if (map.entries.has('logging')) problems.report(place, `${path} has both logging and a file of its own for its output`, 'choose one');
	},
} satisfies ServiceGroup;

function readStream(from: Value, context: Context): Stream | undefined {
	if (isNothing(from)) return {kind: 'file', path: null};
	const path = readBy(text)(from, context);
	if (path === undefined) return undefined;
	return {kind: 'file', path: ['none', 'discard', '/dev/null'].includes(path.toLowerCase()) ? null : path};
}
