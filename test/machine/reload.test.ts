/** A reload with real processes: shown before, tried and put back, by itself when the files change, and over a crash of PID 1. */
import {mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

type Services = Readonly<Record<string, unknown>>;
const steady = {command: 'sleep 1000000'};
const text = (services: Services, top: object = {}): string => JSON.stringify({...top, services});
const rewrite = (archon: Archon, services: Services, top: object = {}): void =>
	writeFileSync(join(archon.folder, 'archon.yaml'), text(services, top));
const pids = async (archon: Archon): Promise<Record<string, number | null>> =>
	Object.fromEntries(Object.entries(await archon.status()).map(([name, {pid}]) => [name, pid]));

test('a plan shows what a reload then does, in this order, and changes nothing itself', async () => {
	await using archon = await boot({config: text({
		db: {...steady, stop_grace_period: '5s'}, web: {...steady, depends_on: {db: {condition: 'service_started', restart: true}}},
		old: steady, still: {...steady, environment: {TOKEN: 'one', PLAIN: 'a'}}, quiet: steady,
	})});
	await archon.says(/started web/);
	expect((await archon.ctl('plan')).stdout).toBe('nothing would change');
	const before = await pids(archon);
	rewrite(archon, {
		db: {command: 'sleep 2000000', stop_grace_period: '7s'}, web: {...steady, depends_on: {db: {condition: 'service_started', restart: true}}},
		fresh: steady, still: {...steady, environment: {TOKEN: 'two', MORE: 'b'}}, quiet: {...steady, restart: 'no'},
	}, {shutdown: {grace_period: '8s'}});
	const {stdout, status} = await archon.ctl('plan');
	expect(status).toBe(0);
	expect(stdout.split('\n')).toEqual([
		'+ fresh  added', '- old  removed',
		'~ db  command sleep 1000000 → sleep 2000000, stop_grace_period 5s → 7s: restarted',
		'~ still  environment ~TOKEN -PLAIN +MORE: restarted',
		expect.stringMatching(/^~ quiet {2}restart .* → no: kept \(its process stays\)$/),
		'= 1 kept', '~ archon  shutdown.grace_period default → 8s: applied at once',
		expect.stringMatching(/^stops: {2}/), expect.stringMatching(/^starts: /),
	]);
	expect(await pids(archon)).toEqual(before);
	const {stop, start} = JSON.parse((await archon.ctl('plan', '--json')).stdout) as {stop: string[]; start: string[]};
	expect([stop.toSorted(), start.toSorted()]).toEqual([['db', 'old', 'still', 'web'], ['db', 'fresh', 'still', 'web']]);
	expect(stop.indexOf('web')).toBeLessThan(stop.indexOf('db'));
	const from = archon.log().length;
	expect((await archon.ctl('reload', '--wait')).status).toBe(0);
	await archon.says(/all services that the reload has started are ready/);
	const said = archon.log().slice(from);
	expect([...said.matchAll(/^archon \| stopping (\w+) \(/gm)].map(([, name]) => name)).toEqual(stop);
	expect([...said.matchAll(/^archon \| started (\w+) \(/gm)].map(([, name]) => name).toSorted()).toEqual(start.toSorted());
	expect((await pids(archon))['quiet']).toBe(before['quiet']);
	expect((await archon.ctl('plan')).stdout).toBe('nothing would change');
	rewrite(archon, {web: {comand: 'x'}});
	expect(await archon.ctl('plan')).toMatchObject({status: 1, stderr: expect.stringContaining('did you mean "command"?')});
});

test('a plan says once what a service waits for, and names what it has from another', async () => {
	await using archon = await boot({config: text({a: steady, b: steady})});
	await archon.says(/started b/);
	rewrite(archon, {a: {...steady, after: ['b']}, b: steady, c: {...steady, before: ['b']}}, {groups: {g: ['b', 'c']}});
	expect((await archon.ctl('plan')).stdout.split('\n')).toEqual([
		'+ c  added', '~ b  depends_on, groups: kept (its process stays)', '~ a  after empty → [b]: kept (its process stays)',
		'starts: c',
	]);
});

test('what is waited for is told of the reload that was asked for, and a config that stays in force is not called refused', async () => {
	await using archon = await boot({config: text({a: steady, still: steady})});
	await archon.says(/started a/);
	const write = (content: string, more: object = {}): void =>
		rewrite(archon, {a: {...steady, configs: [{source: 'c', target: join(archon.folder, 'placed')}], ...more}, still: steady}, {configs: {c: {content}}});
	write('one');
	expect((await archon.ctl('reload', '--wait')).stdout).toBe('config reloaded: 1 restarted (a), 1 unchanged');
	expect((await archon.ctl('reload', '--wait')).stdout).toBe('config reloaded: 2 unchanged');
	write('two');
	expect((await archon.ctl('plan')).stdout).toContain('~ a  configs: restarted');
	write('two', {command: '/no/such/program'});
	expect(await archon.ctl('reload', '--wait'))
		.toMatchObject({status: 1, stderr: expect.stringContaining('the config is in force, but a service is not up: a: executing')});
	expect((await archon.ctl('plan')).stdout).toBe('nothing would change');
});

test('what docs/features/reload.md says of keys holds for processes', async () => {
	// The key's values before and after, and whether the process is kept.
	const changes: Readonly<Record<string, readonly [before: object, after: object, isKept: boolean]>> = {
		environment: [{environment: {A: '1'}}, {environment: {A: '2'}}, false], umask: [{}, {umask: '077'}, false], nice: [{nice: 5}, {}, false],
		working_dir: [{}, {working_dir: '/tmp'}, false], ulimits: [{}, {ulimits: {nofile: 100}}, false],
		oom_score_adj: [{oom_score_adj: 300}, {oom_score_adj: 400}, false],
		healthcheck: [{}, {healthcheck: {test: ['CMD', 'true'], interval: '1s'}}, true], restart: [{restart: 'no'}, {}, true],
		stop_signal: [{}, {stop_signal: 'INT'}, true], stop_grace_period: [{stop_grace_period: '1s'}, {stop_grace_period: '2s'}, true],
		ready: [{}, {ready: 'notify'}, true], depends_on: [{}, {depends_on: ['umask']}, true], clean: [{}, {clean: ['/tmp/no-such-*']}, true],
		post_stop: [{post_stop: [['true']]}, {}, true], kill_mode: [{}, {kill_mode: 'group'}, true], labels: [{}, {labels: ['x']}, true],
		logging: [{logging: 'json'}, {logging: 'none'}, true], essential: [{}, {essential: true}, true],
	};
	const services = (which: 0 | 1): Services =>
		Object.fromEntries(Object.entries(changes).map(([key, values]) => [key, {...steady, ...values[which]}]));
	await using archon = await boot({config: text(services(0))});
	await archon.says(/started essential/);
	const before = await pids(archon);
	rewrite(archon, services(1));
	expect((await archon.ctl('reload', '--wait')).status).toBe(0);
	const after = await pids(archon);
	const kept = Object.keys(changes).map(key => [key, after[key] === before[key]]);
	expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(Object.entries(changes).map(([key, [, , isKept]]) => [key, isKept])));
	await archon.says(/healthcheck is healthy/);
});

test('a crash in the middle of a reload loses nothing of it', async () => {
	const slow = {command: ['sh', '-c', 'trap "sleep 1; exit 0" TERM; echo up; while :; do sleep 0.05; done'], stop_grace_period: '20s'};
	await using archon = await boot({config: text({still: steady, slow, old: slow})});
	await archon.says(/slow +\| up[^]*old +\| up|old +\| up[^]*slow +\| up/);
	const before = await pids(archon);
	rewrite(archon, {still: steady, slow: {...slow, environment: {A: '1'}}, fresh: {...steady, depends_on: ['slow']}});
	const asked = archon.ctl('reload');
	await archon.says(/config reloaded/);
	await asked;
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed[^]*stopped old/);
	await archon.says(/started fresh/);
	expect(Object.keys(await archon.status()).toSorted()).toEqual(['fresh', 'slow', 'still']);
	const after = await pids(archon);
	expect([after['still'], after['slow'] === before['slow']]).toEqual([before['still'], false]);
	expect((await archon.ctl('plan')).stdout).toBe('nothing would change');
});

test('the config is shown as it is in force, and loads back to no difference; secrets are masked', async () => {
	const services = {
		web: {
			command: ['sh', '-c', 'echo {instance} $$HOME; exec sleep 1000000'], scale: 2,
			environment: ['PASSWORD=$$ecret', 'URL=http://me:hidden@host/', 'PLAIN=${WHO:-x}'],
		},
		db: {command: 'sleep 1000000', healthcheck: {test: ['CMD', 'true'], interval: '5s'}},
	};
	await using archon = await boot({config: text(services), env: {WHO: 'world {instance}'}});
	await archon.says(/started db/);
	const masked = await archon.ctl('config');
	expect(masked.status).toBe(0);
	expect(masked.stdout).toContain('PLAIN: \'world \\{instance}\'');
	expect(masked.stdout).not.toMatch(/\$ecret|hidden/);
	const {stdout} = await archon.ctl('config', '--show-secrets');
	expect(stdout).toContain('$$ecret');
	rewrite(archon, {other: steady});
	// What the files say by now is another matter.
	expect((await archon.ctl('config', '--show-secrets')).stdout).toBe(stdout);
	expect((await archon.ctl('config', 'db')).stdout).not.toContain('web');
	expect(await archon.ctl('config', 'dbb')).toMatchObject({status: 1, stderr: expect.stringContaining('did you mean db?')});
	const before = await pids(archon);
	writeFileSync(join(archon.folder, 'archon.yaml'), stdout);
	expect((await archon.ctl('reload')).stdout).toBe('config reloaded: 3 unchanged');
	expect(await pids(archon)).toEqual(before);
	writeFileSync(join(archon.folder, 'archon.yaml'), masked.stdout);
	expect(await archon.ctl('reload')).toMatchObject({status: 1, stderr: expect.stringContaining('a secret is masked here')});
});

describe('reload --rollback', () => {
	const broken = {command: ['sh', '-c', 'echo one; echo two; exit 7'], ready: {log: 'never'}};

	test('puts all of it back when a service does not become ready, and tells its last lines', async () => {
		await using archon = await boot({config: text({web: steady, db: steady, gone: steady})});
		await archon.says(/started gone/);
		const before = await pids(archon);
		rewrite(archon, {web: broken, db: {...steady, environment: {A: '1'}}, fresh: steady}, {shutdown: {grace_period: '5s'}});
		const {status, stderr} = await archon.ctl('reload', '--rollback');
		expect(status).toBe(1);
		expect(stderr).toMatch(/web: exited before it was ready \(exit status 7\); the config before it is back in force\nits last lines:\n {2}one\n {2}two$/);
		await expect.poll(async () => Object.entries(await archon.status()).map(([name, {status}]) => `${name} ${status}`).toSorted())
			.toEqual(['db running', 'gone running', 'web running']);
		expect((await pids(archon))['db']).not.toBe(before['db']);
		expect((await archon.ctl('config')).stdout).not.toContain('fresh');
		expect((await archon.ctl('plan')).stdout).toMatch(/^! the last reload was undone: web: exited before it was ready \(exit status 7\)\n\+ fresh {2}added\n/);
		expect((await archon.ctl('status')).stdout).toContain('its new config was undone');
		expect(archon.log()).toMatch(/error: the reload has failed: web: .*; putting the config before it back in force/);
	});

	test('is no more than a reload where all become ready', async () => {
		await using archon = await boot({config: text({web: steady})});
		await archon.says(/started web/);
		rewrite(archon, {web: {command: ['sh', '-c', 'echo up; exec sleep 1000000'], ready: {log: 'up'}}});
		expect(await archon.ctl('reload', '--rollback')).toMatchObject({status: 0, stdout: 'config reloaded: 1 restarted (web), 0 unchanged'});
		expect((await archon.ctl('status', 'web')).stdout).not.toContain('undone');
	});

	test('puts it back as well when PID 1 has crashed meanwhile', async () => {
		await using archon = await boot({config: text({web: steady, db: steady})});
		await archon.says(/started db/);
		const before = await pids(archon);
		const slow = {command: ['sh', '-c', 'trap "exit 3" TERM; echo trying; while :; do sleep 0.05; done'], ready: {log: 'never'}};
		rewrite(archon, {web: slow, db: steady});
		const asked = archon.ctl('reload', '--rollback', '--timeout', '60');
		await archon.says(/web +\| trying/);
		archon.signal('SIGSEGV');
		await archon.says(/was re-executed/);
		// The client cannot know what becomes of it; archon does.
		expect(await asked).toMatchObject({status: 111});
		await archon.ctl('signal', 'TERM', 'web');
		await archon.says(/putting the config before it back in force[^]*the config before the reload is back in force/);
		await expect.poll(async () => (await archon.status())['web']).toMatchObject({status: 'running'});
		expect(await pids(archon)).toMatchObject({db: before['db']});
		expect((await archon.ctl('config', 'web')).stdout).toContain('sleep 1000000');
	});

	test('further reloads wait until it is over', async () => {
		await using archon = await boot({config: text({web: steady})});
		await archon.says(/started web/);
		rewrite(archon, {web: {command: ['sh', '-c', 'echo trying; exec sleep 1000000'], ready: {log: 'never'}}});
		const tried = archon.ctl('reload', '--rollback', '--timeout', '1.5');
		await archon.says(/trying/);
		rewrite(archon, {web: steady, more: steady});
		archon.signal('SIGHUP');
		const [reloaded, other] = [archon.ctl('reload'), archon.ctl('reload')];
		expect((await tried).stderr).toContain('web did not become ready within 1.5 s');
		expect([(await reloaded).status, (await other).status]).toEqual([0, 0]);
		expect(Object.keys(await archon.status()).toSorted()).toEqual(['more', 'web']);
	});

	test('a shutdown ends it', async () => {
		await using archon = await boot({config: text({web: steady})});
		await archon.says(/started web/);
		rewrite(archon, {web: {command: ['sh', '-c', 'echo trying; exec sleep 1000000'], ready: {log: 'never'}}});
		const tried = archon.ctl('reload', '--rollback');
		await archon.says(/trying/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect((await tried).status).not.toBe(0);
	});
});

describe('watch_config', () => {
	const top = {watch_config: '50ms'};

	test('a file that is replaced, written in place, or reached by another link is read again', async () => {
		await using archon = await boot({config: text({one: steady}, top)});
		const path = (name: string): string => join(archon.folder, name);
		await archon.says(/started one/);
		const before = await pids(archon);
		writeFileSync(path('next'), text({one: steady, two: steady}, top));
		renameSync(path('next'), path('archon.yaml'));
		await archon.says(/started two[^]*1 added \(two\)/);
		rewrite(archon, {one: steady, three: steady}, top);
		await archon.says(/1 added \(three\), 1 removed \(two\)/);
		// As kubelet does it: the file is a link to ..data/…, and ..data is a link that is replaced.
		for (const [version, name] of [['..v1', 'four'], ['..v2', 'five']] as const) {
			mkdirSync(path(version));
			writeFileSync(join(path(version), 'archon.yaml'), text({one: steady, [name]: steady}, top));
		}
		symlinkSync('..v1', path('..data'));
		symlinkSync('..data/archon.yaml', path('link'));
		renameSync(path('link'), path('archon.yaml'));
		await archon.says(/1 added \(four\), 1 removed \(three\)/);
		symlinkSync('..v2', path('..tmp'));
		renameSync(path('..tmp'), path('..data'));
		await archon.says(/1 added \(five\), 1 removed \(four\)/);
		expect((await pids(archon))['one']).toBe(before['one']);
	});

	test('half a file changes nothing, and the whole one is taken; other files beside it do not count', async () => {
		await using archon = await boot({config: text({one: steady}, top)});
		const path = join(archon.folder, 'archon.yaml');
		await archon.says(/started one/);
		writeFileSync(path, '{"services": {"one": ');
		await archon.says(/error: cannot reload the config: .*; nothing has changed/);
		writeFileSync(join(archon.folder, 'other.yaml'), 'x');
		rewrite(archon, {one: steady, two: steady}, top);
		await archon.says(/1 added \(two\)/);
		rmSync(path);
		await archon.says(/cannot read .*archon.yaml: No such file or directory; nothing has changed/i);
		rewrite(archon, {one: steady}, {});
		await archon.says(/1 removed \(two\).*; also changed: watch_config/);
		expect(archon.log().match(/cannot reload/g)).toHaveLength(2);
		// From here on it is not watched.
		expect(readFileSync(`/proc/${archon.pid}/comm`, 'utf8')).toBe('archon\n');
	});

	test('included files count, and the one that was tried in vain is not tried again', async () => {
		await using archon = await boot({config: text({one: steady})});
		await archon.says(/started one/);
		writeFileSync(join(archon.folder, 'part.yaml'), text({two: steady}));
		rewrite(archon, {one: steady}, {...top, include: ['part.yaml']});
		expect((await archon.ctl('reload')).stdout).toContain('also changed: watch_config');
		writeFileSync(join(archon.folder, 'part.yaml'), text({three: steady}));
		await archon.says(/1 added \(three\), 1 removed \(two\)/);
		const bad = {command: ['sh', '-c', 'exit 1'], ready: {log: 'never'}};
		// Either is first: the other one finds that this was read already, and put back.
		writeFileSync(join(archon.folder, 'part.yaml'), text({three: bad}));
		await archon.ctl('reload', '--rollback');
		writeFileSync(join(archon.folder, 'part.yaml'), text({four: steady}));
		await archon.says(/1 added \(four\)/);
	});

	test('where no more can be watched this is said once, and the config is looked at from time to time', async () => {
		await using archon = await boot({
			config: text({one: steady}, top), isInit: false,
			wrapper: ['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 0 >/proc/sys/user/max_inotify_instances; exec "$@"', 'sh'],
		});
		await archon.says(/warn: cannot watch the config: .* \(.*max_user_instances\); it is read every 10 s instead/);
		rewrite(archon, {one: steady, two: steady}, top);
		await archon.says(/config reloaded: 1 added \(two\), 1 unchanged/);
		expect(archon.log().match(/cannot watch/g)).toHaveLength(1);
	});

	test('a file that is mounted by itself is seen where it is written in place, and a line says what is not', async () => {
		await using archon = await boot({
			config: text({one: steady}, top), wrapper: ['unshare', '--mount', 'sh', '-c', 'mount --bind "$3" "$3"; exec "$@"', 'sh'],
		});
		await archon.says(/warn: .*archon.yaml is mounted by itself, .*: mount its directory/);
		rewrite(archon, {one: steady, two: steady}, top);
		await archon.says(/1 added \(two\)/);
	});

	test('goes on in the next instance', async () => {
		await using archon = await boot({config: text({one: steady}, top)});
		await archon.says(/started one/);
		archon.signal('SIGSEGV');
		await archon.says(/was re-executed/);
		rewrite(archon, {one: steady, two: steady}, top);
		await archon.says(/1 added \(two\)/);
	});
});
