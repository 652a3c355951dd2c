/** Handles `Tree`. */
import {OK} from '../../call.ts';
import type {Make} from '../../context.ts';
import {TREE_ROW, type TreeRequest} from './wire.ts';

export const tree: Make<TreeRequest> = ({daemon, board}) => (_, call) => {
	call.text(board.rows('tree', () => daemon.tree().map(TREE_ROW.encode)));
	call.reply(OK);
};
