/** What is loaded with `archonctl` and with PID 1: neither waits for the other's half of a request. */
import {readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {expect, test} from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** The files that a file loads with itself: neither types, nor what it imports when it is needed. */
function imports(file: string): string[] {
	const text = readFileSync(join(root, file), 'utf8');
	const found = text.matchAll(/^(?:import|export) (?!type )([^'"]*?)(?: from )?'(\.[^']+)';/gm);
	return [...found].filter(([, names = '']) => !/^\{(\s*type \w+,?)+\s*\}$/.test(names)).map(([, , path = '']) => relative(root, join(root, dirname(file), path)));
}

function loadedWith(file: string): readonly string[] {
	const seen = new Set([file]);
	for (const next of seen) for (const path of imports(next)) seen.add(path);
	return [...seen];
}

test('archonctl loads what is said of a request, and never what is done about it', () => {
	for (const start of ['src/programs/control.ts', 'src/cli/commands/run.ts', 'src/cli/commands/raw.ts', 'src/features/logging/commands/logs.ts']) {
		const loaded = loadedWith(start);
		expect(loaded, start).toContain('src/control/wire.ts');
		expect(loaded.filter(path => /handle\.ts$|control\/(server|handlers|waiters)\.ts$|core\/(supervisor|state|status)\.ts$/.test(path)), start).toEqual([]);
	}
	const status = loadedWith('src/programs/control.ts');
	expect(status.filter(path => /cli\/(shell|terminal|live)|os\/(terminal|poller|reactor)|live-client|stream\.ts$/.test(path))).toEqual([]);
	expect(status.filter(path => /control\/(registry|launch)\.ts$|cli\/help\.ts$|logs\/wire\.ts$/.test(path))).toEqual([]);
});

test('PID 1 loads nothing of the control server before its first client', () => {
	const loaded = loadedWith('src/programs/supervise.ts');
	expect(loaded).toContain('src/core/supervisor.ts');
	expect(loaded.filter(path => /control\/(server|registry|wire|handlers)\.ts$|requests\//.test(path))).toEqual([]);
});
