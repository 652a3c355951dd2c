/** Spawns as an ordinary user what its argument describes, and says as JSON what came of it: the child of a test. */
import '../../scripts/under-node.ts';
import {chmodSync, mkdtempSync} from 'node:fs';
import {dlopen} from 'node:ffi';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {How} from './bench.ts';

// archon is told who it is once, when it starts.
const isRoot = process.getuid?.() === 0;
if (isRoot) Object.assign(globalThis.native, {getuid: () => 65534, getgid: () => 65534});
const [{folder, make, outputOf}, {turn}] = await Promise.all([import('./bench.ts'), import('../../src/os/reactor.ts')]);
setInterval(() => turn(0), 1);

// While sources and library can still be read, wherever they lie.
await outputOf(['true']);
chmodSync(folder, 0o777);
if (isRoot) {
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
