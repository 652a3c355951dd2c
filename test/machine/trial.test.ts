/** The build's trial: what does not do what archon must do never replaces what does. */
import {chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, expect, test} from 'vitest';
import manifest from '../../package.json' with {type: 'json'};
import {tryExecutable} from '../../scripts/build/trial.ts';
import {ARCHON} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'trial-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** A program in C in archon's place: it has the real one for all that the trial does, but for what `instead` does. */
async function impostor(name: string, instead: string, ...options: readonly string[]): Promise<string> {
	const place = join(folder, name);
	mkdirSync(place);
	const source = join(place, 'archon.c');
	writeFileSync(source, `#include <signal.h>
		#include <string.h>
		#include <unistd.h>
		int main(int count, char **words) {
			(void) count;
			${instead}
			execv(strstr(words[0], "archonctl") ? "${ARCHON}ctl" : "${ARCHON}", words);
			return 1;
		}`);
	await execa('cc', [...options, '-o', join(place, 'archon'), source]);
	symlinkSync('archon', join(place, 'archonctl'));
	return join(place, 'archon');
}

const verdict = (archon: string): Promise<unknown> => tryExecutable(archon, manifest.version).then(() => 'good', (error: Error) => error.message);

test('what was built passes, as PID 1', async () => {
	expect(await tryExecutable(ARCHON, manifest.version)).toEqual({weaker: []});
});

test('without namespaces it is tried as an ordinary process, and that is said', async () => {
	const path = process.env['PATH'];
	const bare = join(folder, 'bin');
	mkdirSync(bare);
	for (const program of ['sh', 'sleep', 'echo', 'true']) {
		copyFileSync(`/bin/${program}`, join(bare, program));
		chmodSync(join(bare, program), 0o755);
	}
	process.env['PATH'] = bare;
	try {
		const {weaker} = await tryExecutable(ARCHON, manifest.version);
		expect(weaker).toEqual([expect.stringMatching(/^archon was tried as an ordinary process and not as PID 1: .*setpriv.*$/)]);
	} finally {
		process.env['PATH'] = path;
	}
});

test.each<[what: string, instead: string, says: RegExp]>([
	['another version', 'if (strcmp(words[1], "--version") == 0) return write(1, "archonctl 0.0.0\\n", 16) != 16;', /archonctl --version gives "archonctl 0.0.0", not/],
	['another exit status', 'if (strcmp(words[1], "--") == 0) return write(1, "word\\n", 5);', /archon -- CMD gives "word, exit status 5"/],
	['a config that it does not start', 'if (strcmp(words[1], "-c") == 0) return 100;', /fails at starting a config/],
	['a fault that ends it', 'if (strcmp(words[1], "-c") == 0 && fork() > 0) { signal(SIGSEGV, _exit); for (;;) pause(); }', /fails at surviving a fault/],
])('%s is no archon', async (what, instead, says) => {
	expect(await verdict(await impostor(what.replaceAll(' ', '-'), instead, '-static'))).toMatch(says);
});

test('what needs libraries is no archon', async () => {
	expect(await verdict(await impostor('dynamic', ''))).toMatch(/is not static/);
});
