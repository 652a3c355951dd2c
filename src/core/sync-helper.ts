/** A config with the helper that pulls programs from a master, and services that wait for it. Loaded with the first that has `sync`. */
import type {Config} from './config.ts';
import type {Service} from './service.ts';
import {NETWORK_VARIABLES, RELEASE, runsBelow, type Sync} from './sync.ts';

/**
 * `helper`: as all are. This one begins as archon's own user, as it makes its folder its own, and then becomes one of its own
 * (helpers/sync.ts). It is ready when there is a release.
 */
export function withSync(config: Config, sync: Sync, helper: Service): Config {
	const made: Service = {
		...helper, ready: {kind: 'notify'},
		exec: {...helper.exec, argv: [helper.name, JSON.stringify(sync)], base: NETWORK_VARIABLES},
	};
	// What others need comes before them.
	const services = config.services.map(each => (runsBelow(sync.dest, each) ? {...each, needs: [...each.needs, RELEASE]} : each));
	return {...config, services: [made, ...services]};
}
