/** The nodes of a pool as a tree on a terminal, and one line for each change elsewhere. Pure: what is to be written comes out. */
import {plainText} from '../core/plain.ts';
import type {NodeStatus} from '../features/pools/core/effect.ts';
import {changeLine, type NodeRow, reasonOf, simpleLine} from '../features/pools/core/rows.ts';
import type {Size} from './terminal/screen.ts';
import {clusterEnd, textWidth} from './terminal/width.ts';

/** A command as the chart lists it. */
export interface CommandRow {
	readonly name: string;
	readonly aliases: readonly string[];
	readonly node: string;
}

export interface ChartLook {
	readonly width: number;
	/** Lines that there is room for; what is left out is counted. */
	readonly height?: number;
	readonly color: boolean;
	readonly commands?: readonly CommandRow[];
}

/** SGR: green, yellow, red, dim. */
const COLOURS: Readonly<Record<NodeStatus, number>> = {ready: 32, booting: 33, crashed: 31, waiting: 2};
const STATUS_WIDTH = 'crashed'.length;
/** Lines of an error's text that are shown, and how many texts. */
const [TEXT_LINES, TEXTS] = [12, 3];
/** Names that are longer do not move what is beside them. */
const NAME_MAX = 40;

/** Rows in any order, nodes below their parents in the order of the rows; lines that end in a newline each. */
export function chart(rows: readonly NodeRow[], look: ChartLook): string {
	const tree = treeOf(rows);
	const left = Math.min(NAME_MAX, tree.reduce((most, {lead, row}) => Math.max(most, textWidth(lead + plainText(row.node))), 0));
	const lines = tree.map(({lead, row}) => {
		const name = lead + plainText(row.node);
		const pid = row.pid === null ? '' : String(row.pid);
		// A crash that came from above is told there.
		const why = row.why === null || isInherited(rows, row) ? '' : `  ${plainText(reasonOf(row.why))}`;
		const [head, tail] = [`${padded(name, left)}  `, `${row.status.padEnd(STATUS_WIDTH)}  ${pid}`.trimEnd() + why];
		return painted([[head, null], [tail, COLOURS[row.status]]], look);
	});
	const commands = (look.commands ?? []).map(command => {
		const status = rows.find(({node}) => node === command.node)?.status ?? 'waiting';
		return [[command.name, ...command.aliases].map(plainText).join(', '), COLOURS[status]] as const;
	});
	const below = [...commandLines(commands, look), ...textLines(rows, look)];
	return fitted(lines, below, look).map(line => `${line}\n`).join('');
}

/** The tree before all else: of what is below it there is as much as there is room for. */
function fitted(lines: readonly string[], below: readonly string[], {height = Infinity, width}: ChartLook): readonly string[] {
	if (lines.length > height) {
		const left = lines.length - Math.max(0, height - 1);
		return [...lines.slice(0, Math.max(0, height - 1)), cut(`… ${left} more nodes`, width)].slice(0, Math.max(0, height));
	}
	return [...lines, ...below.slice(0, Math.max(0, height - lines.length))];
}

interface Branch {
	readonly lead: string;
	readonly row: NodeRow;
}

function treeOf(rows: readonly NodeRow[]): readonly Branch[] {
	const names = new Set(rows.map(({node}) => node));
	const byParent = Map.groupBy(rows, ({node, parent}) => parent !== null && parent !== node && names.has(parent) ? parent : null);
	const branches: Branch[] = [];
	const seen = new Set<NodeRow>();
	const open = (byParent.get(null) ?? []).map(row => ({row, lead: '', indent: ''})).reverse();
	for (let next = open.pop(); next; next = open.pop()) {
		const {row, lead, indent} = next;
		if (seen.has(row)) continue;
		seen.add(row);
		branches.push({lead, row});
		const children = byParent.get(row.node) ?? [];
		for (const [at, child] of [...children.entries()].reverse()) {
			const isLast = at === children.length - 1;
			open.push({row: child, lead: `${indent}${isLast ? '└─ ' : '├─ '}`, indent: `${indent}${isLast ? '   ' : '│  '}`});
		}
	}
	return branches;
}

const isInherited = (rows: readonly NodeRow[], {parent, why}: NodeRow): boolean =>
	rows.some(row => row.node === parent && row.status === 'crashed' && row.why === why);

function commandLines(commands: readonly (readonly [text: string, colour: number])[], look: ChartLook): readonly string[] {
	if (commands.length === 0) return [];
	const lines: string[] = [];
	let line: (readonly [string, number | null])[] = [['commands: ', null]];
	let used = 10;
	for (const [at, [text, colour]] of commands.entries()) {
		const separator = at === 0 ? '' : ' · ';
		if (at > 0 && used + separator.length + textWidth(text) > look.width) {
			lines.push(painted(line, look));
			[line, used] = [[[' '.repeat(10), null], [text, colour]], 10 + textWidth(text)];
			continue;
		}
		line.push([separator, null], [text, colour]);
		used += separator.length + textWidth(text);
	}
	return ['', ...lines, painted(line, look)];
}

/** What crashed nodes have said, each text once. */
function textLines(rows: readonly NodeRow[], look: ChartLook): readonly string[] {
	// What is one line stands beside its node.
	const crashed = rows.filter(row => row.status === 'crashed' && row.why?.trimEnd().includes('\n') && !isInherited(rows, row));
	return crashed.slice(0, TEXTS).flatMap(({node, why}) => {
		const all = (why ?? '').trimEnd().split('\n');
		// Its end tells most.
		const lines = all.length > TEXT_LINES ? ['…', ...all.slice(1 - TEXT_LINES)] : all;
		const title = painted([[`${plainText(node)}:`, COLOURS.crashed]], look);
		return ['', title, ...lines.map(line => painted([[`  ${plainText(line)}`, null]], look))];
	});
}

/** Cut at the edge, so that no line takes two of the terminal. */
function painted(pieces: readonly (readonly [text: string, colour: number | null])[], {width, color}: ChartLook): string {
	let [line, used] = ['', 0];
	for (const [text, colour] of pieces) {
		const piece = cut(text.replaceAll(/\t/g, ' ').replaceAll(SGR, ''), width - used);
		used += textWidth(piece);
		line += color && colour !== null && piece !== '' ? `\x1b[${colour}m${piece}\x1b[m` : piece;
	}
	return line.trimEnd();
}

/** What `plainText` leaves. */
const SGR = /\x1b\[[\d;:]*m/g;

function cut(text: string, width: number): string {
	if (textWidth(text) <= width) return text;
	let [at, used] = [0, 0];
	while (at < text.length) {
		const end = clusterEnd(text, at);
		used += textWidth(text.slice(at, end));
		if (used > width - 1) break;
		at = end;
	}
	return width > 0 ? `${text.slice(0, at)}…` : '';
}

const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));

// ── In time ──────────────────────────────────────────────────────────────────────────────────────

/** `chart`: a tree that is drawn again in place; `lines`: one line for each change; `simple`: the same as zeus has it. */
export type PoolViewKind = 'chart' | 'lines' | 'simple';

/** What is shown of a pool while it runs. Each function gives what is to be written on the terminal. */
export interface PoolView {
	/** All nodes, before anything else and when the plan is another one. */
	plan(rows: readonly NodeRow[], commands?: readonly CommandRow[]): string;
	changed(row: NodeRow): string;
	/** What the nodes are by now: to be called when nothing has changed for a moment, or every 40 ms. Empty where nothing is new. */
	draw(): string;
	/** The window has another size. */
	resized(size: Size): string;
	/** A line that stays, above the chart. */
	say(text: string): string;
}

export function createPoolView(kind: PoolViewKind, {size, color}: {readonly size: Size; readonly color: boolean}): PoolView {
	const nodes = new Map<string, NodeRow>();
	let commands: readonly CommandRow[] = [];
	let window = size;
	/** The lines that the terminal shows. */
	let shown: readonly string[] = [];
	let isNew = false;

	/** Moves to the first of them; in a window that is narrower the terminal has made several of one. */
	function erase(): string {
		const rows = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line.replaceAll(SGR, '')) / window.columns)), 0);
		shown = [];
		return rows === 0 ? '' : `\x1b[${rows}A\r\x1b[J`;
	}
	function draw(): string {
		isNew = false;
		const text = chart([...nodes.values()], {width: window.columns, height: Math.max(1, window.rows - 1), color, commands});
		const lines = text.split('\n').slice(0, -1);
		const isSame = lines.length === shown.length && lines.every((line, at) => line === shown[at]);
		if (isSame) return '';
		const before = erase();
		shown = lines;
		return before + text;
	}
	const lineOf = (row: NodeRow): string => `${kind === 'simple' ? simpleLine(row) : changeLine(row)}\n`;
	const isChart = kind === 'chart';
	return {
		plan(rows, all = []) {
			nodes.clear();
			for (const row of rows) nodes.set(row.node, row);
			commands = all;
			isNew = true;
			return isChart ? '' : rows.map(lineOf).join('');
		},
		changed(row) {
			nodes.set(row.node, row);
			isNew = true;
			return isChart ? '' : lineOf(row);
		},
		draw: () => isChart && isNew ? draw() : '',
		resized(next) {
			// A window of no columns is one that does not know.
			window = {rows: next.rows || 24, columns: next.columns || 80};
			if (!isChart) return '';
			const before = erase();
			return before + draw();
		},
		say: text => isChart ? erase() + `${plainText(text)}\n` + draw() : `${plainText(text)}\n`,
	};
}
