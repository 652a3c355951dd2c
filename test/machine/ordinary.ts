/** Spawns as an ordinary user what its argument describes, and says as JSON what came of it: the child of a test. */
import {chmodSync, mkdtempSync} from 'node:fs';
import {dlopen} from 'node:ffi';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {folder, make, outputOf, type How} from './bench.ts';

// While sources and library can still be read, wherever they lie.
await outputOf(['true']);
chmodSync(folder, 0o777);
if (process.getuid?.() === 0) {
	process.setgroups?.([]);
	process.setgid?.(65534);
	process.setuid?.(65534);
	// A process that was started as an ordinary user may see itself in /proc; one that became one may not (PR_SET_DUMPABLE).
	dlopen(null, {prctl: {return: 'int32', arguments: ['int32', 'uint64']}}).functions.prctl(4, 1n);
	process.chdir(mkdtempSync(join(tmpdir(), 'archon-ordinary-')));
}

const answers: unknown[] = [];
for (const {argv, how} of JSON.parse(process.argv[2] ?? '[]') as readonly {argv: [string, ...string[]]; how: How}[]) {
	const made = make(argv, how);
	if (!('pid' in made)) answers.push(`${made.stage}: ${made.reason}`);
	else {
		await made.exited;
		answers.push(made.text());
	}
}
// What watches signals and descriptors would keep it alive.
process.stdout.write(JSON.stringify(answers), () => process.exit());
