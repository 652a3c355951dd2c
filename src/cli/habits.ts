/**
 * What people type who know other supervisors. Where archon has the same it is done; where it has something else, that is
 * named, and nothing is done. Commands of archon's own names are no habits: `start`, `stop`, `logs` and so on.
 */

/** What is to be done instead, or what to say. */
export type Habit =
	| {readonly kind: 'do'; readonly words: readonly string[]}
	| {readonly kind: 'say'; readonly text: string};

export interface HabitRow {
	readonly name: string;
	/** Whose word it is. */
	readonly of: string;
	/** For the page: what is done, or what is said. */
	readonly means: string;
	readonly answer: (rest: readonly string[]) => Habit;
}

const as = (...words: readonly string[]) => (rest: readonly string[]): Habit => ({kind: 'do', words: [...words, ...rest]});

/** The same command under another name. */
const same = (name: string, of: string, ...words: readonly string[]): HabitRow =>
	({name, of, means: `does \`archonctl ${words.join(' ')}\``, answer: as(...words)});

/** Something else, which the text names. */
const other = (name: string, of: string, text: string): HabitRow => ({name, of, means: text, answer: () => ({kind: 'say', text})});

const own = (name: string, of: string, means: string, answer: HabitRow['answer']): HabitRow => ({name, of, means, answer});

const withNames = (rest: readonly string[]): readonly string[] => rest.some(word => !word.startsWith('-')) ? rest : [...rest, 'all'];

const without = (words: readonly string[], ...dropped: readonly string[]): readonly string[] =>
	words.filter(word => !dropped.includes(word));

const SUPERVISOR = 'supervisorctl';
const SYSTEMD = 'systemctl';
const COMPOSE = 'docker compose, process-compose';
const DINIT = 'dinitctl';
const RUNIT = 'sv';
const PM2 = 'pm2';

const IN_CONFIG = 'the config says which services there are: change it, then archonctl reload';
const ENABLED = 'whether a service starts with the container is said by its key autostart (archonctl config NAME), then archonctl reload';

/** `tail -f web stderr` as `logs` says it. */
function tail(rest: readonly string[]): Habit {
	const bytes = rest.find(word => /^-\d+$/.test(word));
	if (bytes !== undefined) {
		return {kind: 'say', text: `counts bytes in supervisorctl; archonctl logs -n ${bytes.slice(1)} NAME shows that many lines`};
	}
	const [last = ''] = rest.slice(-1);
	const hasStream = rest.length > 1 && (last === 'stdout' || last === 'stderr');
	const words = hasStream ? ['--stream', last, ...rest.slice(0, -1)] : rest;
	return {kind: 'do', words: ['logs', ...rest.some(word => word.startsWith('-n')) ? [] : ['-n', '10'], ...words]};
}

/** `process list`, as process-compose groups its commands. */
function grouped(rest: readonly string[]): Habit {
	const [verb = 'list', ...more] = rest;
	const words = ({list: ['status'], get: ['status'], logs: ['logs'], start: ['start'], stop: ['stop'], restart: ['restart']} as const)[verb];
	return words ? {kind: 'do', words: [...words, ...more]} : {kind: 'say', text: IN_CONFIG};
}

/** Of compose it ends all, of runit what it names. */
const down = (rest: readonly string[]): Habit => rest.some(word => !word.startsWith('-'))
	? {kind: 'do', words: ['stop', ...rest]}
	: {kind: 'say', text: 'archonctl stop all stops all services, archonctl shutdown ends the container with them'};

export const HABITS: readonly HabitRow[] = [
	own('tail', SUPERVISOR, 'does `archonctl logs -n 10`, with `-f` if that is given; a number of bytes is refused', tail),
	own('maintail', SUPERVISOR, 'does `archonctl logs -n 10 archon`', rest => tail([...rest, 'archon'])),
	same('avail', SUPERVISOR, 'status'),
	same('fg', SUPERVISOR, 'attach'),
	same('reread', SUPERVISOR, 'plan'),
	own('update', SUPERVISOR, 'does `archonctl reload`', rest => rest.length === 0 || rest.join() === 'all'
		? {kind: 'do', words: ['reload']}
		: {kind: 'say', text: 'archonctl reload puts the whole config in force; archonctl plan shows before what would change'}),
	other('add', SUPERVISOR, IN_CONFIG),
	other('remove', SUPERVISOR, IN_CONFIG),
	other('clear', SUPERVISOR, 'archon clears no logs: they are rotated by logging.options.max-size, or by logrotate and archonctl reopen'),
	other('open', SUPERVISOR, 'archonctl -H tcp://HOST:PORT reaches another archon'),
	same('list-units', SYSTEMD, 'status'),
	same('list-dependencies', SYSTEMD, 'graph'),
	same('cat', SYSTEMD, 'config'),
	other('daemon-reload', SYSTEMD, 'archonctl reload reads the config and restarts what has changed; archonctl plan shows that before'),
	other('show', SYSTEMD, 'archonctl status --json NAME shows how it is, archonctl config NAME how it is made'),
	other('enable', SYSTEMD, ENABLED),
	other('disable', SYSTEMD, ENABLED),
	other('is-enabled', SYSTEMD, ENABLED),
	other('mask', SYSTEMD, ENABLED),
	other('unmask', SYSTEMD, ENABLED),
	other('edit', SYSTEMD, IN_CONFIG),
	other('kill', SYSTEMD, 'archonctl signal KILL NAME sends one signal; archonctl stop NAME ends a service and all that it made'),
	other('reset-failed', SYSTEMD, 'archonctl start NAME tries a failed service again'),
	other('try-restart', SYSTEMD, 'archonctl restart NAME also starts what is down; archonctl status NAME tells before'),
	other('reload-or-restart', SYSTEMD, 'archonctl reload NAME tells a service to read its config, archonctl restart NAME restarts it'),
	other('is-system-running', SYSTEMD, 'archonctl health tells whether all is well'),
	other('poweroff', SYSTEMD, 'archonctl shutdown ends the container'),
	other('halt', SYSTEMD, 'archonctl shutdown ends the container'),
	own('ps', COMPOSE, 'does `archonctl status`', rest => ({kind: 'do', words: ['status', ...without(rest, '-a', '--all')]})),
	own('up', COMPOSE, 'does `archonctl start`, of all if none is named; `sv up web` as well', rest =>
		({kind: 'do', words: ['start', ...withNames(without(rest, '-d', '--detach'))]})),
	own('down', COMPOSE, 'with names, as `sv down`, does `archonctl stop`; without names it is refused', down),
	own('process', COMPOSE, '`process list`, `start`, `stop`, `restart` and `logs` are archonctl\'s `status`, `start` and so on', grouped),
	other('exec', COMPOSE, 'archonctl run -- COMMAND runs a command under archon'),
	other('pause', COMPOSE, 'archonctl signal STOP NAME stops its main process, archonctl signal CONT NAME lets it go on'),
	other('unpause', COMPOSE, 'archonctl signal CONT NAME lets it go on'),
	other('scale', COMPOSE, 'the key scale of a service says how many instances it has: change it, then archonctl reload'),
	other('rm', COMPOSE, IN_CONFIG),
	same('list', `${DINIT}, ${PM2}`, 'status'),
	same('ls', PM2, 'status'),
	same('jlist', PM2, 'status', '--json'),
	same('release', DINIT, 'auto'),
	same('catlog', DINIT, 'logs'),
	same('is-started', DINIT, 'is-active'),
	same('boot-time', DINIT, 'blame'),
	other('wake', DINIT, 'archonctl start NAME starts a service, and it stays started'),
	other('unpin', DINIT, 'archonctl auto NAME gives the decision back to the config'),
	same('listall', 's6-rc', 'status'),
	same('diff', 's6-rc', 'plan'),
	...[['hup', 'HUP'], ['cont', 'CONT'], ['alarm', 'ALRM'], ['interrupt', 'INT'], ['term', 'TERM']].map(([name = '', signal = '']) =>
		same(name, RUNIT, 'signal', signal)),
	other('once', RUNIT, 'the key restart of a service says whether it is started again'),
	other('force-stop', RUNIT, 'archonctl stop NAME kills what does not end within its stop_grace_period'),
	same('monit', PM2, 'top'),
	same('sendSignal', PM2, 'signal'),
	same('reloadLogs', PM2, 'reopen'),
	same('ping', PM2, 'version'),
	other('describe', PM2, 'archonctl status --json NAME shows how it is, archonctl config NAME how it is made'),
	other('delete', PM2, IN_CONFIG),
	other('flush', PM2, 'archon clears no logs: they are rotated by logging.options.max-size'),
	other('startup', PM2, 'archon is started as the container\'s ENTRYPOINT'),
	other('save', PM2, 'the config is a file, and archonctl config shows all of what is in force'),
	other('resurrect', PM2, 'the config is a file that is read at each start'),
];

/** null: nobody's habit that is known here. */
export const habitOf = (name: string, rest: readonly string[]): Habit | null =>
	HABITS.find(habit => habit.name === name)?.answer(rest) ?? null;
