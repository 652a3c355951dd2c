/** Reloads the config when its files change, where it says so (`watch_config`); what that takes is loaded only then. */
import {ownIn} from '../config/kept.ts';
import type {Millis} from '../core/time.ts';
import type {ConfigWatch} from '../features/watch-config/os/watch.ts';
import {after} from '../os/clock.ts';
import type {Log} from '../os/log.ts';
import type {Poller} from '../os/poller.ts';

export interface WatchConfigParts {
	readonly poller: Poller;
	readonly log: Log;
	/** How long the files must be left alone; null: they are not watched. */
	readonly pause: () => Millis | null;
	/** Reloads the config if its files do not say what they said when they were last read. */
	readonly reload: () => void;
}

/** Is told what was read last, and watches its files from then on. */
export function createWatchConfig({poller, log, pause, reload}: WatchConfigParts): (kept: string) => void {
	let loading: Promise<ConfigWatch> | null = null;
	return kept => {
		if (pause() === null && !loading) {
			// The config that was read may ask for it, and is in force in a moment.
			void Promise.resolve().then(() => pause() !== null && begin(kept));
		} else {
			begin(kept);
		}
	};

	function begin(kept: string): void {
		const isFirst = loading === null;
		loading ??= Promise.all([import('../features/watch-config/os/watch.ts'), import('../os/watches.ts')])
			.then(([{createConfigWatch}, {watchesOf}]) =>
				createConfigWatch({watches: watchesOf(poller), after, changed: reload, warn: log.warn}));
		void loading.then(watch => {
			watch.set(ownIn(kept), pause());
			// They may have changed since they were read.
			if (isFirst) reload();
		});
	}
}
