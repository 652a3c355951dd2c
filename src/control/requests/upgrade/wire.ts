/** `Upgrade`: archon is re-executed from another file. */
import {optional, PATH, type RequestOf, wire} from '../../wire.ts';

export const UPGRADE = wire('upgrade', {path: optional('path', PATH)}, {
	verb: 'Upgrade',
	help: 'replace archon by the executable at path, or by its own file as it is now; services keep running',
	role: 'admin',
	isRepeatable: false,
	rows: [],
	reply: 'none, for the connection ends when archon is re-executed: ask the new one for its `Version`; '
		+ '`Error` when that is not possible, and nothing has changed',
	examples: [['Upgrade,archon', 'Error,Upgrade: archon is not an absolute path']],
});

export type UpgradeRequest = RequestOf<typeof UPGRADE>;
