/** A folder for all that tests put into the temporary folder: it is removed when they end, in whatever way. */
import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {undo} from '../../scripts/undo.ts';

let remove: Disposable | null = null;

/** Before the first process of a tier is made, which has $TMPDIR from here. */
export function setup(): void {
	if (remove) return;
	const folder = mkdtempSync(join(tmpdir(), 'tests-'));
	// As /tmp is: other users have folders in it as well.
	chmodSync(folder, 0o1777);
	process.env['TMPDIR'] = folder;
	remove = undo(() => rmSync(folder, {recursive: true, force: true}));
}

export function teardown(): void {
	remove?.[Symbol.dispose]();
}
