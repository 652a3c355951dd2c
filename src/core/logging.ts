/** Logging that is meant for many services, with blanks where names go, made that of one. */
import type {LogDriver, Logging, LogStream} from './model.ts';

/** What may stand in braces in the path of a log file and in a syslog tag. */
export const BLANKS = ['name', 'service', 'instance', 'index', 'stream'] as const;

/** RFC 5424, APP-NAME. */
const TAG_MAX = 48;

/**
 * The blanks filled in for a service, or an instance as `web:1`: `{name}` is web-1, for colons are trouble in paths,
 * `{service}` is web and `{instance}`, or `{index}`, 1, or 0 for one that is alone. With `{stream}` a driver becomes one for each stream.
 */
export function tailor(logging: Logging, name: string): Logging {
	return {...logging, drivers: logging.drivers.flatMap(driver => tailorDriver(driver, name))};
}

function tailorDriver(driver: LogDriver, name: string): readonly LogDriver[] {
	if (driver.kind !== 'file' && driver.kind !== 'syslog') return [driver];
	const text = driver.kind === 'file' ? driver.path : driver.tag;
	const groups = text.includes('{stream}') ? driver.streams.map(stream => [stream]) : [driver.streams];
	return groups.map((streams): LogDriver => {
		const filled = fill(text, name, streams[0] ?? 'stdout');
		return driver.kind === 'file' ? {...driver, streams, path: filled} : {...driver, streams, tag: filled.slice(0, TAG_MAX)};
	});
}

function fill(text: string, name: string, stream: LogStream): string {
	const values: Readonly<Record<string, string>> = {...blankValues(name), stream};
	return text.replaceAll(/\{(\w+)\}/g, (blank, word: string) => values[word] ?? blank);
}

/** What blanks stand for in texts of a service, or of an instance as `web:1`. */
export function blankValues(name: string): Readonly<Record<string, string>> {
	const [service = name, instance = '0'] = name.split(':');
	return {name: name.replaceAll(':', '-'), service, instance, index: instance};
}
