/** A config with the helper that answers by HTTP. Loaded with the first that has `web`. */
import type {Grant} from './access.ts';
import type {Config} from './config.ts';
import type {Service, UserSpec} from './service.ts';
import {SHOWN, type Web, WEB_USER} from './web.ts';

/** `make`: a helper as all are, with its user and its rights on the control socket. Each connection that it is lent has less. */
export function withWeb(
	config: Config, {tokens}: Web, userOf: (wanted: UserSpec) => UserSpec | null,
	make: (user: UserSpec | null, control: readonly Grant[]) => Service,
): Config {
	return {...config, services: [...config.services, make(userOf(WEB_USER), [SHOWN, ...tokens.map(({grant}) => grant)])]};
}
