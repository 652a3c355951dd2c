/** `archon check` as people and programs call it: what it says, as words and as JSON, and with which status. */
import {chmodSync, chownSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {ARCHON} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-check-'));

function write(name: string, text: string | Uint8Array): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

async function check(...args: readonly string[]): Promise<{status: number; out: string; err: string}> {
	const {exitCode, stdout, stderr} = await execa(ARCHON, ['check', ...args], {reject: false, stdin: 'ignore', env: {ARCHON_CONFIG: ''}});
	return {status: exitCode ?? -1, out: stdout, err: stderr};
}

/** What is said where something was looked for on a machine. */
const ELSEWHERE = 'if it is to run elsewhere: --root DIR looks into an image\'s files, --portable looks at no machine';

const NOTED = 'services: {web: {command: sleep 1, image: x, restart: always}}\n';

test('a good config is told in its order, after what is worth a line', async () => {
	const {status, out} = await check(write('noted.yaml', NOTED));
	expect(status).toBe(0);
	expect(out.split('\n')).toEqual([
		expect.stringMatching(/:1:36: note: ignored.*image/), '  1 | services: {web: {command: sleep 1, image: x, restart: always}}',
		'    |                                    ^^^^^', '1 service, in this order: web',
	]);
});

test('a manifest is enough', async () => {
	expect(await check(write('manifest.yaml', 'manifest: {file: /etc/whizzifest.txt}\n')))
		.toEqual({status: 0, out: 'no services but those of the manifest', err: ''});
});

test('a user with the number of archon.sync is noted where programs are pulled', async () => {
	const services = 'services: {web: {command: sleep 1, user: "65525:0"}, hook: {command: sleep 1, user: 65525}, other: {command: sleep 1, user: 65524}}\n';
	const sync = 'sync: {source: "http://master/app", dest: /opt/app, keys: RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3}\n';
	const {status, out} = await check(write('owner.yaml', `${sync}${services}`));
	expect([status, out.match(/note: services\.\w+\.user has the number of archon\.sync/g)?.length]).toEqual([0, 2]);
	expect((await check(write('alone.yaml', services))).out).not.toContain('archon.sync');
});

test('a script that names no interpreter is noted, for the shell will run it', async () => {
	const script = write('bare', 'echo here\n');
	chmodSync(script, 0o755);
	const {status, out} = await check(write('bare.yaml', `services: {web: {command: ${script}}}\n`));
	expect([status, out]).toEqual([0, expect.stringContaining(
		'bare.yaml:1:27: note: services.web runs a script without a #! line: /bin/sh will run it\n')]);
	expect(out).toContain('    = write #!/bin/sh as its first line\n');
});

test('a program that is not there does not hide what is written for a shell', async () => {
	const {status, out, err} = await check(write('shell.yaml', 'services:\n  a: {command: cd /app && exec ./start}\n  b: {command: no-such > /tmp/x}\n'));
	expect(status).toBe(100);
	expect(err).toContain('there is no program "cd" along PATH');
	expect(out + err).toContain('begins with cd, which only a shell knows');
	expect(out + err).toContain('has >, which only a shell understands');
});

test.each<[string, () => readonly string[], number, readonly object[]]>([
	['a good config', () => [write('good.yaml', 'services: {web: {command: sleep 1}}\n')], 0, []],
	['a note', () => [write('noted.yaml', NOTED)], 0, [{severity: 'note', line: 1, column: 36, end: {line: 1, column: 41}, message: expect.stringContaining('image'), hint: null}]],
	['a problem and a note', () => [write('bad.yaml', `${NOTED}x: 1\n`)], 100, [
		{severity: 'problem', line: 2, column: 1, message: 'unknown key "x"'}, {severity: 'note', line: 1},
	]],
	['no YAML', () => [write('no.yaml', 'services: {\n')], 100, [{severity: 'problem'}]],
	['a file that is not there', () => ['/no/such.yaml'], 100, [{severity: 'problem', message: 'cannot read /no/such.yaml: no such file or directory'}]],
	['a file that is no text', () => [write('bytes.yaml', Uint8Array.of(255))], 100, [{severity: 'problem', message: expect.stringMatching(/not UTF-8/)}]],
	['a folder', () => [folder], 100, [{severity: 'problem', file: folder}]],
	['an option of a start', () => ['--socket', 'x'], 100, [{severity: 'problem', message: expect.stringContaining('usage: archon check')}]],
	['a file over another', () => [write('under.yaml', 'services: {web: {comand: sleep 1}}\n'), '-c', write('over.yaml', 'services: {web: {user: [1]}}\n')], 100, [
		{severity: 'problem', file: join(folder, 'over.yaml'), line: 1}, {severity: 'problem', file: join(folder, 'under.yaml'), line: 1},
	]],
	['an unknown option', () => ['--frob'], 100, [{severity: 'problem', message: expect.stringContaining('--frob')}]],
	['an option without its value', () => ['--env-file'], 100, [{severity: 'problem', message: expect.stringContaining('needs a value')}]],
	['a file of variables that is not there', () => [write('good.yaml', NOTED), '--env-file', '/no/.env'], 100, [
		{severity: 'problem', message: 'cannot read /no/.env: no such file or directory'},
	]],
])('%s is JSON', async (_what, args, status, told) => {
	const result = await check('--json', ...args());
	expect(JSON.parse(result.out)).toEqual(told.map(each => expect.objectContaining(each)));
	expect(result).toMatchObject({status, err: ''});
});

test('what a start would refuse is a problem, unless another machine is meant', async () => {
	const config = write('elsewhere.yaml', 'services: {web: {command: web-that-is-not-here, user: nobody-here}}\n');
	const {status, err} = await check(config);
	expect([status, err.split('\n').filter(line => /^\S/.test(line))]).toEqual([100, [
		expect.stringMatching(/:1:27: services\.web\.command: there is no program "web-that-is-not-here" along PATH$/),
		expect.stringMatching(/:1:55: services\.web\.user: user nobody-here is not in \/etc\/passwd$/), '2 problems', ELSEWHERE,
	]]);
	const started = await execa(ARCHON, ['-c', config], {reject: false, stdin: 'ignore'});
	expect([started.exitCode, started.stderr]).toEqual([100, expect.stringMatching(/services\.web\.user: user nobody-here is not in/)]);
	expect(await check('--portable', config)).toEqual({status: 0, out: '1 service, in this order: web', err: ''});
});

test('what another format has in files beside it is its text, on whichever machine', async () => {
	const within = mkdtempSync(join(folder, 'supervisord-'));
	mkdirSync(join(within, 'conf.d'));
	writeFileSync(join(within, 'supervisord.conf'), '[program:web]\ncommand=web-that-is-not-here\n[include]\nfiles=conf.d/*.conf\n');
	writeFileSync(join(within, 'conf.d', 'cron.conf'), '[program:cron]\ncommand=cron-that-is-not-here\n');
	expect(await check('--portable', join(within, 'supervisord.conf'))).toEqual({status: 0, out: '2 services, in this order: web, cron', err: ''});
	const run = join(within, 'root', 'etc', 'services.d', 'app');
	mkdirSync(run, {recursive: true});
	writeFileSync(join(run, 'run'), '#!/bin/sh\nexec app-that-is-not-here\n');
	expect(await check('--portable', join(within, 'root'))).toMatchObject({status: 0, out: expect.stringContaining('1 service, in this order: app')});
});

test('a secret is not repeated', async () => {
	const url = write('url.yaml', 'services: {web: {command: web, ready: {http: "htp://u:${PW}@h/"}}}\n');
	const {stderr} = await execa(ARCHON, ['check', url], {reject: false, stdin: 'ignore', env: {PW: 'hunter2'}});
	expect(stderr).toContain('"htp://u:${PW}@h/" is not a URL');
	expect(stderr).not.toContain('hunter2');
});

test('variables of --env-file stand in texts, under those of archon itself, and only where they are asked for', async () => {
	const config = write('variables.yaml', 'services: {web: {command: "sleep ${PORT:?no port} ${HOME}"}}\n');
	write('.env', 'PORT=80\nHOME=/nowhere\n');
	expect((await check(config)).err).toMatch(/no port/);
	expect((await check(config, '--env-file', join(folder, '.env'))).status).toBe(0);
	expect((await check(`--env-file=${join(folder, '.env')}`, `--env-file=${write('more.env', 'o ops\n')}`, config)).err)
		.toMatch(/more\.env:1:1: this is not NAME=value/);
});

test('--strict takes no notes', async () => {
	const {status, err} = await check('--strict', write('noted.yaml', NOTED));
	expect([status, err]).toEqual([100, expect.stringMatching(/:1:36: note: ignored.*\n[^]*\n1 note, and --strict takes none$/)]);
});

test('one service is explained, and one that is not there is told', async () => {
	const config = write('explained.yaml', 'services: {web: {command: sleep 1, user: root}, db: {command: sleep 2}}\n');
	const {status, out} = await check(config, '--explain', 'web');
	expect([status, out]).toEqual([0, expect.stringMatching(/^web\n  type +daemon\n  command +sleep 1\n  user +root: uid 0, gid 0/)]);
	expect(out).not.toContain('sleep 2');
	expect(await check('--explain=wob', config)).toMatchObject({status: 100, err: 'archon: there is no service "wob"; there are web, db'});
	const {problems, services, start, stop} = JSON.parse((await check('--explain', '--json', config)).out);
	expect([problems, services.map(({name}: {name: string}) => name), start, stop.at_most]).toEqual([[], ['web', 'db'], [['web', 'db']], 5000]);
});

test('a device is no config, and its permissions are no matter', async () => {
	const {status, err} = await check('/dev/null');
	expect(status).toBe(100);
	expect(err).toMatch(/^\/dev\/null:1:1: services are missing\n/);
	expect(err).not.toMatch(/chmod/);
});

describe.runIf(process.getuid?.() === 0)('a config that others may change, run as root', () => {
	test.each<[string, (file: string, folder: string) => void, RegExp | null]>([
		['any user, its file', file => chmodSync(file, 0o646), /any user may change .*, which archon runs as root\n  = chmod o-w .*archon.yaml\n/],
		['its owner', file => chownSync(file, 1, 0), /note: daemon may change .*\n  = chown root/],
		['a group', file => {
			chownSync(file, 0, 100);
			chmodSync(file, 0o664);
		}, /note: group users may change .*\n  = chmod g-w/],
		['any user, its directory', (_, within) => chmodSync(within, 0o777), /any user may replace .*, by way of .*\n  = chmod o-w/],
		['only root, in a directory like /tmp', (_, within) => chmodSync(within, 0o1777), null],
		['only root', () => {}, null],
	])('%s', async (_, expose, note) => {
		const within = mkdtempSync(join(folder, 'exposed-'));
		const file = join(within, 'archon.yaml');
		writeFileSync(file, 'shutdown: {when_idle: always}\nservices: {web: {type: oneshot, command: "true"}}\n');
		expose(file, within);
		const {status, out} = await check(file);
		expect(status).toBe(0);
		expect(out.split('\n').length > 1 ? out : null).toEqual(note && expect.stringMatching(note));
		const started = await execa(ARCHON, ['-c', file, '--socket', join(within, 'socket')], {all: true, reject: false, stdin: 'ignore'});
		expect([started.exitCode, /which archon runs as root.*; ch/.test(started.all)]).toEqual([0, note !== null]);
		expect((await check('--portable', '--strict', file)).status).toBe(0);
	});
});

test.runIf(process.getuid?.() === 0)('lists that others may change are noted: those of the role that this machine has', async () => {
	const within = mkdtempSync(join(folder, 'lists-'));
	const [file, theirs, hitlist] = [join(within, 'archon.yaml'), join(within, 'theirs'), join(within, 'hitlist.txt')];
	mkdirSync(theirs);
	writeFileSync(join(theirs, 'listA.txt'), '');
	writeFileSync(hitlist, '');
	writeFileSync(file, `manifest: {file: ${theirs}/list.txt, hitlist: ${hitlist}, role: A}\nservices: {web: {command: "true"}}\n`);
	expect((await check('--strict', file)).status).toBe(0);
	chownSync(theirs, 1, 0);
	chmodSync(hitlist, 0o666);
	const {status, out} = await check(file);
	expect(status).toBe(0);
	expect(out).toMatch(/note: daemon may replace \S+listA\.txt, .*, by way of/);
	expect(out).toMatch(/any user may change \S+hitlist\.txt, which archon runs as root\n  = chmod o-w/);
});

test('a whole command line as one word of a list is told so', async () => {
	const file = join(folder, 'one-word.yaml');
	writeFileSync(file, 'services: {web: {command: ["sleep 1000"]}}\n');
	expect((await check(file)).err).toMatch(/there is no program "sleep 1000" along PATH\n[^]* = write its words one by one: \[sleep, 1000\]\n/);
});

test('an image\'s own config is found in its files, and named as it is there', async () => {
	const root = mkdtempSync(join(folder, 'image-'));
	expect((await check('--root', root)).err).toMatch(/there is no config at .* in .*image-.*; name a file: archon check FILE$/);
	mkdirSync(join(root, 'etc/archon/conf.d'), {recursive: true});
	writeFileSync(join(root, 'etc/passwd'), 'app:x:1000:1000::/:/bin/sh\n');
	writeFileSync(join(root, 'etc/archon/archon.yaml'), 'services: {web: {command: /web, user: app, env_file: web.env}}\n');
	writeFileSync(join(root, 'etc/archon/web.env'), 'A=1\n');
	symlinkSync('/etc/archon/web.yaml', join(root, 'etc/archon/conf.d/web.yaml'));
	writeFileSync(join(root, 'etc/archon/web.yaml'), 'services: {db: {command: /web, user: root}}\n');
	writeFileSync(join(root, 'web'), 'x\0');
	chmodSync(join(root, 'web'), 0o755);
	const {status, err} = await check('--root', root);
	expect([status, err.split('\n').filter(line => /^\//.test(line))]).toEqual([100, [
		'/etc/archon/conf.d/web.yaml:1:38: services.db.user: user root is not in /etc/passwd',
	]]);
	expect(JSON.parse((await check('--root', root, '--json')).out)).toHaveLength(1);
	expect((await check('--root', join(root, 'web'))).err).toMatch(/--root: .*web is not a directory/);
	expect((await check('--root', root, '--portable')).err).toMatch(/give one of them/);
});

test('a terminal gets colours, unless they are not wanted', async () => {
	const config = write('coloured.yaml', 'services: {web: {comand: web}}\n');
	const onTerminal = async (env: Readonly<Record<string, string>>): Promise<string> => (await execa(
		'script', ['-qec', `${ARCHON} check ${config}`, '/dev/null'], {reject: false, stdin: 'ignore', env: {TERM: 'xterm', NO_COLOR: '', ...env}},
	)).stdout;
	expect(await onTerminal({})).toContain('\x1b[31m^^^^^^\x1b[0m');
	for (const env of [{NO_COLOR: '1'}, {TERM: 'dumb'}] as const) expect(await onTerminal(env)).not.toContain('\x1b');
});
