/** The lines of one service as they come to `archonctl top`; of what comes faster than anyone reads, some are left out. */
import type {Live} from '../../control/live-client.ts';
import type {Instant, Millis} from '../../core/time.ts';
import {decodeLogRow} from '../../features/logging/requests/logs/rows.ts';
import {LOGS} from '../../features/logging/requests/logs/wire.ts';
import {type LogPane, withRemark, withRows} from './log-pane.ts';
import type {Top} from './state.ts';

/** What is told of time. */
export interface Clocks {
	/** Calls back once after this time, unless the result is called before. */
	after(millis: Millis, callback: () => void): () => void;
	now(): Instant;
}

/** Lines that are asked for at first, and after some were left out. */
const [FIRST, AGAIN] = [500, 100];

/** Where more lines come in a second, it is waited for a while, and the last ones are asked for. */
const [FLOOD, SECOND, PAUSE] = [1500, 1000, 500];

/** The result ends it. */
export function followLog(live: Live, {after, now}: Clocks, name: string, change: (to: (top: Top) => Top) => void): () => void {
	let stop = (): void => {};
	/** When the last line came, in ms since 1970. */
	let latest = 0;
	/** Rows that have come since then. */
	let [count, since] = [0, now()];

	const become = (to: (log: LogPane) => LogPane): void => change(top => (top.log.name === name ? {...top, log: to(top.log)} : top));
	const isFlood = (more: number): boolean => {
		if (now() - since > SECOND) [count, since] = [0, now()];
		count += more;
		return count > FLOOD;
	};
	const ask = (...choice: readonly string[]): void => {
		stop = live.ask(LOGS, [name, ...choice, 'archon.follow=yes'], {
			rows(rows) {
				const told = rows.map(decodeLogRow).filter(row => row !== null);
				for (const row of told) if (row.kind === 'line') latest = Math.max(latest, row.at);
				become(log => withRows(log, told));
				if (!isFlood(rows.length)) return;
				stop();
				become(log => withRemark(log, 'lines come too fast to be read, and some are left out here'));
				stop = after(PAUSE, () => {
					[count, since] = [0, now()];
					ask(`archon.lines=${AGAIN}`, newer());
				});
			},
			done(result) {
				if (result.ok && result.value.kind === 'Error') {
					const {reason} = result.value;
					become(log => withRemark(log, reason));
				}
				// The next archon remembers only what came since it began.
				if (!result.ok && result.error.kind === 'broken') ask(newer());
			},
		});
	};
	const newer = (): string => `archon.since=${latest + 1}`;
	ask(`archon.lines=${FIRST}`);
	return () => stop();
}
