/** Handles `Metrics`: a stretch of rows at a time, no faster than the client reads, of all services as they were at one moment. */
import type {Call} from '../../../../control/call.ts';
import {OK, refuseForBug} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import type {Daemon} from '../../../../control/daemon.ts';
import {within} from '../../../../control/names.ts';
import {plainField} from '../../../../control/records.ts';
import type {Entry} from '../../../../core/entry.ts';
import {exitStatus} from '../../../../core/outcome.ts';
import {isPool, isToRun, isWanted, meets, type State} from '../../../../core/state.ts';
import {statusNameOf} from '../../../../core/status.ts';
import {illness} from '../../../../core/wellness.ts';
import {nextRun} from '../../../schedule/core/feature.ts';
import type {MetricsRow} from '../../core/columns.ts';
import type {Measures} from '../../core/measures.ts';
import {METRICS_ROW, type MetricsRequest} from './wire.ts';

/** Services at a stretch; and bytes that may wait in the connection before there is another. */
const [STRETCH, ROOM] = [64, 64 << 10];

export const metrics: Make<MetricsRequest> = ({daemon}) => (_, call) => {
	let isGone = false;
	const failed = refuseForBug(call);
	daemon.measures(measures => {
		if (isGone) return;
		const state = daemon.state();
		const rest = rowsOf(daemon, state, measures, call);
		let isWaiting = false;
		const goOn = (): void => {
			if (isGone) return;
			try {
				const rows = rest.next();
				if (rows.done) return call.reply(OK);
				call.send(rows.value.map(row => METRICS_ROW.encode(row).map(plainField)));
			} catch (error) {
				isGone = true;
				return failed(error);
			}
			isWaiting = call.pending() > ROOM;
			if (!isWaiting) daemon.soon(goOn);
		};
		call.whenDrained(() => {
			if (!isWaiting) return;
			isWaiting = false;
			daemon.soon(goOn);
		});
		goOn();
	}, failed);
	return () => {
		isGone = true;
	};
};

function* rowsOf(daemon: Daemon, state: State, measures: Measures, {scope}: Call): Generator<readonly MetricsRow[], void> {
	const seen = within(state, scope);
	const lasting = seen.filter(entry => !isTransient(entry));
	yield [archonRow(daemon, state, measures, scope.isWhole, seen), ...scope.isWhole ? receiverRows(daemon) : []];
	for (let from = 0; from < lasting.length; from += STRETCH) {
		yield lasting.slice(from, from + STRETCH).flatMap(entry => serviceRows(daemon, state, measures, entry));
	}
}

/** What clients make has new names again and again, and each would be a series for ever. */
const isTransient = ({service: {origin}}: Entry): boolean => origin === 'run' || origin === 'daemon';

const yesNo = (is: boolean): string => (is ? 'yes' : 'no');
const orEmpty = (number: number | null): string => (number === null ? '' : String(number));

function archonRow(daemon: Daemon, state: State, measures: Measures, isWhole: boolean, seen: readonly Entry[]): MetricsRow {
	const {version, lives} = daemon.version;
	const {arch, orphans, reloads, failedReloads} = measures;
	const {cpu, memory, started} = measures.used(null);
	const ofWhole = (number: number): string => (isWhole ? String(number) : '');
	return {
		kind: 'archon', version, arch, started: orEmpty(started), lives: String(lives),
		healthy: yesNo(illness(state, 'ready', isWhole ? null : seen.filter(isToRun)) === null),
		orphans: ofWhole(orphans), cpu: ofWhole(cpu), memory: ofWhole(memory), reloads: ofWhole(reloads),
		failedReloads: ofWhole(failedReloads), transients: String(seen.filter(isTransient).length),
	};
}

function serviceRows(daemon: Daemon, state: State, measures: Measures, entry: Entry): readonly MetricsRow[] {
	const {id, starts, outcome, since, service: {name}} = entry;
	const {processes, cpu, memory, started} = measures.used(name);
	const output = measures.output(id);
	const row: MetricsRow = {
		kind: 'service', service: name, status: statusNameOf(entry), ready: yesNo(meets(entry, 'service_healthy')),
		wanted: yesNo(isWanted(entry, state.stage)), restarts: String(Math.max(0, starts - 1)),
		since: String(Math.round(daemon.wallClock(since))), started: orEmpty(started), next: orEmpty(nextRun(state, entry)),
		exit: outcome ? String(exitStatus(outcome)) : '', processes: String(processes), cpu: String(cpu), memory: String(memory),
		lines: orEmpty(output && output.lines), bytes: orEmpty(output && output.bytes), dropped: String(measures.dropped(name)),
	};
	const checks = measures.checks(id).map(({purpose, passed, took, passes, failures}): MetricsRow => ({
		kind: 'check', service: name, check: purpose === 'health' ? 'healthcheck' : purpose, passed: yesNo(passed), took: took.toFixed(3),
		passes: String(passes), failures: String(failures),
	}));
	return [row, ...checks, ...isPool(entry) ? poolRows(daemon, name) : []];
}

const NODE_STATES = ['waiting', 'booting', 'ready', 'crashed'] as const;

function poolRows(daemon: Daemon, pool: string): readonly MetricsRow[] {
	const nodes = daemon.pools()?.rows(pool) ?? [];
	return NODE_STATES.map(state => ({kind: 'pool', pool, state, nodes: String(nodes.filter(({status}) => status === state).length)}));
}

function receiverRows(daemon: Daemon): readonly MetricsRow[] {
	return (daemon.alerts()?.report()?.receivers ?? []).map(({name, firing, waiting, delivered, dropped}) => ({
		kind: 'receiver', receiver: name, firing: String(firing), waiting: String(waiting), delivered: String(delivered),
		dropped: String(dropped),
	}));
}
