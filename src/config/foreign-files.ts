/** Files of other inits, given by mistake: they are no YAML, and what they are is more than where they stop being it. */
import type {Report, Source} from './problems.ts';

/** The first section's name, after comments and empty lines. */
const SECTION = /^(?:[ \t]*(?:[;#][^\n]*)?\r?\n)*[ \t]*\[([A-Za-z_-]+)(?::[^\]\n]*)?\][ \t]*(?:[;#][^\n]*)?\r?(?:\n|$)/;

const SUPERVISORD: ReadonlySet<string> = new Set([
	'supervisord', 'supervisorctl', 'program', 'group', 'eventlistener', 'unix_http_server', 'inet_http_server', 'include', 'rpcinterface',
	'fcgi-program',
]);

/** Whether a text is a config of another init, which is then reported. */
export function isForeign(source: Source, report: Report): boolean {
	const [head = '', section = ''] = SECTION.exec(source.text) ?? [];
	if (!SUPERVISORD.has(section)) return false;
	const hint = 'write each [program:…] as a service; archon help config lists every key';
	report({source, offset: head.lastIndexOf(`[${section}`)}, 'this is a supervisord INI file, and archon reads YAML', hint);
	return true;
}
