/**
 * The format of configs that have `programs:` at the top. Its words are those of taskmaster, what they mean is what
 * supervisord does: a program that ends before its `starttime` has failed to start and is tried again with growing
 * pauses, whatever its `autorestart`; one that ends later is started again at once, or not.
 */
import {signalName} from '../../core/signal-numbers.ts';
import type {Millis} from '../../core/time.ts';
import {byName, either, number, oneOrMore, someText, words} from '../accepts.ts';
import {command, key, optional, value} from '../key.ts';
import {overlay, type Rules} from '../merge.ts';
import {named, SCALE_MAX, SERVICES_MAX} from '../names.ts';
import type {ForeignFormat} from '../planning.ts';
import type {Place} from '../problems.ts';
import {readBy, readEnvironment, readListOf, refuse, refuseKind} from '../readers.ts';
import {absolutePath, duration, oneOf, signal, text, truth, parser, umask, user, whole, type Parse} from '../scalars.ts';
import {WHOLE} from '../schema/whole.ts';
import {isMissing, reader, readShape, shape, type Context, type Key, type Schema, type Settings, type Shape} from '../shape.ts';
import {isNothing, type Mapping, type Value} from '../values.ts';
import {list, literal, map, word} from './translation.ts';

const AUTORESTARTS = ['always', 'never', 'unexpected'] as const;

/** supervisord writes the first two as true and false. */
const autorestart: Parse<(typeof AUTORESTARTS)[number]> = parser(() => either(words(...AUTORESTARTS), truth.accepts()), word => {
	const flag = truth(word);
	return flag.ok ? {ok: true, value: flag.value ? 'always' : 'never'} : oneOf(AUTORESTARTS)(word);
});

const readPath = reader<string | null>(someText, readStream);

const stream = (help: string): Key<string | null> & {readonly takesNothing: true} =>
	({...key(readPath, 'path | null', 'archon\'s log', null, help, '/var/log/web.log'), takesNothing: true});

const PROGRAM = shape({
	cmd: command('required', 'program and arguments; quoted as in a shell, but run without one'),
	numprocs: key<number | null>(readBy(whole(1, SCALE_MAX)), 'number', '1', null, 'how many instances run: web:0, web:1, …', '4'),
	autostart: value(truth, 'true | false', 'true', 'false: it starts by archonctl only'),
	autorestart: value(
		autorestart, AUTORESTARTS.join(' | '), 'unexpected', 'after which exits it is restarted once it has been up',
	),
	exitcodes: key<readonly number[]>(reader(exitcodes, readExitcodes), 'number | list', '0', [0], 'exit statuses that are expected'),
	starttime: value(duration, 'seconds', '1', 'it is up when it has run this long; an earlier exit is a failed start'),
	startretries: value(whole(0, 1000), 'number', '3', 'consecutive failed starts that are retried'),
	stopsignal: value(signal, 'signal', 'TERM', 'asks it to exit'),
	stoptime: value(duration, 'seconds', '10', 'how long it has from then until KILL'),
	stdout: stream('appended to this file; null, none or discard: dropped'),
	stderr: stream('the same for stderr'),
	env: key(readEnvironment, 'map', 'empty', {}, 'added to archon\'s own environment'),
	workingdir: optional(absolutePath, 'path', 'archon\'s own', 'where it runs', '/srv/app'),
	umask: optional(umask, 'octal', 'archon\'s own', 'permissions that its new files do not get'),
	user: optional(user, 'name[:group] | uid[:gid]', 'archon\'s own', 'as whom it runs'),
}, {
	words: () => ({
		names: {
			cmd: 'command ExecStart exec',
			numprocs: 'scale replicas instances',
			autorestart: 'restart',
			starttime: 'startsecs start_period',
			stoptime: 'stopwaitsecs stop_grace_period stop_timeout',
			exitcodes: 'success_codes',
			stdout: 'stdout_logfile',
			stderr: 'stderr_logfile',
			env: 'environment',
			workingdir: 'directory cwd',
		},
	}),
});

const ROOT = shape({
	programs: key<ReadonlyMap<string, Program | null>>(
		reader(() => byName({shape: PROGRAM}), readPrograms), 'map by name', 'required', new Map(), 'what archon runs',
	),
	...WHOLE,
});

/** A program as it is written. */
interface Program {
	readonly name: string;
	readonly key: Place;
	readonly map: Mapping;
	readonly settings: Settings<typeof PROGRAM.keys>;
}

export const taskmaster: ForeignFormat & {readonly top: Shape; readonly maps: readonly (readonly [title: string, shape: Shape])[]} = {
	name: 'a taskmaster config',
	translate(inputs, _lookups, report) {
		const [first, ...rest] = inputs.flatMap(({root}) => root ?? []);
		const root = first && rest.reduce((lower, upper) => overlay(lower, upper, NO_RULES), first);
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const top = {source, offset: 0};
		if (root?.kind !== 'map') return {config: map(top, {}), untranslated: []};
		// A `$` has no meaning in this format.
		const {programs} = readShape(ROOT, root, {path: '', report, note() {}, environment: null});
		const whole = [...root.entries].flatMap(([name, {value}]) =>
			(Object.hasOwn(WHOLE, name) ? [[name, withoutVariables(value)] as const] : []));
		const services = [...programs].flatMap(([name, program]) => (program ? [[name, serviceOf(program)] as const] : []));
		return {
			config: map(root, new Map<string, Value>([
				...whole.filter(([name]) => name !== 'shutdown'),
				['shutdown', shutdownOf(root, whole.find(([name]) => name === 'shutdown')?.[1])],
				['services', map(root.entries.get('programs')?.value ?? root, new Map(services))],
			])),
			untranslated: [],
		};
	},
	top: ROOT,
	maps: [['programs.<name>, in a file with programs instead of services', PROGRAM]],
};

/** Of a file over another: maps key by key, all else replaced. */
const NO_RULES: Rules = {ofService: () => undefined, ofTop: () => undefined};

/** Placeholders keep their meaning. */
function withoutVariables(value: Value): Value {
	switch (value.kind) {
		case 'scalar': return {...value, text: value.text.replaceAll('$', '$$$$')};
		case 'list': return {...value, items: value.items.map(withoutVariables)};
		case 'map': {
			const entries = [...value.entries].map(([name, entry]) => [name, {...entry, value: withoutVariables(entry.value)}] as const);
			return {...value, entries: new Map(entries)};
		}
	}
}

/** supervisord keeps running, so that its programs can be started again. */
function shutdownOf(at: Place, written: Value | undefined): Value {
	const never = {key: at, value: word(at, 'never')};
	if (written?.kind !== 'map') return map(at, {when_idle: never.value});
	return written.entries.has('when_idle') ? written : {...written, entries: new Map([...written.entries, ['when_idle', never]])};
}

const POLICIES = {always: 'always', never: 'no', unexpected: 'on-failure'} as const;

function serviceOf({key: at, map: {entries}, settings}: Program): Value {
	const {cmd, numprocs, autostart, autorestart, exitcodes, starttime, startretries, stopsignal, stoptime, env, workingdir} = settings;
	const given = <T>(name: string, value: T | null, make: (place: Place, value: T) => Value): Value | undefined => {
		const place = entries.get(name)?.value;
		return place && value !== null && !isNothing(place) ? make(place, value) : undefined;
	};
	const written = (name: string): Value | undefined => given(name, '', place => literal(place, 'text' in place ? String(place.text) : ''));
	const output = (name: 'stdout' | 'stderr'): Value | undefined => {
		const place = entries.get(name)?.value;
		return place && (settings[name] === null ? word(place, 'none') : literal(place, settings[name]));
	};
	return map(at, {
		command: cmd ? commandOf(entries.get('cmd')?.value ?? {...at, kind: 'list', items: []}) : undefined,
		scale: given('numprocs', numprocs, word),
		user: written('user'),
		working_dir: given('workingdir', workingdir, literal),
		umask: written('umask'),
		environment: given('env', env, (place, variables) =>
			map(place, new Map(Object.entries(variables).map(([name, text]) => [name, literal(place, text)])))),
		autostart: autostart ? undefined : word(at, false),
		start_period: lapse(entries.get('starttime')?.value ?? at, starttime),
		restart: map(at, {
			policy: literal(entries.get('autorestart')?.value ?? at, POLICIES[autorestart]),
			counts: word(at, 'starts'),
			attempts: given('startretries', startretries, word),
		}),
		success_codes: given('exitcodes', exitcodes, (place, codes) => list(place, codes.map(code => word(place, code)))),
		stop_signal: given('stopsignal', stopsignal, (place, number) => word(place, signalName(number).replace(/^SIG/, ''))),
		stop_grace_period: lapse(entries.get('stoptime')?.value ?? at, stoptime),
		stdout: output('stdout'),
		stderr: output('stderr'),
	});
}

const lapse = (at: Place, length: Millis): Value => word(at, length % 1000 === 0 ? `${length / 1000}s` : `${length}ms`);

const textOf = (value: Value): Value => literal(value, value.kind === 'scalar' ? value.text : '');

const commandOf = (cmd: Value): Value => (cmd.kind === 'list' ? list(cmd, cmd.items.map(textOf)) : textOf(cmd));

function readPrograms(from: Value, context: Context): ReadonlyMap<string, Program | null> | undefined {
	if (from.kind !== 'map' && !isNothing(from)) return refuseKind(from, context, 'a map');
	if (from.kind !== 'map' || from.entries.size === 0) return refuse(from, context, 'is empty', 'write at least one program');
	if (from.entries.size > SERVICES_MAX) return refuse(from, context, `has more than ${SERVICES_MAX} programs`);
	const programs = new Map<string, Program | null>();
	for (const [name, {key: place, value: content}] of from.entries) {
		const inner = named(name, place, 'program', context);
		const map: Value = isNothing(content) ? {...place, kind: 'map', entries: new Map()} : content;
		if (map.kind !== 'map') {
			refuseKind(map, inner, 'a map');
			programs.set(name, null);
			continue;
		}
		if (isMissing(['cmd'], map, PROGRAM)) context.report(place, `${inner.path} has no cmd`, 'write what it runs');
		programs.set(name, {name, key: place, map, settings: readShape(PROGRAM, map, inner)});
	}
	return programs;
}

/** Null: what comes is dropped. */
function readStream(from: Value, context: Context): string | null | undefined {
	if (isNothing(from)) return null;
	const path = readBy(text)(from, context);
	return path !== undefined && ['none', 'discard', '/dev/null'].includes(path.toLowerCase()) ? null : path;
}

function exitcodes(): Schema {
	return oneOrMore(number('integer', 0, 255, String.raw`^\d{1,15}( *, *\d{1,15})*$`));
}

/** One, a list of them, or as supervisord writes them, with commas. */
function readExitcodes(from: Value, context: Context): readonly number[] | undefined {
	const isSeveral = from.kind === 'scalar' && from.text.includes(',');
	const items = isSeveral ? from.text.split(',').map(part => ({...from, text: part.trim()})) : [];
	return readListOf(readBy(whole(0, 255)))(isSeveral ? {...from, kind: 'list', items} : from, context);
}
