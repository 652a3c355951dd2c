/** What archon asks of a pool, answered: rows of its tree, its commands and its files. */
import type {CommandRow, FeatureRow, NodeRow, Question, TreeRow} from '../../features/pools/core/link.ts';
import type {Pool} from '../../features/pools/core/pool.ts';
import {commandsOf, filesOf} from '../../features/pools/core/view.ts';
import {hasBegun} from '../../features/pools/core/run.ts';
import {runTables, type RunState} from '../../features/pools/core/state.ts';
import {wallClock} from '../../os/clock.ts';
import {sys} from '../../os/sys.ts';
import type {Master} from './master.ts';

/** Bytes of a summary of a process's memory. */
const ROLLUP_MAX = 8192;

/** Rows; or why there are none. */
export function answersTo({ask, node, by, memory}: Question, master: Master): readonly (TreeRow | CommandRow | FeatureRow)[] | string {
	const rows = master.rows();
	if (node !== null && !rows.some(row => row.node === node)) return `there is no node ${node}`;
	const pool = master.pool();
	const meant = rows.filter(row => node === null || row.node === node);
	const offers = commandsOf(pool).filter(offer => node === null || offer.node === node);
	const running = [...runTables.all(pool.runs)].filter(({phase}) => hasBegun(phase));
	switch (ask) {
		case 'restart':
			master.restart(node, by);
			return [];
		case 'features': return meant.flatMap(row => (filesOf(pool, row.node) ?? []).map(path => ({node: row.node, path})));
		case 'commands': return offers.map(({name, aliases, node}) => ({
			command: name, aliases, node, status: rows.find(row => row.node === node)?.status ?? 'waiting',
			running: running.filter(({command, nodeName}) => command === name && nodeName === node).length,
		}));
		case 'tree': return meant.flatMap(row => [
			treeRow(row, null, pool, memory),
			...running.filter(({nodeName}) => nodeName === row.node).map(run => treeRow(rowOf(run), run.command, pool, memory)),
		]);
	}
}

/** Of a command that runs. */
const rowOf = ({nodeName, phase, since}: RunState): NodeRow => ({
	node: nodeName, parent: nodeName, status: 'ready', pid: 'pid' in phase ? phase.pid : null, why: null, since: wallClock(since),
});

function treeRow(row: NodeRow, command: string | null, pool: Pool, withMemory: boolean): TreeRow {
	const {pss, own} = withMemory && row.pid !== null ? memoryOf(row.pid) : NOT_READ;
	const [features, commands] = command === null
		? [filesOf(pool, row.node)?.length ?? 0, commandsOf(pool).filter(({node}) => node === row.node).length] : [0, 0];
	return {...row, command, pss, own, features, commands};
}

const NOT_READ = {pss: null, own: null};

/** In KiB (proc_pid_smaps(5)). */
function memoryOf(pid: number): Pick<TreeRow, 'pss' | 'own'> {
	const text = sys.readText(`/proc/${pid}/smaps_rollup`, ROLLUP_MAX);
	if (typeof text !== 'string') return NOT_READ;
	const sum = (pattern: RegExp): number => [...text.matchAll(pattern)].reduce((all, [, kib]) => all + Number(kib), 0);
	return {pss: sum(/^Pss:\s+(\d+)/gm), own: sum(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)};
}
