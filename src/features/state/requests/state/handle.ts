/** Handles `State`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {entries, isHelper} from '../../../../core/state.ts';
import {pidOf} from '../../../../core/status.ts';
import {wanted} from '../../../../core/wanted.ts';
import {STATE_ROW, type StateRequest} from './wire.ts';

export const state: Make<StateRequest> = ({daemon}) => (_, call) => {
	const about = daemon.kept();
	if (!about) return refuse(call, 'nothing is kept: the config has no archon: {state_dir: …}');
	const {path, writtenAt, trouble} = about;
	call.row(STATE_ROW.encode({kind: 'file', path, written: writtenAt, trouble: trouble ?? ''}));
	const state = daemon.state();
	for (const entry of entries(state)) {
		const {service: {name}, desired, phase, starts} = entry;
		if (isHelper(entry)) continue;
		if (state.transients.has(name) && entry.service.origin !== 'manifest') continue;
		const {runs, by} = wanted(entry, state.stage);
		const asked = desired === 'start' || desired === 'stop' ? desired : 'auto';
		const pid = pidOf(phase);
		const run = pid !== null && 'run' in phase ? phase.run : null;
		call.row(STATE_ROW.encode({kind: 'service', name, asked, wanted: runs, by, starts, run, pid}));
	}
	call.reply(OK);
};
