/** Handles `Pools`. A client that reads slowly is told later, and then of all nodes. */
import {isPool} from '../../../../core/state.ts';
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {choose, within} from '../../../../control/names.ts';
import {plainField} from '../../../../control/records.ts';
import type {Pooling} from '../pooling.ts';
import {POOL_NODE_ROW, type PoolsRequest} from './wire.ts';

/** Bytes that wait in a connection before it is told more. */
const ROOM = 64 << 10;

export const pools: Make<PoolsRequest> = ({daemon}) => ({names, follow}, call) => {
	const chosen = names.length === 0 ? null : choose(daemon.state(), names, call.scope);
	if (chosen && !chosen.ok) return refuse(call, chosen.error);
	const list = chosen ? chosen.value.map(({entry}) => entry) : within(daemon.state(), call.scope);
	const found = list.filter(isPool).map(({service: {name}}) => name);
	if (chosen && found.length === 0) return refuse(call, `${names.join(', ')} is no pool`);
	const pooling = daemon.pools();
	if (!follow || !pooling) {
		for (const pool of found) for (const row of rowsOf(pooling, pool)) call.row(row);
		return call.reply(OK);
	}

	const meant = new Set(found);
	let isBehind = false;
	const tellAll = (pool: string): void =>
		call.send([[pool, '', '', '', '', '', ''], ...rowsOf(pooling, pool)].map(row => row.map(plainField)));
	for (const pool of meant) tellAll(pool);
	call.whenDrained(() => {
		if (isBehind) for (const pool of meant) tellAll(pool);
		isBehind = false;
	});
	return pooling.follow((pool, node) => {
		if (!meant.has(pool)) return;
		if (call.pending() > ROOM) isBehind = true;
		else if (node === null) tellAll(pool);
		else call.send(pooling.rows(pool).filter(row => row.node === node).map(row => POOL_NODE_ROW.encode({...row, pool}).map(plainField)));
	});
};

const rowsOf = (pooling: Pooling | null, pool: string): readonly (readonly string[])[] =>
	(pooling?.rows(pool) ?? []).map(row => POOL_NODE_ROW.encode({...row, pool}));
