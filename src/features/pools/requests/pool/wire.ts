/** `Pool`: what the master of a pool knows: its tree with the commands that run, its commands, the files that nodes have loaded. */
import {NAME, one, optional, type Pages, type RequestOf, type RowForm, type Type, wire} from '../../../../control/wire.ts';

/** What can be asked. */
export const WHAT = ['tree', 'memory', 'commands', 'features'] as const;

const ABOUT: Type<(typeof WHAT)[number]> = {takes: WHAT.join(', '), read: text => WHAT.find(each => each === text) ?? null};

export const POOL = wire('pool', {name: one('name', NAME), what: one('what', ABOUT), node: optional('node', NAME)}, {
	verb: 'Pool', role: 'observe', isScoped: true, isRepeatable: true,
});

export type PoolRequest = RequestOf<typeof POOL>;

/** The fields of a row, in the order of the record, by what was asked. */
export const COLUMNS = {
	tree: ['node', 'parent', 'command', 'status', 'pid', 'since', 'features', 'commands', 'pss', 'own', 'why'],
	commands: ['command', 'node', 'status', 'running', 'aliases'],
	features: ['node', 'path'],
} as const;

const TREE: RowForm = {
	means: 'of `tree` and `memory`: a node, or a command that runs, after the node that it was forked from',
	columns: {
		node: 'the node',
		parent: 'its parent; empty: it is the root',
		command: 'the command that runs, which was forked from the node; empty: it is the node itself',
		status: '`waiting`, `booting`, `ready` or `crashed`',
		pid: 'of its process; empty: it has none',
		since: 'when it came to this status, in ms since 1970',
		features: 'how many files it has loaded that its parent has not',
		commands: 'how many commands it has in the plan',
		pss: 'of `memory`: what it takes in KiB, with its share of what several share (PSS)',
		own: 'of `memory`: what it shares with no other, in KiB',
		why: 'why it is crashed: in it, as in all fields here, a line break is `\\n`, and a backslash `\\\\`',
	},
};

const COMMANDS: RowForm = {
	means: 'of `commands`: a command of the plan',
	columns: {
		command: 'its name', node: 'the node that it is forked from', status: 'of that node', running: 'how many of it run',
		aliases: 'its further names, with spaces between',
	},
};

const FEATURES: RowForm = {
	means: 'of `features`: a file that a node has loaded, and its parent has not', columns: {node: 'the node', path: 'the file'},
};

export const pages: Pages = {
	Pool: {
		help: 'ask a pool for its tree, for that with what it takes of the memory, its commands, or the files that nodes have loaded',
		rows: [TREE, COMMANDS, FEATURES],
		reply: '`Ok`; `Error` where the pool does not run, or has no such node',
		examples: [['Pool,app,commands', 'Row,console,default_env,ready,0,c', 'Ok'], ['Pool,web,tree', 'Error,web is no pool']],
	},
};
