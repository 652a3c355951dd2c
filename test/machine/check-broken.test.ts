/**
 * Broken configs, and what `archon check` says of each: it stands beside it, to be read as a user reads it. Those in `image/`
 * and `scratch/` are for a tree of files, in which they are looked up.
 */
import {chmodSync, chownSync, globSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {ARCHON} from './archon.ts';

const folder = join(import.meta.dirname, 'broken');

/** A tree of files by their paths; a function makes one, and a text is its content. */
function plant(files: Readonly<Record<string, string | Uint8Array | ((path: string) => void)>>, modes: Readonly<Record<string, number>> = {}): string {
	const root = mkdtempSync(join(tmpdir(), 'archon-tree-'));
	for (const [name, content] of Object.entries(files)) {
		const path = join(root, name);
		mkdirSync(dirname(path), {recursive: true});
		if (typeof content === 'function') content(path);
		else writeFileSync(path, content);
		if (typeof content !== 'function') chmodSync(path, modes[name] ?? 0o755);
	}
	return root;
}

/** The head of an ELF file (elf(5)): for a machine, and with a loader if one is named. */
function elf(machine: number, loader?: string): Uint8Array {
	const bytes = Buffer.alloc(512);
	bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
	bytes.writeUInt16LE(machine, 18);
	bytes.writeBigUInt64LE(64n, 32);
	bytes.writeUInt16LE(56, 54);
	bytes.writeUInt16LE(loader === undefined ? 0 : 1, 56);
	if (loader === undefined) return bytes;
	bytes.writeUInt32LE(3, 64);
	bytes.writeBigUInt64LE(256n, 64 + 8);
	bytes.writeBigUInt64LE(BigInt(loader.length + 1), 64 + 32);
	bytes.write(loader, 256);
	return bytes;
}

const [X86, ARM] = [62, 183];
const link = (target: string) => (path: string): void => symlinkSync(target, path);

const image = plant({
	'etc/passwd': 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n',
	'etc/group': 'root:x:0:\napp:x:1000:\n',
	'etc/odd.env': 'A=1\nsome secret words\n',
	'bin/sh': elf(X86),
	'usr/local/bin/web': elf(X86),
	'usr/local/bin/api': elf(X86),
	'usr/bin/env': elf(X86),
	'opt/bin/tool': elf(X86),
	'srv/plain': 'text\n',
	'srv/private': elf(X86),
	'srv/closed/web': elf(X86),
	'srv/script': '#!/usr/bin/python9 -u\n',
	'srv/by-env': '#!/usr/bin/env node\n',
	'srv/windows': '#!/bin/sh\r\necho\r\n',
	'srv/for-musl': elf(X86, '/lib/ld-musl-x86_64.so.1'),
	'srv/for-arm': elf(ARM),
	'srv/dangling': link('/opt/gone/web'),
	// It is there on every machine, and not in the tree.
	'srv/outside': link('../../../../../../../../bin/ls'),
	'srv/inside': link('../../../../../../../../usr/local/bin/web'),
}, {'srv/plain': 0o644, 'srv/private': 0o700});
chmodSync(join(image, 'srv/closed'), 0o700);
for (const path of ['srv/closed', 'srv/private']) if (process.getuid?.() === 0) chownSync(join(image, path), 0, 0);

const trees: Readonly<Record<string, readonly string[]>> = {
	'.': ['--portable'], image: ['--root', image], scratch: ['--root', plant({web: elf(X86), 'etc/passwd': ''})],
};

test.each(globSync('**/*.yaml', {cwd: folder}).sort())('%s', async file => {
	const {exitCode, all} = await execa(ARCHON, ['check', ...trees[dirname(file)] ?? [], file], {
		all: true, reject: false, stdin: 'ignore', cwd: folder, extendEnv: false, env: {PATH: '/usr/bin:/bin', PW: 'hunter2'},
	});
	expect(all).not.toContain('hunter2');
	await expect(`${all}\nexit status ${exitCode}\n`).toMatchFileSnapshot(join(folder, file.replace(/yaml$/, 'txt')));
});
