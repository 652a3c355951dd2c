/**
 * Transient services, which clients made: a `Run` is forgotten at its end, a daemon is remembered for a while. When archon
 * was re-executed, the commands of the last instance have lost their clients, and wait for them for some time.
 */
import type {Effect} from '../core/effect.ts';
import type {Entry} from '../core/entry.ts';
import type {Id} from '../core/ids.ts';
import {entries, entryOf, find} from '../core/state.ts';
import type {Daemon} from './daemon.ts';

/** How many daemons of clients are remembered when they are at rest; of more, the one at rest for longest is forgotten. */
const MAX_RESTING = 1000;

/** How long commands of the last instance wait for their clients, in milliseconds. */
const PATIENCE = 10_000;

export interface Transients {
	onEffects(effects: readonly Effect[]): void;
	forget(entry: Entry): void;
	/** Forgets now what was to be forgotten later. Not while effects are performed. */
	sweep(): void;
	/** The command of this name that has waited for its client; undefined: none has. */
	claim(name: string): Entry | undefined;
	/** Whether commands of the last instance still wait: then one that does not wait never began. */
	isPatient(): boolean;
}

export function createTransients(daemon: Daemon): Transients {
	const resting = new Map<Id, Entry>();
	const unclaimed = new Set<Id>();
	let isPatient = daemon.version.lives > 0;
	let leaving: Entry[] = [];

	const sweep = (): void => {
		const entries = leaving;
		leaving = [];
		for (const {id, service} of entries) {
			// The id may belong to another service by now.
			if (entryOf(daemon.state(), id)?.service === service) daemon.dispatch({kind: 'remove', id});
		}
	};
	const forget = (entry: Entry): void => {
		if (leaving.push(entry) === 1) daemon.soon(sweep);
	};
	const changed = (after: Entry): void => {
		const {id, phase, service: {origin}} = after;
		if (origin === 'run' && phase.kind === 'down') {
			// There was no process: its client may try once more, with the streams that the last instance has lost.
			if (after.refusal) unclaimed.delete(id);
			if (!unclaimed.has(id)) forget(after);
		}
		if (origin !== 'daemon') return;
		resting.delete(id);
		if (phase.kind === 'down') resting.set(id, after);
		const [oldest] = resting.size > MAX_RESTING ? resting.values() : [];
		if (!oldest) return;
		resting.delete(oldest.id);
		forget(oldest);
	};
	/** A client that has not come by now has left. */
	const giveUp = (): void => {
		isPatient = false;
		const ids = [...unclaimed];
		unclaimed.clear();
		for (const id of ids) {
			const entry = entryOf(daemon.state(), id);
			if (entry?.phase.kind === 'down') forget(entry);
		}
		if (ids.length > 0) daemon.dispatch({kind: 'stop', ids});
	};

	if (isPatient) {
		for (const entry of entries(daemon.state())) {
			if (entry.service.origin === 'run') unclaimed.add(entry.id);
			if (entry.service.origin !== 'config' && entry.phase.kind === 'down') changed(entry);
		}
		daemon.after(PATIENCE, giveUp);
	}
	return {
		forget, sweep,
		isPatient: () => isPatient,
		claim(name) {
			const entry = find(daemon.state(), name);
			return entry && unclaimed.delete(entry.id) ? entry : undefined;
		},
		onEffects(effects) {
			for (const effect of effects) {
				if (effect.kind === 'changed') changed(effect.after);
				if (effect.kind !== 'forgotten') continue;
				resting.delete(effect.entry.id);
				unclaimed.delete(effect.entry.id);
			}
		},
	};
}
