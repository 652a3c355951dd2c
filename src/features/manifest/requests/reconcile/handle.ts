/** Handles `Reconcile`. */
import {OK, refuse, refuseForBug} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {whyNothingStarts} from '../../../../core/stage.ts';
import type {Look} from '../../core/control.ts';
import type {Item} from '../../core/list.ts';
import {RECONCILE_ROW, type ReconcileRequest, type ReconcileRow} from './wire.ts';

export const NO_MANIFEST = 'the config has no manifest';

export const reconcile: Make<ReconcileRequest> = ({daemon}) => ({dryRun}, call) => {
	const row = (row: ReconcileRow): void => call.row(RECONCILE_ROW.encode(row));
	daemon.manifests(manifests => {
		if (!manifests) return refuse(call, NO_MANIFEST);
		manifests.reconcile(dryRun !== null, look => {
			if (!look.ok) return refuse(call, look.error);
			for (const each of rowsOf(look.value)) row(each);
			if (dryRun !== null) call.reply(OK);
		}, passed => {
			if (!passed) return refuse(call, whyNothingStarts(daemon.state()));
			row({kind: 'passed', passes: passed.passes, missing: passed.missing});
			for (const name of passed.names) row({kind: 'missing', name});
			call.reply(OK);
		});
	}, refuseForBug(call));
};

function* rowsOf({manifest, hitlist, listed, hit, problems, start, stop, foreign}: Look): Generator<ReconcileRow> {
	yield {kind: 'manifest', file: manifest};
	if (hitlist !== null) yield {kind: 'hitlist', file: hitlist};
	for (const item of listed) yield lineOf('listed', item);
	for (const item of hit) yield lineOf('hit', item);
	for (const problem of problems) yield {kind: 'problem', ...problem};
	for (const name of start) yield {kind: 'start', name};
	for (const name of stop) yield {kind: 'stop', name};
	for (const each of foreign) yield {kind: 'end', ...each};
}

const lineOf = (kind: 'listed' | 'hit', {line, name, path}: Item): ReconcileRow => ({kind, line, name: name ?? '', path: path ?? ''});
