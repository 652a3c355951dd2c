/** Unit files of systemd as settings: systemd.syntax(7), and the specifiers of systemd.unit(5). */
import type {Place, Report, Source} from '../../problems.ts';

/** One assignment. */
export interface Setting extends Place {
	/** `Service.ExecStart`. */
	readonly key: string;
	readonly value: string;
}

/** A unit with its drop-ins, in the order in which they were read. */
export interface Unit {
	/** `web.service`, `worker@2.service`. */
	readonly name: string;
	readonly at: Place;
	readonly settings: readonly Setting[];
}

/** How many assignments a unit may have. */
const SETTINGS_MAX = 2000;

export function readUnit(source: Source, report: Report): readonly Setting[] {
	const settings: Setting[] = [];
	let section: string | null = null;
	for (const {offset, text} of linesOf(source.text)) {
		const [, heading] = /^\[([^\]]+)\]$/.exec(text.trim()) ?? [];
		const equals = text.indexOf('=');
		if (heading !== undefined) {
			section = heading;
		} else if (section === null) {
			report({source, offset}, 'stands before the first section', 'write [Service] above it');
			return [];
		} else if (equals <= 0) {
			report({source, offset}, 'is neither a section nor an assignment', 'write Key=value');
			return [];
		} else if (settings.length === SETTINGS_MAX) {
			report({source, offset}, `a unit has more than ${SETTINGS_MAX} assignments`);
			return [];
		} else {
			settings.push({source, offset, key: `${section}.${text.slice(0, equals).trim()}`, value: text.slice(equals + 1).trim()});
		}
	}
	return settings;
}

/** Lines that say something: without comments, those that end with a backslash joined by a space to the next. */
function* linesOf(text: string): Iterable<{readonly offset: number; readonly text: string}> {
	let joined: {readonly offset: number; text: string} | null = null;
	let offset = 0;
	for (const raw of text.split('\n')) {
		const line = raw.replace(/\r$/, '');
		const start = offset;
		offset += raw.length + 1;
		// A comment in the midst of a continued line does not end it.
		if (/^\s*[#;]/.test(line)) continue;
		if (!joined && line.trim() === '') continue;
		const current: {readonly offset: number; text: string} = joined ?? {offset: start + line.search(/\S/), text: ''};
		current.text += line.endsWith('\\') ? `${line.slice(0, -1)} ` : line;
		joined = line.endsWith('\\') ? current : null;
		if (!joined) yield current;
	}
	if (joined) yield joined;
}

/** The assignments of a key; an empty one takes back those before it. */
export function all({settings}: Unit, key: string): readonly Setting[] {
	const found = settings.filter(setting => setting.key === key);
	return found.slice(found.findLastIndex(({value}) => value === '') + 1);
}

/** The last assignment of a key. */
export const last = (unit: Unit, key: string): Setting | undefined => all(unit, key).at(-1);

/** `web.service` → `web`; null: it is no service. */
export const serviceName = (unit: string): string | null =>
	unit.endsWith('.service') ? unit.slice(0, -'.service'.length).replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-_.]+|-+$/g, '') : null;

/** The specifiers that are known without the machine, for a unit of the system. */
export function expandSpecifiers(text: string, unit: string): string {
	const stem = unit.replace(/\.[a-z]+$/, '');
	const at = stem.indexOf('@');
	const [prefix, instance] = at < 0 ? [stem, ''] : [stem.slice(0, at), stem.slice(at + 1)];
	const known: Readonly<Record<string, string>> = {
		'%': '%', 'n': unit, 'N': stem, 'p': prefix, 'i': instance, 'I': unescapeName(instance), 'P': unescapeName(prefix),
		'j': prefix.split('-').at(-1) ?? '', 't': '/run', 'S': '/var/lib', 'C': '/var/cache', 'L': '/var/log', 'E': '/etc', 'T': '/tmp',
		'V': '/var/tmp', 'u': 'root', 'U': '0', 'g': 'root', 'G': '0', 'h': '/root', 's': '/bin/sh', 'd': '/run/credentials',
	};
	return text.replaceAll(/%(.)/g, (whole, letter: string) => known[letter] ?? whole);
}

/** `\x2d` → `-`, `-` → `/` (systemd-escape(1)). */
const unescapeName = (text: string): string => text.replaceAll('-', '/')
	.replaceAll(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
