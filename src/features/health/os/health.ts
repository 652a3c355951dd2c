/** What the core asks for of services' health: probes from outside, and what a run itself says of its readiness. */
import {byNeed} from '../../../core/by-need.ts';
import type {Id} from '../../../core/ids.ts';
import {soon} from '../../../os/clock.ts';
import {hasProcess, type Owner} from '../../../os/owners.ts';
import type {Checked} from '../../metrics/core/measures.ts';
import type {ProbeParts, Probes} from './probes.ts';
import {createReadiness, type Readiness, type ReadinessParts} from './readiness.ts';

const probing = byNeed(() => import('./probes.ts'));

export interface HealthParts extends ProbeParts, ReadinessParts {
	/** No probe is made: each is taken to have found the service well. */
	readonly isDegraded: boolean;
}

export interface Health extends Owner<'probe' | 'forgotten'> {
	readonly readiness: Readiness;
	/** How the probes of a service went since this instance of archon began, of each kind that it had. */
	readonly checks: (id: Id) => readonly Checked[];
}

export function createHealth(parts: HealthParts): Health {
	const {isDegraded, tell} = parts;
	const readiness = createReadiness(parts);
	let probes: Probes | null = null;
	return {
		readiness,
		checks: id => probes?.checks(id) ?? [],
		arms: {
			forgotten: ({entry}) => probes?.forget(entry.id),
			probe(effect) {
				if (!isDegraded) return (probes ??= probing().createProbes(parts)).look(effect);
				const {id, run, purpose} = effect;
				soon(() => tell(id, run, {kind: 'probe', purpose, passed: true, detail: 'not looked at'}));
			},
		},
		ended(_id, run) {
			probes?.abandon(run);
			readiness.close(run);
		},
		salvage({id, run, pid, isForeign}, service) {
			if (isForeign) readiness.salvage(id, run, service, pid);
		},
		restore(entry) {
			const {id, phase, service} = entry;
			if (!('run' in phase) || !hasProcess(entry)) return;
			readiness.restore(id, phase.run, service, phase.kind === 'starting' && phase.isUnready);
		},
	};
}
