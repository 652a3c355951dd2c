/** Paths and ports that dependencies look at: of paths the kernel tells, and what listens is looked for at times. */
import type {Event} from '../../../core/event.ts';
import type {Millis} from '../../../core/time.ts';
import {listeningPorts} from '../../../os/port-holder.ts';
import type {Poller} from '../../../os/poller.ts';
import {watchesOf} from '../../../os/watches.ts';
import {newStat, sys} from '../../../os/sys.ts';
import {createConfigWatch} from '../../watch-config/os/watch.ts';
import {type Dependency, targetText} from '../core/dependency.ts';

export interface PlacesParts {
	readonly poller: Poller;
	readonly after: (millis: Millis, callback: () => void) => () => void;
	readonly dispatch: (event: Event) => void;
	/** Each is told once. */
	readonly warn: (text: string) => void;
}

export interface Places {
	/** These are looked at from now on, and no others. */
	set(dependencies: readonly Dependency[]): void;
	/** Whether something is only seen by looking. */
	looksAround(): boolean;
	/** Looks at what is only seen so. */
	look(): void;
}

/** How long a path must be left alone before it is compared: who writes it may not be done. */
const PAUSE: Millis = 200;

export function createPlaces({poller, after, dispatch, warn}: PlacesParts): Places {
	/** What was there when it was last looked at; null: nothing. */
	let paths: ReadonlyMap<string, string | null> = new Map();
	let ports: ReadonlyMap<number, boolean> = new Map();
	const watch = createConfigWatch({
		watches: watchesOf(poller), after, changed: () => poller.whole(compare), warn, what: 'the paths of dependencies',
	});

	function compare(): void {
		const before = paths;
		paths = new Map([...before.keys()].map(path => [path, stampOf(path)]));
		// A link on the way may lead elsewhere.
		watch.set({files: [...paths.keys()], folders: []}, PAUSE);
		for (const [path, stamp] of paths) {
			const was = before.get(path) ?? null;
			if (stamp === was) continue;
			dispatch({kind: 'placed', place: `path:${path}`, sign: was === null ? 'ready' : stamp === null ? 'exit' : 'change'});
		}
	}

	return {
		set(dependencies) {
			const wanted = new Set(dependencies.flatMap(({target}) => (target.kind === 'path' ? [target.path] : [])));
			if (wanted.size !== paths.size || [...wanted].some(path => !paths.has(path))) {
				paths = new Map([...wanted].map(path => [path, paths.get(path) ?? stampOf(path)]));
				watch.set({files: [...wanted], folders: []}, wanted.size === 0 ? null : PAUSE);
			}
			const numbers = new Set(dependencies.flatMap(({target}) => (target.kind === 'port' ? [target.port] : [])));
			if (numbers.size !== ports.size || [...numbers].some(port => !ports.has(port))) {
				const listening = numbers.size === 0 ? numbers : listeningPorts();
				ports = new Map([...numbers].map(port => [port, ports.get(port) ?? listening.has(port)]));
			}
		},
		looksAround: () => ports.size > 0,
		look() {
			const before = ports;
			if (before.size === 0) return;
			const listening = listeningPorts();
			ports = new Map([...before.keys()].map(port => [port, listening.has(port)]));
			for (const [port, is] of ports) {
				if (is !== before.get(port)) dispatch({kind: 'placed', place: targetText({kind: 'port', port}), sign: is ? 'ready' : 'exit'});
			}
		},
	};
}

/** What tells one content from another without reading it; null: nothing is there. */
function stampOf(path: string): string | null {
	const stat = newStat();
	return sys.stat(path, stat) === 0 ? [...stat].join(' ') : null;
}
