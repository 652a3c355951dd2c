/**
 * A release, made twice: that both are the same, that it is signed, and that each file of it is installed and used. What is for arm64
 * is tried by emulation, with programs of this machine as its services.
 */
import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import manifest from '../../package.json' with {type: 'json'};
import {emulated, EMULATOR} from '../../packaging/release/emulation.ts';
import {sign} from '../../packaging/release/sign.ts';
import {LIBRARIES, prepareLibraries} from '../../scripts/build/libraries.ts';
import {linkCompiler} from '../../scripts/build/link.ts';
import {LABEL, ROOT} from './places.ts';
import {teardown} from './setup.ts';

const {version} = manifest;
const folder = mkdtempSync(join(tmpdir(), 'release-'));
const [first, second] = [join(folder, 'a', 'made'), join(folder, 'another', 'place', 'made')];
const key = join(folder, 'secret.key');
const publicKey = join(folder, 'public.key');
const TAG = 'archon-released';

const read = (file: string): string => readFileSync(join(first, file), 'utf8');

/** A copy of what a release is made of, with a public key in it. */
function copy(to: string): string {
	const sources = join(to, '..', 'sources');
	mkdirSync(sources, {recursive: true});
	const others = new Set(['.git', 'bench', 'dist', 'node_modules', 'test']);
	for (const name of readdirSync(ROOT).filter(name => !others.has(name))) {
		cpSync(join(ROOT, name), join(sources, name), {recursive: true, filter: path => !path.includes('__pycache__')});
	}
	symlinkSync(join(ROOT, 'node_modules'), join(sources, 'node_modules'));
	cpSync(publicKey, join(sources, 'packaging', 'archon.pub'));
	return sources;
}

async function make(to: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
	const {all, exitCode} = await execa(join(copy(to), 'scripts', 'release'), ['--to', to], {
		all: true, reject: false, env: {SOURCE_DATE_EPOCH: '1790000000', ARCHON_SIGN_KEY: key, ...environment},
	});
	expect(exitCode, all).toBe(0);
	return all;
}

beforeAll(async () => {
	await execa('minisign', ['-G', '-W', '-f', '-s', key, '-p', publicKey]);
	await Promise.all([make(first), make(second, {LC_ALL: 'C.UTF-8', TZ: 'Asia/Tokyo'})]);
}, 900_000);

afterEach(teardown);
afterAll(async () => {
	rmSync(folder, {recursive: true});
	await execa('docker', ['rmi', '--force', TAG, ...['amd64', 'arm64'].map(target => `archon:${version}-${target}`)], {reject: false});
});

it('has the same bytes when it is made again, in another folder', () => {
	const files = readdirSync(first);
	expect(files.sort()).toEqual([
		'SHA256SUMS', 'SHA256SUMS.minisig',
		...['amd64', 'arm64'].flatMap(target => ['cdx.json', 'tar.gz'].map(end => `archon-${version}-linux-${target}.${end}`)),
		`archon-${version}-oci.tar`, `archon_${version}_amd64.deb`, `archon_${version}_arm64.deb`,
	]);
	const different = files.filter(file => !readFileSync(join(first, file)).equals(readFileSync(join(second, file))));
	expect(different).toEqual([]);
});

it('is signed: minisign lets the list pass, and no other one; and all files are as the list says', async () => {
	const verify = (list: string) => execa('minisign', ['-V', '-p', publicKey, '-m', list], {reject: false});
	const passed = await verify(join(first, 'SHA256SUMS'));
	expect(passed).toMatchObject({exitCode: 0});
	expect(passed.stdout).toContain(`version=${version}`);
	expect((await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {cwd: first})).stdout.split('\n')).toHaveLength(7);
	const other = join(folder, 'SHA256SUMS');
	writeFileSync(other, read('SHA256SUMS').replace(/^./, character => (character === '0' ? '1' : '0')));
	writeFileSync(`${other}.minisig`, read('SHA256SUMS.minisig'));
	expect(await verify(other)).toMatchObject({exitCode: 1});
});

it('is not signed by a key that is not the published one, and says it when it is signed by none', async () => {
	const [root, list] = [join(folder, 'a', 'sources'), join(folder, 'list')];
	writeFileSync(list, 'a list\n');
	expect(await sign(root, list, version)).toMatch(/^not signed: \$ARCHON_SIGN_KEY names no file/);
	const other = join(folder, 'other.key');
	await execa('minisign', ['-G', '-W', '-f', '-s', other, '-p', `${other}.pub`]);
	process.env['ARCHON_SIGN_KEY'] = other;
	try {
		await expect(sign(root, list, version)).rejects.toThrow('minisign');
	} finally {
		delete process.env['ARCHON_SIGN_KEY'];
	}
});

it.each(['amd64', 'arm64'])('tells what is in it for %s: version, licence, origin and checksum', target => {
	const bill = JSON.parse(read(`archon-${version}-linux-${target}.cdx.json`)) as {
		metadata: object;
		components: {name: string; version: string; purl: string; licenses: unknown[]; hashes?: {content: string}[]}[];
	};
	expect(bill).toMatchObject({bomFormat: 'CycloneDX', specVersion: '1.6', metadata: {component: {name: 'archon', version}}});
	expect(bill.components.map(({name}) => name)).toEqual([...LIBRARIES.map(({name}) => name), 'musl', 'libgcc', 'yaml']);
	for (const {version: taken, purl, licenses} of bill.components) {
		expect(purl).toContain(`@${encodeURIComponent(taken)}`);
		expect(licenses).toHaveLength(1);
	}
	const sums = bill.components.map(({hashes}) => hashes?.[0]?.content);
	expect(sums).toEqual(expect.arrayContaining(LIBRARIES.map(({sha256}) => sha256)));
});

describe('the package for Debian', () => {
	it.each(['amd64', 'arm64'])('for %s is one in which lintian finds no fault', async target => {
		const {all} = await execa('lintian', ['--fail-on', 'error,warning', '--allow-root', join(first, `archon_${version}_${target}.deb`)], {all: true});
		expect(all).toBe('');
	});

	it('has no file that a package of another init has', async () => {
		const {stdout} = await execa('dpkg-deb', ['-c', join(first, `archon_${version}_amd64.deb`)]);
		const own = stdout.split('\n').map(line => line.replace(/ -> .*/, '').split(' ./')[1] ?? '').filter(path => path !== '' && !path.endsWith('/'));
		expect(own).toEqual(expect.arrayContaining(['usr/bin/archon', 'usr/bin/archonctl', 'usr/lib/archon/bin/tini', 'usr/share/man/man1/archon.1.gz']));
		const {stdout: others} = await execa('dpkg-query', ['-L', 'tini', 'dumb-init', 'catatonit']);
		expect(others.split('\n').filter(path => own.includes(path.slice(1)))).toEqual([]);
	});
});

/** Each way to install it, as lines of a Dockerfile. */
const WAYS: readonly (readonly [string, (from: string) => string])[] = [
	['the archive, by ADD', from => `${from}\nADD archon-${version}-linux-amd64.tar.gz /`],
	['the package, by apt-get', from => `${from}\nCOPY archon_${version}_amd64.deb /tmp/\nRUN apt-get install -y /tmp/archon_${version}_amd64.deb`],
	['the OCI layout, by docker load', from => `FROM archon:${version}-amd64 AS archon\n${from}\nCOPY --from=archon / /`],
];

describe.runIf(process.arch === 'x64')('installed in an image', () => {
	beforeAll(async () => {
		const {stdout} = await execa('docker', ['load', '--input', join(first, `archon-${version}-oci.tar`)]);
		expect(stdout.split('\n').filter(line => line.startsWith('Loaded')).sort())
			.toEqual(['amd64', 'arm64'].map(target => `Loaded image: archon:${version}-${target}`));
		writeFileSync(join(first, 'archon.yaml'), 'services:\n  db: {command: sleep 1000}\n  web: {command: sleep 1000, depends_on: [db]}\n');
	});

	it.each(WAYS)('%s: it supervises, and ends', async (_, lines) => {
		writeFileSync(join(first, 'Dockerfile'), `${lines('FROM debian:bookworm-slim')}\nCOPY archon.yaml /etc/archon/archon.yaml\nENTRYPOINT ["archon"]\n`);
		await execa('docker', ['build', '--quiet', '--tag', TAG, first], {env: {DOCKER_BUILDKIT: '0'}});
		const {stdout: id} = await execa('docker', ['run', '--detach', '--label', LABEL, TAG]);
		await expect.poll(async () => (await execa('docker', ['exec', id, 'archonctl', 'status'], {reject: false})).stdout)
			.toMatch(/^db +running[^]*^web +running/m);
		await execa('docker', ['stop', id]);
		expect((await execa('docker', ['inspect', '--format', '{{.State.ExitCode}}', id])).stdout).toBe('0');
	});

	it('the image of nothing else tells its version, and its labels what it is', async () => {
		const {stdout} = await execa('docker', ['run', '--rm', '--label', LABEL, `archon:${version}-amd64`, '--version']);
		expect(stdout).toBe(`archon ${version}`);
		for (const target of ['amd64', 'arm64']) {
			const {stdout} = await execa('skopeo', ['--override-arch', target, 'inspect', `oci-archive:${join(first, `archon-${version}-oci.tar`)}`]);
			const name = 'org.opencontainers.image';
			expect(JSON.parse(stdout)).toMatchObject({Architecture: target, Labels: {[`${name}.version`]: version, [`${name}.licenses`]: 'MIT'}});
		}
	});
});

describe.runIf(process.arch === 'x64')('for arm64, by emulation', () => {
	const archon = join(folder, 'arm64', 'opt', 'archon', 'bin', 'archon');
	const run = (name: string, args: readonly string[]) => emulated(archon, name, args);

	beforeAll(async () => {
		mkdirSync(join(folder, 'arm64'));
		await execa('tar', ['-xf', join(first, `archon-${version}-linux-arm64.tar.gz`), '-C', join(folder, 'arm64')]);
	});

	it('tells its version, and ends as its command does', async () => {
		expect((await execa('file', ['-b', archon], {reject: false})).stdout).not.toContain('x86');
		expect((await run('archon', ['--version'])).stdout).toBe(`archon ${version}`);
		expect(await run('archon', ['--', 'sh', '-c', 'echo said; exit 7'])).toMatchObject({stdout: 'said', exitCode: 7});
	});

	it.each(['tini', 'dumb-init', 'catatonit'])('is %s', async name => {
		const marks = name === 'catatonit' ? ['--'] : name === 'tini' ? ['-s', '--'] : [];
		expect(await run(name, [...marks, 'sh', '-c', 'echo said; exit 5'])).toMatchObject({stdout: 'said', exitCode: 5});
	});

	it('supervises two services, and archonctl steers them', async () => {
		const [config, socket] = [join(folder, 'two.yaml'), join(folder, 'socket')];
		writeFileSync(config, 'services:\n  db: {command: sleep 1000}\n  web: {command: sleep 1000, depends_on: [db]}\n');
		const init = run('archon', ['-c', config, '--socket', socket]);
		const ask = async (...args: readonly string[]) => (await run('archonctl', ['--socket', socket, ...args])).all;
		await expect.poll(() => ask('status')).toMatch(/^db +running[^]*^web +running/m);
		const pid = async (): Promise<string> => /^web +running +(\d+)/m.exec(await ask('status'))?.[1] ?? '';
		const before = await pid();
		process.kill(Number(before), 'SIGKILL');
		await expect.poll(pid).toMatch(new RegExp(`^(?!${before}$)\\d+$`));
		await ask('stop', 'web');
		expect(await ask('status')).toMatch(/^db +running[^]*^web +stopped/m);
		await ask('shutdown');
		expect(await init).toMatchObject({exitCode: 0});
	});

	it('its compiler makes the same bytecode as this machine\'s', async () => {
		const modules = join(ROOT, 'node_modules', 'yaml', 'browser', 'dist', 'compose');
		const made = await Promise.all((['amd64', 'arm64'] as const).map(async target => {
			const [program, to] = [join(folder, `compile-${target}`), join(folder, `bytecode-${target}`)];
			mkdirSync(to);
			await linkCompiler(ROOT, program, await prepareLibraries('release', target));
			const names = readdirSync(modules).filter(name => name.endsWith('.js'));
			const words = [...target === 'arm64' ? [EMULATOR] : [], program, modules, to, ...names];
			await execa(words[0] ?? '', words.slice(1));
			return Object.fromEntries(readdirSync(to).map(name => [name, readFileSync(join(to, name), 'hex')]));
		}));
		expect(made[0]).toEqual(made[1]);
	});
});
