/** archon as one of its own helpers: what it is called is its role, and it has a connection to the archon that started it. */
import {HELPER_PREFIX, type Role} from '../core/helper-roles.ts';
import {SIG} from '../core/signal-numbers.ts';
import {CONNECTION} from '../os/helper-wire.ts';
import {createPoller, type Poller} from '../os/poller.ts';
import {run} from '../os/reactor.ts';
import {listenForSignals} from '../os/signals.ts';
import {isSocket, newStat, sys} from '../os/sys.ts';
import {refuse, type Status, USAGE} from './streams.ts';

/** Serves until `ended` is called; the result asks it to end as soon as it has nothing in its hands. */
type Serve = (fd: number, poller: Poller, ended: () => void, args: readonly string[]) => () => void;

/** Each is loaded by its own process only. */
const SERVES: {readonly [K in Role]: () => Promise<Serve>} = {
	alerts: async () => (await import('../helpers/alerts.ts')).serveAlerts,
	gate: async () => (await import('../helpers/gate.ts')).serveGate,
	pool: async () => (await import('./pool-master.ts')).servePool,
	rules: async () => (await import('../helpers/rules.ts')).serveRules,
	sync: async () => (await import('../helpers/sync.ts')).serveSync,
	web: async () => (await import('../helpers/web.ts')).serveWeb,
	syslog: async () => (await import('../helpers/syslog.ts')).serveSyslog,
};

export async function help(role: Role, args: readonly string[]): Promise<Status> {
	const name = HELPER_PREFIX + role;
	const about = newStat();
	if (sys.fstat(CONNECTION, about) < 0 || !isSocket(about)) {
		return refuse(`${name}: this is a helper that archon starts by itself where its config needs it; run archon or archonctl`, USAGE);
	}
	const serve = await SERVES[role]();
	sys.setName(name);
	const end = serve(CONNECTION, createPoller(), () => sys.exit(0), args);
	// A pool's master has signals of its own. The SIGTERM of a shutdown reaches every process, and the last lines are still to come.
	if (role !== 'pool') listenForSignals([SIG.INT, SIG.TERM], ({signal}) => signal === SIG.INT && end(), () => {});
	run();
	return null;
}
