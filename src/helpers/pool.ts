/**
 * The helper `archon.pool`: keeps the processes of one pool. It runs as the pool's user, and tells archon of its nodes; unlike other
 * helpers there may be many, and each goes on when archon is re-executed.
 */
import {resolve} from '../core/path.ts';
import {ok, type Result} from '../core/result.ts';
import {SIG} from '../core/signal-numbers.ts';
import type {PoolArguments} from '../features/pools/core/arguments.ts';
import {
	ANSWER, ASK, HAPPENED, NODE, type NodeRow, type PoolEvent, type Question, ROW, TEXT_MAX, TREE, TREE_NEW,
} from '../features/pools/core/link.ts';
import type {PoolSpec} from '../features/pools/core/spec.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {close} from '../os/descriptors.ts';
import {env} from '../os/environment.ts';
import {type Message, PAYLOAD_MAX, RESET} from '../os/helper-wire.ts';
import type {Poller} from '../os/poller.ts';
import {createManager} from '../os/service-manager.ts';
import {listenForSignals} from '../os/signals.ts';
import {sys} from '../os/sys.ts';
import {type Connection, createConnection} from './connection.ts';
import {happeningOf, nodeEvents} from './pool/happenings.ts';
import {linesAt} from './pool/lines.ts';
import {openMaster, type Seen} from './pool/master.ts';
import {readPort} from './pool/network-files.ts';
import {answersTo} from './pool/questions.ts';

/** The tree in a file, or what is wrong with it. */
export type ReadPlan = (path: string) => Result<Pick<PoolSpec, 'command' | 'root'>, readonly string[]>;

/** Messages that wait for archon, from which on it is not told of more: it is told of all nodes when there is room. */
const WAITING_MAX = 1000;
/** As with a supervisor's configuration that is wrong, and a socket that another has. */
const [CONFIG, OTHER] = [78, 1];

/** Serves until all that the pool has made has ended, as when archon is gone: then `ended` is called. `words`: PoolArguments as JSON. */
export function servePool(
	fd: number, poller: Poller, ended: () => void, [words = '{}']: readonly string[], readPlan: ReadPlan,
): () => void {
	const {name, dir, socket, socketMode, config, spec, rules, network} = JSON.parse(words) as PoolArguments;
	const here = dir ?? folder();
	const port = network ?? readPort(env()['ZEUS_NETWORK_FILE_MONITOR_PORT'] ?? '');
	const read = (): Result<PoolSpec, string> => {
		if (spec) return ok(spec);
		const plan = readPlan(resolve(here, config ?? 'zeus.json'));
		return plan.ok ? ok({...rules, name, ...plan.value}) : {ok: false, error: plan.error.join('\n')};
	};
	const line = linesAt(2);
	const say = (level: string, text: string): void => line(`${level === 'info' ? '' : `${level}: `}${text}\n`);
	const fail = (why: string, status: number): (() => void) => {
		say('error', why);
		sys.exit(status);
	};
	const first = read();
	if (!first.ok) return fail(`pool ${name} cannot begin: ${first.error}`, CONFIG);

	let isListening = false;
	/** It was too slow to hear all of it. */
	let hasMissed = false;
	const seen: Seen = {
		log: say,
		node(row, before) {
			for (const event of nodeEvents(row, before)) tell(HAPPENED, event);
			tell(NODE, short(row));
		},
		happened: what => tell(HAPPENED, happeningOf(what)),
		planned: () => tellAll(TREE_NEW),
		ready() {
			// What there is to say then and later archon says itself, by the rows.
			manager.ready('');
		},
		over: ended,
	};
	const opened = openMaster({socket: resolve(here, socket), socketMode, network: port, spec: first.value, readAgain: read}, poller, seen);
	if (!opened.ok) return fail(`pool ${name} cannot begin: ${opened.error.why}`, OTHER);
	const master = opened.value;
	const manager = createManager(env());
	const connection: Connection = createConnection(fd, poller, heard, master.stop, caughtUp);
	listenForSignals([SIG.USR1, SIG.INT, SIG.TERM], ({signal}) => {
		if (signal === SIG.USR1) master.rebuild('SIGUSR1');
		else if (signal === SIG.INT || signal === SIG.TERM) master.stop();
	}, master.reap);
	return master.stop;

	function tell(kind: string, value: NodeRow | PoolEvent | null): void {
		if (!isListening) return;
		if (connection.waiting() > WAITING_MAX) hasMissed = true;
		else connection.send(kind, 0, value ? bytesOf(JSON.stringify(value)) : undefined);
	}

	function tellAll(kind: string): void {
		if (kind === TREE_NEW) tell(TREE_NEW, null);
		for (const row of master.rows()) tell(NODE, short(row));
		tell(TREE, null);
	}

	function caughtUp(): void {
		if (hasMissed) tellAll(TREE_NEW);
		hasMissed = false;
	}

	function heard({kind, id, payload}: Message, fds: readonly number[]): void {
		fds.forEach(close);
		if (kind === RESET) {
			connection.send(RESET);
			isListening = true;
			tellAll(TREE);
		} else if (kind === ASK) {
			const question = JSON.parse(textOf(payload)) as Question;
			const rows = answersTo(question, master);
			for (const row of typeof rows === 'string' ? [] : rows) {
				const bytes = bytesOf(JSON.stringify(row));
				if (bytes.length <= PAYLOAD_MAX) connection.send(ROW, id, bytes);
			}
			connection.send(ANSWER, id, bytesOf(typeof rows === 'string' ? rows : ''));
		}
	}
}

const folder = (): string => {
	const path = sys.realPath('.');
	return typeof path === 'string' ? path : '/';
};

const short = (row: NodeRow): NodeRow => (row.why === null ? row : {...row, why: row.why.slice(0, TEXT_MAX)});
