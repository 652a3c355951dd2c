/** Rows → the tree of processes for a terminal, under their services. */
import type {StatusRow} from '../control/requests/status/wire.ts';
import type {TreeRow} from '../control/requests/tree/wire.ts';
import {plainText} from '../core/plain.ts';
import {age, size, span} from './figures.ts';
import type {Look} from './look.ts';
import {DIM, paint, paintWith} from './render.ts';

/** What is to the left of a line: of a process, or the sum of several. */
type Figures = Pick<TreeRow, 'cpu' | 'memory'> & {readonly started: number | null};

interface Node {
	readonly label: string;
	readonly figures: Figures | null;
	readonly children: readonly Node[];
}

const NO_SERVICE = 'no service';
/** What the master of a pool is started with is the whole plan. */
const POOL = 'archon.pool ';

/** Every service over its processes, at the end the processes that belong to none, and those that are not below archon. */
export function renderTree(
	services: readonly StatusRow[], processes: readonly TreeRow[], look: Look, labels: ReadonlyMap<number, string> = new Map(),
): string {
	const own = processes.find(({kind}) => kind === 'archon');
	const below = processes.filter(({kind}) => kind !== 'archon' && kind !== 'foreign');
	const byService = Map.groupBy(below, ({service}) => service);
	const known = new Set<string | null>(services.map(({name}) => name));
	const nodes = services.map((row): Node =>
		nodeOf(`${row.name}  ${paint(row.status, row, look)}`, byService.get(row.name) ?? [], labels));
	// A service may be forgotten between the two requests.
	const others = [...byService].filter(([service]) => !known.has(service))
		.sort(([a], [b]) => Number(a === null) - Number(b === null));
	for (const [service, members] of others) nodes.push(nodeOf(paintWith(DIM, service ?? NO_SERVICE, look), members));
	const foreign = processes.filter(({kind}) => kind === 'foreign');
	const roots: Node[] = [{
		label: own ? `archon  ${own.pid} ${plainText(own.command)}` : 'archon', figures: own ?? null, children: nodes,
	}];
	if (foreign.length > 0) roots.push(nodeOf(paintWith(DIM, 'not below archon', look), foreign));
	return draw(roots, look);
}

function nodeOf(label: string, members: readonly TreeRow[], labels: ReadonlyMap<number, string> = new Map()): Node {
	return {label, figures: members.length > 1 ? sumOf(members) : null, children: nest(members, labels)};
}

const sumOf = (members: readonly TreeRow[]): Figures => ({
	started: null,
	cpu: members.reduce((sum, {cpu}) => sum + cpu, 0),
	memory: members.reduce((sum, {memory}) => sum + memory, 0),
});

/** Processes under their parents; at the top those whose parent is not among them: main processes, and adopted ones. */
function nest(processes: readonly TreeRow[], labels: ReadonlyMap<number, string>): readonly Node[] {
	const pids = new Set(processes.map(({pid}) => pid));
	const tops: Node[] = [];
	const lists = new Map<number, Node[]>(processes.map(({pid}) => [pid, []]));
	for (const row of processes) {
		const {pid, parent, zombie, command} = row;
		const words = command.startsWith(POOL) ? POOL.trimEnd() : command;
		const label = `${pid} ${zombie ? 'zombie ' : ''}${plainText(words)}${plainText(labelIn(labels, pid))}`;
		const node = {label, figures: row, children: lists.get(pid) ?? []};
		(pids.has(parent) ? lists.get(parent) ?? tops : tops).push(node);
	}
	return tops;
}

/** Of a node of a pool. */
const labelIn = (labels: ReadonlyMap<number, string>, pid: number): string => (labels.has(pid) ? ` · ${labels.get(pid)}` : '');

const TITLES = ['AGE', 'CPU', 'MEMORY'];

/** With a stack of its own and not by recursion: processes may nest as deep as there are pids. */
function draw(roots: readonly Node[], look: Look): string {
	const lines: {readonly cells: readonly string[]; readonly text: string}[] = [];
	const open = roots.map(node => ({node, lead: '', indent: ''})).reverse();
	for (let next = open.pop(); next; next = open.pop()) {
		const {node, lead, indent} = next;
		lines.push({cells: cellsOf(node.figures, look), text: lead + node.label});
		const children = node.children.map((child, index) => {
			const isLast = index === node.children.length - 1;
			const [lead, deeper] = isLast ? ['└─ ', '   '] : ['├─ ', '│  '];
			return {node: child, lead: indent + lead, indent: indent + deeper};
		});
		for (const child of children.reverse()) open.push(child);
	}
	const widths = TITLES.map((title, index) => lines.reduce((width, {cells}) => Math.max(width, cells[index]?.length ?? 0), title.length));
	const row = (cells: readonly string[]): string => cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  ');
	return [paintWith(DIM, row(TITLES), look), ...lines.map(({cells, text}) => `${row(cells)}  ${text}`), ''].join('\n');
}

function cellsOf(figures: Figures | null, {now}: Look): readonly string[] {
	if (!figures) return ['', '', ''];
	const {started, cpu, memory} = figures;
	return [started === null ? '' : age(now - started), span(cpu), size(memory)];
}
