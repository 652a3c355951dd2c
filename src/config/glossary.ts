/** What other supervisors and runtimes call what archon has: hints for keys that are not known. */
import {RESOURCES} from '../core/linux.ts';

/** What somebody meant by a word. */
export interface Meaning {
	/** Archon's key for it; null: it has none. */
	readonly key: string | null;
	readonly hint: string;
}

/** Meanings by words, in lower case and without `-`, `_` and `.`: few programs agree on those. */
export type Glossary = ReadonlyMap<string, Meaning>;

/** A word as glossaries have it. */
export const bare = (word: string): string => word.toLowerCase().replace(/[-_. ]/g, '');

/** Made when somebody has to be told something: most configs know all words. */
function lazily(make: () => Glossary): () => Glossary {
	let made: Glossary | undefined;
	return () => made ??= make();
}

type Others = readonly (readonly [words: string, key: string | null, hint: string])[];

/** Of keys with the words of others for the same thing; and of words that take more than another name. */
function glossary(same: Readonly<Record<string, string>>, others: Others = []): Glossary {
	const split = (words: string): readonly string[] => words.split(' ').map(bare);
	return new Map([
		...Object.entries(same).flatMap(([key, words]) => split(words).map(word => [word, {key, hint: `archon calls it ${key}`}] as const)),
		...others.flatMap(([words, key, hint]) => split(words).map(word => [word, {key, hint}] as const)),
	]);
}

/** Of supervisord, systemd, s6, runit, dinit, pm2, process-compose, pebble, monit, Kubernetes and docker run. */
export const SERVICE_WORDS = lazily(() => glossary({
	command: 'cmd exec ExecStart run script program startCommand startProgram',
	working_dir: 'directory cwd workdir WorkingDirectory chdir dir',
	environment: 'env envs vars variables environ',
	env_file: 'EnvironmentFile env_files dotenv',
	user: 'uid runAs runAsUser username',
	group_add: 'groups SupplementaryGroups',
	scale: 'numprocs instances replicas count',
	stop_signal: 'KillSignal killsig down-signal term-signal',
	stop_grace_period:
		'stopwaitsecs stop_timeout stopTime TimeoutStopSec kill_timeout kill-delay timeout-kill grace_period graceful_timeout '
		+ 'shutdown_timeout terminationGracePeriodSeconds',
	start_period: 'startsecs startTime',
	start_timeout: 'TimeoutStartSec timeout-up listen_timeout',
	success_codes: 'exitcodes SuccessExitStatus expected_exit_codes stop_exit_codes',
	restart_on: 'RestartForceExitStatus',
	fatal_codes: 'RestartPreventExitStatus',
	depends_on: 'requires Requisite BindsTo dependencies needs depends-ms',
	wants: 'waits-for',
	healthcheck: 'liveness_probe health',
	ready: 'readiness_probe readiness',
	essential: 'flag-essential',
	post_start: 'ExecStartPost',
	pre_start: 'ExecStartPre before_start',
	post_stop: 'finish ExecStopPost after_stop',
	reload: 'ExecReload',
	watchdog: 'WatchdogSec',
	oom_score_adj: 'OOMScoreAdjust',
	cap_add: 'AmbientCapabilities capabilities',
	cgroup: 'slice',
	tty: 'is_tty',
	stdin_open: 'stdin interactive is_interactive',
	logging: 'log_driver log logs',
	profiles: 'profile',
}, [
	['args', 'command', 'write them in command, behind the program'],
	['interpreter', 'command', 'write it in command, before the script'],
	['shell', 'command', 'write command: sh -c "…"'],
	['up', 'command', 'write command, and type: oneshot if it ends'],
	['group gid', 'user', 'write user: name:group'],
	['autorestart restart_policy availability', 'restart', 'write restart: always, on-failure or no'],
	['startretries max_restarts max_retries StartLimitBurst restart-limit-count', 'restart', 'write restart: {attempts: N}'],
	['RestartSec restart_delay restart-delay backoff-delay exp_backoff_restart_delay', 'restart', 'write restart: {delay: 1s}'],
	['backoff-factor', 'restart', 'write restart: {factor: 2}'],
	['backoff-limit RestartMaxDelaySec', 'restart', 'write restart: {max_delay: 10s}'],
	['StartLimitInterval StartLimitIntervalSec restart-limit-interval', 'restart', 'write restart: {window: 60s}'],
	['min_uptime', 'restart', 'write restart: {reset_after: 60s}'],
	['enabled startup enable', 'autostart', 'write autostart: true or false'],
	['disabled disable', 'autostart', 'write autostart: false to have it started by archonctl only'],
	['priority', 'depends_on', 'say which service comes first: depends_on or after'],
	['on-failure', 'restart', 'write restart: on-failure, or on_failed: shutdown to end the container'],
	['on-success', 'restart', 'write restart: always or on-failure, or essential: true to end the container'],
	['on-check-failure', 'healthcheck', 'write healthcheck: {on_unhealthy: restart}'],
	['startup_probe', 'ready', 'write ready, and start_timeout for how long that may take'],
	['notification-fd', 'ready', 'write ready: {fd: 3}'],
	['ready_log_line', 'ready', 'write ready: {log: …}'],
	['ExecStop stopCommand stopProgram', 'pre_stop', 'write pre_stop, which runs before the stop signal'],
	['shutdown', 'stop_signal', 'write stop_signal, stop_grace_period and pre_stop'],
	['signals start_rate', null, 'it is for all of archon: write it at the top of the config'],
	['killasgroup stopasgroup', 'stop_to', 'write stop_to: group'],
	['treekill', null, 'remove it: archon ends all that descends from the service'],
	['SendSIGKILL', null, 'remove it: what outlives stop_grace_period is killed'],
	['stdout_logfile stderr_logfile logfile log_file log_location out_file error_file StandardOutput StandardError stdout stderr', 'logging',
		'write logging: {driver: file, options: {path: …}}'],
	['redirect_stderr merge_logs combine_logs', 'logging', 'remove it: both streams go the same way, unless logging says otherwise'],
	['stdout_logfile_maxbytes stderr_logfile_maxbytes logfile_maxbytes', 'logging', 'write logging: {driver: file, options: {max-size: 10m}}'],
	['stdout_logfile_backups stderr_logfile_backups logfile_backups', 'logging', 'write logging: {driver: file, options: {max-file: 3}}'],
	['producer-for consumer-for pipeline-name', 'logging', 'archon has no pipelines: write logging'],
	['CapabilityBoundingSet', 'cap_drop', 'write cap_drop: [ALL], and cap_add'],
	['max_memory_restart MemoryMax MemoryLimit', null, 'archon does not limit memory: the container does'],
	['process_name name', null, 'remove it: the key above it is the name'],
	['exec_mode', null, 'remove it: scale starts several'],
	['watch', null, 'remove it: archon does not restart what it runs when files change'],
	['is_daemon daemon daemonize', 'type', 'let the program stay in the foreground: archon follows the process that it started'],
	['namespace description summary', null, 'remove it, or begin its name with x-'],
	['override', null, 'remove it: later files are merged over earlier ones'],
	...RESOURCES.map(name => [`Limit${name} rlimit-${name}`, 'ulimits', `write ulimits: {${name}: N}`] as const),
	...['nofile', 'nproc', 'memlock'].map(name => [name, 'ulimits', `write ulimits: {${name}: N}`] as const),
]));

export const TOP_WORDS = lazily(() => glossary({services: 'processes apps procs programs service jobs'}, [
	['logging log', 'archon', 'write archon: {logging: …} for all services'],
	['log_level', 'archon', 'write archon: {log_level: …}'],
	['stop_grace_period grace_period', 'shutdown', 'write shutdown: {grace_period: …}'],
	['supervisord', 'archon', 'remove it: see archon help config for what archon can be told'],
	['checks', 'services', 'write healthcheck in the service that is looked at'],
]));

export const HEALTHCHECK_WORDS = lazily(() => glossary({
	test: 'cmd command exec',
	http: 'httpGet url',
	tcp: 'port tcpSocket',
	interval: 'period periodSeconds',
	timeout: 'timeoutSeconds',
	retries: 'failureThreshold threshold failures',
	start_period: 'initialDelay initialDelaySeconds',
	on_unhealthy: 'onFailure on_failed action',
}, [['enabled enable', 'disable', 'write disable: true to switch it off']]));

export const READY_WORDS = lazily(() => glossary({
	exec: 'command cmd test',
	http: 'httpGet url',
	tcp: 'port tcpSocket',
	fd: 'notification-fd',
	notify: 'sd_notify sdnotify',
	log: 'ready_log_line log_line line pattern',
	interval: 'period periodSeconds',
	timeout: 'timeoutSeconds',
}, [['initialDelay initialDelaySeconds', null, 'remove it: archon looks until it is ready']]));

export const RESTART_WORDS = lazily(() => glossary({
	policy: 'condition restart',
	attempts: 'max_attempts max_retries retries limit count StartLimitBurst max_restarts',
	delay: 'backoff backoff_seconds RestartSec',
	max_delay: 'backoff-limit',
	factor: 'backoff-factor',
	window: 'StartLimitIntervalSec interval',
}));

export const PROGRAM_WORDS = lazily(() => glossary({
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
}));
