/** What the core asks for of processes that are there: signals, and which of them is a run's main process. */
import {SIG} from '../../core/signal-numbers.ts';
import {hasProcess, type Owner} from '../owners.ts';
import {originOf} from './descendants.ts';
import type {Reaper} from './reaper.ts';

export function ownProcesses(reaper: Reaper): Owner<'signal' | 'follow'> {
	return {
		arms: {
			signal: ({run, pid, signal, to}) => reaper.signal(run, pid, signal, to),
			follow: ({run, from, to}) => reaper.follow(run, from, to),
		},
		ended: (_id, run) => reaper.release(run),
		restore(entry) {
			const {id, phase, service} = entry;
			if (!('pid' in phase) || !hasProcess(entry)) return;
			const hasEnded = (phase.kind === 'stopping' && phase.outcome !== null) || (phase.kind === 'starting' && phase.handover === 'main');
			reaper.adopt(id, phase.run, hasEnded ? 0 : phase.pid, phase.pid, originOf(service));
			if (phase.kind === 'stopping' && phase.killed) reaper.signal(phase.run, phase.pid, SIG.KILL, service.killMode);
		},
		salvage({id, run, pid, isForeign}, service) {
			if (isForeign) reaper.adoptForeign(id, run, pid, originOf(service));
			else reaper.adopt(id, run, pid, pid, originOf(service));
		},
	};
}
