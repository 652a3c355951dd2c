/** `Pools`: the nodes of pools, and how they change. */
import {ok, type Result} from '../../../../core/result.ts';
import {
	decodeChoices, type Decoded, many, type Options, type Pages, PATTERN, type RowForm, type Rows, type Wire,
} from '../../../../control/wire.ts';
import type {NodeRow} from '../../core/link.ts';
import {packed, unpacked} from '../lines.ts';

export interface PoolNodeRow extends NodeRow {
	readonly pool: string;
}

const STATUSES = ['waiting', 'booting', 'ready', 'crashed'] as const;

export const POOL_NODE_ROW: Rows<PoolNodeRow> = {
	encode: ({pool, node, parent, status, pid, since, why}) =>
		[pool, node, parent ?? '', status, pid === null ? '' : String(pid), String(since), packed(why ?? '')],
	decode: ([pool = '', node = '', parent = '', status = '', pid = '', since = '', why = '']) => ({
		pool, node, parent: parent || null, status: STATUSES.find(each => each === status) ?? 'waiting',
		pid: pid === '' ? null : Number(pid), since: Number(since), why: unpacked(why) || null,
	}),
};

interface Choices {
	readonly follow: boolean;
}

export interface PoolsRequest extends Decoded, Choices {
	readonly kind: 'pools';
	readonly names: readonly string[];
}

const args = {names: many('name', PATTERN, 0)};

const options: Options<Choices> = {
	'archon.follow': {
		takes: 'yes or no',
		help: 'whether rows are told again as they change, until the connection ends; else no',
		read: follow => follow === 'yes' || follow === 'no' ? {follow: follow === 'yes'} : null,
	},
};

function decode(fields: readonly string[]): Result<PoolsRequest, string> {
	const values = decodeChoices(args, options, {follow: false}, fields);
	return values.ok ? ok({kind: 'pools', ...values.value}) : values;
}

export const POOLS: Wire<PoolsRequest> = {verb: 'Pools', role: 'observe', isScoped: true, isRepeatable: true, args, options, decode};

const FORM: RowForm<PoolNodeRow> = {
	means: 'a node, after its parent',
	columns: {
		pool: 'the pool',
		node: 'its name; empty: the pool has no nodes now, or those that follow are all of them',
		parent: 'the node that it was forked from; empty: it is the root',
		status: '`waiting`, `booting`, `ready` or `crashed`',
		pid: 'of its process; empty: it has none',
		since: 'when it came to this status, in ms since 1970',
		why: 'why it is crashed: what it has said; a line break is `\\n` in it, and a backslash `\\\\`',
	},
};

export const pages: Pages = {
	Pools: {
		help: 'show the nodes of pools as they are now; without a name those of all pools',
		rows: [FORM],
		reply: '`Ok`; with `archon.follow=yes` none, until the connection ends',
		examples: [['Pools,app', 'Row,app,boot,,ready,71,1700000000000,', 'Row,app,test_env,boot,crashed,,1700000000000,SyntaxError', 'Ok']],
	},
};
