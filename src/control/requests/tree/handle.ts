/** Handles `Tree`. */
import {OK, refuseForBug} from '../../call.ts';
import type {Make} from '../../context.ts';
import {hasName} from '../../scope.ts';
import {TREE_ROW, type TreeRequest} from './wire.ts';

export const tree: Make<TreeRequest> = ({daemon}) => ({which}, call) => daemon.tree(which !== null, rows => {
	const isShown = hasName(call.scope, daemon.state());
	for (const row of rows) if (isShown(row.service)) call.row(TREE_ROW.encode(row));
	call.reply(OK);
}, refuseForBug(call));
