/** The keys at the top that say how the whole behaves, in every format: group by group, in the order in which people read of them. */
import {archon} from '../../features/logging/keys/logging.ts';
import {manifest} from '../../features/manifest/keys/manifest.ts';
import {sync} from '../../features/sync/keys.ts';
import {watchConfig} from '../../features/watch-config/keys.ts';
import {keysOf, type Intersection, type WholePlanning} from '../group.ts';
import {access} from '../keys/access.ts';
import {remote} from '../keys/remote.ts';
import {shutdown} from '../keys/shutdown.ts';
import {signals} from '../keys/signals.ts';
import {startRate} from '../keys/start-rate.ts';
import type {Whole} from '../planning.ts';
import type {Settings} from '../shape.ts';

export const WHOLE_GROUPS = [archon, shutdown, startRate, signals, access, remote, manifest, sync, watchConfig] as const;

export const WHOLE = keysOf(WHOLE_GROUPS);

/** What the keys come to, all together. */
export function planWhole(settings: Settings<typeof WHOLE>, planning: WholePlanning): Whole {
	type Plans = Intersection<ReturnType<(typeof WHOLE_GROUPS)[number]['plan']>>;
	return Object.assign({}, ...WHOLE_GROUPS.map(({plan}) => plan(settings, planning))) as Plans;
}
