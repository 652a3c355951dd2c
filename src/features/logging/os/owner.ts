/** What the core asks for of services' output. */
import type {Owner} from '../../../os/owners.ts';
import type {Output} from './output.ts';

export function ownOutput(output: Output): Owner<'logging' | 'forgotten'> {
	return {
		arms: {
			logging: ({id, service}) => output.relog(id, service),
			forgotten: ({entry}) => output.forget(entry.id),
		},
		ended: id => output.drain(id),
		restore: ({id, service}) => output.restore(id, service),
		salvage: ({id, pid, isForeign = false}, service) => output.salvage(id, service, pid, isForeign),
	};
}
