/** The variables of services that have them from elsewhere; what reads them is loaded with the first such service. */
import {byNeed} from '../../core/by-need.ts';
import type {Service} from '../../core/service.ts';
import type {Owner} from '../owners.ts';
import type {SourceParts, Sources} from './variable-sources.ts';

const reading = byNeed(() => import('./variable-sources.ts'));

export function ownSources(sources: Sources): Owner<'withdraw'> {
	return {arms: {withdraw: ({run}) => sources.hurry(run)}, ended: (_id, run) => sources.abandon(run)};
}

export function createSources(parts: SourceParts): Sources {
	let made: Sources | null = null;
	const of = ({exec}: Service): Sources | null => (exec.sources.length === 0 ? null : made ??= reading().createReadings(parts));
	return {
		prepare: (effect, ready) => of(effect.service)?.prepare(effect, ready) ?? true,
		glimpse(effect, told) {
			const sources = of(effect.service);
			if (sources) sources.glimpse(effect, told);
			else told(effect.service);
		},
		examine(service, told) {
			const sources = of(service);
			if (sources) sources.examine(service, told);
			else told(null);
		},
		take: run => made?.take(run) ?? null,
		hurry: run => made?.hurry(run),
		abandon: run => made?.abandon(run),
	};
}
