/** `archonctl deps`. */
import {age} from '../../../cli/figures.ts';
import {type Arguments, type Command, EXIT, type Io, type Reach} from '../../../cli/command.ts';
import {printJson, rowsOf, statusOf, usageError} from '../../../cli/reply.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {DEPEND, UNDEPEND} from '../requests/depend/wire.ts';
import {DEPS, DEPS_ROW, type DepsRow} from '../requests/deps/wire.ts';

export const deps: Command = {
	name: 'deps',
	usage: 'add "SERVICE -> TARGET [TERM...]" | rm NUMBER... | show [--dot | --mermaid | --json]',
	summary: 'have services hear of what becomes of other things, while archon runs',
	details: [
		'TARGET: a service, pid:N, match:exe=PATH, monitor:NAME, path:PATH or port:N. TERM: on=exit, ready,',
		'change or fail; do=ACTION; ttl=SECONDS; order=start, by which SERVICE starts after TARGET and stops',
		'before it. ACTION: restart, stop, start or reload, each for SERVICE or with :NAME for another one;',
		'signal:SIGNAL; run:COMMAND, which takes all that follows; alert; none.',
	],
	options: [
		{names: ['--dot'], value: null, help: 'for Graphviz: archonctl deps show --dot | dot -Tsvg > deps.svg'},
		{names: ['--mermaid'], value: null, help: 'for Markdown pages that draw Mermaid'},
		{names: ['--json'], value: null, help: 'one array: id, service, target, on, do, order, until, times'},
	],
	least: 1,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl deps add "web -> pid:1234 on=exit do=restart"', 'archonctl deps show', 'archonctl deps rm 1'],
	run(args, io, reach) {
		const [action = '', ...rest] = args.operands;
		switch (action) {
			case 'show': return rest.length > 0 ? usageError(io, 'deps show: takes nothing behind it') : show(args, io, reach);
			case 'rm':
				if (rest.length === 0) return usageError(io, 'deps rm: takes the NUMBER of a dependency; see archonctl deps show');
				return reach(client => statusOf(client, UNDEPEND, rest, io));
			case 'add': {
				const fields = fieldsOf(rest.join(' '));
				if (!fields.ok) return usageError(io, `deps add: ${fields.error}`);
				return reach(client => {
					const rows = rowsOf(client, DEPEND, fields.value, io);
					if (!rows.ok) return rows.error;
					io.stdout(`${rows.value[0]?.[0] ?? ''}\n`);
					return EXIT.ok;
				});
			}
			default: return usageError(io, `deps: takes add, rm or show, and not ${action}`);
		}
	},
};

/** `web -> pid:71 on=exit do=restart` as the fields of a request. What follows `do=run:` is all of its command. */
export function fieldsOf(text: string): Result<readonly string[], string> {
	const [, service = '', target = '', rest = ''] = /^\s*(\S+)\s*->\s*(\S+)\s*(.*)$/s.exec(text) ?? [];
	if (target === '') return err('needs more arguments: "SERVICE -> TARGET on=exit do=restart"');
	const fields = [service, target];
	for (let left = rest.trim(); left !== '';) {
		const end = left.startsWith('do=run:') ? left.length : left.search(/\s|$/);
		fields.push(`archon.${left.slice(0, end)}`);
		left = left.slice(end).trim();
	}
	return ok(fields);
}

function show(args: Arguments, io: Io, reach: Reach): number {
	const forms = ['--dot', '--mermaid', '--json'].filter(name => args.has(name));
	if (forms.length > 1) return usageError(io, `deps: either ${forms.join(' or ')}`);
	return reach(client => {
		const rows = rowsOf(client, DEPS, [], io);
		if (!rows.ok) return rows.error;
		const found = rows.value.map(DEPS_ROW.decode);
		switch (forms[0]) {
			case '--json': printJson(io, found.map(({does, until, ...row}) => ({...row, do: does || null, until: until || null}))); break;
			case '--dot': io.stdout(dotOf(found)); break;
			case '--mermaid': io.stdout(mermaidOf(found)); break;
			default: io.stdout(render(found));
		}
		return EXIT.ok;
	});
}

/** What an edge does, as it was written. */
const labelOf = ({on, does, order}: DepsRow): string =>
	[...does === '' ? [] : [`${on}: ${does}`], ...order === 'start' ? ['starts after'] : []].join(', ');

function render(rows: readonly DepsRow[]): string {
	if (rows.length === 0) return 'no dependencies but those of the config: see archonctl graph\n';
	return rows.map(row => {
		const {id, service, target, until, times} = row;
		const left = until === 0 ? '' : `, ends in ${age(until - Date.now())}`;
		return `${id}  ${service} -> ${target}  ${labelOf(row)}  (acted ${times === 1 ? 'once' : `${times} times`}${left})\n`;
	}).join('');
}

function dotOf(rows: readonly DepsRow[]): string {
	const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', ' ')}"`;
	const isService = (target: string): boolean => !/^(?:pid|match|monitor|path|port):/.test(target);
	const others = new Set(rows.map(({target}) => target).filter(target => !isService(target)));
	return [
		'digraph archon {', '\trankdir=LR; node [shape=box, fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];',
		...[...others].map(target => `\t${quote(target)} [shape=ellipse];`),
		...rows.map(row => `\t${quote(row.service)} -> ${quote(row.target)} [label=${quote(labelOf(row))}, style=${
			row.does === '' ? 'dotted' : 'dashed'}];`),
		'}', '',
	].join('\n');
}

function mermaidOf(rows: readonly DepsRow[]): string {
	const names = [...new Set(rows.flatMap(({service, target}) => [service, target]))];
	const ids = new Map(names.map((name, index) => [name, `d${index}`]));
	const text = (words: string): string => words.replaceAll('"', '#quot;').replaceAll('\n', ' ');
	return [
		'flowchart LR',
		...names.map(name => `\t${ids.get(name)}["${text(name)}"]`),
		...rows.map(row => `\t${ids.get(row.service)} -.->|"${text(labelOf(row))}"| ${ids.get(row.target)}`), '',
	].join('\n');
}
