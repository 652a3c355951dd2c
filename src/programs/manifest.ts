/** The manifest of a config (`manifest`), composed; it is loaded by the first config that has one. */
import {createSearch} from '../features/manifest/os/search.ts';
import {createReconciler, type Reconciler} from '../features/manifest/os/reconciler.ts';
import {createConfigWatch} from '../features/watch-config/os/watch.ts';
import type {Logging} from '../features/logging/core.ts';
import {after, now, soon} from '../os/clock.ts';
import {env} from '../os/environment.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';
import type {Poller} from '../os/poller.ts';
import {isMadeBy} from '../os/reap/own.ts';
import type {Reaper} from '../os/reap/reaper.ts';
import {sys} from '../os/sys.ts';
import {watchesOf} from '../os/watches.ts';

export interface ManifestParts {
	readonly loop: Loop;
	readonly log: Log;
	readonly poller: Poller;
	readonly reaper: Pick<Reaper, 'ownerOf' | 'isCommand'>;
	readonly logging: () => Logging;
	/** The folder into which archon.sync pulls programs; null: none are pulled. */
	readonly pulled: () => string | null;
	readonly whole: <T>(act: () => T) => T;
}

/** How many different warnings are told. */
const TOLD_MAX = 1000;

export function createManifest({loop, log, poller, reaper, logging, pulled, whole}: ManifestParts): Reconciler {
	const told = new Set<string>();
	const warnOnce = (text: string): void => {
		if (told.has(text) || told.size >= TOLD_MAX) return;
		told.add(text);
		log.warn(text);
	};
	const search = createSearch({poller, isOwn: isMadeBy(reaper), info: log.info, warn: warnOnce, soon, after});
	const watch = createConfigWatch({
		watches: watchesOf(poller), after, changed: () => reconciler.changed(), warn: warnOnce, what: 'the manifest',
	});
	const reconciler = createReconciler({
		state: loop.state, dispatch: loop.dispatch, search, watch, warn: log.warn, warnOnce, whole, now, soon, logging, pulled,
		variable: name => env()[name], hostname: sys.hostname(),
	});
	loop.subscribe(['reconciled', 'forgotten', 'stage'], reconciler.onEffects);
	return reconciler;
}
