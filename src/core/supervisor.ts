/**
 * All services together: one event in, a new state and effects out. After every event the whole
 * settles: wanted and needs met → spawn; leaving and no dependent on its way down → terminate; until
 * nothing moves. Only entries that an event can affect are looked at.
 */
import {due, earliest, entries as all, erase, read, vacancy, write} from './book.ts';
import {duration} from './duration.ts';
import {excuse, hookOf, kill, meet, type Move, terminate, undo, WAITING, withdraw} from './lifecycle.ts';
import {
	type Adopted, type Edge, type Effect, type Entry, type Event, exitStatus, type Id, type Instant, isAlive, type Millis, NEVER,
	type News, refusalStatus, type Run, type Season, type Service, SIG, type Spawning,
} from './model.ts';
import {aboutIdleness, cannotStart, rootOf} from './idle.ts';
import {isRelogged, renew} from './reconfigure.ts';
import {roll} from './restart.ts';
import {longestEnd, whoIsAwaited} from './shutdown.ts';
import {
	connect, countAwaited, find, holds, isAwaited, isFalling, isLostTo, isRunning, isUnderWay, isWanted, meets, newcomer, type State,
} from './state.ts';

/** How long archon waits, after SIGKILL to everything, for the kernel to carry it out. */
const KILL_PATIENCE: Millis = 1000;

/** How often a shutdown says whom it waits for. */
const SAY_EVERY: Millis = 1000;

/** One step. Pure: the state that comes in is as it was, also when this throws over a bug of ours. */
export function step(state: State, event: Event, now: Instant): readonly [State, readonly Effect[]] {
	const turn = new Turn(state, now);
	turn.hear(event);
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
	readonly #bounced = new Set<Id>();

	constructor(state: State, now: Instant) {
		this.state = state;
		this.#now = now;
	}

	hear(event: Event): void {
		const mayStart = this.state.season.kind === 'running';
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
		const {season, living, held, isIdle, book} = this.state;
		// Whatever will start by itself has a deadline.
		if (season.kind === 'running' && living === held && !isIdle && earliest(book) === NEVER) {
			this.#idle();
			this.#drain();
		}
		const {season: after} = this.state;
		if (after.kind === 'stopping' && this.state.living === 0) this.#sweep(after.status, after.why);
		if (this.state.hasArrived || this.state.awaited > 0 || after.kind !== 'running') return;
		this.state = {...this.state, hasArrived: true};
		this.effects.push({kind: 'arrived'});
	}

	#drain(): void {
		do {
			for (const id of this.#bounced) {
				this.#bounced.delete(id);
				this.#bounce(id);
			}
			// A Set is iterated in order of insertion, items added meanwhile included.
			for (const id of this.#queue) {
				this.#queue.delete(id);
				const entry = read(this.state.book, id);
				if (entry) this.#examine(entry);
			}
		} while (this.#bounced.size > 0);
	}

	#examine(entry: Entry): void {
		const {phase} = entry;
		const {season} = this.state;
		const wanted = isWanted(entry, season);
		switch (phase.kind) {
			case 'down': {
				if (entry.retired) return this.#forget(entry);
				const fresh = phase.cause === 'new' || phase.cause === 'stopped';
				if (wanted && (fresh || entry.bounce)) this.#await({...entry, bounce: false});
				return;
			}
			case 'waiting':
				if (!wanted) return this.#write({...entry, phase: {kind: 'down', cause: 'stopped'}, bounce: false});
				if (entry.bounce) return this.#write({...entry, bounce: false});
				if (entry.lost > 0 && endsContainer(entry.service)) return this.#giveUp(entry, cannotStart(this.state.book, entry));
				if (entry.lost > 0 !== phase.inVain) return this.#write({...entry, phase: {...phase, inVain: entry.lost > 0}});
				if (entry.unmet === 0 || entry.unmet === this.#waivers(entry)) this.#spawn(entry);
				return;
			case 'backoff':
				if (!wanted) return this.#write({...entry, phase: {kind: 'down', cause: 'stopped'}, bounce: false});
				if (entry.bounce) this.#await({...entry, bounce: false, ends: []});
				return;
			case 'starting':
			case 'up': {
				const [force, scale] = season.kind === 'stopping' ? [season.force, season.scale] : [0, 1];
				if (!entry.leaving || (entry.falling > 0 && force < 2) || this.#takesAlong(entry)) return;
				return this.#apply(entry, force === 3 ? kill(entry, phase, this.#now) : terminate(entry, phase, this.#now, scale));
			}
			case 'done': {
				const [force, scale] = season.kind === 'stopping' ? [season.force, season.scale] : [0, 1];
				if (!entry.leaving || (entry.falling > 0 && force < 2) || this.#takesAlong(entry)) return;
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
		const need = read(this.state.book, edge.id);
		return need !== undefined && holds(need, edge);
	}

	#isLost(edge: Edge): boolean {
		const need = read(this.state.book, edge.id);
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
			return this.#giveUp(entry, `waited ${duration(hard.timeout)} for ${read(this.state.book, hard.id)?.service.name}`);
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
			const entry = read(this.state.book, id);
			if (!entry) continue;
			for (const need of entry.needs) {
				const needed = read(this.state.book, need.id);
				if (needed && need.strength !== 'order' && !meets(needed, need.condition)) seen.add(need.id);
			}
			const fresh: Entry = {...entry, wish: 'start', stop: entry.service.stop};
			const rests = entry.phase.kind === 'down' || entry.phase.kind === 'backoff';
			if (rests) this.#await({...fresh, ends: [], bounce: false, blame: null});
			else this.#write(fresh);
		}
	}

	#restart(ids: readonly Id[]): void {
		const others: Id[] = [];
		for (const id of ids) {
			const entry = read(this.state.book, id);
			if (!entry) continue;
			if (!isUnderWay(entry.phase)) {
				others.push(id);
				continue;
			}
			// Without them it would not come back.
			for (const edge of entry.needs) if (this.#isLost(edge)) others.push(edge.id);
			this.#write({...entry, wish: 'start', bounce: true});
		}
		this.#start(others);
	}

	/** Whether some that are restarted with this one must end before it does; they are told to. */
	#takesAlong({dependents}: Entry): boolean {
		const along = dependents.filter(({id, restart}) => {
			const entry = restart ? read(this.state.book, id) : undefined;
			return entry && isUnderWay(entry.phase) && !entry.leaving;
		});
		for (const {id} of along) this.#bounced.add(id);
		return along.length > 0;
	}

	#bounce(id: Id): void {
		const entry = read(this.state.book, id);
		if (!entry || !isWanted(entry, this.state.season)) return;
		if (isUnderWay(entry.phase)) this.#write({...entry, bounce: true});
	}

	// ── Requests ──

	#stop({ids, policy}: Extract<Event, {kind: 'stop'}>): void {
		for (const id of ids) {
			const entry = read(this.state.book, id);
			if (entry) this.#write({...entry, wish: 'stop', bounce: false, stop: policy ?? entry.service.stop});
		}
	}

	#signal({id, signal}: Extract<Event, {kind: 'signal'}>): void {
		const {phase, service} = read(this.state.book, id) ?? {};
		if (!phase || !service || !('pid' in phase) || (phase.kind === 'stopping' && phase.outcome)) return;
		this.effects.push({kind: 'signal', run: phase.run, pid: phase.pid, signal, to: service.stopTo});
	}

	#reload(ids: readonly Id[]): void {
		for (const id of ids) {
			const {phase, service} = read(this.state.book, id) ?? {};
			if (!service?.reload || (phase?.kind !== 'up' && phase?.kind !== 'starting')) continue;
			const {run, pid} = phase;
			const {reload, startTimeout: timeout} = service;
			if ('signal' in reload) this.effects.push({kind: 'signal', run, pid, signal: reload.signal, to: service.stopTo});
			else this.effects.push({kind: 'hook', id, run, service, hook: 'reload', commands: [reload.command], timeout, environment: {}});
		}
	}

	#add(service: Service): void {
		if (find(this.state, service.name)) throw new Error(`name is taken: ${service.name}`);
		const id = vacancy(this.state.book);
		const entry = {...newcomer(id, service), leaving: false, wish: 'start'} satisfies Entry;
		this.state = {
			...this.state,
			book: write(this.state.book, entry),
			guests: new Map(this.state.guests).set(service.name, id),
			awaited: this.state.awaited + 1,
		};
		this.#queue.add(id);
	}

	#remove(id: Id): void {
		const entry = read(this.state.book, id);
		if (!entry || isAlive(entry.phase) || this.state.guests.get(entry.service.name) !== id) return;
		this.#forget(entry);
	}

	#forget(entry: Entry): void {
		const {id, service: {name}, needs, dependents} = entry;
		const book = erase(this.state.book, id);
		this.state = {...this.state, awaited: this.state.awaited - Number(isAwaited(entry))};
		// Guests are few and come and go; the others go with a new config only.
		if (this.state.guests.get(name) === id) this.state = {...this.state, book, guests: without(this.state.guests, name)};
		else this.state = {...this.state, book, names: without(this.state.names, name)};
		// Its place may have another tenant soon, with whom nobody is connected.
		const isOther = (edge: Edge): boolean => edge.id !== id;
		for (const edge of needs) {
			const need = read(this.state.book, edge.id);
			if (need) this.#put({...need, dependents: need.dependents.filter(isOther)});
		}
		for (const edge of dependents) {
			const dependent = read(this.state.book, edge.id);
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
		let {book} = this.state;
		for (const service of services) {
			const id = this.state.names.get(service.name) ?? vacancy(book);
			names.set(service.name, id);
			if (!read(book, id)) book = write(book, newcomer(id, service));
		}
		const {needs, dependents, wishes} = connect(services, names);
		for (const [name, id] of this.state.names) {
			const entry = read(book, id);
			if (!entry || names.get(name) === id) continue;
			names.set(name, id);
			// It still ends before what it needed, and after what is retired with it.
			for (const {id: need, ...edge} of entry.needs) dependents.get(need)?.push({id, ...edge});
			book = write(book, {...entry, retired: true, dependents: entry.dependents.filter(edge => !needs.has(edge.id))});
		}
		for (const service of services) {
			const entry = read(book, names.get(service.name) ?? -1);
			if (!entry) continue;
			const {id} = entry;
			const wish = entry.wish === 'auto' ? wishes.get(id) ?? 'auto' : entry.wish;
			const renewed = renew(entry, service);
			if (isRelogged(entry.service, renewed.service)) this.effects.push({kind: 'logging', id, service: renewed.service});
			book = write(book, {...renewed, needs: needs.get(id) ?? [], dependents: dependents.get(id) ?? [], wish});
		}
		const settings = {...this.state.settings, shutdownGrace, startRate, whenIdle};
		this.state = {...this.state, settings, names, book, isIdle: false};
		this.#recount();
	}

	#put(entry: Entry): void {
		this.state = {...this.state, book: write(this.state.book, entry)};
	}

	/** What the door keeps in passing, told from scratch; and everything is looked at. */
	#recount(): void {
		const list = [...all(this.state.book)];
		let {book} = this.state;
		for (const entry of list) {
			const after = {...entry, leaving: entry.bounce || !isWanted(entry, this.state.season)};
			book = write(book, after);
			if (!entry.leaving) this.#withdraw(after);
		}
		for (const {id} of list) {
			const entry = read(book, id);
			if (!entry) continue;
			const unmet = entry.needs.filter(edge => {
				const need = read(book, edge.id);
				return need !== undefined && !holds(need, edge);
			}).length;
			const falling = entry.dependents.filter(edge => {
				const dependent = read(book, edge.id);
				return dependent !== undefined && isFalling(dependent);
			}).length;
			const lost = entry.needs.filter(edge => {
				const need = read(book, edge.id);
				return need !== undefined && isLostTo(need, edge);
			}).length;
			book = write(book, {...entry, unmet, lost, falling});
			this.#queue.add(id);
		}
		this.state = {...this.state, book, awaited: countAwaited(book)};
	}

	// ── The end ──

	#shutdown(status: number, why: string): void {
		const {season, settings: {shutdownGrace}, book} = this.state;
		switch (season.kind) {
			case 'boot':
			case 'running':
				return this.#enter({
					kind: 'stopping', force: 1, status, why, deadline: this.#now + shutdownGrace,
					scale: Math.min(1, shutdownGrace / longestEnd(book)), sayAt: this.#now + SAY_EVERY,
				});
			case 'stopping': {
				if (season.force === 3) return;
				const force = season.force === 1 ? 2 : 3;
				const deadline = force === 3 ? this.#now + KILL_PATIENCE : season.deadline;
				return this.#enter({...season, force, deadline});
			}
			case 'sweeping': return this.#sweepHarder(season);
			case 'over': return;
		}
	}

	/** Every entry is looked at again in the light of the new season. */
	#enter(season: Season): void {
		this.state = {...this.state, season};
		this.effects.push({kind: 'season', season});
		const mustDie = season.kind === 'stopping' && season.force === 3;
		// By id and read anew: a write changes the counts of neighbours that are still to come.
		for (let id = 0; id < this.state.book.places; id++) {
			const entry = read(this.state.book, id);
			if (!entry) continue;
			if (mustDie && 'pid' in entry.phase) this.#apply(entry, kill(entry, entry.phase, this.#now));
			else this.#write(entry);
		}
	}

	/** No service lives: what else does is asked to end. */
	#sweep(status: number, why: string): void {
		const {settings: {sweepGrace}} = this.state;
		const season: Season = {kind: 'sweeping', killed: false, status, why, deadline: this.#now + sweepGrace};
		this.state = {...this.state, season};
		this.effects.push({kind: 'season', season}, {kind: 'sweep', signal: SIG.TERM}, {kind: 'sweep', signal: SIG.CONT});
	}

	#sweepHarder(season: Extract<Season, {kind: 'sweeping'}>): void {
		if (season.killed) return this.#exit(season.status, season.why);
		this.state = {...this.state, season: {...season, killed: true, deadline: this.#now + KILL_PATIENCE}};
		this.effects.push({kind: 'season', season: this.state.season}, {kind: 'sweep', signal: SIG.KILL});
	}

	#alone(): void {
		const {season} = this.state;
		if (season.kind === 'sweeping') this.#exit(season.status, season.why);
	}

	#exit(status: number, why: string): void {
		this.state = {...this.state, season: {kind: 'over', status}};
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
		if (this.state.season.kind !== 'running') return;
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
		this.#shutdown(failureStatus(rootOf(this.state.book, after)), `${name} cannot start: ${blame}`);
	}

	/** Whatever they had to say before they serve, they have said to another. */
	#adopt(adopted: readonly Adopted[]): void {
		for (const {id, run, pid} of adopted) {
			const entry = read(this.state.book, id);
			if (!entry || isAlive(entry.phase)) continue;
			this.state = {...this.state, runs: Math.max(this.state.runs, run)};
			this.#write({...entry, phase: {kind: 'spawning', run, isHooked: false, deadline: NEVER}, starts: 1});
			this.#news(id, run, {kind: 'spawned', pid});
			if (entry.service.type === 'daemon' && entry.service.ready) this.#news(id, run, {kind: 'ready'});
		}
	}

	/** What the last life had asked for and never heard of is asked for again. */
	#revive(found: ReadonlyMap<Run, number>): void {
		for (const entry of [...all(this.state.book)]) {
			const {id, phase, service} = entry;
			const pid = phase.kind === 'spawning' ? found.get(phase.run) : undefined;
			if (pid !== undefined && phase.kind === 'spawning') this.#news(id, phase.run, {kind: 'spawned', pid});
			else if (phase.kind === 'spawning' && !phase.isHooked) this.effects.push({kind: 'spawn', id, run: phase.run, service});
			else this.#resume(entry);
		}
		const {season} = this.state;
		if (season.kind === 'sweeping') this.effects.push({kind: 'sweep', signal: season.killed ? SIG.KILL : SIG.TERM});
		if (season.kind === 'over') this.effects.push({kind: 'exit', status: season.status, why: 'archon had ended'});
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
		const entry = read(this.state.book, id);
		// News of an old run, of a place that has another tenant by now, or of nobody.
		if (!entry || !('run' in entry.phase) || entry.phase.run !== run) return;
		this.#apply(entry, meet(entry, news, this.#now, roll(this.state.settings.seed, run)));
	}

	/** Nothing has happened to anybody: this changes no phase, only when what is under way is late. */
	#stall(millis: Millis): void {
		for (const entry of [...all(this.state.book)]) this.#put(excuse(entry, millis));
		const {season} = this.state;
		if (!('deadline' in season)) return;
		this.state = {...this.state, season: {...season, deadline: season.deadline + millis}};
	}

	#tick(): void {
		for (let entry = due(this.state.book, this.#now); entry; entry = due(this.state.book, this.#now)) {
			const run = 'run' in entry.phase ? entry.phase.run : 0;
			if (entry.phase.kind === 'waiting') this.#late(entry);
			else this.#apply(entry, meet(entry, {kind: 'timeout'}, this.#now, roll(this.state.settings.seed, run)));
			const after = read(this.state.book, entry.id);
			if (after && after.phase === entry.phase) throw new Error(`${after.service.name} missed its deadline`);
		}
		const {season} = this.state;
		if (season.kind === 'sweeping' && season.deadline <= this.#now) this.#sweepHarder(season);
		if (season.kind !== 'stopping') return;
		if (season.deadline > this.#now) return this.#sayWhoIsAwaited(season);
		// What SIGKILL did not end by now hangs in the kernel, and ends with the container.
		if (season.force === 3) this.#exit(season.status, season.why);
		else this.#enter({...season, force: 3, deadline: this.#now + KILL_PATIENCE});
	}

	#sayWhoIsAwaited(season: Extract<Season, {kind: 'stopping'}>): void {
		if (season.sayAt > this.#now) return;
		for (const text of whoIsAwaited(this.state.book, this.#now)) this.effects.push({kind: 'say', level: 'info', text});
		this.state = {...this.state, season: {...season, sayAt: this.#now + SAY_EVERY}};
	}

	// ── Writing ──

	#apply(entry: Entry, {phase, also, effects}: Move): void {
		if (effects) this.effects.push(...effects);
		if (phase === WAITING) this.#await({...entry, ...also});
		else this.#write({...entry, ...also, phase});
	}

	/**
	 * The one door: whatever an entry's new form changes for others (counts, queue, log, season) is
	 * done here and nowhere else.
	 */
	#write(wanted: Entry): void {
		const before = read(this.state.book, wanted.id) ?? wanted;
		const after: Entry = {
			...wanted,
			...(before.phase.kind !== wanted.phase.kind && {since: this.#now, stalled: 0}),
			leaving: wanted.bounce || !isWanted(wanted, this.state.season),
		};
		const living = Number(isAlive(after.phase)) - Number(isAlive(before.phase));
		const awaited = this.state.awaited + Number(isAwaited(after)) - Number(isAwaited(before));
		const held = this.state.held + Number(after.phase.kind === 'done') - Number(before.phase.kind === 'done');
		// What somebody runs at a prompt is no news of what the container is for.
		const isIdle = this.state.isIdle && !(living > 0 && after.service.origin !== 'run');
		const {book} = this.state;
		this.state = {...this.state, book: write(book, after), living: this.state.living + living, held, awaited, isIdle};
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
			if (edge.restart && hasEnded) this.#bounced.add(edge.id);
			const unmet = Number(holds(before, edge)) - Number(holds(after, edge));
			const lost = Number(isLostTo(after, edge)) - Number(isLostTo(before, edge));
			const entry = unmet === 0 && lost === 0 ? undefined : read(this.state.book, edge.id);
			if (!entry) continue;
			this.#put({...entry, unmet: entry.unmet + unmet, lost: entry.lost + lost});
			this.#queue.add(edge.id);
		}
	}

	#tellNeeds(before: Entry, after: Entry): void {
		const change = Number(isFalling(after)) - Number(isFalling(before));
		if (change === 0) return;
		for (const {id} of after.needs) {
			const entry = read(this.state.book, id);
			if (!entry) continue;
			this.#put({...entry, falling: entry.falling + change});
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
