/** The hands of actions: what runs their commands is loaded with the first one, as most configs have none. */
import {byNeed} from '../../../core/by-need.ts';
import type {EffectOf, Owner} from '../../../os/owners.ts';
import type {Commands, CommandParts} from './commands.ts';

const running = byNeed(() => import('./commands.ts'));

/** Where it is written down for the next instance of archon which commands run. */
const KEY = 'actions';

export interface OwnActions extends Owner<'run' | 'alert' | 'stage'> {
	/** As of `Commands`. */
	resume(count: number): void;
}

/** `isDegraded`: no command is run. `alert`: what tells people. */
export function ownActions(
	parts: CommandParts & {readonly isDegraded: boolean; readonly alert: (effect: EffectOf<'alert'>) => void},
): OwnActions {
	let made: Commands | null = null;
	const commands = (): Commands => made ??= running().createCommands(parts, KEY);
	return {
		resume(count) {
			if (count > 0 || parts.handoff.past.has(KEY)) commands().resume(count);
		},
		arms: {
			run(effect) {
				if (parts.isDegraded) parts.acted();
				else commands().run(effect);
			},
			alert: parts.alert,
			// What tells of the end may go on as long as there is time; nothing new is begun once the sweep has.
			stage: ({stage}) => (stage.kind === 'sweeping' ? made?.stop() : undefined),
		},
	};
}
