/**
 * All services together: one event in, a new state and effects out. After every event the whole
 * settles: wanted and needs met → spawn; leaving and no dependent on its way down → terminate; until
 * nothing moves. Only entries that an event can affect are looked at.
 */
import {type Book, deadlineOf, due, earliest, EMPTY, entries as all, erase, read, vacancy, write} from './book.ts';
import {kill, meet, type Move, terminate} from './lifecycle.ts';
import {
	type Condition, type Effect, type Entry, type Event, exitStatus, type Id, type Instant, type Millis, type News,
	type Phase, refusalStatus, type Run, type Season, type Service, SIG,
} from './model.ts';
import {roll} from './restart.ts';

export interface Settings {
	/** From the first word of shutdown until everything is killed: all must fit into the runtime's own patience. */
	readonly shutdownGrace: Millis;
	/** How long processes that belong to no service may take to end. */
	readonly sweepGrace: Millis;
	/** What jitter is drawn from; the same seed and events give the same effects. */
	readonly seed: number;
}

export interface State {
	readonly settings: Settings;
	readonly season: Season;
	readonly book: Book;
	/** The names of the config's services. */
	readonly names: ReadonlyMap<string, Id>;
	/** The names of services made at run time; few, and copied when one comes or goes. */
	readonly guests: ReadonlyMap<string, Id>;
	/** Runs given out so far. */
	readonly runs: Run;
	/** Entries with a process, or about to have one. */
	readonly living: number;
}

/** How long archon waits, after SIGKILL to everything, for the kernel to carry it out. */
const KILL_PATIENCE: Millis = 1000;

/** The state before `boot`. Names are unique, needs name services, and there is no cycle: the config saw to it. */
export function create(services: readonly Service[], settings: Settings): State {
	const names = new Map(services.map((service, id) => [service.name, id]));
	const dependents = services.map((): {id: Id; condition: Condition}[] => []);
	const edges = services.map(({needs}, id) => needs.map(({name, condition}) => {
		const need = names.get(name);
		if (need === undefined) throw new Error(`unknown need: ${name}`);
		dependents[need]?.push({id, condition});
		return {id: need, condition};
	}));
	const book = services.reduce((before, service, id) => write(before, {
		...newcomer(id, service), needs: edges[id] ?? [], dependents: dependents[id] ?? [], unmet: service.needs.length,
	}), EMPTY);
	return {settings, season: {kind: 'boot'}, book, names, guests: new Map(), runs: 0, living: 0};
}

export const find = (state: State, name: string): Entry | undefined => {
	const id = state.names.get(name) ?? state.guests.get(name);
	return id === undefined ? undefined : read(state.book, id);
};

export const entryOf = (state: State, id: Id): Entry | undefined => read(state.book, id);

/** Every entry, the config's first and in its order. */
export const entries = (state: State): Iterable<Entry> => all(state.book);

/** When the kernel should send the next `tick`; NEVER if there is nothing to wait for. */
export const nextDeadline = ({season, book}: State): Instant =>
	Math.min(earliest(book), season.kind === 'stopping' || season.kind === 'sweeping' ? season.deadline : Infinity);

/** Whether a process exists, or is about to, that belongs to the entry. */
export const isAlive = ({kind}: Phase): boolean =>
	kind === 'spawning' || kind === 'starting' || kind === 'up' || kind === 'stopping';

/** Whether a need holds, so that a dependent may start. */
export function holds({phase, leaving, service}: Entry, condition: Condition): boolean {
	const completed = phase.kind === 'down' && phase.cause === 'completed';
	if (condition === 'service_completed_successfully') return completed;
	return completed || (!leaving && (phase.kind === 'up' || (phase.kind === 'starting' && service.type === 'oneshot')));
}

/**
 * Should this service run? Rules in order, the first that speaks wins: shutdown, the operator's word,
 * the config (which wants every service that it names).
 */
export function isWanted({wish}: Pick<Entry, 'wish'>, season: Season): boolean {
	if (season.kind !== 'running') return false;
	return wish !== 'stop';
}

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

	constructor(state: State, now: Instant) {
		this.state = state;
		this.#now = now;
	}

	hear(event: Event): void {
		const mayStart = this.state.season.kind === 'running';
		switch (event.kind) {
			case 'boot': return this.#enter({kind: 'running'});
			case 'news': return this.#news(event.id, event.run, event.news);
			case 'start': return mayStart ? this.#start(event.ids) : undefined;
			case 'restart': return mayStart ? this.#restart(event.ids) : undefined;
			case 'add': return mayStart ? this.#add(event.service) : undefined;
			case 'stop': return this.#stop(event);
			case 'signal': return this.#signal(event);
			case 'remove': return this.#remove(event.id);
			case 'shutdown': return this.#shutdown(0, event.why);
			case 'alone': return this.#alone();
			case 'tick': return this.#tick();
		}
	}

	/** Looks at whatever a change may have set free, until nothing moves. */
	settle(): void {
		// A Set is iterated in order of insertion, items added meanwhile included.
		for (const id of this.#queue) {
			this.#queue.delete(id);
			const entry = read(this.state.book, id);
			if (entry) this.#examine(entry);
		}
		const {season, living} = this.state;
		if (season.kind === 'stopping' && living === 0) this.#sweep(season.status);
	}

	#examine(entry: Entry): void {
		const {phase, service} = entry;
		const {season} = this.state;
		const wanted = isWanted(entry, season);
		switch (phase.kind) {
			case 'down': {
				const fresh = phase.cause === 'new' || phase.cause === 'stopped';
				if (wanted && (fresh || entry.bounce)) this.#write({...entry, phase: {kind: 'waiting'}, bounce: false});
				return;
			}
			case 'waiting': {
				if (!wanted) return this.#write({...entry, phase: {kind: 'down', cause: 'stopped'}, bounce: false});
				if (entry.bounce) return this.#write({...entry, bounce: false});
				if (entry.unmet > 0) return;
				const run = this.state.runs + 1;
				this.state = {...this.state, runs: run};
				this.effects.push({kind: 'spawn', id: entry.id, run, service});
				return this.#write({...entry, phase: {kind: 'spawning', run}, starts: entry.starts + 1});
			}
			case 'backoff':
				if (!wanted) return this.#write({...entry, phase: {kind: 'down', cause: 'stopped'}, bounce: false});
				if (entry.bounce) this.#write({...entry, phase: {kind: 'waiting'}, bounce: false, ends: []});
				return;
			case 'starting':
			case 'up': {
				const force = season.kind === 'stopping' ? season.force : 0;
				if (!entry.leaving || (entry.falling > 0 && force < 2)) return;
				return this.#apply(entry, force === 3 ? kill(phase, this.#now) : terminate(entry, phase, this.#now));
			}
			case 'spawning':
			case 'stopping':
				return; // Their news will come.
		}
	}

	#news(id: Id, run: Run, news: News): void {
		const entry = read(this.state.book, id);
		// News of an old run, of a place that has another tenant by now, or of nobody.
		if (!entry || !('run' in entry.phase) || entry.phase.run !== run) return;
		this.#apply(entry, meet(entry, news, this.#now, roll(this.state.settings.seed, run)));
	}

	/** Starts the services, and whatever they need that is not there. */
	#start(ids: readonly Id[]): void {
		const seen = new Set(ids);
		for (const id of seen) {
			const entry = read(this.state.book, id);
			if (!entry) continue;
			for (const need of entry.needs) {
				const needed = read(this.state.book, need.id);
				if (needed && !holds(needed, need.condition)) seen.add(need.id);
			}
			const {phase} = entry;
			const resting = phase.kind === 'down' || phase.kind === 'backoff';
			this.#write({
				...entry, wish: 'start', stop: entry.service.stop,
				...(resting && {phase: {kind: 'waiting'}, ends: [], bounce: false}),
			});
		}
	}

	#restart(ids: readonly Id[]): void {
		const isUp = (id: Id): boolean => ['spawning', 'starting', 'up'].includes(read(this.state.book, id)?.phase.kind ?? '');
		for (const id of ids.filter(isUp)) {
			const entry = read(this.state.book, id);
			if (entry) this.#write({...entry, wish: 'start', bounce: true});
		}
		this.#start(ids.filter(id => !isUp(id)));
	}

	#stop({ids, policy}: Extract<Event, {kind: 'stop'}>): void {
		for (const id of ids) {
			const entry = read(this.state.book, id);
			if (entry) this.#write({...entry, wish: 'stop', bounce: false, stop: policy ?? entry.service.stop});
		}
	}

	#signal({id, signal, group}: Extract<Event, {kind: 'signal'}>): void {
		const phase = read(this.state.book, id)?.phase;
		if (!phase || !('pid' in phase) || (phase.kind === 'stopping' && phase.outcome)) return;
		this.effects.push({kind: 'signal', run: phase.run, pid: phase.pid, signal, group});
	}

	#add(service: Service): void {
		if (find(this.state, service.name)) throw new Error(`name is taken: ${service.name}`);
		const id = vacancy(this.state.book);
		const entry = {...newcomer(id, service), leaving: false, wish: 'start'} satisfies Entry;
		this.state = {
			...this.state,
			book: write(this.state.book, entry),
			guests: new Map(this.state.guests).set(service.name, id),
		};
		this.#queue.add(id);
	}

	#remove(id: Id): void {
		const entry = read(this.state.book, id);
		if (!entry || isAlive(entry.phase) || this.state.guests.get(entry.service.name) !== id) return;
		const guests = new Map(this.state.guests);
		guests.delete(entry.service.name);
		this.state = {...this.state, guests, book: erase(this.state.book, id)};
		this.effects.push({kind: 'forgotten', entry});
	}

	#shutdown(status: number, why: string): void {
		const {season, settings} = this.state;
		switch (season.kind) {
			case 'boot':
			case 'running':
				return this.#enter({kind: 'stopping', force: 1, status, why, deadline: this.#now + settings.shutdownGrace});
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
			if (mustDie && 'pid' in entry.phase) this.#apply(entry, kill(entry.phase, this.#now));
			else this.#write(entry);
		}
	}

	/** No service lives: what else does is asked to end. */
	#sweep(status: number): void {
		const {settings} = this.state;
		const season: Season = {kind: 'sweeping', killed: false, status, deadline: this.#now + settings.sweepGrace};
		this.state = {...this.state, season};
		this.effects.push({kind: 'season', season}, {kind: 'sweep', signal: SIG.TERM}, {kind: 'sweep', signal: SIG.CONT});
	}

	#sweepHarder(season: Extract<Season, {kind: 'sweeping'}>): void {
		if (season.killed) return this.#exit(season.status);
		this.state = {...this.state, season: {...season, killed: true, deadline: this.#now + KILL_PATIENCE}};
		this.effects.push({kind: 'season', season: this.state.season}, {kind: 'sweep', signal: SIG.KILL});
	}

	#alone(): void {
		if (this.state.season.kind === 'sweeping') this.#exit(this.state.season.status);
	}

	#exit(status: number): void {
		this.state = {...this.state, season: {kind: 'over', status}};
		this.effects.push({kind: 'exit', status});
	}

	#tick(): void {
		const {season} = this.state;
		for (let entry = due(this.state.book, this.#now); entry; entry = due(this.state.book, this.#now)) {
			const run = 'run' in entry.phase ? entry.phase.run : 0;
			this.#apply(entry, meet(entry, {kind: 'timeout'}, this.#now, roll(this.state.settings.seed, run)));
			const after = read(this.state.book, entry.id);
			if (after && deadlineOf(after) <= this.#now) throw new Error(`${after.service.name} missed its deadline`);
		}
		if (season.kind === 'sweeping' && season.deadline <= this.#now) this.#sweepHarder(season);
		if (season.kind !== 'stopping' || season.deadline > this.#now) return;
		// What SIGKILL did not end by now hangs in the kernel, and ends with the container.
		if (season.force === 3) this.#exit(season.status);
		else this.#enter({...season, force: 3, deadline: this.#now + KILL_PATIENCE});
	}

	#apply(entry: Entry, {phase, also, effects}: Move): void {
		if (effects) this.effects.push(...effects);
		this.#write({...entry, ...also, phase});
	}

	/**
	 * The one door: whatever an entry's new form changes for others (counts, queue, log, season) is
	 * done here and nowhere else.
	 */
	#write(wanted: Entry): void {
		const before = read(this.state.book, wanted.id) ?? wanted;
		const moved = before.phase !== wanted.phase;
		const after: Entry = {
			...wanted,
			since: before.phase.kind === wanted.phase.kind ? wanted.since : this.#now,
			leaving: wanted.bounce || !isWanted(wanted, this.state.season),
		};
		const living = Number(isAlive(after.phase)) - Number(isAlive(before.phase));
		this.state = {...this.state, book: write(this.state.book, after), living: this.state.living + living};
		this.#queue.add(after.id);
		this.#tellDependents(before, after);
		this.#tellNeeds(before, after);
		if (!moved) return;
		this.effects.push({kind: 'changed', before, after});
		if (after.service.essential && endedForGood(after)) this.#end(after);
	}

	#tellDependents(before: Entry, after: Entry): void {
		for (const {id, condition} of after.dependents) {
			const change = Number(holds(before, condition)) - Number(holds(after, condition));
			const entry = change === 0 ? undefined : read(this.state.book, id);
			if (!entry) continue;
			this.state = {...this.state, book: write(this.state.book, {...entry, unmet: entry.unmet + change})};
			this.#queue.add(id);
		}
	}

	#tellNeeds(before: Entry, after: Entry): void {
		const isFalling = ({phase, leaving}: Entry): boolean => leaving && isAlive(phase);
		const change = Number(isFalling(after)) - Number(isFalling(before));
		if (change === 0) return;
		for (const {id} of after.needs) {
			const entry = read(this.state.book, id);
			if (!entry) continue;
			this.state = {...this.state, book: write(this.state.book, {...entry, falling: entry.falling + change})};
			this.#queue.add(id);
		}
	}

	/** An essential service ended for good, and the container with it. */
	#end({service, phase, outcome, refusal}: Entry): void {
		if (this.state.season.kind !== 'running') return;
		const status = refusal ? refusalStatus(refusal) : outcome ? exitStatus(outcome) : 1;
		const failed = phase.kind === 'down' && phase.cause === 'failed';
		this.#shutdown(failed && status === 0 ? 1 : status, `${service.name} ended`);
	}
}

const endedForGood = ({phase}: Entry): boolean =>
	phase.kind === 'down' && phase.cause !== 'new' && phase.cause !== 'stopped';

const newcomer = (id: Id, service: Service): Entry => ({
	id, service, needs: [], dependents: [], phase: {kind: 'down', cause: 'new'}, since: 0, wish: 'auto', bounce: false,
	stop: service.stop, ends: [], starts: 0, outcome: null, refusal: null, leaving: true, unmet: 0, falling: 0,
});
