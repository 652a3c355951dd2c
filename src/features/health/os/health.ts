/** What the core asks for of services' health: probes from outside, and what a run itself says of its readiness. */
import {soon} from '../../../os/clock.ts';
import {hasProcess, type Owner} from '../../../os/owners.ts';
import {createProbes, type ProbeParts} from './probes.ts';
import {createReadiness, type Readiness, type ReadinessParts} from './readiness.ts';

export interface HealthParts extends ProbeParts, ReadinessParts {
	/** No probe is made: each is taken to have found the service well. */
	readonly isDegraded: boolean;
}

export interface Health extends Owner<'probe'> {
	readonly readiness: Readiness;
}

export function createHealth(parts: HealthParts): Health {
	const {isDegraded, tell} = parts;
	const [probes, readiness] = [createProbes(parts), createReadiness(parts)];
	return {
		readiness,
		arms: {
			probe(effect) {
				if (!isDegraded) return probes.look(effect);
				const {id, run, purpose} = effect;
				soon(() => tell(id, run, {kind: 'probe', purpose, passed: true, detail: 'not looked at'}));
			},
		},
		ended(_id, run) {
			probes.abandon(run);
			readiness.close(run);
		},
		restore(entry) {
			const {id, phase, service} = entry;
			if (!('run' in phase) || !hasProcess(entry)) return;
			readiness.restore(id, phase.run, service, phase.kind === 'starting' && phase.isUnready);
		},
	};
}
