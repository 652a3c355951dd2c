/** The commands of `archonctl`, in the order of the help: each is loaded when it is asked for, but for the one that is most. */
import {nearest} from '../core/nearest.ts';
import type {Command, Table} from './command.ts';
import {status} from './commands/status.ts';

const COMMANDS = new Map<string, Command | (() => Promise<Command>)>(Object.entries({
	status,
	health: async () => (await import('./commands/health.ts')).health,
	history: async () => (await import('./commands/history.ts')).history,
	tree: async () => (await import('./commands/tree.ts')).tree,
	logs: async () => (await import('../features/logging/commands/logs.ts')).logs,
	events: async () => (await import('../features/events/commands/events.ts')).events,
	wait: async () => (await import('./commands/wait.ts')).wait,
	why: async () => (await import('./commands/why.ts')).why,
	blame: async () => (await import('./commands/blame.ts')).blame,
	graph: async () => (await import('./commands/graph.ts')).graph,
	doctor: async () => (await import('./commands/doctor.ts')).doctor,
	'needs-restart': async () => (await import('../features/watch/commands/needs-restart.ts')).needsRestart,
	state: async () => (await import('../features/state/commands/state.ts')).state,
	metrics: async () => (await import('../features/metrics/commands/metrics.ts')).metrics,
	top: async () => (await import('./commands/top.ts')).top,
	start: async () => (await import('./commands/start.ts')).start,
	stop: async () => (await import('./commands/stop.ts')).stop,
	auto: async () => (await import('./commands/auto.ts')).auto,
	restart: async () => (await import('./commands/restart.ts')).restart,
	'run-now': async () => (await import('../features/schedule/commands/run-now.ts')).runNow,
	reload: async () => (await import('./commands/reload.ts')).reload,
	trigger: async () => (await import('../features/run-test/commands/trigger.ts')).trigger,
	test: async () => (await import('../features/run-test/commands/test.ts')).test,
	plan: async () => (await import('./commands/plan.ts')).plan,
	config: async () => (await import('./commands/config.ts')).config,
	reconcile: async () => (await import('../features/manifest/commands/reconcile.ts')).reconcile,
	want: async () => (await import('../features/manifest/commands/want.ts')).want,
	unwant: async () => (await import('../features/manifest/commands/want.ts')).unwant,
	whiz: async () => (await import('../features/manifest/commands/want.ts')).whiz,
	monitor: async () => (await import('../features/monitor/commands/monitor.ts')).monitor,
	deps: async () => (await import('../features/deps/commands/deps.ts')).deps,
	signal: async () => (await import('./commands/signal.ts')).signal,
	'is-active': async () => (await import('./commands/is-active.ts')).isActive,
	'is-failed': async () => (await import('./commands/is-active.ts')).isFailed,
	pid: async () => (await import('./commands/is-active.ts')).pid,
	run: async () => (await import('./commands/run.ts')).run,
	attach: async () => (await import('../features/attach/commands/attach.ts')).attach,
	daemon: async () => (await import('./commands/daemon.ts')).daemon,
	reopen: async () => (await import('../features/logging/commands/reopen.ts')).reopen,
	sync: async () => (await import('../features/sync/commands/sync.ts')).sync,
	fds: async () => (await import('../features/sockets/commands/fds.ts')).fds,
	ports: async () => (await import('../features/ports/commands/ports.ts')).ports,
	rules: async () => (await import('../features/rules/commands/rules.ts')).rules,
	pool: async () => (await import('../features/pools/commands/pool.ts')).pool,
	alerts: async () => (await import('../features/alerts/commands/alerts.ts')).alerts,
	upgrade: async () => (await import('./commands/upgrade.ts')).upgrade,
	reboot: async () => (await import('./commands/reboot.ts')).reboot,
	version: async () => (await import('./commands/version.ts')).version,
	shutdown: async () => (await import('./commands/shutdown.ts')).shutdown,
	stdio: async () => (await import('./commands/stdio.ts')).stdio,
	raw: async () => (await import('./commands/raw.ts')).raw,
	shell: async () => (await import('./commands/shell.ts')).shell(TABLE),
	completion: async () => (await import('./commands/completion.ts')).completion(TABLE),
	help: async () => (await import('./commands/help.ts')).help(TABLE),
}));

const load = async (command: Command | (() => Promise<Command>)): Promise<Command> =>
	typeof command === 'function' ? command() : command;

export const TABLE: Table = {
	all: () => Promise.all([...COMMANDS.values()].map(load)),
	async find(name) {
		const command = COMMANDS.get(name);
		return command ? load(command) : null;
	},
	unknown(name) {
		const meant = nearest(name, COMMANDS.keys());
		const hint = meant === null ? 'archonctl help lists them all' : `did you mean ${meant}?`;
		return `unknown command ${name}; ${hint}`;
	},
};
