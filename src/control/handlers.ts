/**
 * What is done about each request: rows and a reply at once, or events for the core and a reply when
 * what was asked for has come about. Knows neither bytes nor connections.
 */
import {exec, RESTART, service} from '../core/defaults.ts';
import {forService} from '../features/logging/core.ts';
import type {Effect} from '../core/effect.ts';
import type {Entry} from '../core/entry.ts';
import type {Id} from '../core/ids.ts';
import {exitStatus} from '../core/outcome.ts';
import {isAlive} from '../core/phase.ts';
import type {Service} from '../core/service.ts';
import {describeRefusal, lastEnd, pidOf, statusOf} from '../core/status.ts';
import {entries, entryOf, find, type State} from '../core/state.ts';
import {createWaiters, type Waiter, type Waiters, SHUTTING_DOWN, type Verdict} from './waiters.ts';
import type {Call} from './call.ts';
import {createSubscriptions, type Subscriptions} from '../features/logging/requests/subscriptions.ts';
import {createTransients, type Transients} from './transient-services.ts';
import type {Daemon} from './daemon.ts';
import {type Choice, choose, chooseProcesses} from './names.ts';
import {
	encodeEndRow, encodeRow, encodeStatusRow, encodeTreeRow, encodeVersionRow, type Launch, type Reply, type Request,
} from './protocol.ts';
import {clip} from './records.ts';

export interface Handlers {
	/** Calls back, at once or later. What it returns is to be called if the client leaves before the reply. */
	take(request: Request, call: Call): () => void;
	onEffects(effects: readonly Effect[]): void;
}

type Make<K extends Request['kind']> = Extract<Request, {kind: K}>;

/** What every request is carried out with. */
interface Context {
	readonly daemon: Daemon;
	readonly waiters: Waiters;
	readonly transients: Transients;
	readonly subscriptions: Subscriptions;
	readonly newRunName: () => string;
	readonly board: Board;
}

/** What many ask for in one turn of the loop is found out once. */
interface Board {
	rows(question: string, find: () => readonly (readonly string[])[]): readonly string[];
}

/** Questions that are remembered, and of what length. */
const [QUESTIONS_MAX, QUESTION_MAX] = [8, 200];

function createBoard(daemon: Daemon): Board {
	const answers = new Map<string, readonly string[]>();
	let state: State | null = null;
	return {
		rows(question, find) {
			if (state !== daemon.state()) answers.clear();
			const known = answers.get(question);
			if (known) return known;
			const rows = find().map(row => encodeRow(row, null));
			if (state === null) {
				daemon.soon(() => {
					state = null;
					answers.clear();
				});
			}
			state = daemon.state();
			if (answers.size < QUESTIONS_MAX && question.length <= QUESTION_MAX) answers.set(question, rows);
			return rows;
		},
	};
}

export function createHandlers(daemon: Daemon): Handlers {
	const waiters = createWaiters(daemon.state);
	const transients = createTransients(daemon);
	const subscriptions = createSubscriptions(daemon);
	const context: Context = {daemon, waiters, transients, subscriptions, newRunName: counter(), board: createBoard(daemon)};
	return {
		take(request, call) {
			transients.sweep();
			return carryOut(context, request, call);
		},
		onEffects(effects) {
			transients.onEffects(effects);
			waiters.onEffects(effects);
			subscriptions.onEffects(effects);
		},
	};
}

function carryOut(context: Context, request: Request, call: Call): () => void {
	switch (request.kind) {
		case 'run': return run(context, request.launch, call);
		case 'attach': return attach(context, request.name, call);
		case 'start-daemon': return startDaemon(context, request.launch, call);
		case 'stop-daemon': return stopDaemon(context, request, call);
		case 'start': return start(context, 'start', request.names, call);
		case 'restart': return restart(context, request.names, call);
		case 'stop': return stop(context, request.names, call);
		case 'status': return answered(() => status(context, request.names, call));
		case 'history': return answered(() => history(context, request.names, call));
		case 'tree': return answered(() => tree(context, call));
		case 'logs': return context.subscriptions.open(request, call);
		case 'reopen': return answered(() => reopen(context, call));
		case 'signal': return answered(() => signal(context, request, call));
		case 'reload': return answered(() => reload(context, request, call));
		case 'shutdown': return answered(() => shutdown(context, call));
		case 'version': return answered(() => version(context, call));
		case 'upgrade': return upgrade(context, request.path, call);
	}
}

// ── Commands of clients ──────────────────────────────────────────────────────────────────────────

function run(context: Context, launch: Launch, call: Call): () => void {
	const {daemon, newRunName} = context;
	const name = launch.name ?? freeName(daemon.state(), newRunName);
	if (!admit(daemon, name, call)) return nothing;
	const streams = launch.stdio === 'passed' ? call.takeStreams() : null;
	const entry = add(daemon, transient(daemon, launch, name, 'run', streams), call);
	return entry ? awaitEnd(context, entry, call) : nothing;
}

/** A command of archon's last life has its client again. */
function attach(context: Context, name: string, call: Call): () => void {
	const {transients} = context;
	const entry = transients.claim(name);
	if (!entry) {
		if (transients.isPatient()) call.row(['unheard']);
		return refuse(call, `no command ${clip(name, 64)} has lost its client`);
	}
	if (entry.phase.kind === 'down') transients.forget(entry);
	return awaitEnd(context, entry, call);
}

/** Replies with its exit status, and ends it if the client leaves before. */
function awaitEnd({daemon, waiters}: Context, {id, service}: Entry, call: Call): () => void {
	const end = (verdict: Verdict): void => {
		const refusal = entryOf(daemon.state(), id)?.refusal;
		// Whoever handed over its streams is a person's client, and wants to know why there is no command.
		if (refusal && service.exec.output.kind === 'passed') call.row(['refused', describeRefusal(refusal)]);
		call.reply(verdict.kind === 'missed' ? error(verdict.reason) : {kind: 'ExitStatus', code: verdict.status});
	};
	const waiter: Waiter = {aim: 'end', id, name: service.name, starts: 0, resolve: end};
	waiters.add([waiter]);
	return () => {
		waiters.drop(waiter);
		if (entryOf(daemon.state(), id)?.service === service) daemon.dispatch({kind: 'stop', ids: [id]});
	};
}

function startDaemon({daemon, waiters, transients}: Context, launch: Launch, call: Call): () => void {
	const name = launch.name ?? freeName(daemon.state(), numbered(baseName(launch.argv[0])));
	if (!admit(daemon, name, call)) return nothing;
	const entry = add(daemon, transient(daemon, launch, name, 'daemon', null), call);
	if (!entry) return nothing;
	const resolve = (verdict: Verdict): void => {
		if (verdict.kind === 'missed') transients.forget(entry);
		answer(call, verdict);
	};
	waiters.add([{aim: 'spawn', id: entry.id, name, starts: 0, resolve}]);
	// It goes on without its client.
	return nothing;
}

function stopDaemon({daemon, waiters}: Context, request: Make<'stop-daemon'>, call: Call): () => void {
	const chosen = chooseProcesses(daemon.state(), [request.target]);
	if (!chosen.ok) return refuse(call, chosen.error);
	const [choice] = chosen.value;
	if (!choice?.isNamed) return refuse(call, 'StopDaemon: one name or pid, no pattern');
	const {signal, grace} = choice.entry.service.stop;
	const policy = {signal: request.signal ?? signal, grace: request.grace ?? grace};
	daemon.dispatch({kind: 'stop', ids: [choice.entry.id], policy});
	return awaitAll(waiters, 'stop', [choice], call);
}

/** Whether there may be a new service of this name now. If not, the client is told. */
function admit(daemon: Daemon, name: string, call: Call): boolean {
	if (!isRunning(daemon)) {
		refuse(call, SHUTTING_DOWN);
		return false;
	}
	const before = find(daemon.state(), name);
	// A client's daemon that is at rest is only remembered, and makes room.
	const isRemembered = before?.service.origin === 'daemon' && before.phase.kind === 'down';
	if (isRemembered) daemon.dispatch({kind: 'remove', id: before.id});
	if (!find(daemon.state(), name)) return true;
	refuse(call, `the name ${name} is taken`);
	return false;
}

/** The new service's entry; null, and the client is told, if the core did not take it. */
function add(daemon: Daemon, service: Service, call: Call): Entry | null {
	daemon.dispatch({kind: 'add', service});
	const entry = find(daemon.state(), service.name);
	if (!entry) refuse(call, `cannot start ${service.name}: archon met a bug of its own; its log says more`);
	return entry ?? null;
}

function transient(
	daemon: Daemon, launch: Launch, name: string, origin: 'run' | 'daemon', streams: readonly [number, number, number] | null,
): Service {
	const {argv, environment, cwd, user, umask, restart} = launch;
	return {
		...service(name, argv), origin,
		type: origin === 'run' ? 'oneshot' : 'daemon',
		restart: {...RESTART, policy: restart.policy, attempts: restart.attempts ?? RESTART.attempts},
		exec: {
			...exec(argv), environment, cwd, user, umask,
			output: streams ? {kind: 'passed', fds: streams} : {kind: 'lines', logging: forService(daemon.logging(), name)},
		},
	};
}

/** The program's name without its path, as far as it makes a name. */
function baseName(program: string): string {
	const name = program.slice(program.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9_.-]/g, '').slice(0, 40);
	return /^[A-Za-z_]/.test(name) && name !== 'all' ? name : 'daemon';
}

function freeName(state: State, next: () => string): string {
	for (;;) {
		const name = next();
		if (!find(state, name)) return name;
	}
}

/** `sleep`, `sleep-2`, `sleep-3`, … */
function numbered(base: string): () => string {
	let count = 0;
	return () => ++count === 1 ? base : `${base}-${count}`;
}

/** `run-1`, `run-2`, …, none twice. */
function counter(): () => string {
	let count = 0;
	return () => `run-${++count}`;
}

// ── Services by name ─────────────────────────────────────────────────────────────────────────────

function start(
	{daemon, waiters}: Context, kind: 'start' | 'restart', names: readonly string[], call: Call,
): () => void {
	if (!isRunning(daemon)) return refuse(call, SHUTTING_DOWN);
	const chosen = choose(daemon.state(), names);
	if (!chosen.ok) return refuse(call, chosen.error);
	const foreign = chosen.value.find(({entry, isNamed}) => isNamed && entry.service.origin === 'run');
	if (foreign) {
		return refuse(call, `cannot ${kind} ${foreign.entry.service.name}: it belongs to the client that runs it`);
	}
	const choices = chosen.value.filter(choice => isMeant(kind, choice));
	daemon.dispatch({kind, ids: choices.map(({entry}) => entry.id)});
	return awaitAll(waiters, kind, choices, call);
}

/** What could not be started again for want of its variables is not stopped: then nothing of what was asked for is done. */
function restart(context: Context, names: readonly string[], call: Call): () => void {
	const {daemon} = context;
	const chosen = choose(daemon.state(), names);
	const entries = chosen.ok ? chosen.value.map(({entry}) => entry) : [];
	const ids = new Set(entries.map(({id}) => id));
	const looked = entries.filter(entry => isAlive(entry.phase) && isSettled(entry, ids));
	const reasons: string[] = [];
	let [left, hasLeft] = [looked.length, false];
	let leave = nothing;
	const go = (): void => {
		if (hasLeft) return;
		if (reasons.length > 0) call.reply(error(`${summary(reasons)}; nothing was restarted`));
		else leave = start(context, 'restart', names, call);
	};
	if (left === 0) go();
	for (const {service} of looked) {
		daemon.examine(service, why => {
			if (why) reasons.push(`cannot restart ${service.name}: ${describeRefusal(why)}`);
			left -= 1;
			if (left === 0) go();
		});
	}
	return () => {
		hasLeft = true;
		leave();
	};
}

/** Whether nothing that a restart does on its way may write what it reads: neither its own commands nor what it needs. */
const isSettled = ({service: {exec: {sources}, hooks}, needs, unmetNeeds}: Entry, restarted: ReadonlySet<Id>): boolean =>
	sources.length > 0 && unmetNeeds === 0 && hooks.preStart.length + hooks.postStop.length === 0 && !needs.some(({id}) => restarted.has(id));

/** A pattern that fits many does not wake what clients once started, nor does `Start` repeat what is done. */
function isMeant(kind: 'start' | 'restart', {entry, isNamed}: Choice): boolean {
	const {service: {origin}, phase} = entry;
	if (isNamed) return true;
	if (origin === 'run' || (origin === 'daemon' && phase.kind === 'down')) return false;
	return kind === 'restart' || phase.kind !== 'down' || phase.cause !== 'completed';
}

function stop({daemon, waiters}: Context, names: readonly string[], call: Call): () => void {
	const chosen = choose(daemon.state(), names);
	if (!chosen.ok) return refuse(call, chosen.error);
	daemon.dispatch({kind: 'stop', ids: chosen.value.map(({entry}) => entry.id)});
	return awaitAll(waiters, 'stop', chosen.value, call);
}

/** Replies when every chosen service has come to its end, well or not. */
function awaitAll(
	waiters: Waiters, aim: 'start' | 'restart' | 'stop', choices: readonly Choice[], call: Call,
): () => void {
	const reasons = new Set<string>();
	let left = choices.length;
	const finish = (): void => call.reply(reasons.size === 0 ? {kind: 'Ok'} : error(summary([...reasons])));
	const resolve = (verdict: Verdict): void => {
		if (verdict.kind === 'missed') reasons.add(verdict.reason);
		left -= 1;
		if (left === 0) finish();
	};
	const mine = choices.map(({entry}): Waiter =>
		({aim, id: entry.id, name: entry.service.name, starts: entry.starts, resolve}));
	if (left === 0) finish();
	waiters.add(mine);
	waiters.review();
	return () => mine.forEach(waiters.drop);
}

const MAX_REASONS = 5;

function summary(reasons: readonly string[]): string {
	const more = reasons.length - MAX_REASONS;
	return reasons.slice(0, MAX_REASONS).join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function history({daemon, board}: Context, names: readonly string[], call: Call): void {
	const choices = choose(daemon.state(), names);
	if (!choices.ok) return call.reply(error(choices.error));
	call.text(board.rows(`history ${names.join()}`, () => choices.value.flatMap(({entry: {service: {name}, past}}) =>
		past.map(({at, outcome, blame}) => {
			const how = lastEnd({outcome, blame, refusal: null});
			return encodeEndRow({name, at: daemon.wallClock(at), exit: exitStatus(outcome), how});
		}))));
	call.reply({kind: 'Ok'});
}

function reload({daemon}: Context, {names}: Make<'reload'>, call: Call): void {
	if (names.length === 0) {
		return daemon.reload(result => {
			if (result.ok) call.row([result.value]);
			call.reply(result.ok ? {kind: 'Ok'} : error(`cannot reload the config: ${result.error}`));
		});
	}
	const choices = choose(daemon.state(), names);
	if (!choices.ok) return call.reply(error(choices.error));
	const able = choices.value.filter(({entry}) => entry.service.reload && (entry.phase.kind === 'up' || entry.phase.kind === 'starting'));
	const unable = choices.value.find(choice => choice.isNamed && !able.includes(choice))?.entry;
	if (unable) {
		const {name, reload: how} = unable.service;
		return call.reply(error(`cannot reload ${name}: ${how ? 'it is not running' : 'its config does not say how (reload:)'}`));
	}
	if (able.length === 0) return call.reply(error('cannot reload: no service that matches is running and says how'));
	daemon.dispatch({kind: 'reload', ids: able.map(({entry}) => entry.id)});
	call.reply({kind: 'Ok'});
}

function signal({daemon}: Context, {targets, signal}: Make<'signal'>, call: Call): void {
	const chosen = chooseProcesses(daemon.state(), targets);
	if (!chosen.ok) return call.reply(error(chosen.error));
	const isAlive = ({entry}: Choice): boolean => pidOf(entry.phase) !== null;
	const dead = chosen.value.find(choice => choice.isNamed && !isAlive(choice));
	if (dead) return call.reply(error(`cannot signal ${dead.entry.service.name}: it is not running`));
	const alive = chosen.value.filter(isAlive);
	if (alive.length === 0) return call.reply(error('cannot signal: no service that matches is running'));
	for (const {entry} of alive) daemon.dispatch({kind: 'signal', id: entry.id, signal});
	call.reply({kind: 'Ok'});
}

// ── The whole ────────────────────────────────────────────────────────────────────────────────────

function status({daemon, board}: Context, names: readonly string[], call: Call): void {
	const state = daemon.state();
	const chosen = names.length === 0 ? null : choose(state, names);
	if (chosen && !chosen.ok) return call.reply(error(chosen.error));
	const row = (entry: Entry): readonly string[] => {
		const {starts, outcome, service: {name, type}} = entry;
		return encodeStatusRow({
			name, type, ...statusOf(state, entry),
			since: Math.round(daemon.wallClock(entry.since)),
			restarts: Math.max(0, starts - 1),
			exit: outcome ? exitStatus(outcome) : null,
		});
	};
	call.text(board.rows(`status ${names.join()}`, () => (chosen ? chosen.value.map(({entry}) => row(entry)) : [...entries(state)].map(row))));
	call.reply({kind: 'Ok'});
}

function tree({daemon, board}: Context, call: Call): void {
	call.text(board.rows('tree', () => daemon.tree().map(encodeTreeRow)));
	call.reply({kind: 'Ok'});
}

function reopen({daemon}: Context, call: Call): void {
	daemon.logs.reopen();
	call.reply({kind: 'Ok'});
}

function shutdown({daemon}: Context, call: Call): void {
	// First the reply: archon may be gone when the event has been heard.
	call.reply({kind: 'Ok'});
	const {uid, pid} = call.peer;
	// A client outside of archon's PID namespace has none that archon could name.
	daemon.dispatch({kind: 'shutdown', why: `asked for by uid ${uid}${pid > 0 ? `, pid ${pid}` : ''}`});
}

function version({daemon}: Context, call: Call): void {
	call.row(encodeVersionRow(daemon.version));
	call.reply({kind: 'Ok'});
}

/** The reply comes only if it cannot be: otherwise the connection ends with this life of archon. */
function upgrade({daemon}: Context, path: string | null, call: Call): () => void {
	if (!isRunning(daemon)) return refuse(call, SHUTTING_DOWN);
	daemon.upgrade(path, why => call.reply(error(`cannot upgrade: ${why}; everything stays as it was`)));
	return nothing;
}

const isRunning = (daemon: Daemon): boolean => daemon.state().stage.kind === 'running';

const error = (reason: string): Reply => ({kind: 'Error', reason});

const answer = (call: Call, verdict: Verdict): void =>
	call.reply(verdict.kind === 'missed' ? error(verdict.reason) : {kind: 'Ok'});

const nothing = (): void => {};

function answered(work: () => void): () => void {
	work();
	return nothing;
}

function refuse(call: Call, reason: string): () => void {
	call.reply(error(reason));
	return nothing;
}
