/** A config with the helper that tells people what goes wrong. Loaded with the first that has `alerts`. */
import type {Grant} from './access.ts';
import {ALERTS_USER} from './alerts.ts';
import type {Config} from './config.ts';
import type {Service, UserSpec} from './service.ts';
import {NETWORK_VARIABLES} from './sync.ts';

/** It may look at all services, and do nothing to them. */
const OBSERVE: readonly Grant[] = [{role: 'observe', services: null}];

/** `make`: a helper as all are, with its user and its rights on the control socket. */
export function withAlerts(
	config: Config, userOf: (wanted: UserSpec) => UserSpec | null, make: (user: UserSpec | null, control: readonly Grant[]) => Service,
): Config {
	const helper = make(userOf(ALERTS_USER), OBSERVE);
	return {...config, services: [...config.services, {...helper, exec: {...helper.exec, base: NETWORK_VARIABLES}}]};
}
