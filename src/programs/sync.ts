/**
 * PID 1's end of what is pulled from a master: has services started again that run from a new release and says whether they are
 * ready, and keeps what `archonctl sync` shows. The helper `archon.sync` itself has no rights on the control socket: it can bring
 * about nothing else. Loaded with the first config that has `sync`.
 */
import type {Event} from '../core/event.ts';
import type {Entry} from '../core/entry.ts';
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import type {Id} from '../core/ids.ts';
import {listed} from '../core/listed.ts';
import {isHelper, isToRun, isWanted, entries, entryOf, find, type State} from '../core/state.ts';
import {lastEnd} from '../core/status.ts';
import {ANSWER, type Answer, NOW, type Report, REPORT, RESTART, ROLLBACK, runsBelow, STARTED, type Sync, UNREADY} from '../core/sync.ts';
import {hasCome} from '../features/rollback/core/trial.ts';
import {readAnswer, readReport} from '../features/sync/core/report.ts';
import type {Syncing} from '../features/sync/requests/syncing.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {encodeMessage} from '../os/helper-wire.ts';
import type {Link} from '../os/helpers.ts';
import {start, textsOf} from '../os/jobs.ts';
import type {Loop} from '../os/loop.ts';
import {tellStatus} from './helper-status.ts';

export interface SyncParts {
	readonly link: Link;
	readonly state: () => State;
	readonly dispatch: (event: Event) => void;
	readonly subscribe: Loop['subscribe'];
	readonly whole: <T>(act: () => T) => T;
	/** Another release is in force, with what it has of lists. */
	readonly switched: () => void;
}

export interface SyncControl extends Syncing {
	/** What the config says now. */
	set(sync: Sync | null): void;
}

const NAME = `${HELPER_PREFIX}sync`;
/** Of what the helper says, characters; how long the disk may take to say where programs lead, and how long services must stay up (ms). */
const [STATUS_MAX, PATIENCE, MOMENT] = [200, 2000, 1000];
const NONE: Answer = {ok: false, text: 'archon.sync does not run: archonctl status and the log say why'};

/** Services that were started again for the helper, until each is ready, and still was a moment later. */
interface Trial {
	readonly id: number;
	/** By id: how often they had been started before. */
	readonly starts: ReadonlyMap<Id, number>;
	/** Those that are not ready. */
	readonly left: Set<Id>;
	/** Ends the moment in which one that says nothing of being ready may yet fail. */
	settle: (() => void) | null;
	readonly stop: () => void;
}

export function createSyncControl({link, state, dispatch, subscribe, whole, switched}: SyncParts): SyncControl {
	let sync: Sync | null = null;
	let report: Report | null = null;
	let trial: Trial | null = null;
	let last = 0;
	const asked = new Map<number, (answer: Answer) => void>();

	function answer(id: number, given: Answer): void {
		const told = asked.get(id);
		asked.delete(id);
		told?.(given);
	}

	/** What it does is a line of `archonctl status`. */
	function show(next: Report | null): void {
		if (!next) return;
		report = next;
		const entry = find(state(), NAME);
		if (!entry) return;
		// What runs from a release may start from here on.
		if (next.version !== null) ready(entry);
		const text = (next.doing || next.outcome).replaceAll(/[\0-\x1f\x7f-\x9f]+/g, ' ').slice(0, STATUS_MAX);
		tellStatus(dispatch, entry, text);
	}

	function ready({id, phase}: Entry): void {
		if (phase.kind === 'starting') dispatch({kind: 'news', id, run: phase.run, news: {kind: 'ready'}});
	}

	// ── Services of a new release ──

	/** Services whose programs lead to the folder by links. */
	function follow(dest: string, others: readonly Entry[], told: (found: readonly Id[]) => void): void {
		const found: Id[] = [];
		const open = new Set(others.filter(({service: {exec}}) => exec.argv[0].startsWith('/')).map(({id}) => id));
		let isOver = false;
		const end = (): void => {
			if (isOver) return;
			isOver = true;
			cancel();
			told(found);
		};
		const cancel = after(PATIENCE, () => whole(end));
		for (const entry of others) {
			if (!open.has(entry.id)) continue;
			start('place', {text: entry.service.exec.argv[0], numbers: [0]}, done => whole(() => {
				if (done.result >= 0) close(done.result);
				const [folder = ''] = done.result >= 0 ? textsOf(done) : [];
				if (folder === dest || folder.startsWith(`${dest}/`)) found.push(entry.id);
				open.delete(entry.id);
				if (open.size === 0) end();
			}));
		}
		if (open.size === 0) end();
	}

	function restart(id: number): void {
		trial?.stop();
		trial = null;
		const given = sync;
		if (!given) return;
		const wanted = [...entries(state())].filter(entry => !isHelper(entry) && isWanted(entry, state().stage));
		const below = new Set(wanted.filter(({service}) => runsBelow(given.dest, service)));
		const ids = [...below].map(({id}) => id);
		follow(given.dest, wanted.filter(entry => !below.has(entry)), found => begin(id, [...ids, ...found], given));
	}

	function begin(id: number, ids: readonly Id[], {readyTimeout}: Sync): void {
		const starts = new Map(ids.flatMap((each): readonly (readonly [Id, number])[] => {
			const entry = entryOf(state(), each);
			return entry ? [[each, entry.starts]] : [];
		}));
		const left = new Set(starts.keys());
		const cancel = after(readyTimeout, () => whole(() => {
			const names = [...left].flatMap(each => entryOf(state(), each)?.service.name ?? []);
			if (names.length > 0) conclude(`${listed(names, 1)} not ready within ${readyTimeout / 1000} s`);
		}));
		const forget = subscribe(['changed', 'forgotten'], effects => {
			for (const effect of effects) judge(effect.kind === 'changed' ? effect.after.id : effect.entry.id);
		});
		const own: Trial = {id, starts, left, settle: null, stop: () => {
			cancel();
			own.settle?.();
			forget();
		}};
		trial = own;
		if (starts.size === 0) return conclude(null);
		// What waits for the first release starts by itself.
		const others = ids.filter(each => entryOf(state(), each)?.phase.kind !== 'waiting');
		const helper = find(state(), NAME);
		if (helper) ready(helper);
		dispatch({kind: 'restart', ids: others});
		for (const each of starts.keys()) if (trial === own) judge(each);
	}

	function judge(id: Id): void {
		const starts = trial?.starts.get(id);
		if (!trial || starts === undefined) return;
		const entry = entryOf(state(), id);
		const why = entry ? lossOf(entry, starts) : null;
		if (why !== null) return conclude(why);
		if (!entry || hasCome(entry, starts)) trial.left.delete(id);
		if (trial.left.size === 0) trial.settle ??= after(MOMENT, () => whole(() => conclude(null)));
	}

	function conclude(why: string | null): void {
		if (!trial) return;
		trial.stop();
		link.post(encodeMessage(why === null ? STARTED : UNREADY, trial.id, bytesOf(why ?? '')));
		trial = null;
	}

	link.use({
		opened() {},
		heard({kind, id, payload}) {
			if (kind === RESTART) {
				switched();
				restart(id);
			} else if (kind === REPORT) show(readReport(textOf(payload)));
			else if (kind === ANSWER) answer(id, readAnswer(textOf(payload)));
		},
		room() {},
		closed() {
			trial?.stop();
			trial = null;
			for (const id of [...asked.keys()]) answer(id, NONE);
		},
	});
	return {
		get source() {
			return sync?.source ?? '';
		},
		get dest() {
			return sync?.dest ?? '';
		},
		get form() {
			return sync?.form ?? '';
		},
		report: () => report,
		set(next) {
			sync = next;
			if (!next) report = null;
		},
		ask(what, told) {
			const id = ++last;
			if (link.post(encodeMessage(what === 'now' ? NOW : ROLLBACK, id)) !== 'sent') {
				told(NONE);
				return () => {};
			}
			asked.set(id, told);
			return () => void asked.delete(id);
		},
	};
}

/** Why a service does not become ready; null: it may, or is. */
function lossOf(entry: Entry, before: number): string | null {
	const {phase, starts, leaving, service: {name}} = entry;
	// Its first restart is at once.
	if (starts > before + 1) return `${name}: ${lastEnd(entry)}`;
	if (!isToRun(entry) || leaving) return null;
	if (phase.kind === 'waiting' && phase.isBlocked) return `${name} waits for a service that has failed`;
	if (phase.kind === 'backoff') return `${name}: ${lastEnd(entry)}`;
	if (phase.kind === 'down' && (phase.cause === 'failed' || phase.cause === 'exited')) return `${name}: ${lastEnd(entry)}`;
	return phase.kind === 'up' && phase.health === 'unhealthy' ? `${name} is unhealthy` : null;
}
