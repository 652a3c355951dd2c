/**
 * Gets ready whatever a run needs, and says what it installs: packages, programs, pm2, archon, a folder, an image. What is
 * not to stay is put away when this process ends, in whatever way.
 */
import {rmSync} from 'node:fs';
import {copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {execa, execaSync} from 'execa';
import {undo} from '../scripts/undo.ts';
import type {Choice} from './arguments.ts';
import type {Entrant} from './findings.ts';
import type {Kit, Say} from './kit.ts';
import type {Supervisor} from './supervisors/supervisor.ts';
import {containerName} from './world.ts';

const here = import.meta.dirname;
const root = dirname(here);
const cache = join(here, '.cache');
const dist = join(root, 'dist');

/** The C programs are static, so that starting them costs little and they run in any image. musl's start fastest. */
const COMPILER = {package: 'musl-tools', program: 'musl-gcc'};

export const IMAGE = 'archon-bench';

export async function prepare(choice: Choice, supervisors: readonly Supervisor[], say: Say): Promise<Kit> {
	await mkdir(cache, {recursive: true});
	const chosen = supervisors.filter(({name}) => choice.supervisors.includes(name));
	await packages(chosen, say);
	await compile(say);
	const pm2 = join(cache, 'pm2', 'node_modules', 'pm2');
	const node = join(cache, 'pm2', 'node');
	if (chosen.some(({name}) => name === 'pm2')) {
		await npmPackage('pm2', pm2, say);
		await copyFile(process.execPath, node);
	}
	const archon = await ownCopy(say);
	const entrants = await Promise.all(chosen.map(supervisor => look(supervisor, archon, pm2)));
	for (const {name, absent} of entrants) if (absent !== null) say(`${name} is left out: ${absent}`);
	if (choice.inContainers) {
		await image(chosen, say);
		undo(removeContainers);
	}
	const {folder, isMemory} = await place();
	const memory = 'all files of a run, logs among them, are in memory (tmpfs): no disk is measured';
	return {
		choice, folder, program: name => join(cache, 'programs', name), archon, pm2, node, image: IMAGE, entrants,
		notes: [isMemory ? memory : 'the files of a run are on a disk'],
		rootfs: await exists(join(dist, 'rootfs')) ? join(dist, 'rootfs') : null,
		shared: [cache],
	};
}

// ── Packages ─────────────────────────────────────────────────────────────────────────────────────

async function packages(supervisors: readonly Supervisor[], say: Say): Promise<void> {
	const wanted: string[] = await onPath(COMPILER.program) ? [] : [COMPILER.package];
	for (const {packages: names, programs} of supervisors) {
		for (const program of programs) if (!await onPath(program)) wanted.push(...names.filter(name => !wanted.includes(name)));
	}
	if (wanted.length === 0) return;
	if (process.getuid?.() !== 0 || !await onPath('apt-get')) {
		return say(`missing: ${wanted.join(', ')}; run this as root on Debian, and they are installed`);
	}
	const options = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];
	await execa('apt-get', [...options, 'update'], {reject: false, timeout: 120_000});
	const there: string[] = [];
	for (const name of wanted) if (await hasCandidate(name)) there.push(name);
	if (there.length === 0) return;
	say(`installing ${there.join(', ')}`);
	using _ = await forbidDaemons();
	const {exitCode, all} = await execa('apt-get', [...options, 'install', '-y', '--no-install-recommends', ...there], {
		reject: false, all: true, timeout: 300_000, env: {DEBIAN_FRONTEND: 'noninteractive'}, stdin: 'ignore',
	});
	if (exitCode !== 0) say(`cannot install them: ${/^E: .*/m.exec(all)?.[0] ?? `apt-get ended with ${exitCode}`}`);
}

const hasCandidate = async (name: string): Promise<boolean> =>
	/^ {2}Candidate: (?!\(none\))/m.test((await execa('apt-cache', ['policy', name], {reject: false})).stdout);

/** Supervisors are installed to be measured, not to run on this machine (invoke-rc.d(8)). */
async function forbidDaemons(): Promise<Disposable | undefined> {
	const path = '/usr/sbin/policy-rc.d';
	if (await exists(path)) return undefined;
	const allow = undo(() => rmSync(path, {force: true}));
	await writeFile(path, '#!/bin/sh\nexit 101\n', {mode: 0o755});
	return allow;
}

async function npmPackage(name: string, folder: string, say: Say): Promise<void> {
	if (await exists(folder)) return;
	say(`installing the npm package ${name} into ${dirname(dirname(folder))}`);
	const prefix = dirname(dirname(folder));
	await mkdir(prefix, {recursive: true});
	const {exitCode} = await execa('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel=error', name], {
		reject: false, timeout: 300_000, cwd: prefix, stdin: 'ignore',
	});
	if (exitCode !== 0) await rm(folder, {recursive: true, force: true});
}

// ── Programs ─────────────────────────────────────────────────────────────────────────────────────

const PROGRAMS = ['beacon', 'deathwatch', 'mark', 'orphans', 'stopwatch', 'tally', 'writer'] as const;

async function compile(say: Say): Promise<void> {
	const hasMusl = await onPath(COMPILER.program);
	if (!hasMusl) say(`without ${COMPILER.program} every service takes longer to start, under each supervisor`);
	await mkdir(join(cache, 'programs'), {recursive: true});
	for (const name of PROGRAMS) {
		const output = join(cache, 'programs', name);
		await execa(hasMusl ? COMPILER.program : 'cc', [
			'-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-static', '-s', '-o', `${output}.new`, join(here, 'programs', `${name}.c`),
		]);
		await rename(`${output}.new`, output);
	}
}

/**
 * archon as images have it, copied to a place of its own. Others may build while this runs: it is copied once, and
 * built only where it was never.
 */
async function ownCopy(say: Say): Promise<string> {
	const shipped = join(dist, 'rootfs', 'opt', 'archon');
	if (!await exists(shipped)) {
		say('building archon');
		await execa(process.execPath, [join(root, 'scripts', 'build.ts')], {cwd: root, timeout: 300_000});
	}
	const folder = join(cache, 'archon');
	await rm(folder, {recursive: true, force: true});
	await cp(shipped, folder, {recursive: true, verbatimSymlinks: true});
	const executable = join(folder, 'bin', 'archon');
	await symlink('archon', `${executable}ctl`);
	return executable;
}

// ── Entrants ─────────────────────────────────────────────────────────────────────────────────────

async function look({name, packages: [main], programs, manner}: Supervisor, archon: string, pm2: string): Promise<Entrant> {
	const missing: string[] = [];
	for (const program of programs) if (!await onPath(program)) missing.push(program);
	if (missing.length > 0) {
		const why = main !== undefined && !await hasCandidate(main) ? ', and this Debian has no package of it' : '';
		return {name, manner, version: '', absent: `${missing.join(', ')} not on PATH${why}`};
	}
	if (name === 'pm2' && !await exists(pm2)) return {name, manner, version: '', absent: 'the npm package cannot be installed'};
	return {name, manner, absent: null, version: await versionOf(name, main, archon, pm2)};
}

async function versionOf(name: string, main: string | undefined, archon: string, pm2: string): Promise<string> {
	if (name === 'archon') {
		const {stdout} = await execa(archon, ['--version']);
		const {stdout: commit} = await execa('git', ['-C', root, 'describe', '--always', '--dirty'], {reject: false});
		return `${stdout.replace(/^\w+ /, '')} ${commit}`.trim();
	}
	if (name === 'pm2') return (JSON.parse(await readFile(join(pm2, 'package.json'), 'utf8')) as {version: string}).version;
	const {stdout} = await execa('dpkg-query', ['--show', '--showformat', '${Version}', main ?? name], {reject: false});
	if (stdout !== '') return stdout;
	return (await execa(name, ['--version'], {reject: false})).stdout.split('\n')[0] ?? '';
}

// ── Places ───────────────────────────────────────────────────────────────────────────────────────

async function place(): Promise<{readonly folder: string; readonly isMemory: boolean}> {
	const folder = await mkdtemp('/tmp/archon-bench-');
	undo(() => rmSync(folder, {recursive: true, force: true, maxRetries: 3}));
	const {exitCode} = await execa('mount', ['-t', 'tmpfs', '-o', 'size=4g,mode=755', 'archon-bench', folder], {reject: false});
	// Lazily: what has just ended may still hold it for a moment.
	if (exitCode === 0) undo(() => execaSync('umount', ['--lazy', folder], {reject: false}));
	return {folder, isMemory: exitCode === 0};
}

/** Of this run, where it was interrupted. */
function removeContainers(): void {
	const docker = (...words: readonly string[]) => execaSync('docker', words, {reject: false, timeout: 60_000});
	const {stdout} = docker('ps', '--all', '--quiet', '--filter', `name=^${containerName('')}`);
	if (stdout) docker('rm', '--force', ...stdout.split('\n'));
}

/** All supervisors in one image, archon among them as its tree. */
async function image(supervisors: readonly Supervisor[], say: Say): Promise<void> {
	say(`building the image ${IMAGE}`);
	await execa(join(root, 'scripts', 'setup'), {stdio: 'inherit', timeout: 600_000});
	const names: string[] = [];
	for (const {packages: list} of supervisors) for (const name of list) if (await hasCandidate(name)) names.push(name);
	// libatomic1 is what Node is linked against.
	const file = `FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ${['libatomic1', ...names].join(' ')} && rm -rf /var/lib/apt/lists/*
COPY . /
`;
	await execa('docker', ['build', '--network', 'host', '--tag', IMAGE, '--file', '-', join(dist, 'rootfs')], {
		input: file, timeout: 600_000, env: {DOCKER_BUILDKIT: '0'},
	});
}

async function onPath(program: string): Promise<boolean> {
	for (const folder of `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':')) if (await exists(join(folder, program))) return true;
	return false;
}

async function exists(path: string): Promise<boolean> {
	return stat(path).then(() => true, () => false);
}
