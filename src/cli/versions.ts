/** What the commands `version` and `upgrade` have in common: which archon answers. */
import type {Client} from '../control/client.ts';
import {VERSION, VERSION_ROW, type VersionRow} from '../control/requests/version/wire.ts';
import {ok, type Result} from '../core/result.ts';
import type {Io} from './command.ts';
import {rowsOf} from './reply.ts';

/** The error is the exit status, and the user was told why. */
export function askVersion(client: Client, io: Io): Result<VersionRow, number> {
	const rows = rowsOf(client, VERSION, [], io);
	return rows.ok ? ok(VERSION_ROW.decode(rows.value[0] ?? [])) : rows;
}
