/** `archonctl graph`. */
import {type Graph, graphJson, graphOf} from '../../control/json.ts';
import {GRAPH, GRAPH_ROW, type GraphRow} from '../../control/requests/graph/wire.ts';
import {DEPS} from '../../features/deps/requests/deps/wire.ts';
import {type Command, EXIT} from '../command.ts';
import {namesOf, rowsOf, usageError} from '../reply.ts';

export const graph: Command = {
	name: 'graph',
	usage: '[--dot | --mermaid | --json] [NAME...]',
	summary: 'show which services need each other, and on what condition',
	details: [
		'A tree: each service over what it needs, with the condition and whether it is met; what was shown above is not',
		'shown again. With a NAME: it and all that it needs. The graph has also what conflicts, and what starts after a',
		'failure; dependencies that are made while archon runs are shown by archonctl deps show.',
	],
	options: [
		{names: ['--dot'], value: null, help: 'for Graphviz: archonctl graph --dot | dot -Tsvg > graph.svg'},
		{names: ['--mermaid'], value: null, help: 'for Markdown pages that draw Mermaid'},
		{names: ['--json'], value: null, help: 'one object: services, needs, conflicts, on_failure'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl graph', 'archonctl graph --dot web'],
	run(args, io, reach) {
		const forms = ['--dot', '--mermaid', '--json'].filter(name => args.has(name));
		if (forms.length > 1) return usageError(io, `graph: either ${forms.join(' or ')}`);
		return reach(client => {
			const answer = rowsOf(client, GRAPH, [], io);
			if (!answer.ok) return answer.error;
			const whole = graphOf(answer.value.map(GRAPH_ROW.decode));
			const names = namesOf(client, args.operands, io);
			if (!names.ok) return names.error;
			const shown = names.value.length === 0 ? whole : below(whole, names.value);
			const [form = ''] = forms;
			io.stdout((WRITERS.get(form) ?? (each => treeOf(each, names.value)))(shown));
			// Who may not ask for these is shown the rest.
			const made = form === '' ? rowsOf(client, DEPS, [], {...io, stderr() {}}) : null;
			const count = made?.ok ? made.value.length : 0;
			const were = count === 1 ? 'dependency was' : 'dependencies were';
			if (count > 0) io.stdout(`${count} ${were} made while archon runs: archonctl deps show\n`);
			return EXIT.ok;
		});
	},
};

type RowOf<K extends GraphRow['kind']> = Extract<GraphRow, {kind: K}>;

/** The named services, and all that they need. */
function below({services, needs, others}: Graph, names: readonly string[]): Graph {
	const byName = Map.groupBy(needs, ({name}) => name);
	const seen = new Set(names);
	for (const name of seen) for (const {other} of byName.get(name) ?? []) seen.add(other);
	const isSeen = ({name, other}: {readonly name: string; readonly other: string}): boolean => seen.has(name) && seen.has(other);
	return {services: services.filter(({name}) => seen.has(name)), needs: needs.filter(isSeen), others: others.filter(isSeen)};
}

const CONDITIONS = {service_started: 'started', service_healthy: 'ready', service_completed_successfully: 'completed'} as const;

const labelOf = ({condition, strength}: RowOf<'need'>): string => `${CONDITIONS[condition]}${strength === 'hard' ? '' : `, ${strength}`}`;

/** Over what it needs each that no other needs, or those that are named. With a stack of its own, as chains may be long. */
function treeOf({services, needs, others}: Graph, names: readonly string[]): string {
	if (services.length === 0) return 'no services\n';
	const status = new Map(services.map(service => [service.name, service.status]));
	const byName = Map.groupBy(needs, ({name}) => name);
	const needed = new Set(needs.map(({other}) => other));
	const tops = names.length > 0 ? names : services.map(({name}) => name).filter(name => !needed.has(name));
	const lines: string[] = [];
	const told = new Set<string>();
	interface Node {
		readonly name: string;
		readonly lead: string;
		readonly indent: string;
		readonly note: string;
	}
	const open: Node[] = tops.toReversed().map(name => ({name, lead: '', indent: '', note: ''}));
	for (let node = open.pop(); node; node = open.pop()) {
		const {name, lead, indent, note} = node;
		const below = byName.get(name) ?? [];
		const isAgain = told.has(name) && below.length > 0;
		told.add(name);
		lines.push(`${lead}${name}  ${status.get(name)}${note}${isAgain ? '  (as above)' : ''}`);
		if (isAgain) continue;
		const children = below.map((need, index): Node => {
			const isLast = index === below.length - 1;
			return {
				name: need.other, note: `  [${labelOf(need)}: ${need.isMet ? 'met' : 'not met'}]`,
				lead: `${indent}${isLast ? '└─ ' : '├─ '}`, indent: `${indent}${isLast ? '   ' : '│  '}`,
			};
		});
		open.push(...children.reverse());
	}
	for (const {kind, name, other} of others) {
		lines.push(kind === 'conflict' ? `${name} conflicts with ${other}` : `${other} starts when ${name} has failed`);
	}
	return `${lines.join('\n')}\n`;
}

const FAILED: ReadonlySet<string> = new Set(['failed', 'unhealthy', 'backoff']);
const colourOf = (status: string): string => (FAILED.has(status) ? 'red' : status === 'running' ? 'darkgreen' : 'gray40');

function dotOf({services, needs, others}: Graph): string {
	const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
	const styles = {hard: 'solid', soft: 'dashed', order: 'dotted'} as const;
	return [
		'digraph archon {', '\trankdir=LR; node [shape=box, fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];',
		...services.map(({name, status}) => `\t${quote(name)} [label=${quote(name).slice(0, -1)}\\n${status}", color=${colourOf(status)}];`),
		...needs.map(need => `\t${quote(need.name)} -> ${quote(need.other)} [label=${quote(labelOf(need))}, style=${styles[need.strength]}${
			need.isMet ? '' : ', color=red'}];`),
		...others.map(({kind, name, other}) => `\t${quote(name)} -> ${quote(other)} [label=${quote(kind)}, color=gray40, constraint=false${
			kind === 'conflict' ? ', dir=both, arrowhead=tee, arrowtail=tee' : ''}];`),
		'}', '',
	].join('\n');
}

function mermaidOf({services, needs, others}: Graph): string {
	const ids = new Map(services.map(({name}, index) => [name, `s${index}`]));
	const text = (words: string): string => words.replaceAll('"', '#quot;');
	const arrows = {hard: '-->', soft: '-.->', order: '-.->'} as const;
	return [
		'flowchart LR',
		...services.map(({name, status}) => `\t${ids.get(name)}["${text(name)}<br>${status}"]`),
		...needs.map(need => {
			const label = `${labelOf(need)}${need.isMet ? '' : ' (not met)'}`;
			return `\t${ids.get(need.name)} ${arrows[need.strength]}|"${label}"| ${ids.get(need.other)}`;
		}),
		...others.map(({kind, name, other}) => `\t${ids.get(name)} ${kind === 'conflict' ? 'x--x' : '-.->'}|"${kind}"| ${ids.get(other)}`), '',
	].join('\n');
}

const jsonOf = (graph: Graph): string => `${JSON.stringify(graphJson(graph), null, 2)}\n`;

const WRITERS: ReadonlyMap<string, (graph: Graph) => string> = new Map([['--dot', dotOf], ['--mermaid', mermaidOf], ['--json', jsonOf]]);
