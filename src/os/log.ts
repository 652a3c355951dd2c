/** archon's own log: which of its lines are said, and by whom they are heard. */

const LEVELS = ['info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

export type Log = Readonly<Record<Level, (text: string) => void>>;

/** Lines below the level are not said. */
export function createLog(level: () => Level, say: (level: Level, text: string) => void): Log {
	const at = (each: Level) => (text: string): void => {
		if (LEVELS.indexOf(each) >= LEVELS.indexOf(level())) say(each, text);
	};
	return {info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal')};
}
