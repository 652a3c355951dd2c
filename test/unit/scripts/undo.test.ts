/** What a script changes is put right on every way out. */
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, expect, test} from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'undo-'));
afterAll(() => rmSync(folder, {recursive: true}));
const undo = join(import.meta.dirname, '../../../scripts/undo.ts');

/** A script that makes three files, is to remove them, and then does `rest`. */
async function script(rest: string): Promise<{status: unknown; left: boolean; said: string}> {
	const files = ['block', 'failing', 'last'].map(name => join(folder, name));
	const source = `
		import {rmSync, writeFileSync} from 'node:fs';
		import {undo} from '${undo}';
		const [block, failing, last] = ${JSON.stringify(files)};
		for (const file of [block, failing, last]) writeFileSync(file, '');
		using _ = undo(() => { rmSync(block); console.log('block'); });
		undo(() => { rmSync(failing); console.log('failing'); throw new Error('no matter'); });
		undo(() => { rmSync(last); console.log('last'); });
		${rest}
	`;
	const path = join(folder, 'script.ts');
	writeFileSync(path, source);
	const {exitCode, signal, stdout} = await execa(process.execPath, [path], {reject: false, timeout: 20_000});
	return {status: signal ?? exitCode, left: files.some(file => existsSync(file)), said: stdout.replaceAll('\n', ' ')};
}

test.each<[way: string, rest: string, status: unknown, order?: string]>([
	['the end of the block', '', 0, 'block last failing'],
	['an exception', 'throw new Error();', 1, 'block last failing'],
	['process.exit', 'process.exit(7);', 7],
	['SIGTERM', 'process.kill(process.pid, "SIGTERM"); await new Promise(() => setInterval(() => {}, 1000));', 'SIGTERM'],
	['SIGINT', 'process.kill(process.pid, "SIGINT"); await new Promise(() => setInterval(() => {}, 1000));', 'SIGINT'],
	['SIGHUP', 'process.kill(process.pid, "SIGHUP"); await new Promise(() => setInterval(() => {}, 1000));', 'SIGHUP'],
])('%s', async (_, rest, status, order = 'last failing block') => {
	expect(await script(rest)).toEqual({status, left: false, said: order});
});
