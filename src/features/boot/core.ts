/** The boot script, as a config has it: what runs before all services. */
import type {Command} from '../../core/command.ts';
import type {Millis} from '../../core/time.ts';

/** What is done when it has failed: the container ends, a shell on its terminal, or services start all the same. */
export const ON_FAILURE = ['exit', 'shell', 'continue'] as const;

export interface BootScript {
	/** The program and its arguments. */
	readonly command: Command;
	readonly onFailure: (typeof ON_FAILURE)[number];
	/** After which it is killed with its process group, and has failed; Infinity: it may take as long as it takes. */
	readonly timeout: Millis;
}
