/** What one piece of config text means in logging: sizes, ages, rates, paths and tags with placeholders, syslog's addresses. */
import {PLACEHOLDERS} from '../core.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Millis} from '../../../core/time.ts';
import type {LogFile, Logging, Syslog} from '../core.ts';
import {normalize} from '../../../core/path.ts';
import type {Fault} from '../../../core/variables.ts';
import {DURATION, either, number, orUnlimited, someText, textLike, words} from '../../../config/accepts.ts';
import {didYouMean, quote} from '../../../config/problems.ts';
import type {Schema} from '../../../config/shape.ts';
import {absolutePath, address, duration, fileMode, lapse, parser, whole, type Parse} from '../../../config/scalars.ts';

/** compose-spec, "specifying byte values": bytes, or a number with k, m or g (kb, mb, gb), powers of 1024. */
export const size = (least: string, most: string): Parse<number> => parser(() => sizes(least, most), text => {
	const bytes = bytesOf(text);
	if (bytes === null) return fault('is not a size', 'write bytes, or 64k, 10m or 1g');
	if (bytes < (bytesOf(least) ?? 0)) return fault('is too small', `write at least ${least}`);
	return bytes <= (bytesOf(most) ?? Infinity) ? ok(bytes) : fault('is too large', `write at most ${most}`);
});

const SIZE = /^(\d{1,15})([kmg]?)b?$/i;

const sizes = (least: string, most: string): Schema =>
	({...number('integer', bytesOf(least) ?? 0, bytesOf(most) ?? Infinity, '^\\d{1,15}[kKmMgG]?[bB]?$'), examples: ['64k', '10m', '1g']});

function bytesOf(text: string): number | null {
	const [, digits, unit = ''] = SIZE.exec(text) ?? [];
	return digits === undefined ? null : Number(digits) * 1024 ** (' kmg'.indexOf(unit.toLowerCase() || ' '));
}

/** What is written for "never" in docker's options, and in archon's. */
const isUnlimited = (text: string): boolean => text === '-1' || text === 'unlimited';

/** The least is more than a line, so that a file holds several. */
const fileSize = size('1k', '1024g');
export const maxSize: Parse<number> = parser(
	() => orUnlimited(fileSize.accepts(), -1, '-1'), text => (isUnlimited(text) ? ok(Infinity) : fileSize(text)),
);

/** A duration, before which there may be days. */
export const maxAge: Parse<Millis> = parser(() => orUnlimited(age(), -1, '-1'), text => {
	if (isUnlimited(text)) return ok(Infinity);
	const [, days = '0', rest = text] = /^(\d{1,4})d(.*)$/.exec(text) ?? [];
	const length = rest === '' && rest !== text ? ok(0) : duration(rest);
	if (!length.ok) return fault(length.error.why, 'write 12h, 7d or 1d12h');
	const total = Number(days) * DAY + length.value;
	return total >= AGE_MIN ? ok(total) : fault('is too short', 'write at least 1s');
});

const age = (): Schema => ({
	...number('number', AGE_MIN / 1000, Number.MAX_SAFE_INTEGER, `^\\d{1,4}d$|^(\\d{1,4}d)?(${DURATION})$`), examples: ['12h', '7d', '1d12h'],
});

const DAY: Millis = 24 * 3_600_000;
const AGE_MIN: Millis = 1000;

/** docker's local driver says true or false. */
export const compression: Parse<LogFile['compress']> = parser(() => ({enum: ['none', 'gzip', 'zstd', true, false]}), text => {
	const word = COMPRESSIONS.get(text.toLowerCase());
	return word ? ok(word) : fault('is not one of none, gzip, zstd', didYouMean(text, COMPRESSIONS.keys()));
});

const COMPRESSIONS: ReadonlyMap<string, LogFile['compress']> = new Map([
	['none', 'none'], ['gzip', 'gzip'], ['zstd', 'zstd'], ['true', 'gzip'], ['false', 'none'],
]);

/** docker's `mode` is another thing, and its word for it no permissions. */
export const permissions: Parse<number> = parser(fileMode.accepts, text => (/^(non-)?blocking$/.test(text)
	? fault('is not a mode', 'write 0640; on_full says whether a service waits')
	: fileMode(text)));

/** Whether there is such an account is checked where the file is made. */
export const ownerName: Parse<string> = parser(() => ({...someText(), pattern: OWNER.source, examples: ['app']}), text =>
	OWNER.test(text) ? ok(text) : fault('is not a name or a number'));

const OWNER = /^[^\s:/]{1,64}$/;

const rates = (): Schema => orUnlimited(textLike(String.raw`^\d+/\S+$`, '1000/s', '5000/1m'), -1, '-1');

/** `100/s`, `5000/1m`; or no limit. */
export const rate = parser<Logging['rateLimit']>(rates, text => {
	if (isUnlimited(text)) return ok(null);
	const [, digits = '', length = ''] = /^(\d+)\/(.*)$/.exec(text) ?? [];
	const lines = rateLines(digits);
	const interval = lapse(/^\d/.test(length) ? length : `1${length}`);
	return lines.ok && interval.ok && length !== ''
		? ok({lines: lines.value, interval: interval.value})
		: fault('is not a rate', 'write 1000/s, 5000/1m or unlimited');
});

export const rateLines: Parse<number> = whole(1, 1_000_000_000);

/** An absolute path with placeholders, and not one where a rotation would replace something else. */
export const logPath: Parse<string> = parser(() => textLike('^/.*[^/]$', '/var/log/{name}.log'), text => {
	const path = absolutePath(text);
	if (!path.ok) return path;
	if (text.endsWith('/')) return fault('names a directory', `write ${text}{name}.log`);
	const plain = normalize(text);
	if (/^\/(dev(?!\/shm\/)|proc|sys)\//.test(plain)) {
		return fault('is not a file that can be rotated', 'use inherit for archon\'s own streams');
	}
	return faultOfPlaceholders(text) ?? ok(plain);
});

/** RFC 5424, APP-NAME: printable ASCII without spaces. docker's own placeholder for the name is understood. */
export const logTag: Parse<string> = parser(() => ({...someText(), pattern: TAG}), text => {
	const plain = text.replaceAll('{{.Name}}', '{name}');
	const foreign = /\{\{.*?\}\}/.exec(plain)?.[0];
	if (foreign !== undefined) return fault(`holds ${quote(foreign)}, which only docker knows`, `write ${PLACEHOLDER_HINT}`);
	if (plain === '') return fault('is empty');
	if (!/^[!-~]+$/.test(plain)) {
		return fault('holds characters that a syslog tag cannot have', 'write letters, digits and signs without spaces');
	}
	return faultOfPlaceholders(plain) ?? ok(plain);
});

const TAG = '^[!-~]+$';

const PLACEHOLDER_HINT = PLACEHOLDERS.map(word => `{${word}}`).join(', ');

function faultOfPlaceholders(text: string): Result<never, Fault> | null {
	for (const [written, word = ''] of text.matchAll(/\{([^{}]*)\}/g)) {
		if (PLACEHOLDERS.some(each => each === word)) continue;
		return fault(`holds ${quote(written)}, which has no meaning`, didYouMean(word, PLACEHOLDERS) ?? `write ${PLACEHOLDER_HINT}`);
	}
	return null;
}

/** docker's `syslog-address`. A unix socket takes datagrams under either name. */
const syslogUrl = (): Schema => textLike('^(unix|unixgram|udp|tcp)://.', 'unix:///dev/log', 'udp://logs:514');

export const syslogAddress = parser<Syslog['address']>(syslogUrl, text => {
	const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/.exec(text) ?? [];
	if (scheme === 'tcp+tls') return fault('needs TLS, which archon does not speak', 'send to a relay by tcp:// or unix://');
	if (scheme === 'unix' || scheme === 'unixgram') {
		const path = absolutePath(rest);
		return path.ok ? ok({kind: 'unix', path: path.value}) : fault('has no absolute path', `write ${scheme}:///dev/log`);
	}
	if (scheme === 'udp' || scheme === 'tcp') {
		const place = address(/:\d+$/.test(rest) ? rest : `${rest}:${SYSLOG_PORT}`);
		if (place.ok && rest !== '' && !rest.startsWith(':')) return ok({kind: scheme, ...place.value});
	}
	return fault('is not an address', 'write unix:///dev/log, udp://host:514 or tcp://host:601');
});

/** docker's default for both of them. */
const SYSLOG_PORT = 514;

/** A facility's number, by its name or its number (RFC 5424, table 1; the names are those of syslog(3)). */
export const facility: Parse<number> = parser(() => either(words(...FACILITIES), number('integer', 0, FACILITIES.length - 1)), text => {
	const index = FACILITIES.indexOf(text.toLowerCase());
	if (index >= 0) return ok(index);
	const number = whole(0, FACILITIES.length - 1)(text);
	if (number.ok) return number;
	return fault('is not a facility', didYouMean(text, FACILITIES) ?? 'write daemon, user, local0 to local7, or a number from 0 to 23');
});

const FACILITIES: readonly string[] = [
	'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock',
	'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
];

function fault(why: string, hint: string | null = null): Result<never, Fault> {
	return err({why, hint});
}
