/** What `test` of a service may say, key by key; only a config that has it loads this. */
import type {Command, RunTest} from '../../../core/service.ts';
import {either} from '../../../config/accepts.ts';
import {command, list, optional, value} from '../../../config/key.ts';
import {readCommand, refuse} from '../../../config/readers.ts';
import {lapse, text} from '../../../config/scalars.ts';
import {isMissing, readShape, shape, type Context, type Schema} from '../../../config/shape.ts';
import {isNothing, withoutNothing, type Value} from '../../../config/values.ts';

export const TEST = shape({
	command: command('none', 'program and arguments: exits with 0 where it is to run, with another status where it is not'),
	exe: optional(text, 'path', 'none', 'the program alone', '/usr/bin/test'),
	args: list(text, 'list', 'its arguments', '["-f", /etc/web.on]'),
	interval: optional(
		lapse, 'duration', 'none',
		'from one time that it is asked to the next; else at boot, by a reload that changes it, and by archonctl trigger', '30s',
	),
	timeout: value(lapse, 'duration', '10s', 'after this it is ended, and its service stays as it is'),
}, {
	words: () => ({
		names: {
			command: 'cmd exec test test_command', exe: 'program', args: 'arguments', interval: 'period every periodSeconds',
			timeout: 'timeoutSeconds',
		},
	}),
});

const DEFAULT_TIMEOUT = TEST.keys.timeout.initial;

export const accepts = (): Schema => either(readCommand.accepts(), {shape: TEST});

export function readTest(from: Value, context: Context): RunTest | undefined {
	if (isNothing(from)) return undefined;
	if (from.kind !== 'map') {
		const command = readCommand(from, context);
		return command && {command, interval: null, timeout: DEFAULT_TIMEOUT};
	}
	const {command, exe, args, interval, timeout} = readShape(TEST, from, context);
	const {entries} = withoutNothing(from);
	if (entries.has('command') && (entries.has('exe') || entries.has('args'))) {
		const other = entries.has('exe') ? 'exe' : 'args';
		return refuse(entries.get(other)?.key ?? from, context, `has both command and ${other}`, 'keep command, or exe and args');
	}
	const words: Command | null = command ?? (exe === null ? null : [exe, ...args]);
	if (words) return {command: words, interval, timeout};
	if (entries.has('command') || entries.has('exe')) return undefined;
	return isMissing(['command', 'exe'], from, TEST) ? refuse(from, context, 'has no command') : undefined;
}
