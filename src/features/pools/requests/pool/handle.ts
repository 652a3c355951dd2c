/** Handles `Pool`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {findPool} from '../find-pool.ts';
import {packed} from '../lines.ts';
import {COLUMNS, type PoolRequest} from './wire.ts';

export const pool: Make<PoolRequest> = ({daemon}) => ({name, what, node}, call) => {
	const found = findPool(daemon, name, call.scope);
	if (!found.ok) return refuse(call, found.error);
	const ask = what === 'memory' ? 'tree' : what;
	return found.value.ask(name, {ask, node, by: 'archonctl', memory: what === 'memory'}, rows => {
		if (!rows.ok) return refuse(call, rows.error);
		for (const row of rows.value) call.row(COLUMNS[ask].map(column => packed(fieldOf(row[column]))));
		call.reply(OK);
	});
};

/** The master is the program of another user: what it says is text, whatever it is. */
function fieldOf(value: unknown): string {
	if (Array.isArray(value)) return value.map(fieldOf).join(' ').slice(0, FIELD_MAX);
	return typeof value === 'string' ? value.slice(0, FIELD_MAX) : typeof value === 'number' ? String(value) : '';
}

const FIELD_MAX = 4096;
