/**
 * All services together: one event in, a new state and effects out. After every event the whole
 * settles: wanted and needs met → spawn; leaving and no dependent on its way down → terminate; until
 * nothing moves. Only entries that an event can affect are looked at.
 */
import {due, earliest, entries as all, erase, read, freeId, write} from './service-table.ts';
import {duration} from './duration.ts';
import {shiftDeadlines, hookOf, kill, transition, type Move, terminate, undo, WAITING, withdraw} from './lifecycle.ts';
import type {Effect} from './effect.ts';
import type {Edge, Entry} from './entry.ts';
import type {Event, News} from './event.ts';
import type {Id, Run} from './ids.ts';
import {type Adopted, exitStatus, refusalStatus} from './outcome.ts';
import {isAlive, type Spawning} from './phase.ts';
import type {Service} from './service.ts';
import {SIG} from './signal-numbers.ts';
import type {Stage} from './stage.ts';
import {type Instant, type Millis, NEVER} from './time.ts';
import {aboutIdleness, cannotStart, rootOf} from './idle.ts';
import {isRelogged, renew} from './reconfigure.ts';
import {roll} from './restart.ts';
import {longestEnd, whoIsAwaited} from './shutdown.ts';
import {
	connect, countAwaited, find, holds, isAwaited, isGoingDown, isLostTo, isRunning, isUnderWay, isWanted, meets, newEntry, type State,
} from './state.ts';

/** How long archon waits, after SIGKILL to everything, for the kernel to carry it out. */
const KILL_PATIENCE: Millis = 1000;

/** How often a shutdown says whom it waits for. */
const SAY_EVERY: Millis = 1000;

/** One step. Pure: the state that comes in is as it was, also when this throws over a bug of ours. */
export function step(state: State, event: Event, now: Instant): readonly [State, readonly Effect[]] {
	const turn = new Turn(state, now);
	turn.dispatch(event);
	turn.settle();
	return [turn.state, turn.effects];
}

/** A step while it is made: the state so far, the effects so far, and the entries still to be looked at. */
class Turn {
	state: State;
	readonly effects: Effect[] = [];
	readonly #now: Instant;
	readonly #queue = new Set<Id>();
	/** Services that asked to be restarted when a need ends, and one has. */
	readonly #toRestart = new Set<Id>();

	constructor(state: State, now: Instant) {
		this.state = state;
		this.#now = now;
	}

	dispatch(event: Event): void {
		const mayStart = this.state.stage.kind === 'running';
		switch (event.kind) {
			case 'boot': {
				this.#enter({kind: 'running'});
				return this.#adopt(event.adopted ?? []);
			}
			case 'revived': return this.#revive(event.found);
			case 'news': return this.#news(event.id, event.run, event.news);
			case 'start': return mayStart ? this.#start(event.ids) : undefined;
			case 'restart': return mayStart ? this.#restart(event.ids) : undefined;
			case 'reconfigure': return mayStart ? this.#reconfigure(event) : undefined;
			case 'add': return mayStart ? this.#add(event.service) : undefined;
			case 'stop': return this.#stop(event);
			case 'signal': return this.#signal(event);
			case 'reload': return this.#reload(event.ids);
			case 'remove': return this.#remove(event.id);
			case 'shutdown': return this.#shutdown(0, event.why);
			case 'alone': return this.#alone();
			case 'stalled': return this.#stall(event.millis);
			case 'tick': return this.#tick();
		}
	}

	/** Looks at whatever a change may have set free, until nothing moves. */
	settle(): void {
		this.#drain();
		const {stage, living, held, isIdle, table} = this.state;
		// Whatever will start by itself has a deadline.
		if (stage.kind === 'running' && living === held && !isIdle && earliest(table) === NEVER) {
			this.#idle();
			this.#drain();
		}
		const {stage: after} = this.state;
		if (after.kind === 'stopping' && this.state.living === 0) this.#sweep(after.status, after.why);
		if (this.state.hasArrived || this.state.awaited > 0 || after.kind !== 'running') return;
		this.state = {...this.state, hasArrived: true};
		this.effects.push({kind: 'arrived'});
	}

	#drain(): void {
		do {
			for (const id of this.#toRestart) {
				this.#toRestart.delete(id);
				this.#restartAlong(id);
			}
			// A Set is iterated in order of insertion, items added meanwhile included.
			for (const id of this.#queue) {
				this.#queue.delete(id);
				const entry = read(this.state.table, id);
				if (entry) this.#examine(entry);
			}
		} while (this.#toRestart.size > 0);
	}

	#examine(entry: Entry): void {
		const {phase} = entry;
		const {stage} = this.state;
		const wanted = isWanted(entry, stage);
		switch (phase.kind) {
			case 'down': {
				if (entry.retired) return this.#forget(entry);
				const fresh = phase.cause === 'new' || phase.cause === 'stopped';
				if (wanted && (fresh || entry.restartPending)) this.#await({...entry, restartPending: false});
				return;
			}
			case 'waiting':
				if (!wanted) return this.#write({...entry, phase: {kind: 'down', cause: 'stopped'}, restartPending: false});
				if (entry.restartPending) return this.#write({...entry, restartPending: false});
				if (entry.lost > 0 && endsContainer(entry.service)) return this.#giveUp(entry, cannotStart(this.state.table, entry));
				if (entry.lost > 0 !== phase.inVain) return this.#write({...entry, phase: {...phase, inVain: entry.lost > 0}});
				if (entry.unmet === 0 || entry.unmet === this.#waivers(entry)) this.#spawn(entry);
				return;
			case 'backoff':
				if (!wanted) return this.#write({...entry, phase: {kind: 'down', cause: 'stopped'}, restartPending: false});
				if (entry.restartPending) this.#await({...entry, restartPending: false, ends: []});
				return;
			case 'starting':
			case 'up': {
				const [force, scale] = stage.kind === 'stopping' ? [stage.force, stage.scale] : [0, 1];
				if (!entry.leaving || (entry.stoppingDependents > 0 && force < 2) || this.#takesAlong(entry)) return;
				return this.#apply(entry, force === 3 ? kill(entry, phase, this.#now) : terminate(entry, phase, this.#now, scale));
			}
			case 'done': {
				const [force, scale] = stage.kind === 'stopping' ? [stage.force, stage.scale] : [0, 1];
				if (!entry.leaving || (entry.stoppingDependents > 0 && force < 2) || this.#takesAlong(entry)) return;
				return this.#apply(entry, force === 3 ? withdraw() : undo(entry, this.#nextRun(), this.#now, scale));
			}
			case 'spawning':
				// Its process comes after its commands, and neither is wanted any more.
				if (phase.isHooked && entry.leaving) this.#apply(entry, withdraw());
				return;
			case 'stopping':
				return; // Its news will come.
		}
	}

	// ── Starting ──

	/** Wanted: from now on its needs are waited for, each for no longer than it may take. */
	#await(entry: Entry): void {
		const deadline = Math.min(NEVER, ...entry.needs.map(({timeout}) => this.#now + timeout));
		this.#write({...entry, phase: deadline === NEVER ? WAITING : {...WAITING, deadline}});
	}

	/** Needs that do not hold and are waited for no longer. */
	#waivers({phase, needs}: Entry): number {
		if (phase.kind !== 'waiting' || phase.waived.length === 0) return 0;
		const {waived} = phase;
		return needs.filter(edge => waived.includes(edge.id) && !this.#isHeld(edge)).length;
	}

	#isHeld(edge: Edge): boolean {
		const need = read(this.state.table, edge.id);
		return need !== undefined && holds(need, edge);
	}

	#isLost(edge: Edge): boolean {
		const need = read(this.state.table, edge.id);
		return need !== undefined && isLostTo(need, edge);
	}

	/** Some need has been waited for long enough: a hard one has failed its dependent, others are waived. */
	#late(entry: Entry): void {
		const {phase, needs} = entry;
		if (phase.kind !== 'waiting') return;
		// As its deadline was told, so that no rounding parts the two.
		const since = entry.since + entry.stalled;
		const late = needs.filter(edge => since + edge.timeout <= this.#now && !this.#isHeld(edge));
		const hard = late.find(({strength}) => strength === 'hard');
		if (hard) {
			return this.#giveUp(entry, `waited ${duration(hard.timeout)} for ${read(this.state.table, hard.id)?.service.name}`);
		}
		const later = needs.map(({timeout}) => since + timeout).filter(deadline => deadline > this.#now);
		this.#write({...entry, phase: {...phase, deadline: Math.min(NEVER, ...later), waived: late.map(({id}) => id)}});
	}

	/** It has failed without having been started; how it ended before has nothing to do with that. */
	#giveUp(entry: Entry, blame: string): void {
		this.#write({...entry, phase: {kind: 'down', cause: 'failed'}, blame, outcome: null, refusal: null});
	}

	#spawn(entry: Entry): void {
		const wait = entry.ends.length > 0 ? this.#takeToken() : 0;
		if (wait > 0) return this.#write({...entry, phase: {kind: 'backoff', deadline: this.#now + wait}});
		const {id, service} = entry;
		const run = this.#nextRun();
		const isHooked = service.hooks.preStart.length > 0;
		const phase: Spawning = {kind: 'spawning', run, isHooked, deadline: isHooked ? this.#now + service.startTimeout : NEVER};
		this.effects.push(isHooked ? hookOf(entry, phase, this.#now) : {kind: 'spawn', id, run, service});
		this.#write({...entry, phase, starts: entry.starts + 1});
	}

	#nextRun(): Run {
		const run = this.state.runs + 1;
		this.state = {...this.state, runs: run};
		return run;
	}

	/** How long until a restart may be made; 0: now, and it is counted. So a storm leaves the machine usable. */
	#takeToken(): Millis {
		const {bucket, settings: {startRate: {perSecond, burst}}} = this.state;
		const level = Math.min(burst, bucket.level + ((this.#now - bucket.at) / 1000) * perSecond);
		const isFree = level >= 1;
		this.state = {...this.state, bucket: {level: isFree ? level - 1 : level, at: this.#now}};
		// A little more than it takes, so that no rounding makes it come too early again and again.
		return isFree ? 0 : ((1 - level) / perSecond) * 1000 + 1;
	}

	/** Starts the services, and whatever they need that is not there. */
	#start(ids: readonly Id[]): void {
		const seen = new Set(ids);
		for (const id of seen) {
			const entry = read(this.state.table, id);
			if (!entry) continue;
			for (const need of entry.needs) {
				const needed = read(this.state.table, need.id);
				if (needed && need.strength !== 'order' && !meets(needed, need.condition)) seen.add(need.id);
			}
			const fresh: Entry = {...entry, desired: 'start', stop: entry.service.stop};
			const rests = entry.phase.kind === 'down' || entry.phase.kind === 'backoff';
			if (rests) this.#await({...fresh, ends: [], restartPending: false, blame: null});
			else this.#write(fresh);
		}
	}

	#restart(ids: readonly Id[]): void {
		const others: Id[] = [];
		for (const id of ids) {
			const entry = read(this.state.table, id);
			if (!entry) continue;
			if (!isUnderWay(entry.phase)) {
				others.push(id);
				continue;
			}
			// Without them it would not come back.
			for (const edge of entry.needs) if (this.#isLost(edge)) others.push(edge.id);
			this.#write({...entry, desired: 'start', restartPending: true});
		}
		this.#start(others);
	}

	/** Whether some that are restarted with this one must end before it does; they are told to. */
	#takesAlong({dependents}: Entry): boolean {
		const along = dependents.filter(({id, restart}) => {
			const entry = restart ? read(this.state.table, id) : undefined;
			return entry && isUnderWay(entry.phase) && !entry.leaving;
		});
		for (const {id} of along) this.#toRestart.add(id);
		return along.length > 0;
	}

	#restartAlong(id: Id): void {
		const entry = read(this.state.table, id);
		if (!entry || !isWanted(entry, this.state.stage)) return;
		if (isUnderWay(entry.phase)) this.#write({...entry, restartPending: true});
	}

	// ── Requests ──

	#stop({ids, policy}: Extract<Event, {kind: 'stop'}>): void {
		for (const id of ids) {
			const entry = read(this.state.table, id);
			if (entry) this.#write({...entry, desired: 'stop', restartPending: false, stop: policy ?? entry.service.stop});
		}
	}

	#signal({id, signal}: Extract<Event, {kind: 'signal'}>): void {
		const {phase, service} = read(this.state.table, id) ?? {};
		if (!phase || !service || !('pid' in phase) || (phase.kind === 'stopping' && phase.outcome)) return;
		this.effects.push({kind: 'signal', run: phase.run, pid: phase.pid, signal, to: service.stopTo});
	}

	#reload(ids: readonly Id[]): void {
		for (const id of ids) {
			const {phase, service} = read(this.state.table, id) ?? {};
			if (!service?.reload || (phase?.kind !== 'up' && phase?.kind !== 'starting')) continue;
			const {run, pid} = phase;
			const {reload, startTimeout: timeout} = service;
			if ('signal' in reload) this.effects.push({kind: 'signal', run, pid, signal: reload.signal, to: service.stopTo});
			else this.effects.push({kind: 'hook', id, run, service, hook: 'reload', commands: [reload.command], timeout, environment: {}});
		}
	}

	#add(service: Service): void {
		if (find(this.state, service.name)) throw new Error(`name is taken: ${service.name}`);
		const id = freeId(this.state.table);
		const entry = {...newEntry(id, service), leaving: false, desired: 'start'} satisfies Entry;
		this.state = {
			...this.state,
			table: write(this.state.table, entry),
			transients: new Map(this.state.transients).set(service.name, id),
			awaited: this.state.awaited + 1,
		};
		this.#queue.add(id);
	}

	#remove(id: Id): void {
		const entry = read(this.state.table, id);
		if (!entry || isAlive(entry.phase) || this.state.transients.get(entry.service.name) !== id) return;
		this.#forget(entry);
	}

	#forget(entry: Entry): void {
		const {id, service: {name}, needs, dependents} = entry;
		const table = erase(this.state.table, id);
		this.state = {...this.state, awaited: this.state.awaited - Number(isAwaited(entry))};
		// Guests are few and come and go; the others go with a new config only.
		if (this.state.transients.get(name) === id) this.state = {...this.state, table, transients: without(this.state.transients, name)};
		else this.state = {...this.state, table, names: without(this.state.names, name)};
		// Its place may have another tenant soon, with whom nobody is connected.
		const isOther = (edge: Edge): boolean => edge.id !== id;
		for (const edge of needs) {
			const need = read(this.state.table, edge.id);
			if (need) this.#put({...need, dependents: need.dependents.filter(isOther)});
		}
		for (const edge of dependents) {
			const dependent = read(this.state.table, edge.id);
			const unmet = (dependent?.unmet ?? 0) - (holds(entry, edge) ? 0 : 1);
			const lost = (dependent?.lost ?? 0) - (isLostTo(entry, edge) ? 1 : 0);
			if (dependent) this.#put({...dependent, needs: dependent.needs.filter(isOther), unmet, lost});
		}
		this.effects.push({kind: 'forgotten', entry});
	}

	/**
	 * The config anew, by the names of services: whoever is made as before keeps its process and hears only
	 * of new rules for it; others end, and start as they are now.
	 */
	#reconfigure({services, shutdownGrace, startRate, whenIdle}: Extract<Event, {kind: 'reconfigure'}>): void {
		const names = new Map<string, Id>();
		let {table} = this.state;
		for (const service of services) {
			const id = this.state.names.get(service.name) ?? freeId(table);
			names.set(service.name, id);
			if (!read(table, id)) table = write(table, newEntry(id, service));
		}
		const {needs, dependents, demanded} = connect(services, names);
		for (const [name, id] of this.state.names) {
			const entry = read(table, id);
			if (!entry || names.get(name) === id) continue;
			names.set(name, id);
			// It still ends before what it needed, and after what is retired with it.
			for (const {id: need, ...edge} of entry.needs) dependents.get(need)?.push({id, ...edge});
			table = write(table, {...entry, retired: true, dependents: entry.dependents.filter(edge => !needs.has(edge.id))});
		}
		for (const service of services) {
			const entry = read(table, names.get(service.name) ?? -1);
			if (!entry) continue;
			const {id} = entry;
			const desired = entry.desired === 'auto' ? demanded.get(id) ?? 'auto' : entry.desired;
			const renewed = renew(entry, service);
			if (isRelogged(entry.service, renewed.service)) this.effects.push({kind: 'logging', id, service: renewed.service});
			table = write(table, {...renewed, needs: needs.get(id) ?? [], dependents: dependents.get(id) ?? [], desired});
		}
		const settings = {...this.state.settings, shutdownGrace, startRate, whenIdle};
		this.state = {...this.state, settings, names, table, isIdle: false};
		this.#recount();
	}

	#put(entry: Entry): void {
		this.state = {...this.state, table: write(this.state.table, entry)};
	}

	/** What the door keeps in passing, told from scratch; and everything is looked at. */
	#recount(): void {
		const list = [...all(this.state.table)];
		let {table} = this.state;
		for (const entry of list) {
			const after = {...entry, leaving: entry.restartPending || !isWanted(entry, this.state.stage)};
			table = write(table, after);
			if (!entry.leaving) this.#withdraw(after);
		}
		for (const {id} of list) {
			const entry = read(table, id);
			if (!entry) continue;
			const unmet = entry.needs.filter(edge => {
				const need = read(table, edge.id);
				return need !== undefined && !holds(need, edge);
			}).length;
			const stoppingDependents = entry.dependents.filter(edge => {
				const dependent = read(table, edge.id);
				return dependent !== undefined && isGoingDown(dependent);
			}).length;
			const lost = entry.needs.filter(edge => {
				const need = read(table, edge.id);
				return need !== undefined && isLostTo(need, edge);
			}).length;
			table = write(table, {...entry, unmet, lost, stoppingDependents});
			this.#queue.add(id);
		}
		this.state = {...this.state, table, awaited: countAwaited(table)};
	}

	// ── The end ──

	#shutdown(status: number, why: string): void {
		const {stage, settings: {shutdownGrace}, table} = this.state;
		switch (stage.kind) {
			case 'boot':
			case 'running':
				return this.#enter({
					kind: 'stopping', force: 1, status, why, deadline: this.#now + shutdownGrace,
					scale: Math.min(1, shutdownGrace / longestEnd(table)), sayAt: this.#now + SAY_EVERY,
				});
			case 'stopping': {
				if (stage.force === 3) return;
				const force = stage.force === 1 ? 2 : 3;
				const deadline = force === 3 ? this.#now + KILL_PATIENCE : stage.deadline;
				return this.#enter({...stage, force, deadline});
			}
			case 'sweeping': return this.#sweepHarder(stage);
			case 'over': return;
		}
	}

	/** Every entry is looked at again in the light of the new stage. */
	#enter(stage: Stage): void {
		this.state = {...this.state, stage};
		this.effects.push({kind: 'stage', stage});
		const mustDie = stage.kind === 'stopping' && stage.force === 3;
		// By id and read anew: a write changes the counts of neighbours that are still to come.
		for (let id = 0; id < this.state.table.places; id++) {
			const entry = read(this.state.table, id);
			if (!entry) continue;
			if (mustDie && 'pid' in entry.phase) this.#apply(entry, kill(entry, entry.phase, this.#now));
			else this.#write(entry);
		}
	}

	/** No service lives: what else does is asked to end. */
	#sweep(status: number, why: string): void {
		const {settings: {sweepGrace}} = this.state;
		const stage: Stage = {kind: 'sweeping', killed: false, status, why, deadline: this.#now + sweepGrace};
		this.state = {...this.state, stage};
		this.effects.push({kind: 'stage', stage}, {kind: 'sweep', signal: SIG.TERM}, {kind: 'sweep', signal: SIG.CONT});
	}

	#sweepHarder(stage: Extract<Stage, {kind: 'sweeping'}>): void {
		if (stage.killed) return this.#exit(stage.status, stage.why);
		this.state = {...this.state, stage: {...stage, killed: true, deadline: this.#now + KILL_PATIENCE}};
		this.effects.push({kind: 'stage', stage: this.state.stage}, {kind: 'sweep', signal: SIG.KILL});
	}

	#alone(): void {
		const {stage} = this.state;
		if (stage.kind === 'sweeping') this.#exit(stage.status, stage.why);
	}

	#exit(status: number, why: string): void {
		this.state = {...this.state, stage: {kind: 'over', status}};
		this.effects.push({kind: 'exit', status, why});
	}

	/** Nothing runs, and nothing will start by itself: that is told, and the container ends where that is wanted of it. */
	#idle(): void {
		const {why, failed, isKept} = aboutIdleness(this.state);
		const {whenIdle} = this.state.settings;
		this.state = {...this.state, isIdle: true};
		const ends = whenIdle === 'always' || (whenIdle === 'failed' && failed !== null);
		if (ends && !isKept) return this.#shutdown(failed ? failureStatus(failed) : 0, why);
		const way = isKept || whenIdle === 'never' ? 'SIGTERM ends' : 'SIGTERM, or shutdown.when_idle: always, ends';
		this.effects.push({kind: 'say', level: 'warn', text: `${why}; archonctl start NAME starts one, ${way} it all`});
	}

	/** A service has ended, failed or fallen ill in a way that the container is to end with. */
	#judgeContainer(before: Entry, after: Entry): void {
		if (this.state.stage.kind !== 'running') return;
		const {service: {essential, onFailed, health, name}, phase, outcome, blame} = after;
		const isIll = phase.kind === 'up' && phase.health === 'unhealthy';
		const wasIll = before.phase.kind === 'up' && before.phase.health === 'unhealthy';
		if (isIll && !wasIll && health?.onUnhealthy === 'shutdown') return this.#shutdown(1, `${name} is unhealthy`);
		const isAtRest = phase.kind === 'down' && phase.cause !== 'new' && phase.cause !== 'stopped';
		if (!isAtRest && phase.kind !== 'done') return;
		const failed = phase.kind === 'down' && phase.cause === 'failed';
		if (!essential && !(failed && onFailed === 'shutdown')) return;
		if (!failed) return this.#shutdown(outcome ? exitStatus(outcome) : 0, `${name} ended`);
		if (before.phase.kind !== 'waiting') return this.#shutdown(failureStatus(after), `${name} failed`);
		this.#shutdown(failureStatus(rootOf(this.state.table, after)), `${name} cannot start: ${blame}`);
	}

	/** Whatever they had to say before they serve, they have said to another. */
	#adopt(adopted: readonly Adopted[]): void {
		for (const {id, run, pid} of adopted) {
			const entry = read(this.state.table, id);
			if (!entry || isAlive(entry.phase)) continue;
			this.state = {...this.state, runs: Math.max(this.state.runs, run)};
			this.#write({...entry, phase: {kind: 'spawning', run, isHooked: false, deadline: NEVER}, starts: 1});
			this.#news(id, run, {kind: 'spawned', pid});
			if (entry.service.type === 'daemon' && entry.service.ready) this.#news(id, run, {kind: 'ready'});
		}
	}

	/** What the last life had asked for and never heard of is asked for again. */
	#revive(found: ReadonlyMap<Run, number>): void {
		for (const entry of [...all(this.state.table)]) {
			const {id, phase, service} = entry;
			const pid = phase.kind === 'spawning' ? found.get(phase.run) : undefined;
			if (pid !== undefined && phase.kind === 'spawning') this.#news(id, phase.run, {kind: 'spawned', pid});
			else if (phase.kind === 'spawning' && !phase.isHooked) this.effects.push({kind: 'spawn', id, run: phase.run, service});
			else this.#resume(entry);
		}
		const {stage} = this.state;
		if (stage.kind === 'sweeping') this.effects.push({kind: 'sweep', signal: stage.killed ? SIG.KILL : SIG.TERM});
		if (stage.kind === 'over') this.effects.push({kind: 'exit', status: stage.status, why: 'archon had ended'});
	}

	#resume(entry: Entry): void {
		const {phase} = entry;
		const isHooked = ('isHooked' in phase && phase.isHooked) || (phase.kind === 'stopping' && phase.finish !== null);
		if ('isHooked' in phase && isHooked) this.effects.push(hookOf(entry, phase, this.#now));
		if ((phase.kind === 'starting' || phase.kind === 'up') && phase.looks?.next === NEVER) {
			this.#write({...entry, phase: {...phase, looks: {...phase.looks, next: this.#now}}});
		}
	}

	// ── News and time ──

	#news(id: Id, run: Run, news: News): void {
		const entry = read(this.state.table, id);
		// News of an old run, of a place that has another tenant by now, or of nobody.
		if (!entry || !('run' in entry.phase) || entry.phase.run !== run) return;
		this.#apply(entry, transition(entry, news, this.#now, roll(this.state.settings.seed, run)));
	}

	/** Nothing has happened to anybody: this changes no phase, only when what is under way is late. */
	#stall(millis: Millis): void {
		for (const entry of [...all(this.state.table)]) this.#put(shiftDeadlines(entry, millis));
		const {stage} = this.state;
		if (!('deadline' in stage)) return;
		this.state = {...this.state, stage: {...stage, deadline: stage.deadline + millis}};
	}

	#tick(): void {
		for (let entry = due(this.state.table, this.#now); entry; entry = due(this.state.table, this.#now)) {
			const run = 'run' in entry.phase ? entry.phase.run : 0;
			if (entry.phase.kind === 'waiting') this.#late(entry);
			else this.#apply(entry, transition(entry, {kind: 'timeout'}, this.#now, roll(this.state.settings.seed, run)));
			const after = read(this.state.table, entry.id);
			if (after && after.phase === entry.phase) throw new Error(`${after.service.name} missed its deadline`);
		}
		const {stage} = this.state;
		if (stage.kind === 'sweeping' && stage.deadline <= this.#now) this.#sweepHarder(stage);
		if (stage.kind !== 'stopping') return;
		if (stage.deadline > this.#now) return this.#sayWhoIsAwaited(stage);
		// What SIGKILL did not end by now hangs in the kernel, and ends with the container.
		if (stage.force === 3) this.#exit(stage.status, stage.why);
		else this.#enter({...stage, force: 3, deadline: this.#now + KILL_PATIENCE});
	}

	#sayWhoIsAwaited(stage: Extract<Stage, {kind: 'stopping'}>): void {
		if (stage.sayAt > this.#now) return;
		for (const text of whoIsAwaited(this.state.table, this.#now)) this.effects.push({kind: 'say', level: 'info', text});
		this.state = {...this.state, stage: {...stage, sayAt: this.#now + SAY_EVERY}};
	}

	// ── Writing ──

	#apply(entry: Entry, {phase, also, effects}: Move): void {
		if (effects) this.effects.push(...effects);
		if (phase === WAITING) this.#await({...entry, ...also});
		else this.#write({...entry, ...also, phase});
	}

	/**
	 * The one door: whatever an entry's new form changes for others (counts, queue, log, stage) is
	 * done here and nowhere else.
	 */
	#write(wanted: Entry): void {
		const before = read(this.state.table, wanted.id) ?? wanted;
		const after: Entry = {
			...wanted,
			...(before.phase.kind !== wanted.phase.kind && {since: this.#now, stalled: 0}),
			leaving: wanted.restartPending || !isWanted(wanted, this.state.stage),
		};
		const living = Number(isAlive(after.phase)) - Number(isAlive(before.phase));
		const awaited = this.state.awaited + Number(isAwaited(after)) - Number(isAwaited(before));
		const held = this.state.held + Number(after.phase.kind === 'done') - Number(before.phase.kind === 'done');
		// What somebody runs at a prompt is no news of what the container is for.
		const isIdle = this.state.isIdle && !(living > 0 && after.service.origin !== 'run');
		const {table} = this.state;
		this.state = {...this.state, table: write(table, after), living: this.state.living + living, held, awaited, isIdle};
		this.#queue.add(after.id);
		this.#tellDependents(before, after);
		this.#tellNeeds(before, after);
		if (!before.leaving) this.#withdraw(after);
		if (before.phase === after.phase) return;
		this.effects.push({kind: 'changed', before, after});
		this.#judgeContainer(before, after);
	}

	/** It has become one that is to leave, and its process is not made yet. */
	#withdraw({id, leaving, phase}: Entry): void {
		if (leaving && phase.kind === 'spawning' && !phase.isHooked) this.effects.push({kind: 'withdraw', id, run: phase.run});
	}

	#tellDependents(before: Entry, after: Entry): void {
		const hasEnded = isRunning(before.phase) && !isRunning(after.phase);
		for (const edge of after.dependents) {
			if (edge.restart && hasEnded) this.#toRestart.add(edge.id);
			const unmet = Number(holds(before, edge)) - Number(holds(after, edge));
			const lost = Number(isLostTo(after, edge)) - Number(isLostTo(before, edge));
			const entry = unmet === 0 && lost === 0 ? undefined : read(this.state.table, edge.id);
			if (!entry) continue;
			this.#put({...entry, unmet: entry.unmet + unmet, lost: entry.lost + lost});
			this.#queue.add(edge.id);
		}
	}

	#tellNeeds(before: Entry, after: Entry): void {
		const change = Number(isGoingDown(after)) - Number(isGoingDown(before));
		if (change === 0) return;
		for (const {id} of after.needs) {
			const entry = read(this.state.table, id);
			if (!entry) continue;
			this.#put({...entry, stoppingDependents: entry.stoppingDependents + change});
			this.#queue.add(id);
		}
	}
}

/** Whether its failing for good ends the container, so that it need not wait for a person either. */
const endsContainer = ({essential, onFailed}: Service): boolean => essential || onFailed === 'shutdown';

/** The exit status of a container that ends because this has failed; never 0. */
const failureStatus = ({refusal, outcome}: Entry): number =>
	(refusal ? refusalStatus(refusal) : outcome ? exitStatus(outcome) : 1) || 1;

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
	const rest = new Map(map);
	rest.delete(key);
	return rest;
}
