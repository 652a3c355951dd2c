/** What services need of the machine: programs that can be executed, directories that are there. */
import type {Action} from '../../core/action.ts';
import type {Result} from '../../core/result.ts';
import type {Command, Exec, HookCommand, Hooks, UserSpec} from '../../core/service.ts';
import type {Place} from '../problems.ts';
import type {Inspected, Inspecting} from './inspected.ts';

/** Why something cannot work, and what to do about it. */
interface Fault {
	readonly why: string;
	readonly hint: string | null;
}

/** As what a program is executed. */
interface Executor {
	readonly user: UserSpec | null;
	readonly cwd: string | null;
	readonly path: string;
}

/** The machine that services are to run on; each answer is null where nothing is wrong, as far as one can see. */
export interface Machine {
	/** `PATH` as archon has it there; `default`: where it has none, or a service does not inherit it. */
	readonly paths: {readonly own: string; readonly default: string};
	isThere(path: string): boolean;
	findUser(spec: UserSpec): Result<unknown, string>;
	programFault(program: string, as: Executor): Fault | null;
	/** Why rules of `bind` do not reach a program; `library`: the one that the config names. */
	bindFault(program: string, as: Executor, library: string | null): Fault | null;
	/** Of a directory that a process of the user is to be in. */
	folderFault(path: string, user: UserSpec | null): Fault | null;
	/** What may surprise of a path that is watched; null: nothing. */
	watchDoubt(path: string): string | null;
	/** Of a file that is to be written. */
	fileFault(path: string): Fault | null;
}

/** What a service executes, and in which way. */
interface Execution {
	readonly command: Command;
	/** In messages, below the service. */
	readonly key: string;
	readonly at: Place;
	readonly user: UserSpec | null;
	readonly cwd: string | null;
	readonly path: string;
}

export function inspectMachine({services, draft, report, note}: Inspecting, machine: Machine): void {
	const late = new Set<string>();
	/** Directories and files that archon makes, and the folder that programs are pulled into. */
	const made = services.flatMap(({service: {exec: {directories, files}}}) =>
		[...directories.map(each => each.path), ...files.map(each => each.target)]);
	if (draft.sync) made.push(draft.sync.dest);
	const isMade = (path: string): boolean => made.some(each => each === path || each.startsWith(`${path}/`));
	/** Many services have the same program, or the same directory. */
	const told = new Set<string>();
	const tell = (place: Place, key: string, fault: Fault | null): void => {
		if (!fault || told.has(fault.why)) return;
		told.add(fault.why);
		report(place, `${key}: ${fault.why}`, fault.hint);
	};
	for (const {command, key, at, ...run} of ofWhole(draft, machine)) {
		if (!made.some(each => command[0] === each || command[0].startsWith(`${each}/`))) tell(at, key, machine.programFault(command[0], run));
	}
	for (const each of services) {
		const {service, at, path} = each;
		const {name, type, needs, hooks, exec} = service;
		const isLate = needs.some(need => late.has(need.name));
		if (type === 'oneshot' || isLate) late.add(name);
		// A oneshot before it, or a hook, may make what is not there yet; and it may be skipped for what is not there.
		if (isLate || service.onlyIf?.pathExists.some(file => !machine.isThere(file))) continue;
		const isPrepared = hooks.preStart.length > 0;
		const folder = exec.cwd === null || isPrepared || isMade(exec.cwd) ? null : machine.folderFault(exec.cwd, exec.user);
		tell(at('working_dir'), path('working_dir'), folder);
		for (const {key, at: place, ...run} of executionsOf(each, pathOf(exec, machine))) {
			if (isPrepared && !key.startsWith('pre_start')) continue;
			if (folder && !run.command[0].startsWith('/') && run.command[0].includes('/')) continue;
			if (made.some(each => run.command[0] === each || run.command[0].startsWith(`${each}/`))) continue;
			const fault = machine.programFault(run.command[0], run);
			tell(place, path(key), fault && withAdvice(fault, key, run.command));
			const inner = fault ? null : firstOfScript(run.command);
			if (inner !== null) tell(place, path(key), ofScript(machine.programFault(inner, run), run.command[0]));
		}
		if (service.isBound) {
			const key = each.has('entrypoint') ? 'entrypoint' : 'command';
			const as = {user: exec.user, cwd: exec.cwd, path: pathOf(exec, machine)};
			tell(at(key, 0), path(key), machine.bindFault(exec.argv[0], as, draft.bind.library));
		}
		for (const [index, watched] of (service.watch ?? []).entries()) {
			const words = watched.kind !== 'path' || isPrepared || isMade(watched.path) ? null : machine.watchDoubt(watched.path);
			if (words !== null) note(at('watch', index, 'path'), `${path('watch')}: ${words}`, null);
		}
		if (exec.output.kind !== 'lines') continue;
		for (const driver of exec.output.logging.drivers) {
			if (driver.kind !== 'file') continue;
			tell(at('logging', 'options', 'path'), path('logging'), machine.fileFault(driver.path));
			const owner = driver.user === null && driver.group === null ? null : machine.findUser({user: driver.user ?? '0', group: driver.group});
			const key = driver.user === null ? 'group' : 'user';
			if (owner?.ok === false) tell(at('logging', 'options', key), path('logging'), {why: owner.error, hint: null});
		}
	}
}

/** What the whole executes, as archon itself. */
function ofWhole({boot, monitor, top}: Inspecting['draft'], {paths}: Machine): readonly Execution[] {
	const own = {user: null, cwd: null, path: paths.own};
	const [script, rules] = [top?.entries.get('boot')?.value, top?.entries.get('monitor')?.value];
	const found: Execution[] = [];
	if (boot && script) {
		const at = script.kind === 'map' ? script.entries.get('rc')?.value ?? script : script;
		found.push({command: boot.command, key: 'boot.rc', at, ...own});
	}
	for (const {name, on} of rules ? monitor : []) {
		for (const [kind, actions] of Object.entries(on)) {
			for (const action of actions as readonly Action[]) {
				if (action.kind === 'run') found.push({...ofHook(action.command, own), key: `monitor.on.${kind} of ${name}`, at: rules!});
			}
		}
	}
	return found;
}

/** As the service will have it. */
function pathOf({environment, sourced, common, base}: Exec, {paths}: Machine): string {
	const inherited = base === 'inherit' || base === 'clean' || base.includes('PATH') ? paths.own : paths.default;
	return environment['PATH'] ?? sourced.variables['PATH'] ?? common['PATH'] ?? inherited;
}

const HOOKS = [
	['pre_start', 'preStart'], ['post_start', 'postStart'], ['pre_stop', 'preStop'], ['post_stop', 'postStop'], ['down', 'down'],
] as const satisfies readonly (readonly [string, keyof Hooks])[];

function executionsOf({service, at, has}: Inspected, path: string): readonly Execution[] {
	const {exec, hooks, ready, health, reload, onlyIf, test} = service;
	if (exec.isArchon) return [];
	const {user, cwd} = exec;
	const main = has('entrypoint') ? 'entrypoint' : 'command';
	const found: Execution[] = [{command: exec.argv, key: main, at: at(main, 0), user, cwd, path}];
	for (const [key, stage] of HOOKS) {
		for (const [index, hook] of hooks[stage].entries()) found.push({...ofHook(hook, {user, cwd, path}), key, at: at(key, index, 'command')});
	}
	if (ready?.kind === 'probe' && ready.probe.kind === 'exec') {
		found.push({command: ready.probe.command, key: 'ready', at: at('ready', 'exec', 0), user, cwd, path});
	}
	if (health?.probe.kind === 'exec') {
		found.push({command: health.probe.command, key: 'healthcheck', at: at('healthcheck', 'test', 1), user, cwd, path});
	}
	if (onlyIf?.command) found.push({command: onlyIf.command, key: 'only_if', at: at('only_if', 'command', 0), user, cwd, path});
	if (test) found.push({command: test.command, key: 'test', at: at('test'), user, cwd, path});
	if (reload && 'command' in reload) found.push({command: reload.command, key: 'reload', at: at('reload', 'command', 0), user, cwd, path});
	for (const [kind, actions = []] of Object.entries(service.on ?? {})) {
		for (const action of actions) {
			if (action.kind === 'run') found.push({...ofHook(action.command, {user, cwd, path}), key: `on.${kind}`, at: at('on', kind)});
		}
	}
	for (const [index, watched] of (service.watch ?? []).entries()) {
		for (const action of watched.kind === 'path' ? watched.actions : []) {
			if (action.kind === 'run') found.push({...ofHook(action.command, {user, cwd, path}), key: 'watch', at: at('watch', index, 'action')});
		}
	}
	for (const source of exec.sources) {
		if (source.kind === 'command') found.push({command: source.command, key: 'env_from', at: at('env_from'), user, cwd, path});
	}
	return found;
}

function ofHook(hook: HookCommand, own: Pick<Execution, 'user' | 'cwd' | 'path'>): Pick<Execution, 'command' | 'user' | 'cwd' | 'path'> {
	if (!('command' in hook)) return {...own, command: hook};
	return {command: hook.command, user: hook.user ?? own.user, cwd: hook.cwd ?? own.cwd, path: hook.environment['PATH'] ?? own.path};
}

const isShell = (program: string): boolean => /^(?:.*\/)?(?:ba|da|a)?sh$/.test(program);

/** The program that a shell's script begins with, where that is all that it can mean; else null. */
function firstOfScript([program, option = '', script = '']: Command): string | null {
	if (!isShell(program) || !/^-e?u?x?c$/.test(option)) return null;
	const bare = script.trim().replaceAll(/'[^']*'|"[^"$`\\]*"/g, '_').replaceAll(QUIETLY, '').replace(OR_FAIL, '');
	// Whatever a shell does with them, it may come to another program, or go on without it.
	if (/[|`$(){}\n\\!<>*?#~]|(?<!&)&(?!&)/.test(bare)) return null;
	const [first = '', second = ''] = bare.split(/\s+/);
	const name = first === 'exec' ? second : first;
	return /^[\w./+-]+$/.test(name) && !name.startsWith('-') && !SHELLS_OWN.has(name) ? name : null;
}

/** Output that goes elsewhere. */
const QUIETLY = /\s(?:\d?|&)>{1,2}\s*(?:&\d|[\w./-]+)/g;

/** As most tests of compose files end: what fails without it fails with it. */
const OR_FAIL = /\s*\|\|\s*(?:exit(?:\s+[1-9]\d*)?|false)\s*;?$/;

/** What a shell does itself (XCU 2.9, 2.14 and what all shells add). */
const SHELLS_OWN: ReadonlySet<string> = new Set([
	'.', ':', '[', '_', 'alias', 'bg', 'break', 'builtin', 'case', 'cd', 'command', 'continue', 'declare', 'do', 'done', 'echo',
	'elif', 'else', 'esac', 'eval', 'exec', 'exit', 'export', 'false', 'fg', 'fi', 'for', 'function', 'getopts', 'hash', 'if', 'jobs',
	'kill', 'let', 'local', 'printf', 'pwd', 'read', 'readonly', 'return', 'select', 'set', 'shift', 'shopt', 'source', 'test', 'then',
	'time', 'times', 'trap', 'true', 'type', 'typeset', 'ulimit', 'umask', 'unalias', 'unset', 'until', 'wait', 'while',
]);

const ofScript = (fault: Fault | null, shell: string): Fault | null =>
	fault && {...fault, why: `${fault.why}, and ${shell} is to run it`};

/** Where there is no shell, another way may do without. */
function withAdvice(fault: Fault, key: string, command: Command): Fault {
	if (key !== 'healthcheck' || command[0] !== '/bin/sh') return fault;
	return {...fault, hint: 'a test as text needs a shell: write [CMD, program, …], or tcp or http'};
}
