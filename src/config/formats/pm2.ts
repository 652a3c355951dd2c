/** pm2's ecosystem file: apps, as JSON, YAML, or a JavaScript file that is plain data. */
import {splitWords} from '../../core/words.ts';
import {basename, resolve} from '../../core/path.ts';
import {SCALE_MAX} from '../names.ts';
import type {ForeignFormat, Untranslated} from '../planning.ts';
import type {Place} from '../problems.ts';
import type {Mapping, Scalar, Value} from '../values.ts';
import {fieldsOf, type Fields} from './fields.ts';
import {faultIn, scheduleOf} from './schedules.ts';
import {readLiterals} from './literals.ts';
import {list, literal, map, word, written} from './translation.ts';

type Tell = (at: Place, key: string, why: string) => void;

export const pm2: ForeignFormat = {
	name: 'a pm2 ecosystem file',
	translate(inputs, {directory}, report) {
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const top = {source, offset: 0};
		const untranslated: Untranslated[] = [];
		const services = new Map<string, Mapping>();
		const groups = new Map<string, Value[]>();
		for (const {source, root} of inputs) {
			const value = root ?? readLiterals(source, report);
			if (!value) continue;
			if (value.kind !== 'map') {
				report(value, 'an ecosystem file must be a map with apps');
				continue;
			}
			const file = fieldsOf(value, '', report);
			const apps = file.any('apps');
			// What it copies to other machines is no matter of what runs here.
			file.any('deploy');
			for (const item of apps?.kind === 'list' ? apps.items : apps ? [apps] : []) {
				if (item.kind !== 'map') {
					report(item, 'an app must be a map');
					continue;
				}
				const app = fieldsOf(item, 'apps', report);
				const script = app.text('script') ?? app.text('cmd');
				const name = serviceName(app.text('name')?.text ?? (script ? basename(script.text).replace(/\.[a-z]+$/, '') : 'app'));
				if (services.has(name)) report(item, `there are two apps ${name}`, 'rename one of them');
				if (!script) report(item, `app ${name} has no script`, 'pm2 wants it in every app');
				const tell: Tell = (at, key, why) => void untranslated.push({at, key, service: name, why});
				if (script) services.set(name, serviceOf(app, script, directory, tell));
				const namespace = app.text('namespace');
				if (namespace && namespace.text !== 'default') groups.set(namespace.text, [...groups.get(namespace.text) ?? [], word(namespace, name)]);
			}
			for (const [key, {key: at}] of file.left()) untranslated.push({at, key, service: null, why: UNKNOWN});
		}
		const grouped = new Map([...groups].filter(([name]) => !services.has(name)).map(([name, members]) => [name, list(top, members)]));
		return {config: map(top, {
			// pm2-runtime ends when no app is online.
			shutdown: map(top, {when_idle: word(top, 'always')}),
			groups: grouped.size > 0 ? map(top, grouped) : undefined,
			services: map(top, services),
		}), untranslated};
	},
};

const serviceName = (name: string): string => name.replace(/[^A-Za-z0-9_.-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'app';

const UNKNOWN = 'pm2 does not know it either, or archon has nothing like it';
const TIMES = 'archonctl logs shows the time of each line';

/** Null: it changes nothing here. */
const REASONS: Readonly<Record<string, string | null>> = {
	watch: 'write watch: [{path: …, exclude: […]}] in the service', ignore_watch: null, watch_delay: null, watch_options: null,
	max_memory_restart: 'archon does not restart what has grown; ulimits: {as: BYTES} limits it',
	wait_ready: 'a message by process.send is not heard: write ready, with http, tcp, log or notify',
	listen_timeout: 'it goes with wait_ready: write start_timeout',
	shutdown_with_message: 'a message by process.send is not sent: the app is sent SIGINT',
	increment_var: 'write {instance} in a variable, which is its number from 0', filter_env: 'write environment_base',
	log_date_format: TIMES, time: TIMES, log_type: 'write logging: json', log: null,
	log_file: 'write logging: {driver: file}, for both streams',
	combine_logs: null, merge_logs: null, disable_logs: null, force: null, vizion: null, pmx: null, automation: null, trace: null,
	source_map_support: null, disable_source_map_support: null, instance_var: null, append_env_to_name: null, treekill: null,
	pid_file: null, pid: null,
	post_update: null, deep_monitoring: null, name: null, namespace: null, exp_backoff_restart_delay: null, version: null,
};

function serviceOf(app: Fields, script: Scalar, directory: () => string, tell: Tell): Mapping {
	const {at} = app;
	const instances = instancesOf(app, tell);
	const [uid, gid] = [app.text('uid') ?? app.text('user'), app.text('gid')];
	const cwd = app.text('cwd');
	const environment = new Map([...app.variables('env') ?? []].map(([name, value]): [string, Value] => [name, literal(value, value.text)]));
	if (instances) environment.set('NODE_APP_INSTANCE', written(instances, '{instance}'));
	const timeout = app.text('kill_timeout');
	const codes = app.any('stop_exit_codes');
	const isKept = app.has('treekill') && !app.flag('treekill');
	const config = map(at, {
		command: commandOf(app, script),
		scale: instances,
		user: uid && literal(uid, gid ? `${uid.text}:${gid.text}` : uid.text),
		working_dir: cwd && !/^\.?\/?$/.test(cwd.text) ? literal(cwd, resolve(directory(), cwd.text)) : undefined,
		environment: environment.size > 0 ? map(at, environment) : undefined,
		restart: restartOf(app),
		success_codes: codes && withZero(codes),
		fatal_codes: codes ?? list(at, []),
		schedule: scheduleFor(app, tell),
		stop_signal: word(at, 'INT'),
		stop_grace_period: timeout ? milliseconds(timeout) : word(at, '1600ms'),
		stop_to: isKept ? undefined : word(at, 'group'),
		kill_mode: isKept ? word(at, 'main') : undefined,
		logging: loggingOf(app, instances !== undefined),
	});
	const mode = app.text('exec_mode');
	if (mode && /^cluster/.test(mode.text)) {
		tell(mode, 'exec_mode', 'instances do not share a port: each listens at its own, as PORT: "300{instance}", or with SO_REUSEPORT');
	}
	for (const [key, {key: place, value}] of app.left()) {
		if (value.kind === 'scalar' && (value.text === 'false' || value.text === '')) continue;
		const isOther = /^env_/.test(key);
		const why = isOther ? 'pm2 takes it with --env: lay a file with these variables over this one' : key in REASONS ? REASONS[key] : UNKNOWN;
		if (why) tell(place, key, why);
	}
	return config;
}

/** The programs that run a script without another word, by its ending. */
const INTERPRETERS: Readonly<Record<string, string>> = {
	js: 'node', cjs: 'node', mjs: 'node', sh: 'bash', py: 'python3', rb: 'ruby', php: 'php', pl: 'perl', ts: 'ts-node', coffee: 'coffee',
};

function commandOf(app: Fields, script: Scalar): Value {
	const interpreter = app.text('interpreter') ?? app.text('exec_interpreter');
	const args = [...wordsOf(app.any('interpreter_args') ?? app.any('node_args')), ...[literal(script, script.text)]];
	const further = wordsOf(app.any('args'));
	const isLine = /\s/.test(script.text.trim()) && !interpreter;
	if (isLine) return list(script, [word(script, 'bash'), word(script, '-c'), literal(script, script.text)]);
	const ending = /\.([a-z]+)$/.exec(script.text)?.[1] ?? '';
	const program = interpreter?.text ?? INTERPRETERS[ending] ?? 'none';
	const all = program === 'none' ? [literal(script, script.text), ...further] : [literal(script, program), ...args, ...further];
	return list(script, all);
}

/** Words, or a line of them. */
function wordsOf(value: Value | undefined): readonly Value[] {
	if (value?.kind === 'list') return value.items.flatMap(item => (item.kind === 'scalar' ? [literal(item, item.text)] : []));
	if (value?.kind !== 'scalar') return [];
	const words = splitWords(value.text);
	return (words.ok ? words.value : value.text.split(' ')).map(each => literal(value, each));
}

function instancesOf(app: Fields, tell: Tell): Scalar | undefined {
	const given = app.text('instances');
	if (!given) return undefined;
	const count = Number(given.text);
	if (Number.isInteger(count) && count >= 1 && count <= SCALE_MAX) return count === 1 ? undefined : word(given, count);
	tell(given, 'instances', 'archon does not count processors: write scale: N');
	return undefined;
}

const DELAY_MAX = '15s';

/** 0 switches it off. */
function scheduleFor(app: Fields, tell: Tell): Value | undefined {
	const cron = app.text('cron_restart') ?? app.text('cron');
	if (!cron || cron.text === '0' || cron.text === '') return undefined;
	const fault = faultIn(cron.text);
	if (fault !== null) tell(cron, 'cron_restart', fault);
	return fault === null ? scheduleOf(cron, {cron: cron.text}, {action: word(cron, 'restart')}) : undefined;
}

function restartOf(app: Fields): Value {
	const {at} = app;
	if (app.has('autorestart') && !app.flag('autorestart')) return written(at, 'no');
	const [delay, backoff] = [app.text('restart_delay'), app.text('exp_backoff_restart_delay')];
	const growing = backoff && {growth: word(at, 'exponential'), factor: word(at, '1.5'), max_delay: word(at, DELAY_MAX)};
	const [most, uptime] = [app.text('max_restarts'), app.text('min_uptime')];
	return map(at, {
		policy: word(at, 'always'), delay: backoff ? milliseconds(backoff) : delay ? milliseconds(delay) : word(at, '0s'), ...growing,
		attempts: most ? word(most, Math.min(Number(most.text) || 0, 1000)) : word(at, 16), window: word(at, 'unlimited'),
		reset_after: uptime ? milliseconds(uptime) : word(at, '1s'),
	});
}

/** A bare number is milliseconds; else it is `10s`, `1m` or `1h`. */
const milliseconds = (given: Scalar): Value => word(given, /^\d+$/.test(given.text) ? `${given.text}ms` : given.text);

function withZero(codes: Value): Value {
	const items = codes.kind === 'list' ? codes.items : [codes];
	return list(codes, [word(codes, 0), ...items.filter(item => !(item.kind === 'scalar' && item.text === '0'))]);
}

/** Files of pm2 are not rotated; with several instances each has its own, unless they are merged. */
function loggingOf(app: Fields, isSeveral: boolean): Value | undefined {
	const {at} = app;
	const isMerged = app.flag('merge_logs') || app.flag('combine_logs');
	const streams = (['stdout', 'stderr'] as const).map(stream => {
		const own = stream === 'stdout' ? 'out' : 'error';
		return {stream, path: app.text(`${own}_file`) ?? app.text(stream === 'stdout' ? 'output' : 'error') ?? app.text(own)};
	});
	const written = streams.flatMap(({stream, path}) => (path ? [{stream, path}] : []));
	if (written.length === 0) return undefined;
	const drivers = streams.flatMap(({stream, path}): Value[] => {
		const only = {streams: word(at, stream)};
		if (!path) return [map(at, {driver: word(at, 'prefix'), options: map(at, only)})];
		if (/^(?:\/dev\/null|null)$/i.test(path.text)) return [];
		if (/^\/(?:dev|proc)\//.test(path.text)) return [map(path, {driver: word(path, 'inherit'), options: map(path, only)})];
		const options = {'path': pathOf(path, isSeveral && !isMerged), 'max-size': word(path, 'unlimited'), ...only};
		return [map(path, {driver: word(path, 'file'), options: map(path, options)})];
	});
	const [first] = drivers;
	return drivers.length > 1 ? list(at, drivers) : first ?? word(at, 'none');
}

function pathOf(path: Scalar, isNumbered: boolean): Value {
	const [, stem = path.text, ending = ''] = /^(.*?)(\.[a-z]+)?$/.exec(path.text) ?? [];
	return isNumbered ? written(path, `${stem.replaceAll('$', '$$$$')}-{instance}${ending}`) : literal(path, path.text);
}
