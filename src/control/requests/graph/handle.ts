/** Handles `Graph`. */
import {entryOf, find, holds} from '../../../core/state.ts';
import {statusNameOf} from '../../../core/status.ts';
import {OK} from '../../call.ts';
import type {Make} from '../../context.ts';
import {within} from '../../names.ts';
import {GRAPH_ROW, type GraphRequest, type GraphRow} from './wire.ts';

export const graph: Make<GraphRequest> = ({daemon}) => (_, call) => {
	const state = daemon.state();
	const seen = within(state, call.scope);
	const row = (each: GraphRow): void => call.row(GRAPH_ROW.encode(each));
	const isSeen = (name: string): boolean => {
		const service = find(state, name)?.service;
		return service !== undefined && call.scope.has(service);
	};
	for (const entry of seen) row({kind: 'service', name: entry.service.name, status: statusNameOf(entry), type: entry.service.type});
	for (const {needs, rivals, service: {name, onFailure}} of seen) {
		for (const edge of needs) {
			const need = entryOf(state, edge.id);
			if (!need || !call.scope.has(need.service)) continue;
			const {condition, strength, restart} = edge;
			row({kind: 'need', name, other: need.service.name, condition, strength, isMet: holds(need, edge), restarts: restart});
		}
		for (const id of rivals) {
			const rival = entryOf(state, id)?.service;
			// Each is the other's: once is enough.
			if (rival && name < rival.name && call.scope.has(rival)) row({kind: 'conflict', name, other: rival.name});
		}
		for (const other of onFailure) if (isSeen(other)) row({kind: 'on-failure', name, other});
	}
	call.reply(OK);
};
