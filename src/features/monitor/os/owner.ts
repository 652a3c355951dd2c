/**
 * The hands for processes that archon has not started: each is held by a pidfd, which tells of its end and of no other's; rules look for
 * new ones at times, and so do dependencies for ports. Where nothing of that is asked for, nothing is done.
 */
import type {Event} from '../../../core/event.ts';
import {after, soon} from '../../../os/clock.ts';
import type {Owner} from '../../../os/owners.ts';
import type {Poller} from '../../../os/poller.ts';
import {statOf} from '../../../os/reap/procfs.ts';
import {watchHeld} from '../../../os/reap/strangers.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import {sys} from '../../../os/sys.ts';
import {createPlaces} from '../../deps/os/places.ts';
import {EVERY, type Identity, type Kept, type Rule} from '../core/kept.ts';
import {keyOf, takeHeld} from './held.ts';
import {search, type SearchParts} from './search.ts';

export interface OwnerParts extends Pick<SearchParts, 'isOwn'> {
	readonly poller: Poller;
	readonly kept: KeptFds;
	readonly dispatch: (event: Event) => void;
	/** Nothing is watched. */
	readonly isDegraded: boolean;
	readonly warn: (text: string) => void;
}

/** How many different warnings are told. */
const TOLD_MAX = 100;

export function ownStrangers({poller, kept, dispatch, isDegraded, isOwn, warn}: OwnerParts): Owner<'watch-strangers'> {
	/** By `keyOf`: what is watched, and how to give that up. */
	const watches = new Map<string, () => void>();
	let now: Kept | null = null;
	let cancel: (() => void) | null = null;
	let isSearching = false;
	/** The rules that were looked for already. */
	let sought: ReadonlySet<Rule> = new Set();
	const told = new Set<string>();
	const warnOnce = (text: string): void => {
		if (told.has(text) || told.size >= TOLD_MAX) return;
		told.add(text);
		warn(text);
	};
	const places = createPlaces({poller, after, dispatch, warn: warnOnce});

	function open(process: Identity): void {
		const key = keyOf(process);
		const name = `monitor ${key}`;
		const [inherited = null] = kept.inherited(name);
		const fd = inherited ?? takeHeld(process) ?? sys.pidfdOpen(process.pid);
		const isIt = inherited !== null || (fd >= 0 && statOf(process.pid)?.start === process.start);
		if (!isIt) {
			if (fd >= 0) sys.close(fd);
			return soon(() => poller.whole(() => dispatch({kind: 'monitor', news: {kind: 'gone', process, outcome: null}})));
		}
		if (inherited === null) kept.keep(name, [fd]);
		const close = (): void => {
			watches.delete(key);
			kept.release(name);
			sys.close(fd);
		};
		const giveUp = watchHeld(fd, process.pid, poller, outcome => {
			close();
			dispatch({kind: 'monitor', news: {kind: 'gone', process, outcome}});
		});
		watches.set(key, () => {
			giveUp();
			close();
		});
	}

	async function look(): Promise<void> {
		cancel?.();
		cancel = null;
		isSearching = true;
		places.look();
		const rules = now?.rules.filter(({match}) => match !== null) ?? [];
		sought = new Set(rules);
		const knownBy = Map.groupBy(now?.watched ?? [], ({rule}) => rule);
		await search(rules.map(rule => ({rule, known: new Set(knownBy.get(rule.id)?.map(keyOf))})), {
			isOwn, soon, warn: warnOnce, whole: poller.whole,
		}, (rule, processes) => dispatch({kind: 'monitor', news: {kind: 'met', rule, processes}}));
		isSearching = false;
		arm();
	}

	/** The next look: at once for a new rule, else at its time. */
	function arm(): void {
		if (isSearching || !now) return;
		const rules = now.rules.filter(({match}) => match !== null);
		if (rules.some(rule => !sought.has(rule))) return void look();
		const every = Math.min(...rules.map(rule => rule.every), places.looksAround() ? EVERY : Infinity);
		if (every === Infinity) {
			cancel?.();
			cancel = null;
			return;
		}
		cancel ??= after(every, () => poller.whole(() => void look()));
	}

	return {
		arms: {
			'watch-strangers'({kept: {watched, ...rest}}) {
				if (isDegraded) return;
				now = {watched, ...rest};
				const wanted = new Map(watched.map(each => [keyOf(each), each]));
				for (const [key, giveUp] of watches) if (!wanted.has(key)) giveUp();
				for (const [key, process] of wanted) if (!watches.has(key)) open(process);
				places.set(rest.dependencies);
				arm();
			},
		},
	};
}
