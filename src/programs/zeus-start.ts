/** `archon zeus start`: a pool in the foreground, without PID 1; what becomes of its nodes is told on the terminal. */
import {durationOf} from '../cli/duration.ts';
import {createPoolView} from '../cli/pool-chart.ts';
import type {Size} from '../cli/terminal/screen.ts';
import {join, resolve} from '../core/path.ts';
import {err, ok, type Result} from '../core/result.ts';
import {SIG} from '../core/signal-numbers.ts';
import {BOOT_TIMEOUT, DELAY, type PoolSpec} from '../features/pools/core/spec.ts';
import {commandsOf} from '../features/pools/core/view.ts';
import {linesAt} from '../helpers/pool/lines.ts';
import {type Master, openMaster, type Seen} from '../helpers/pool/master.ts';
import {readPort} from '../helpers/pool/network-files.ts';
import {openTransitionLog} from '../helpers/pool/transition-log.ts';
import {after} from '../os/clock.ts';
import {env} from '../os/environment.ts';
import {errnoText} from '../os/errno.ts';
import {createPoller} from '../os/poller.ts';
import {run} from '../os/reactor.ts';
import {createManager} from '../os/service-manager.ts';
import {listenForSignals} from '../os/signals.ts';
import {newStat, sys} from '../os/sys.ts';
import {readPlan} from './pool-master.ts';
import {refuse, type Status, USAGE} from './streams.ts';
import type {Call} from './zeus/flags.ts';
import {SOCKET} from './zeus/project.ts';
import {ownProject} from './zeus/reach.ts';

/** Where it cannot begin. */
const FAILED = 1;
const NAMES = ['zeus.json', 'zeus.yaml'];
const SOCKET_MODE = 0o600;
const STDOUT = 1;
/** From a change to the chart with it (ms). */
const PAUSE = 40;

export function start({config, delay: written, isSimple, isColoured, log: logTo}: Call): Status {
	const delay = written === null ? DELAY : durationOf(written);
	if (delay === null) return refuse(`zeus: --file-change-delay takes a duration as 300ms, not ${written}`, USAGE);
	const {ZEUSSOCK: sock = '', ZEUS_NETWORK_FILE_MONITOR_PORT: port = '', NO_COLOR: plain = ''} = env();
	const network = port === '' ? null : readPort(port);
	if (port !== '' && network === null) return refuse(`zeus: ZEUS_NETWORK_FILE_MONITOR_PORT must be a port, not ${port}`, USAGE);
	const here = sys.realPath('.');
	if (typeof here === 'number') return refuse(`zeus: this folder cannot be read: ${errnoText(-here)}`, FAILED);
	const dir = sock ? here : ownProject() ?? here;
	const file = config === null ? NAMES.map(name => join(dir, name)).find(path => sys.lstat(path, newStat()) >= 0) : resolve(here, config);
	if (file === undefined) return refuse(`zeus: there is no zeus.json in ${dir}: zeus init writes one`, FAILED);
	const trace = logTo === null ? null : openTransitionLog(resolve(here, logTo));
	if (trace && !trace.ok) return refuse(`zeus: ${trace.error}`, FAILED);
	sys.chdir(dir);
	const read = (): Result<PoolSpec, string> => {
		const plan = readPlan(file);
		if (!plan.ok) return err(plan.error.join('\n'));
		return ok({
			...plan.value, name: 'zeus', delay, bootTimeout: BOOT_TIMEOUT, killCommandsOnRestart: false, restart: 'on-change', envPass: [],
		});
	};
	const spec = read();
	if (!spec.ok) return refuse(`zeus: ${spec.error}`, FAILED);

	let status = 0;
	let master: Master | null = null;
	let willDraw = false;
	const isChart = sys.isTerminal(STDOUT) && !isSimple;
	const view = createPoolView(isSimple ? 'simple' : isChart ? 'chart' : 'lines', {size: sizeOf(), color: isColoured && plain === ''});
	const [show, complain] = [linesAt(STDOUT), linesAt(2)];
	const draw = (): void => {
		willDraw = false;
		show(view.draw());
	};
	const drawSoon = (): void => {
		if (isChart && !willDraw) after(PAUSE, draw);
		willDraw = true;
	};
	const showAll = (): void => {
		if (master) show(view.plan(master.rows(), commandsOf(master.pool())));
		drawSoon();
	};
	const seen: Seen = {
		log(level, text) {
			const line = level === 'info' ? text : `${level}: ${text}`;
			if (isChart) show(view.say(line));
			else complain(`${line}\n`);
		},
		node(row) {
			if (trace?.ok) trace.value.write(row);
			show(view.changed(row));
			drawSoon();
			// In the chart the text stands below the tree; the line of a change has the telling line of it, and zeus' own words have none.
			const above = row.why === null || isChart ? null : master?.rows().find(({node}) => node === row.parent)?.why;
			const isTold = isChart || above === row.why || !(isSimple || row.why?.includes('\n'));
			if (row.why !== null && !isTold) complain(`${row.why}\n`);
		},
		happened() {},
		planned: showAll,
		ready: () => createManager(env()).ready('all nodes are ready'),
		over() {
			if (isChart) draw();
			sys.exit(status);
		},
	};
	const socket = sock ? resolve(here, sock) : join(dir, SOCKET);
	const opened = openMaster({socket, socketMode: SOCKET_MODE, network, spec: spec.value, readAgain: read}, createPoller(), seen);
	if (!opened.ok) return refuse(`zeus: ${opened.error.why}`, FAILED);
	const {rebuild, stop, reap} = master = opened.value;
	sys.setName('zeus');
	showAll();
	const resized = isChart ? [SIG.WINCH] : [];
	listenForSignals([SIG.INT, SIG.TERM, SIG.QUIT, SIG.USR1, SIG.USR2, ...resized], ({signal}) => {
		if (signal === SIG.USR1) return rebuild('SIGUSR1');
		if (signal === SIG.WINCH) return show(view.resized(sizeOf()));
		if (signal !== SIG.INT && signal !== SIG.TERM) status = FAILED;
		stop();
	}, reap);
	run();
	return null;
}

function sizeOf(): Size {
	const size = new Int32Array(2);
	sys.terminalSize(STDOUT, size);
	return {rows: size[0] || 24, columns: size[1] || 80};
}
