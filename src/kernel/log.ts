/** archon's own log: the only file that sees `pino`, which is given a destination that cannot block PID 1. */
import {type Logger, pino} from 'pino';

export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'fatal'>;

export type Level = 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** People read this log: a line is its words, and its level where that is more than information. */
export function createLog(level: Level, say: (line: string) => void): Log {
	const destination = {
		// With this symbol pino leaves the message and the level on the stream; its JSON is not needed.
		[pino.symbols.needsMetadataGsym]: true,
		lastMsg: '',
		lastLevel: 0,
		write(): void {
			const {lastLevel, lastMsg} = this;
			say(lastLevel > 30 ? `${pino.levels.labels[lastLevel]}: ${lastMsg}` : lastMsg);
		},
	};
	return pino({level, base: null, timestamp: false}, destination);
}
