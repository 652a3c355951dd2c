/** Says on archon's log what happens to services and to the whole. */
import {narrate, narrateStage, narrateTrial} from '../core/narrate.ts';
import type {Log} from './log.ts';
import type {Owner} from './owners.ts';

/** `onError`: is told each line about a service that is an error. */
export function createNarrator(log: Log, onError: (text: string) => void): Owner<'changed' | 'say' | 'stage' | 'tried'> {
	const say = (line: ReturnType<typeof narrate>): void => void (line && log[line.level](line.text));
	return {
		arms: {
			changed({before, after}) {
				const line = narrate(before, after);
				if (line?.level === 'error') onError(line.text);
				say(line);
			},
			say: ({level, text}) => log[level](text),
			stage: ({stage}) => say(narrateStage(stage)),
			tried: ({failure, rollsBack}) => say(narrateTrial(failure?.why ?? null, rollsBack)),
		},
	};
}
