/** Handles `Tree`. */
import {find} from '../../../core/state.ts';
import {OK} from '../../call.ts';
import type {Make} from '../../context.ts';
import {TREE_ROW, type TreeRequest, type TreeRow} from './wire.ts';

export const tree: Make<TreeRequest> = ({daemon, board}) => (_, call) => {
	const {scope} = call;
	const isShown = ({service}: TreeRow): boolean => {
		const entry = service === null ? undefined : find(daemon.state(), service);
		return scope.isWhole || (entry !== undefined && scope.has(entry.service));
	};
	call.text(board.rows(`tree ${scope.key}`, () => daemon.tree().filter(isShown).map(TREE_ROW.encode)));
	call.reply(OK);
};
