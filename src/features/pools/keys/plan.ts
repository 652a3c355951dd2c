/** The tree of a pool as it is written, in a zeus.json or in archon's own format: `command`, `plan` and `items`. */
import {mapOf, someText} from '../../../config/accepts.ts';
import type {Meaning} from '../../../config/glossary.ts';
import {key, words} from '../../../config/key.ts';
import {quote, quoteWritten, type Place} from '../../../config/problems.ts';
import {readText, refuse, refuseKind, toCommand} from '../../../config/readers.ts';
import {isMissing, reader, within, type Context} from '../../../config/shape.ts';
import {isNothing, kindOf, type Mapping, type Value} from '../../../config/values.ts';
import type {Command} from '../../../core/service.ts';
import {basename} from '../../../core/path.ts';
import {PLAN_MAX, type PlanCommand, type PlanNode} from '../core/spec.ts';

const {nodes: NODES_MAX, depth: DEPTH_MAX, commands: COMMANDS_MAX, nameBytes: NAME_MAX} = PLAN_MAX;

/** Of the text of an action, in bytes: with its head it is one message to a worker. */
const ACTION_MAX = 64_000;

/** The same as JSON: execve(2) takes no argument that is longer than 128 KiB. */
const TREE_MAX = 100 << 10;

/** A value as it stands there, which is read when all of the tree is known. */
const asWritten = (accepts: Parameters<typeof reader<Value>>[0]) => reader(accepts, (from: Value): Value => from);

export const PLAN_KEYS = {
	command: words('the program of the root, from which all others fork', 'python3 archon_worker.py plan.py'),
	plan: key<Value | null>(
		asWritten(() => ({type: 'object', minProperties: 1, maxProperties: 1, additionalProperties: {type: 'object', additionalProperties: {}}})),
		'map of one root', 'none', null,
		'the tree: a map is a node; nothing, or a list of further names, is a command', '{boot: {app: {console: [c], server: }}}',
	),
	items: key<Value | null>(
		asWritten(() => mapOf(someText())), 'map by node or command', 'empty', null,
		'texts that nodes and commands run instead of functions of their names', '{boot: import app}',
	),
};

const KNOWN = {keys: PLAN_KEYS, words: () => new Map<string, Meaning>()};

export interface WrittenPlan {
	readonly command: readonly string[] | null;
	readonly plan: Value | null;
	readonly items: Value | null;
}

/** What the master makes processes of. */
export interface Plan {
	readonly command: Command;
	readonly root: PlanNode;
}

interface Growing {
	readonly context: Context;
	readonly items: ReadonlyMap<string, string>;
	/** By name, and by further names of commands: what has them. */
	readonly names: Map<string, 'node' | 'command'>;
	nodes: number;
	commands: number;
	isWrong: boolean;
}

/** `from`: the map in which all of it stands. Undefined: something is wrong with it, which has been reported. */
export function readPlan({command, plan, items}: WrittenPlan, from: Mapping, context: Context): Plan | undefined {
	const program = toCommand(command ?? []);
	const whole = context.path === '' ? {...context, path: basename(from.source.file)} : context;
	if (!program && (command !== null || isMissing(['command'], from, KNOWN))) {
		refuse(from.entries.get('command')?.value ?? from, whole, 'has no command', 'write the program of the root as "command"');
	}
	if (plan === null) {
		if (isMissing(['plan'], from, KNOWN)) refuse(from, whole, 'has no plan', 'write plan: {boot: {}}, where boot is the root of the tree');
		return undefined;
	}
	const inPlan = within(context, 'plan');
	const actions = readItems(items, within(context, 'items'));
	const growing: Growing = {context, items: actions, names: new Map(), nodes: 0, commands: 0, isWrong: false};
	const hint = 'write {"boot": {"console": ["c"]}}: a map is a node, a list of further names is a command';
	if (plan.kind !== 'map') {
		return refuse(plan, inPlan, `is not in the correct format: it must be a map of one root, not ${kindOf(plan)}`, hint);
	}
	const [root, second] = plan.entries;
	if (!root) return refuse(plan, inPlan, 'has no root', hint);
	if (second) {
		return refuse({...second[1].value, ...second[1].key}, inPlan,
			`has two roots, ${quote(root[0])} and ${quote(second[0])}: one process starts the program, and all others fork from it`,
			`put ${second[0]} into ${root[0]}, or make a pool of its own`);
	}
	const [name, {key, value}] = root;
	if (value.kind !== 'map') {
		return refuse(value, within(inPlan, name), `is not in the correct format: the root is a node, and so a map, not ${kindOf(value)}`, hint);
	}
	take(name, key, 'node', within(inPlan, name), growing);
	const tree = readNode(name, value, within(inPlan, name), 1, growing);
	const unused = [...actions.keys()].filter(item => !growing.names.has(item));
	for (const item of unused) context.note(from.entries.get('items')?.value ?? from, 'items of no node or command, which nothing runs', item);
	if (!growing.isWrong && JSON.stringify(tree).length > TREE_MAX) {
		return refuse(plan, inPlan, `and its items are longer than ${TREE_MAX >> 10} KiB`, 'write functions in files, which plan and items name');
	}
	return growing.isWrong || !program ? undefined : {command: program, root: tree};
}

function readNode(name: string, {entries}: Mapping, context: Context, depth: number, growing: Growing): PlanNode {
	const nodes: PlanNode[] = [];
	const commands: PlanCommand[] = [];
	for (const [child, {key, value}] of entries) {
		const at = within(context, child);
		if (value.kind === 'map') {
			if (!take(child, key, 'node', at, growing)) continue;
			if (depth < DEPTH_MAX) nodes.push(readNode(child, value, at, depth + 1, growing));
			else wrong(growing, key, at, `is deeper than ${DEPTH_MAX} nodes`);
		} else if (value.kind === 'list' || isNothing(value)) {
			if (!take(child, key, 'command', at, growing)) continue;
			const aliases = value.kind === 'list' ? value.items.map((item, index) => readAlias(item, within(at, index), growing)) : [];
			commands.push({name: child, aliases: aliases.filter(alias => alias !== undefined), action: growing.items.get(child) ?? null});
		} else {
			const why = `is not in the correct format: it is ${kindOf(value)}, and neither a node (a map) nor a command (a list, or nothing)`;
			wrong(growing, value, at, why, `write {} for a node, [] for a command, or [${quote(value.text)}] for one of two names`);
		}
	}
	return {name, action: growing.items.get(name) ?? null, nodes, commands};
}

function readAlias(item: Value, context: Context, growing: Growing): string | undefined {
	const text = readText(item, context);
	if (text === undefined) {
		growing.isWrong = true;
		return undefined;
	}
	return take(text, item, 'command', context, growing, false) ? text : undefined;
}

/** Whether the name may be one of the tree; `counts`: it is not only a further one. */
function take(name: string, at: Place, what: 'node' | 'command', context: Context, growing: Growing, counts = true): boolean {
	if (name === '' || lengthOf(name) > NAME_MAX || UNSPEAKABLE.test(name)) {
		return wrong(growing, at, context, `has a name that cannot be one: ${quoteWritten(at, name)}`,
			`a name has 1 to ${NAME_MAX} bytes, and no control characters`);
	}
	const other = growing.names.get(name);
	if (other) {
		return wrong(growing, at, context, `is the second of the name ${quote(name)}, which a ${other} has already`,
			'processes say by their names what they are: rename one');
	}
	growing.names.set(name, what);
	if (what === 'command' && (OWN.has(name) || name.startsWith('-'))) {
		context.note(at, 'archon zeus does this itself, and asks no pool for a command of that name', name);
	}
	if (counts && what === 'node' && ++growing.nodes === NODES_MAX + 1) return wrong(growing, at, context, `is more than ${NODES_MAX} nodes`);
	if (counts && what === 'command' && ++growing.commands === COMMANDS_MAX + 1) {
		return wrong(growing, at, context, `is more than ${COMMANDS_MAX} commands`);
	}
	return true;
}

/** What src/programs/zeus.ts does. */
const OWN: ReadonlySet<string> = new Set(['commands', 'help', 'init', 'restart', 'start', 'version']);

function wrong(growing: Growing, at: Place | Value, context: Context, why: string, hint?: string): false {
	growing.isWrong = true;
	refuse(at, context, why, hint);
	return false;
}

const lengthOf = (text: string): number => new TextEncoder().encode(text).length;

/** What would end a message to a process, or a line for a person. */
const UNSPEAKABLE = /[\0-\x1f\x7f]/;

function readItems(from: Value | null, context: Context): ReadonlyMap<string, string> {
	const items = new Map<string, string>();
	if (from === null) return items;
	if (from.kind !== 'map') {
		refuseKind(from, context, 'a map of texts');
		return items;
	}
	for (const [name, {value}] of from.entries) {
		const text = isNothing(value) ? '' : readText(value, within(context, name));
		if (text === undefined) continue;
		if (lengthOf(text) > ACTION_MAX) refuse(value, within(context, name), `is longer than ${ACTION_MAX} bytes`, 'write a function in a file');
		else items.set(name, text);
	}
	return items;
}
