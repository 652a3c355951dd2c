/**
 * The format of configs that have `programs:` at the top. Its words are those of taskmaster, what they mean is what
 * supervisord does: a program that ends before its `starttime` has failed to start and is tried again with growing
 * pauses, whatever its `autorestart`; one that ends later is started again at once, or not.
 */
import {exec, NO_ENDS, RESTART, service} from '../../core/defaults.ts';
import type {Output, RestartPolicy, Service} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import {byName, either, number, oneOrMore, someText, words} from '../accepts.ts';
import {command, key, optional, value} from '../key.ts';
import {noteHurried} from '../keys/stop.ts';
import {INSTANCE, instancesOf, judgeCount, named, SCALE_MAX, SERVICES_MAX} from '../names.ts';
import {judgeFiles, planOutput} from '../../features/logging/keys/outputs.ts';
import type {Draft, Format, Planning} from '../planning.ts';
import type {Place} from '../problems.ts';
import {readBy, readEnvironment, readListOf, refuse, refuseKind} from '../readers.ts';
import {duration, oneOf, signal, text, truth, parser, umask, user, whole, type Parse} from '../scalars.ts';
import {planWhole, WHOLE} from '../schema/whole.ts';
import {isMissing, reader, readShape, shape, type Context, type Schema, type Settings} from '../shape.ts';
import {reportUser} from '../users.ts';
import {isNothing, type Mapping, type Value} from '../values.ts';

const AUTORESTARTS = ['always', 'never', 'unexpected'] as const;

/** supervisord writes the first two as true and false. */
const autorestart: Parse<(typeof AUTORESTARTS)[number]> = parser(() => either(words(...AUTORESTARTS), truth.accepts()), word => {
	const flag = truth(word);
	return flag.ok ? {ok: true, value: flag.value ? 'always' : 'never'} : oneOf(AUTORESTARTS)(word);
});

const stream = (help: string) =>
	({...streamKey(help), takesNothing: true} as const);
const streamKey = (help: string) =>
	key<Stream>(reader(someText, readStream), 'path | null', 'archon\'s log', {kind: 'log'}, help, '/var/log/web.log');

/** Where a stream leads: a file, nowhere (null), or the log where nothing is written. */
type Stream = {readonly kind: 'log'} | {readonly kind: 'file'; readonly path: string | null};

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
	workingdir: optional(text, 'path', 'archon\'s own', 'where it runs', '/srv/app'),
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

export const taskmaster: Format = {
	plan: planPrograms,
	top: ROOT,
	maps: [['programs.<name>, in a file with programs instead of services', PROGRAM]],
};

function planPrograms(root: Mapping, planning: Planning): Draft {
	const {problems, notes, lookups: {findUser}, hasCommand} = planning;
	// A `$` has no meaning in this format.
	const context: Context = {path: '', report: problems.report, note: notes.gather, environment: null};
	const settings = readShape(ROOT, root, context);
	const {programs: read, archon, shutdown} = settings;
	const scales = new Map([...read].map(([name, program]) => [name, program?.settings.numprocs ?? 1]));
	const whole = planWhole(settings, {scales, report: problems.report});
	const programs = [...read.values()].filter(program => program !== null);
	const count = programs.reduce((sum, {settings}) => sum + (settings.numprocs ?? 1), 0);
	const usual = (name: string): Output => planOutput(null, archon, name, {isAlone: count === 1 && !hasCommand, tty: false});
	for (const {name, map, settings: {stoptime: grace}} of programs) {
		const place = map.entries.get('stoptime')?.value;
		if (place) noteHurried(name, {place, key: 'stoptime', grace}, whole.shutdownGrace, notes.gather);
	}
	for (const {name, map, settings: {user: owner}} of programs) {
		const found = owner && findUser(owner);
		const written = map.entries.get('user');
		if (found && !found.ok && written) reportUser(planning, written.value, `programs.${name}.user`, found.error);
	}
	const isTooMany = judgeCount(programs.map(({name, key: at, map, settings: {numprocs}}) =>
		({path: `programs.${name}`, place: map.entries.get('numprocs')?.value ?? at, scale: numprocs ?? 1})), problems.report);
	const services = isTooMany ? [] : programs.flatMap(({name, settings}) => makeServices(name, settings, usual));
	const written = new Map(programs.map(({name, key: place, map}) => [name, {path: `programs.${name}`, key: place, map}]));
	judgeFiles(root, services, name => written.get(name), whole.events, problems.report);
	// supervisord keeps running, so that its programs can be started again.
	const whenIdle = shutdown.when_idle ?? 'never';
	return {...whole, whenIdle, services, names: new Map(programs.map(({name, key: place}) => [name, place]))};
}

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

function makeServices(name: string, settings: Settings<typeof PROGRAM.keys>, usual: (name: string) => Output): readonly Service[] {
	const {cmd: argv, numprocs, env, umask: mask, user: owner, workingdir: cwd} = settings;
	if (!argv) return [];
	return instancesOf(name, numprocs ?? 1).map((each, index) => ({
		...service(each, argv),
		autostart: settings.autostart,
		startPeriod: settings.starttime,
		restart: restartPolicy(settings),
		stop: {signal: settings.stopsignal, grace: settings.stoptime},
		exec: {
			...exec(argv),
			environment: numprocs === null ? env : {...env, [INSTANCE]: String(index)},
			cwd, user: owner, umask: mask,
			output: outputOf(settings, usual(each)),
		},
	}));
}

const POLICIES = {always: 'always', never: 'no', unexpected: 'on-failure'} as const;

/** supervisord waits 1 s, 2 s, 3 s, … between failed starts, and never between other restarts. */
const STEP: Millis = 1000;

const restartPolicy = ({autorestart: word, exitcodes, startretries}: Settings<typeof PROGRAM.keys>): RestartPolicy => ({
	...RESTART,
	policy: POLICIES[word], growth: 'linear', delay: STEP, maxDelay: Infinity,
	attempts: startretries, counts: 'starts', window: Infinity,
	success: {codes: exitcodes, signals: []},
	fatal: NO_ENDS,
});

function outputOf({stdout, stderr}: Settings<typeof PROGRAM.keys>, otherwise: Output): Output {
	if (stdout.kind === 'log' && stderr.kind === 'log') return otherwise;
	return {
		kind: 'files',
		stdout: stdout.kind === 'file' ? stdout.path : '/dev/stdout',
		stderr: stderr.kind === 'file' ? stderr.path : '/dev/stderr',
	};
}

function readStream(from: Value, context: Context): Stream | undefined {
	if (isNothing(from)) return {kind: 'file', path: null};
	const path = readBy(text)(from, context);
	if (path === undefined) return undefined;
	return {kind: 'file', path: ['none', 'discard', '/dev/null'].includes(path.toLowerCase()) ? null : path};
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
