/** The hands of actions: what runs their commands is loaded with the first one, as most configs have none. */
import {byNeed} from '../../../core/by-need.ts';
import type {EffectOf, Owner} from '../../../os/owners.ts';
import type {Commands, CommandParts} from './commands.ts';

const running = byNeed(() => import('./commands.ts'));

/** `isDegraded`: no command is run. `alert`: what tells people. */
export function ownActions(
	parts: CommandParts & {readonly isDegraded: boolean; readonly alert: (effect: EffectOf<'alert'>) => void},
): Owner<'run' | 'alert' | 'stage'> {
	let made: Commands | null = null;
	return {
		arms: {
			run(effect) {
				if (!parts.isDegraded) (made ??= running().createCommands(parts)).run(effect);
			},
			alert: parts.alert,
			// What tells of the end may go on as long as there is time; nothing new is begun once the sweep has.
			stage: ({stage}) => (stage.kind === 'sweeping' ? made?.stop() : undefined),
		},
	};
}
