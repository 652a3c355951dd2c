/**
 * archon's helpers: services of its own, each in a process of its own under a user without rights, that do what is not
 * PID 1's business. Which there are follows from the config.
 */
import {type Grant, NO_RIGHTS} from './access.ts';
import {byNeed} from './by-need.ts';
import type {Config} from './config.ts';
import {exec, LIMITS, LOGGING, NO_ENDS, RESTART, service} from './defaults.ts';
import {HELPER_PREFIX, type Role} from './helper-roles.ts';
import {type LuaRules, RULES_USER} from './lua-rules.ts';
import type {Service, UserSpec} from './service.ts';
import {SIG} from './signal-numbers.ts';
import {isRemote, type Logging} from '../features/logging/core.ts';

const alerting = byNeed(() => import('./alerts-helper.ts'));
const answering = byNeed(() => import('./web-helper.ts'));
const pulling = byNeed(() => import('./sync-helper.ts'));

/** The user of helpers where archon is root: the user nobody, by its number, which is the same everywhere. */
export const NOBODY: UserSpec = {user: '65534', group: '65534'};

/** The config with the helpers that it takes, behind its own services. `userOf`: the wanted user; null: archon's own instead. */
export function withHelpers(config: Config, userOf: (wanted: UserSpec) => UserSpec | null): Config {
	const {alerts, events, remote, sync, rules, web} = config;
	const made = [
		...needsSyslog(config) ? [helper('syslog', events, userOf(NOBODY))] : [],
		// What each client may do is less: PID 1 limits its connection (programs/remote.ts).
		...remote.length > 0 ? [helper('gate', events, userOf(NOBODY), remote.map(({grant}) => grant))] : [],
		...rules ? [rulesHelper(rules, helper('rules', events, userOf(RULES_USER), TOLD))] : [],
	];
	const some = made.length > 0 ? {...config, services: [...config.services, ...made]} : config;
	const more = web ? answering().withWeb(some, web, userOf, (user, control) => helper('web', events, user, control)) : some;
	const all = alerts && alerts.receivers.length > 0
		? alerting().withAlerts(more, userOf, (user, control) => helper('alerts', events, user, control)) : more;
	return sync ? pulling().withSync(all, sync, helper('sync', events, null)) : all;
}

/** Lines of services, for rules about these. */
const TOLD: readonly Grant[] = [{role: 'observe', services: null}];

/** Another config is another process: it begins with what its arguments say. */
const rulesHelper = (rules: LuaRules, made: Service): Service =>
	({...made, exec: {...made.exec, argv: [made.name, JSON.stringify(rules)]}});

function needsSyslog({services, logging, events}: Config): boolean {
	return hasRemote(events) || hasRemote(logging)
		|| services.some(({exec: {output}}) => output.kind === 'lines' && hasRemote(output.logging));
}

const hasRemote = ({drivers}: Logging): boolean => drivers.some(isRemote);

/**
 * It ends by itself when its connection does. Only SIGINT asks it to end before that: the SIGTERM of a shutdown reaches
 * every process, and the last lines are still to come. `control`: what it may ask on the control socket.
 */
function helper(role: Role, events: Logging, user: UserSpec | null, control: readonly Grant[] = NO_RIGHTS): Service {
	const name = HELPER_PREFIX + role;
	const made = service(name, [name]);
	// What it says of a network must not go by way of that network.
	const near = events.drivers.filter(driver => !isRemote(driver));
	const drivers = near.length > 0 ? near : LOGGING.drivers;
	return {
		...made,
		origin: 'helper', control,
		restart: {...RESTART, attempts: Infinity, fatal: NO_ENDS},
		stop: {...made.stop, signal: SIG.INT},
		exec: {
			...exec([name]), isArchon: true, base: [], cwd: '/', user,
			limits: {...LIMITS, noNewPrivileges: true},
			output: {kind: 'lines', logging: {...events, drivers}, canWait: true},
		},
	};
}
