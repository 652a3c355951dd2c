/** The commands of `archonctl`, in the order of the help. Most are small; those that need much are loaded when they are asked for. */
import {nearest} from '../core/nearest.ts';
import {reopen} from '../features/logging/commands/reopen.ts';
import type {Command, Table} from './command.ts';
import {history} from './commands/history.ts';
import {reload} from './commands/reload.ts';
import {restart} from './commands/restart.ts';
import {shutdown} from './commands/shutdown.ts';
import {signal} from './commands/signal.ts';
import {start} from './commands/start.ts';
import {status} from './commands/status.ts';
import {stop} from './commands/stop.ts';
import {upgrade} from './commands/upgrade.ts';
import {version} from './commands/version.ts';

const COMMANDS = new Map<string, Command | (() => Promise<Command>)>(Object.entries({
	status,
	health: async () => (await import('./commands/health.ts')).health,
	history,
	tree: async () => (await import('./commands/tree.ts')).tree,
	logs: async () => (await import('../features/logging/commands/logs.ts')).logs,
	events: async () => (await import('../features/events/commands/events.ts')).events,
	wait: async () => (await import('./commands/wait.ts')).wait,
	why: async () => (await import('./commands/why.ts')).why,
	blame: async () => (await import('./commands/blame.ts')).blame,
	graph: async () => (await import('./commands/graph.ts')).graph,
	doctor: async () => (await import('./commands/doctor.ts')).doctor,
	top: async () => (await import('./commands/top.ts')).top,
	start, stop,
	auto: async () => (await import('./commands/auto.ts')).auto,
	restart, reload,
	plan: async () => (await import('./commands/plan.ts')).plan,
	config: async () => (await import('./commands/config.ts')).config,
	signal,
	'is-active': async () => (await import('./commands/is-active.ts')).isActive,
	'is-failed': async () => (await import('./commands/is-active.ts')).isFailed,
	pid: async () => (await import('./commands/is-active.ts')).pid,
	run: async () => (await import('./commands/run.ts')).run,
	attach: async () => (await import('../features/attach/commands/attach.ts')).attach,
	daemon: async () => (await import('./commands/daemon.ts')).daemon,
	reopen, upgrade, version, shutdown,
	stdio: async () => (await import('./commands/stdio.ts')).stdio,
	raw: async () => (await import('./commands/raw.ts')).raw,
	shell: async () => (await import('./commands/shell.ts')).shell(TABLE),
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
