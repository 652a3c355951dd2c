/** The kinds of events as Markdown, from `src/core/event-kinds.ts`. */
import {OWN_KINDS, POOL_KINDS, SERVICE_KINDS} from '../../src/core/event-kinds.ts';

const rowsOf = (kinds: Readonly<Record<string, string>>): readonly string[] =>
	Object.entries(kinds).map(([kind, means]) => `| \`${kind}\` | ${means} |`);

export const eventTable = (): string => [
	'| of a service | |', '|---|---|', ...rowsOf(SERVICE_KINDS), '',
	'| in a pool | |', '|---|---|', ...rowsOf(POOL_KINDS), '',
	'| of archon as a whole | |', '|---|---|', ...rowsOf(OWN_KINDS),
].join('\n');
