/** `Upgrade`: archon is re-executed from another file. */
import {optional, type Pages, PATH, type RequestOf, wire} from '../../wire.ts';

export const UPGRADE = wire('upgrade', {path: optional('path', PATH)}, {verb: 'Upgrade', role: 'admin', isRepeatable: false});

export type UpgradeRequest = RequestOf<typeof UPGRADE>;

export const pages: Pages = {
	Upgrade: {
		help: 'replace archon by the executable at path, or by its own file as it is now; services keep running',
		rows: [],
		reply: 'none, for the connection ends when archon is re-executed: ask the new one for its `Version`; '
			+ '`Error` when that is not possible, and nothing has changed',
		examples: [['Upgrade,archon', 'Error,Upgrade: archon is not an absolute path']],
	},
};
