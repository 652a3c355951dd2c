/** The log of what runs long and may fail at the end: one event a line, as JSON, to be read and counted afterwards. */
import {type Logger, pino} from 'pino';

/** Facts of an event, by name. */
export type Facts = Readonly<Record<string, unknown>>;

export type Log = Logger;

/**
 * Begins a new log at `path`, whose folder is made where it is missing. Each line has `time`, `level`, `msg` and the event's
 * facts (`jq 'select(.level == "warn")'`), and is in the file when the call returns, whatever happens next.
 */
export function createLog(path: string): Log {
	return pino(
		{base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: {level: level => ({level})}},
		pino.destination({dest: path, sync: true, mkdir: true, append: false}),
	);
}
