/**
 * The libraries that archon is linked with: the engine QuickJS-ng, zlib for gzip, zstd, libsodium for signatures, and Lua for
 * rules. Their sources come from Debian, pinned by version and checksum, and are compiled here. Both are kept in the cache folder, so
 * that only the first build needs the network and the time.
 *
 * As a program it prepares them and says what it does: `node scripts/build/libraries.ts [--sanitize | --target arm64]`.
 */
import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {access, chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {basename, join, resolve} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {execa, ExecaError} from 'execa';
import {type Change, changed, ENGINE_CHANGES} from './engine-changes.ts';

/** What an executable is for, by the names of Debian and of Docker's TARGETARCH. */
export type Target = 'amd64' | 'arm64';

/** What the kernel and compilers call them. */
export const MACHINES: Readonly<Record<Target, string>> = {amd64: 'x86_64', arm64: 'aarch64'};

/** What compiles for a machine, with this machine's own C library or none. */
export const gccFor = (target: Target): string => (target === HERE ? 'cc' : `${MACHINES[target]}-linux-gnu-gcc`);

/** What runs on this machine. */
export const HERE: Target = process.arch === 'arm64' ? 'arm64' : 'amd64';

/**
 * `release`: for the static executable, by musl-gcc. `sanitized`: for tests, by cc, with checks of every access and of
 * undefined behaviour.
 */
export type Flavour = 'release' | 'sanitized';

export interface Libraries {
	/** What compiles and links with them, and the options which that needs. */
	readonly compiler: string;
	readonly options: readonly string[];
	/** Folders with quickjs.h, zlib.h, zstd.h, zstd_errors.h, and the headers of libsodium and Lua. */
	readonly include: readonly string[];
	/** Archives for the linker, after what uses them; the engine needs -lm after it. */
	readonly engine: readonly string[];
	readonly archives: readonly string[];
	/** What the linker is told for zlib and zstd in the addon: Node has its own of both, which must not be used instead. */
	readonly forAddon: readonly string[];
	readonly target: Target;
	/** Debian's versions by name. */
	readonly versions: Readonly<Record<LibraryName, string>>;
}

export type LibraryName = 'quickjs-ng' | 'zlib' | 'zstd' | 'libsodium' | 'lua';

// ── What is taken, and how it is compiled ───────────────────────────────────────────────────────────────────────────

/** What Debian's mirror has. */
interface Fetchable {
	/** The package of Debian: a package, or the upstream archive of a source package. */
	readonly debian: string;
	readonly kind: 'deb' | 'orig';
	readonly version: string;
	/** Where it lies below the mirror. */
	readonly path: string;
	readonly sha256: string;
}

export interface Library extends Fetchable {
	readonly name: LibraryName;
	/** Where the sources lie in what is unpacked. */
	readonly folder: string;
	/** `*.c` for all of a folder. */
	readonly files: readonly string[];
	readonly without?: readonly string[];
	/** They are copied into one folder, without their own. */
	readonly headers: readonly string[];
	readonly options: readonly string[];
	/** More of them for one file. */
	readonly optionsOf?: Readonly<Record<string, readonly string[]>>;
	/** What is changed in a file. */
	readonly changesOf?: Readonly<Record<string, readonly Change[]>>;
	/** NDEBUG leaves its assertions as they are. */
	readonly keepsAssertions?: boolean;
}

export const MIRROR = 'http://deb.debian.org/debian';

/** A folder with an assert.h of its own, by which NDEBUG leaves assertions as they are. */
const ASSERTING = join(import.meta.dirname, 'asserting');

export const LIBRARIES: readonly Library[] = [
	{
		name: 'quickjs-ng',
		debian: 'qjs-src',
		kind: 'deb',
		version: '0.17.0-1',
		path: 'pool/main/q/quickjs-ng/qjs-src_0.17.0-1_all.deb',
		sha256: '04631979bdadaccffd76c1cb0aff5d07389aa889a90b6a902eba858a3a3b3988',
		folder: 'usr/src/quickjs-ng',
		// The slowest to compile first.
		files: ['quickjs.c', 'libregexp.c', 'libunicode.c', 'dtoa.c'],
		headers: ['quickjs.h'],
		// -O3 is no faster and 65 KiB larger; -Os takes 35 % more time. Its assertions stay. `char` is unsigned as in
		// the builds that its authors test.
		// Without NDEBUG it can also dump what it does, and asks at every turn whether it is to: a start takes 5 % more.
		options: ['-O2', '-D_GNU_SOURCE', '-DQUICKJS_NG_BUILD', '-funsigned-char', '-DNDEBUG'],
		keepsAssertions: true,
		changesOf: ENGINE_CHANGES,
	},
	{
		name: 'zlib',
		debian: 'zlib',
		kind: 'orig',
		version: '1.3.dfsg+really1.3.1',
		path: 'pool/main/z/zlib/zlib_1.3.dfsg%2breally1.3.1.orig.tar.gz',
		sha256: '60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb',
		folder: '.',
		files: ['adler32.c', 'crc32.c', 'deflate.c', 'inffast.c', 'inflate.c', 'inftrees.c', 'trees.c', 'zutil.c'],
		headers: ['zlib.h', 'zconf.h'],
		options: ['-O2', '-DHAVE_HIDDEN'],
	},
	{
		name: 'zstd',
		debian: 'libzstd',
		kind: 'orig',
		version: '1.5.7+dfsg',
		path: 'pool/main/libz/libzstd/libzstd_1.5.7+dfsg.orig.tar.xz',
		sha256: '0c092ef267edce57ba7f3f2645c861f72eaf5e76273c6c3632869423464b90a5',
		folder: 'lib',
		files: ['compress/*.c', 'decompress/*.c', 'common/*.c'],
		without: ['compress/zstdmt_compress.c', 'common/debug.c', 'common/pool.c', 'common/threading.c'],
		headers: ['zstd.h', 'zstd_errors.h'],
		options: [
			'-O2',
			// The levels 1 to 3 need the strategies fast and dfast. A higher level is taken, and packs as these do.
			...['GREEDY', 'LAZY', 'LAZY2', 'BTLAZY2', 'BTOPT', 'BTULTRA'].map(name => `-DZSTD_EXCLUDE_${name}_BLOCK_COMPRESSOR`),
			// One of two decoders for each task, which reads everything that the other reads.
			'-DHUF_FORCE_DECOMPRESS_X1', '-DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT',
			'-DZSTD_DISABLE_ASM=1', '-DDYNAMIC_BMI2=0', '-DZSTD_LEGACY_SUPPORT=0', '-DZSTD_TRACE=0', '-DDEBUGLEVEL=0',
		],
		// Nothing is packed with a dictionary: what is for one is what is for none, and the linker leaves the rest out.
		optionsOf: {'compress/zstd_compress.c': ['fast', 'doubleFast'].map(name =>
			`-DZSTD_compressBlock_${name}_dictMatchState=ZSTD_compressBlock_${name}`)},
	},
	{
		name: 'libsodium',
		debian: 'libsodium',
		kind: 'orig',
		version: '1.0.22',
		path: 'pool/main/libs/libsodium/libsodium_1.0.22.orig.tar.gz',
		sha256: '5838bb0c3da6148c24ebe531d1ed1297de9a87aea77d426bcd99f289e681631c',
		folder: 'src/libsodium',
		// What verifies a signature of Ed25519, and SHA-256, SHA-512 and BLAKE2b. What else these need is in digest.c.
		files: [
			'crypto_core/ed25519/ref10/ed25519_ref10.c', 'crypto_sign/ed25519/ref10/open.c',
			'crypto_sign/ed25519/ref10/sign.c', 'crypto_hash/sha256/cp/hash_sha256_cp.c',
			'crypto_hash/sha512/cp/hash_sha512_cp.c', 'crypto_generichash/blake2b/ref/blake2b-ref.c',
			'crypto_generichash/blake2b/ref/blake2b-compress-ref.c', 'crypto_generichash/blake2b/ref/generichash_blake2b.c',
			'crypto_verify/verify.c', 'sodium/utils.c',
		],
		headers: ['crypto_generichash_blake2b', 'crypto_hash_sha256', 'crypto_hash_sha512', 'crypto_sign_ed25519', 'export']
			.map(name => `include/sodium/${name}.h`),
		options: ['-O2', '-DCONFIGURED=1', '-DSODIUM_STATIC=1', '-DHAVE_TI_MODE', '-DNATIVE_LITTLE_ENDIAN', '-Iinclude', '-Iinclude/sodium'],
	},
	{
		name: 'lua',
		debian: 'lua5.4',
		kind: 'orig',
		version: '5.4.9',
		path: 'pool/main/l/lua5.4/lua5.4_5.4.9.orig.tar.gz',
		sha256: '2335b6c582a52654f94612bf10d2f4672805d05329aa6568b1d8cd9e5c6fb8e6',
		folder: '.',
		// The language, and the libraries that reach nothing outside of it: not those of files, programs, modules and its inside.
		files: [
			...['api', 'code', 'ctype', 'debug', 'do', 'dump', 'func', 'gc', 'lex', 'mem', 'object', 'opcodes', 'parser', 'state'],
			...['string', 'table', 'tm', 'undump', 'vm', 'zio'],
			...['auxlib', 'baselib', 'corolib', 'mathlib', 'strlib', 'tablib', 'utf8lib'],
		].map(name => `src/l${name}.c`),
		headers: ['lua', 'luaconf', 'lualib', 'lauxlib'].map(name => `src/${name}.h`),
		// It has time: -O2 takes 70 KiB more.
		options: ['-Os'],
		// A pattern that goes back and forth for ever ends with an error when time is up (lua.c): what this asks there is
		// whether something has gone wrong, at every step of matching.
		optionsOf: {'src/lstrlib.c': [
			'-Dluai_likely(x)=__builtin_expect((x) != 0, 1)',
			'-Dluai_unlikely(x)=(__builtin_expect((x) != 0, 0) || ({ extern volatile int lua_is_overdue; lua_is_overdue; }))',
		]},
	},
];

/** How a set of archives is compiled. */
interface Toolchain {
	readonly name: string;
	readonly compiler: string;
	readonly options: readonly string[];
	/** What chooses another machine. */
	readonly machine?: readonly string[];
}

const SANITIZE = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];
/** Functions, loops and jumps begin where the one before ends. */
export const UNALIGNED = ['functions', 'loops', 'jumps', 'labels'].map(what => `-falign-${what}=1`);
const SECTIONS = ['-ffunction-sections', '-fdata-sections'];

const MUSL: Toolchain = {
	name: 'musl',
	compiler: 'musl-gcc',
	// A stack that is overwritten ends the program; it takes no time that can be measured. Tables for unwinding are a
	// tenth of the engine, and nothing here reads them. To begin each jump at a whole address is a twentieth, and no faster.
	options: [...SECTIONS, ...UNALIGNED, '-fno-pie', '-fstack-protector-strong', '-fno-asynchronous-unwind-tables'],
};

/** Debian's musl for arm64, of the release that this machine's own is of: what the cross compiler has is for glibc. */
export const MUSL_ARM64: Fetchable = {
	debian: 'musl-dev',
	kind: 'deb',
	version: '1.2.3-1',
	path: 'pool/main/m/musl/musl-dev_1.2.3-1_arm64.deb',
	sha256: '55c2ca4bc3041c8ed8ac7dc3ef6080d9551a21650568b2fd7610b59eaf98a4f4',
};

const ADDON: Toolchain = {name: 'addon', compiler: 'cc', options: [...SECTIONS, '-fPIC']};
const SANITIZED: Toolchain = {
	name: 'sanitized',
	compiler: 'cc',
	options: ['-O1', '-g', '-fno-omit-frame-pointer', ...SANITIZE],
};

// ── Preparing them ──────────────────────────────────────────────────────────────────────────────────────────────────

const cache = resolve(process.env['XDG_CACHE_HOME'] || join(process.env['HOME'] || '/root', '.cache'), 'archon');

/**
 * Fetches and compiles what is not in the cache. Several builds may do so at once. For another machine than this one there is the
 * release only. Throws an error that says what to do.
 */
export async function prepareLibraries(flavour: Flavour = 'release', target = HERE): Promise<Libraries> {
	const sources = await Promise.all(LIBRARIES.map(obtainLibrary));
	const [engine, ...others] = sources as [Source, ...Source[]];
	const cross = target === HERE ? undefined : await crossCompiler(target);
	const toolchain = flavour === 'sanitized' ? SANITIZED : cross ? {...MUSL, name: `musl-${target}`, ...cross} : MUSL;
	const [main, addon] = await Promise.all([compiled(toolchain, sources), compiled(ADDON, others)]);
	return {
		target,
		compiler: toolchain.compiler,
		options: flavour === 'release' ? cross?.machine ?? [] : SANITIZE,
		include: [join(main, 'include')],
		engine: [archive(main, engine)],
		archives: others.map(source => archive(main, source)),
		forAddon: ['-Wl,--exclude-libs,ALL', ...others.map(source => archive(addon, source))],
		versions: Object.fromEntries(sources.map(({library, version}) => [library.name, version])) as Record<LibraryName, string>,
	};
}

interface Cross {
	readonly compiler: string;
	/** What has it compile and link for the machine and with musl. */
	readonly machine: readonly string[];
}

/** As musl-gcc does it: the compiler of the other machine, and specs by which it takes headers and C library of musl. */
async function crossCompiler(target: Target): Promise<Cross> {
	if (target !== 'arm64') throw new Error(`archon can be built for ${target} only on ${target}`);
	const {folder} = await obtain(MUSL_ARM64);
	const specs = join(folder, 'archon.specs');
	// Written aside: another build may read it.
	const text = await readFile(join(folder, 'usr', 'lib', 'aarch64-linux-musl', 'musl-gcc.specs'), 'utf8');
	await writeFile(`${specs}.${process.pid}`, text.replaceAll(/\/usr\/(?=include\/|lib\/)/g, () => `${folder}/usr/`));
	await rename(`${specs}.${process.pid}`, specs);
	return {compiler: gccFor(target), machine: ['-specs', specs]};
}

/** The folder of a library's sources, as they are in Debian. */
export async function sourcesOf(name: LibraryName): Promise<string> {
	const library = LIBRARIES.find(each => each.name === name);
	if (!library) throw new Error(`there is no library ${name}`);
	return (await obtainLibrary(library)).folder;
}

const archive = (folder: string, {library}: Source): string => join(folder, `lib${library.name}.a`);

function say(message: string): void {
	console.error(`libraries: ${message}`);
}

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Unpacked sources. */
interface Source {
	readonly library: Library;
	readonly version: string;
	readonly folder: string;
}

async function obtainLibrary(library: Library): Promise<Source> {
	const {version, folder} = await obtain(library);
	return {library, version, folder: join(folder, library.folder)};
}

interface Obtained {
	readonly version: string;
	/** Where it is unpacked. */
	readonly folder: string;
}

async function obtain(library: Fetchable): Promise<Obtained> {
	const sources = join(cache, 'sources');
	const place = (version: string): string => join(sources, `${library.debian}_${version}`);
	const found = (version: string): Obtained => ({version, folder: place(version)});
	if (await exists(place(library.version))) return found(library.version);
	// Written where Debian no longer has the version that is wanted.
	const note = `${place(library.version)}.instead`;
	const instead = await readFile(note, 'utf8').catch(() => '');
	if (instead !== '' && await exists(place(instead))) {
		warnOfVersion(library, instead);
		return found(instead);
	}
	await mkdir(sources, {recursive: true});
	const work = await mkdtemp(join(sources, '.work-'));
	try {
		// apt fetches as a user of its own.
		await chmod(work, 0o755);
		say(`fetching ${library.debian} ${library.version}`);
		const {version, file} = await fetchPinned(library, work) ?? await fetchNewest(library, work);
		await unpack(library, file, join(work, 'unpacked'));
		await settle(join(work, 'unpacked'), place(version));
		if (version !== library.version) {
			await writeFile(note, version);
			warnOfVersion(library, version);
		}
		return found(version);
	} finally {
		await rm(work, {recursive: true, force: true});
	}
}

function warnOfVersion({debian, version}: Fetchable, taken: string): void {
	say(`WARNING: Debian no longer has ${debian} ${version}; ${taken} is taken, the newest that it has. `
		+ 'Archon was not tested with it: run scripts/test before you rely on this build');
}

interface Fetched {
	readonly version: string;
	readonly file: string;
}

/** The version that is wanted; undefined where the mirror does not have it. */
async function fetchPinned({debian, version, path, sha256}: Fetchable, work: string): Promise<Fetched | undefined> {
	const file = join(work, basename(path));
	const {failed, all} = await apt('/usr/lib/apt/apt-helper', ['-q', 'download-file', `${MIRROR}/${path}`, file, `SHA256:${sha256}`]);
	if (failed) {
		if (/\b404\b/.test(all ?? '')) return undefined;
		throw /Hash Sum mismatch/.test(all ?? '') ? otherFile(file, sha256) : cannotFetch(debian, all);
	}
	await demandChecksum(file, sha256);
	return {version, file};
}

/** The newest version in forky and sid, by lists of its own, whatever this machine's lists are. */
async function fetchNewest(library: Fetchable, work: string): Promise<Fetched> {
	const {debian, kind, version, sha256} = library;
	const lists = join(work, 'sources.list');
	const keyring = await firstOf('/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg');
	const signedBy = keyring === undefined ? '' : `[signed-by=${keyring}] `;
	const type = kind === 'deb' ? 'deb' : 'deb-src';
	await writeFile(lists, ['forky', 'sid'].map(suite => `${type} ${signedBy}${MIRROR} ${suite} main\n`).join(''));
	for (const folder of ['lists', 'cache', 'fetched']) await mkdir(join(work, folder));
	const own = [
		`Dir::Etc::sourcelist=${lists}`, 'Dir::Etc::sourceparts=-', 'Dir::Etc::preferences=/dev/null', 'Dir::Etc::preferencesparts=-',
		`Dir::State::lists=${join(work, 'lists')}`, `Dir::Cache=${join(work, 'cache')}`,
	].flatMap(option => ['-o', option]);
	const fetch = kind === 'deb' ? ['download', debian] : ['source', '--download-only', '--tar-only', debian];
	for (const command of [['update'], fetch]) {
		const {failed, all} = await apt('apt-get', [...own, ...command], join(work, 'fetched'));
		if (failed) throw cannotFetch(debian, all);
	}
	const [name] = await readdir(join(work, 'fetched'));
	// PACKAGE_VERSION_all.deb or PACKAGE_VERSION.orig.tar.xz; a colon is written as %3a.
	const taken = name === undefined ? undefined : /^[^_]+_(.+?)(?:_all\.deb|\.orig\.tar\.\w+)$/.exec(name)?.[1];
	if (name === undefined || taken === undefined) {
		const command = `apt-get ${fetch.join(' ')}`;
		throw new Error(`apt fetched ${name ?? 'no file'} for ${debian}, whose name says no version. See what \`${command}\` fetches.`);
	}
	const file = join(work, 'fetched', name);
	if (taken === version) await demandChecksum(file, sha256);
	return {version: taken, file};
}

function apt(program: string, args: readonly string[], cwd = '/') {
	return execa(program, ['-o', 'Acquire::Retries=3', ...args], {cwd, all: true, stdin: 'ignore', reject: false, env: {LC_ALL: 'C.UTF-8'}});
}

function cannotFetch(debian: string, output: string | undefined): Error {
	const lines = (output || 'E: apt is not there').split('\n');
	const errors = lines.filter(line => /^(E|Err):/.test(line));
	const last = (errors.length > 0 ? errors : lines).slice(-5).join('\n');
	return new Error(`cannot fetch ${debian} from ${MIRROR}:\n${last}\n`
		+ 'The first build needs Debian\'s apt and the network (through a proxy where apt is told of one); later ones do not.');
}

async function unpack({kind, debian}: Fetchable, file: string, into: string): Promise<void> {
	await mkdir(into);
	try {
		await (kind === 'deb'
			? execa('dpkg', ['-x', file, into])
			: execa('tar', ['-xf', file, '-C', into, '--strip-components=1', '--no-same-owner']));
	} catch (error) {
		const advice = 'Run scripts/setup, or apt-get install dpkg tar gzip xz-utils.';
		throw new Error(`cannot unpack ${debian}: ${reason(error)}\n${advice}`, {cause: error});
	}
}

async function demandChecksum(file: string, sha256: string): Promise<void> {
	const hash = createHash('sha256');
	await pipeline(createReadStream(file), hash);
	if (hash.digest('hex') !== sha256) throw otherFile(file, sha256);
}

function otherFile(file: string, sha256: string): Error {
	return new Error(`${basename(file)} of ${MIRROR} is not the file that archon was made with: its SHA-256 is not ${sha256}. `
		+ 'Try again without a proxy between; where the mirror can be trusted, change the checksum in scripts/build/libraries.ts.');
}

// ── Compiling ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The folder with an archive of each source and their headers; named by all that decides what is in them. */
async function compiled(toolchain: Toolchain, sources: readonly Source[]): Promise<string> {
	const {name, compiler} = toolchain;
	const header = await readFile(join(ASSERTING, 'assert.h'), 'utf8');
	const key = createHash('sha256').update(JSON.stringify([toolchain, sources, await versionOf(compiler), header])).digest('hex');
	const place = join(cache, 'libraries', `${name}-${key.slice(0, 16)}`);
	if (await exists(place)) return place;
	await mkdir(join(cache, 'libraries'), {recursive: true});
	const work = await mkdtemp(join(cache, 'libraries', '.work-'));
	try {
		await chmod(work, 0o755);
		say(`compiling ${sources.map(({library, version}) => `${library.name} ${version}`).join(', ')} with ${compiler} (${name})`);
		await mkdir(join(work, 'include'));
		await Promise.all(sources.map(async source => {
			const {library, folder} = source;
			const objects = join(work, library.name);
			await mkdir(objects);
			const files = await filesOf(source);
			await Promise.all(files.map(file => compile(toolchain, source, file, join(objects, `${basename(file, '.c')}.o`))));
			await run('ar', ['rcsD', archive(work, source), ...files.map(file => join(objects, `${basename(file, '.c')}.o`))]);
			await rm(objects, {recursive: true});
			for (const header of library.headers) await copyFile(join(folder, header), join(work, 'include', basename(header)));
		}));
		await settle(work, place);
	} finally {
		await rm(work, {recursive: true, force: true});
	}
	return place;
}

async function versionOf(compiler: string): Promise<string> {
	return (await run(compiler, ['-v'])).all ?? '';
}

async function filesOf({library: {files, without = []}, folder}: Source): Promise<string[]> {
	const all = await Promise.all(files.map(async file => {
		if (!file.endsWith('/*.c')) return [file];
		const within = file.slice(0, -'/*.c'.length);
		return (await readdir(join(folder, within))).filter(name => name.endsWith('.c')).sort().map(name => `${within}/${name}`);
	}));
	return all.flat().filter(file => !without.includes(file));
}

/** From within the folder of the sources, so that no path of this machine gets into the archive. */
async function compile(toolchain: Toolchain, {library, folder}: Source, file: string, object: string): Promise<void> {
	const {compiler, options, machine = []} = toolchain;
	const own = library.keepsAssertions ? ['-I', ASSERTING] : [];
	// The options of the toolchain last: they overrule.
	const given = [...own, ...library.options, ...library.optionsOf?.[file] ?? [], ...options];
	const changes = library.changesOf?.[file];
	const input = changes && changed(await readFile(join(folder, file), 'utf8'), changes);
	if (input === null) say(`WARNING: ${file} of ${library.debian} is not the one that archon changes, and is compiled as it is`);
	// What is changed is named as it was.
	const from = typeof input === 'string' ? ['-x', 'c', '-'] : [file];
	const text = typeof input === 'string' ? `#line 1 "${file}"\n${input}` : undefined;
	await withProcessor(() => run(compiler, [...machine, '-std=gnu11', '-w', ...given, '-c', ...from, '-o', object], folder, text));
}

/** Runs as many jobs at once as there are processors. */
async function withProcessor<T>(job: () => Promise<T>): Promise<T> {
	while (busy >= availableParallelism()) await new Promise<void>(resolve => waiting.push(resolve));
	busy++;
	try {
		return await job();
	} finally {
		busy--;
		waiting.shift()?.();
	}
}

let busy = 0;
const waiting: (() => void)[] = [];

async function run(program: string, args: readonly string[], cwd?: string, input?: string) {
	try {
		const stdin = input === undefined ? {stdin: 'ignore' as const} : {input};
		return await execa(program, args, {all: true, ...stdin, ...cwd !== undefined && {cwd}});
	} catch (error) {
		const advice = 'Run scripts/setup, or apt-get install gcc libc6-dev binutils musl-tools.';
		throw new Error(`${program} failed: ${reason(error)}\n${advice}`, {cause: error});
	}
}

function reason(error: unknown): string {
	return error instanceof ExecaError ? error.shortMessage + (error.stderr ? `\n${error.stderr}` : '') : String(error);
}

/** Moves a folder to its place; where another build was first, its folder is as good. */
async function settle(made: string, place: string): Promise<void> {
	try {
		await rename(made, place);
	} catch (error) {
		if (!await exists(place)) throw error;
	}
}

async function exists(path: string): Promise<boolean> {
	return access(path).then(() => true, () => false);
}

async function firstOf(...paths: readonly string[]): Promise<string | undefined> {
	for (const path of paths) {
		if (await exists(path)) return path;
	}
	return undefined;
}

// ── As a program ────────────────────────────────────────────────────────────────────────────────────────────────────

if (import.meta.main) {
	process.umask(0o022);
	try {
		await prepareLibraries(process.argv.includes('--sanitize') ? 'sanitized' : 'release', process.argv.includes('arm64') ? 'arm64' : HERE);
	} catch (error) {
		say(error instanceof Error ? error.message : String(error));
		process.exitCode = 1;
	}
}
