/** Rules in Lua: what they are told and what comes of it, in a helper of its own user; and what each kind of bomb costs. */
import {execa} from 'execa';
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';

const HELPER = 'archon.rules';

/** A folder that every user may read, with a file of rules. */
function ruleFile(text: string, name = 'rules.lua'): string {
	const folder = mkdtempSync(join(tmpdir(), 'archon-rules-'));
	chmodSync(folder, 0o755);
	const file = join(folder, name);
	writeFileSync(file, text, {mode: 0o644});
	return file;
}

const withRules = (text: string, services: string, more = ''): {readonly config: string; readonly file: string} => {
	const file = ruleFile(text);
	return {file, config: `rules: {lua: ${file}${more}}\nservices:\n${services}`};
};

/** The helper's pid as this machine sees it. */
async function helper(archon: Archon, but = 0): Promise<number> {
	const space = readlinkSync(`/proc/${archon.pid}/ns/pid`);
	const isIt = (pid: string): boolean => {
		try {
			return readFileSync(`/proc/${pid}/comm`, 'utf8') === `${HELPER}\n` && readlinkSync(`/proc/${pid}/ns/pid`) === space;
		} catch {
			return false;
		}
	};
	let pid = 0;
	await expect.poll(() => (pid = Number(readdirSync('/proc').find(name => /^\d+$/.test(name) && isIt(name)) ?? 0)) > 0 && pid !== but, {timeout: 20_000}).toBe(true);
	return pid;
}

interface Listed {
	readonly name: string;
	readonly state: string;
	readonly done: number;
	readonly failed: number;
	readonly error: string;
}

async function list(archon: Archon): Promise<Readonly<Record<string, Listed>>> {
	const {stdout, stderr} = await archon.ctl('rules', '--json');
	expect(stderr).toBe('');
	return Object.fromEntries((JSON.parse(stdout) as Listed[]).map(rule => [rule.name, rule]));
}

const SLEEPER = '"sleep 1000000"';

test('a rule is told how a service has ended, and what it asks for is done: start, run, signal, log', async () => {
	const {config} = withRules(`
archon.rule{
  name = "threes", match = "web", event = "exited",
  when = function(e) return e.code == 3 end,
  action = function(e)
    archon.log("web has ended with " .. e.code .. ", it was " .. e.previous, "warn")
    archon.run{"sh", "-c", "echo ran for $ARCHON_SERVICE $ARCHON_EVENT $ARCHON_EXIT_CODE"}
    archon.start("other")
  end,
}
archon.rule{name = "ready", match = "other", event = "ready", action = function() archon.signal("deaf", "USR1") end}
`, `  web: {command: "sh -c 'sleep 0.2; exit 3'", restart: no}
  other: {command: ${SLEEPER}, autostart: false}
  deaf: {command: "sh -c 'trap \\"echo got USR1\\" USR1; while :; do sleep 0.05; done'"}
`);
	await using archon = await boot({config});
	await archon.says(/archon\.rules \| warn: threes: web has ended with 3, it was running/);
	await archon.says(/ran for web exited 3/);
	await archon.says(/starting other: exited of web \(rule threes\)/);
	await archon.says(/deaf +\| got USR1/);
	expect(await list(archon)).toMatchObject({threes: {state: 'enabled', done: 1, failed: 0}, ready: {done: 1}});
});

test('a signal, an instance and a whole name; a restart is bounded by its rate', async () => {
	const {config} = withRules(`
archon.rule{name = "killed", match = "many:.*", event = "exited", action = function(e)
  print(e.service, e.instance, e.signal, e.code, e.pid ~= nil)
end}
archon.rule{name = "endless", match = "again", event = "ready", action = function(e) archon.restart(e.service) end}
`, `  many: {command: ${SLEEPER}, scale: 2}
  again: {command: "sh -c 'trap exit TERM; sleep 1000000 & wait'"}
`);
	await using archon = await boot({config});
	await archon.says(/suspended: rule endless acts too often/);
	expect((await archon.ctl('signal', 'KILL', 'many:1')).status).toBe(0);
	await archon.says(/killed: many:1\t1\tKILL\tnil\ttrue/);
});

test('lines of services, but not its own; and timers', async () => {
	const {config} = withRules(`
archon.rule{name = "lines", match = "web", line = "out of memory", action = function(e) print("heard " .. e.line) archon.start("other") end}
archon.rule{name = "all", event = "log", action = function(e) print("again " .. e.line) end}
archon.rule{name = "tick", every = 1, action = function(e) archon.set("ticks", (archon.get("ticks") or 0) + 1) print("tick " .. archon.get("ticks")) end}
`, `  web: {command: "sh -c 'while :; do echo fatal: out of memory; sleep 1; done'"}
  other: {command: ${SLEEPER}, autostart: false}
`);
	await using archon = await boot({config});
	await archon.says(/lines: heard fatal: out of memory/);
	await archon.says(/all: again fatal: out of memory/);
	await archon.says(/starting other: log of web \(rule lines\)/);
	await archon.says(/tick: tick 2/);
	expect(archon.log()).not.toMatch(/again.*(again|heard|tick)/);
});

test('a file that is written, or another one in its place, and a folder: once for each change', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'archon-rules-'));
	chmodSync(folder, 0o755);
	const [file, below] = [join(folder, 'a.conf'), join(folder, 'below')];
	writeFileSync(file, '1', {mode: 0o644});
	mkdirSync(below, {mode: 0o755});
	const {config} = withRules(`
archon.rule{name = "file", path = "${file}", action = function(e) print("changed", e.path) archon.restart("web") end}
archon.rule{name = "folder", path = "${below}", event = "file", action = function(e) print("below") end}
archon.rule{name = "up", event = "ready", match = "web", action = function() print("web is up") end}
`, `  web: {command: ${SLEEPER}}\n`);
	await using archon = await boot({config});
	await archon.says(/up: web is up/);
	writeFileSync(file, 'another text');
	await archon.says(/file: changed\t.*a\.conf/);
	await archon.says(/restarting web: file \(rule file\)/);
	writeFileSync(join(folder, 'new'), 'moved');
	renameSync(join(folder, 'new'), file);
	await expect.poll(() => archon.log().match(/file: changed/g)?.length, {timeout: 20_000}).toBe(2);
	writeFileSync(join(below, 'x'), '');
	await archon.says(/folder: below/);
	expect(archon.log().match(/folder: below/g)).toHaveLength(1);
});

test('a port at which something begins to listen, and ends to', async () => {
	const port = 23_917;
	const {config} = withRules(`
archon.rule{name = "port", port = ${port}, action = function(e) print("port", e.port, e.open) end}
archon.rule{name = "up", event = "ready", match = "web", action = function() print("web is up") end}
`, `  web: {command: ${SLEEPER}}\n`);
	await using archon = await boot({config});
	await archon.says(/up: web is up/);
	const server = createServer().listen(port, '127.0.0.1');
	await archon.says(new RegExp(`port: port\t${port}\ttrue`));
	server.close();
	await archon.says(new RegExp(`port: port\t${port}\tfalse`));
	expect((await archon.ctl('rules', 'test', 'port', 'event=port', `port=${port}`, 'open=true')).stdout).toContain(`print port\t${port}\ttrue`.replaceAll('\t', ' '));
});

test('a rule makes a dependency, once; and none on a path, or with a command', async () => {
	const {config} = withRules(`
archon.rule{name = "deps", event = "ready", match = "web", action = function()
  archon.depend("web", "db", {on = "exit", action = "restart"})
  archon.depend("web", "path:/etc/shadow", {on = "change"})
  archon.depend("web", "db", {action = "run:/bin/id"})
  archon.depend("web", "nosuch")
  archon.depend("web", "web", {order = "start"})
end}
`, `  web: {command: ${SLEEPER}, after: [db]}\n  db: {command: ${SLEEPER}, restart: always}\n`);
	await using archon = await boot({config});
	await archon.says(/deps: archon.depend: no service is called nosuch/);
	await archon.says(/deps: archon.depend: a path takes the role admin/);
	await archon.says(/deps: archon.depend: run takes the role admin/);
	await archon.says(/deps: archon.depend: web -> web is a circle/);
	await archon.ctl('restart', 'db');
	await archon.says(/restarting web: db/);
	await archon.says(/deps: archon.depend: no service is called nosuch[^]*deps: archon.depend: no service is called nosuch/);
	expect((await archon.ctl('deps', 'show')).stdout.match(/web -> db/g)).toHaveLength(1);
});

test('the helper has no rights: a user of its own, no capabilities, no environment, and PID 1 has no Lua', async () => {
	const {config} = withRules('archon.rule{name = "r", event = "ready", action = function() end}', `  web: {command: ${SLEEPER}}\n`);
	await using archon = await boot({config});
	const pid = await helper(archon);
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const field = (name: string): string => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1] ?? '';
	if (process.getuid?.() === 0) expect([field('Uid'), field('Gid')]).toEqual(['65523\t65523\t65523\t65523', '65523\t65523\t65523\t65523']);
	for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(field(set), set).toBe('0'.repeat(16));
	expect(field('NoNewPrivs')).toBe('1');
	expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toMatch(/PATH=/);
});

/** What a rule that is told of each of the services runs says of itself. */
async function seats(more: string): Promise<(name: string) => string | undefined> {
	const command = '{"sh", "-c", "echo seat $ARCHON_SERVICE: $(id -u) $(id -G) nnp=$(grep NoNewPrivs /proc/self/status | tr -dc 0-9) secret=$SECRET own=$OWN"}';
	const {config} = withRules(`
archon.rule{name = "spy", event = "ready", match = "of-.*", action = function(e) archon.run${command} end}
archon.rule{name = "of none", every = 1, action = function(e) archon.run${command} end}
`, `  of-root: {command: ${SLEEPER}, environment: {SECRET: r}}
  of-zero: {command: ${SLEEPER}, user: "0:0", environment: {SECRET: z}, cap_add: [NET_ADMIN]}
  of-nulls: {command: ${SLEEPER}, user: "00", environment: {SECRET: n}}
  of-user: {command: ${SLEEPER}, user: "1234:1235", environment: {SECRET: u}}
`, more);
	const archon = await boot({config, env: {OWN: 'mine'}});
	await using _ = archon;
	for (const name of ['of-root', 'of-zero', 'of-nulls', 'of-user', 'archon']) await archon.says(new RegExp(`seat ${name}: .*own=`));
	return name => new RegExp(`seat ${name}: (.*)`).exec(archon.log())?.[1];
}

test.runIf(process.getuid?.() === 0)('a command of a rule is never root\'s, has nothing of root\'s services, and no way up', async () => {
	const seat = await seats('');
	for (const name of ['of-root', 'of-zero', 'of-nulls', 'archon']) expect(seat(name), name).toBe('65523 65523 nnp=1 secret= own=');
	expect(seat('of-user')).toBe('1234 1235 nnp=0 secret=u own=mine');
});

test.runIf(process.getuid?.() === 0)('unless run_as says who it is; as another than the service it has none of its variables', async () => {
	const [asRoot, asOther] = [await seats(', run_as: root'), await seats(', run_as: "1236:1236"')];
	expect(asRoot('of-root')).toMatch(/^0 .*nnp=0 secret=r own=mine$/);
	expect(asRoot('of-user')).toMatch(/^0 .*nnp=0 secret= own=$/);
	for (const name of ['of-root', 'of-zero', 'of-user', 'archon']) expect(asOther(name), name).toBe('1236 1236 nnp=0 secret= own=');
});

test('a loop, a memory bomb, a storm of pcalls, a pattern that backtracks and what must be cut off each cost one event', async () => {
	const bombs = {
		loop: 'while true do end',
		memory: 'local t = {} while true do t[#t + 1] = ("x"):rep(1e6) .. #t end',
		storm: 'while true do pcall(function() while true do end end) end',
		pattern: 'string.find(("a"):rep(5000), ".-.-.-.-.-b")',
		cut: '(""):rep(1e18)',
	};
	const rules = Object.entries(bombs).map(([name, text]) =>
		`archon.rule{name = "${name}", match = "${name}", event = "ready", action = function() ${text} end}`).join('\n');
	const services = Object.keys(bombs).map(name => `  ${name}: {command: ${SLEEPER}}\n`).join('');
	const {config} = withRules(
		`${rules}\narchon.rule{name = "good", event = "ready", action = function(e) archon.set("n", (archon.get("n") or 0) + 1) print("good " .. archon.get("n")) end}`,
		services,
	);
	await using archon = await boot({config});
	const pid = await helper(archon);
	await archon.says(/good: good 5/);
	const listed = await list(archon);
	for (const name of Object.keys(bombs)) expect(listed[name], name).toMatchObject({state: 'enabled', done: 0, failed: 1});
	expect(listed['good']).toMatchObject({done: 5, failed: 0});
	expect([listed['loop']?.error, listed['memory']?.error, listed['cut']?.error]).toEqual([
		expect.stringMatching(/took more than 250 ms: rules\.lua:1: it takes too long/), expect.stringMatching(/needs more than 16384 KiB of memory/),
		expect.stringMatching(/had to be cut off/),
	]);
	// The very same process.
	expect(await helper(archon)).toBe(pid);
	for (const name of Object.keys(bombs)) expect((await archon.status())[name]).toMatchObject({status: 'running', restarts: 0});
});

test('five failures in a row disable a rule, which is told; a reload of rules enables it', async () => {
	const {config, file} = withRules(
		'archon.rule{name = "bad", event = "exited", match = "web", action = function() error("no") end}',
		'  web: {command: "sh -c \'sleep 0.05; exit 1\'", restart: {policy: always, delay: 10ms}}\n',
	);
	await using archon = await boot({config});
	await archon.says(/bad: disabled, as it has failed 5 times in a row: archonctl rules reload enables it again/);
	expect(await list(archon)).toMatchObject({bad: {state: 'disabled', failed: 5, error: 'rules.lua:1: no'}});
	expect((await archon.ctl('rules')).stdout).toMatch(/bad +disabled +0 +5 +exited +web .*\n.*its last error: rules\.lua:1: no/);
	expect((await archon.ctl('events')).stdout).toMatch(/rule-disabled/);
	writeFileSync(file, 'archon.rule{name = "bad", event = "exited", match = "web", action = function() print("better") end}');
	expect((await archon.ctl('rules', 'reload')).status).toBe(0);
	await archon.says(/bad: better/);
	expect(await list(archon)).toMatchObject({bad: {state: 'enabled', failed: 0}});
	writeFileSync(file, 'x = = 1');
	const broken = await archon.ctl('rules', 'reload');
	expect(broken).toMatchObject({status: 1, stdout: expect.stringMatching(/is not in force: rules\.lua:1: unexpected symbol near '='/)});
});

test('a rule is tried with an event that is made up, and nothing of it is done', async () => {
	const {config} = withRules(`
archon.rule{name = "a", event = "exited", match = "web", when = function(e) return e.code > 2 end, action = function(e)
  archon.set("n", 1) archon.restart(e.service) archon.run("echo x") print(archon.get("n"))
end}
archon.rule{name = "b", event = "exited", action = function(e) error("broken") end}
`, `  web: {command: ${SLEEPER}}\n`);
	await using archon = await boot({config});
	await helper(archon);
	await expect.poll(async () => (await archon.ctl('rules')).stdout).toMatch(/^a /m);
	expect(await archon.ctl('rules', 'test', 'a', 'event=exited', 'service=web', 'code=3')).toMatchObject({
		status: 0, stdout: 'a: done\n  set n to 1\n  restart web\n  run echo x\n  print 1',
	});
	expect((await archon.ctl('rules', 'test', 'event=exited', 'service=web', 'code=1')).stdout).toBe('a: not meant, says when\nb: failed: rules.lua:5: broken');
	expect(await archon.ctl('rules', 'test', 'none', 'event=exited')).toMatchObject({status: 1, stderr: expect.stringMatching(/there is no rule none/)});
	expect((await archon.ctl('rules', 'test', 'a')).status).toBe(100);
	expect((await archon.status())['web']).toMatchObject({restarts: 0, status: 'running'});
	expect(await list(archon)).toMatchObject({a: {done: 0}, b: {failed: 0}});
});

test('a helper that does not answer is killed, named and started again, with what rules had kept', async () => {
	const {config} = withRules(
		'archon.rule{name = "count", event = "ready", match = "web", action = function() archon.set("n", (archon.get("n") or 0) + 1) print("count " .. archon.get("n")) end}',
		`  web: {command: ${SLEEPER}}\n`, ', deadline: 10ms',
	);
	await using archon = await boot({config});
	await archon.says(/count: count 1/);
	const pid = await helper(archon);
	process.kill(pid, 'SIGSTOP');
	await archon.ctl('restart', 'web');
	await archon.says(/archon\.rules has not answered for [\d.]+ s at the event [a-z]+ of web: it is killed, and starts again without that event/);
	await helper(archon, pid);
	await expect.poll(async () => (await archon.ctl('rules')).stdout, {timeout: 20_000}).toMatch(/^count /m);
	await archon.ctl('restart', 'web');
	await archon.says(/count: count [23]/);
}, 60_000);

test('PID 1 is re-executed: rules and what they keep go on, and no event is told twice', async () => {
	const {config} = withRules(
		'archon.rule{name = "count", event = "ready", match = "web", action = function() archon.set("n", (archon.get("n") or 0) + 1) print("count " .. archon.get("n")) end}',
		`  web: {command: ${SLEEPER}}\n`,
	);
	await using archon = await boot({config});
	await archon.says(/count: count 1/);
	const pid = await helper(archon);
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed/);
	await expect.poll(async () => (await archon.ctl('rules')).stdout, {timeout: 20_000}).toMatch(/^count /m);
	await archon.ctl('restart', 'web');
	await archon.says(/count: count 2/);
	expect(await helper(archon)).toBe(pid);
	expect(archon.log().match(/count: count/g)).toHaveLength(2);
});

test('a reload of the config takes rules away, brings them back, and reads files that have changed', async () => {
	const {config, file} = withRules('archon.rule{name = "one", event = "ready", action = function(e) print("one " .. e.service) end}', `  web: {command: ${SLEEPER}}\n`);
	await using archon = await boot({config});
	await archon.says(/one: one web/);
	const path = join(archon.folder, 'archon.yaml');
	writeFileSync(file, 'archon.rule{name = "two", event = "ready", action = function(e) print("two " .. e.service) end}');
	expect((await archon.ctl('reload')).status).toBe(0);
	await expect.poll(async () => (await archon.ctl('rules')).stdout).toMatch(/^two /m);
	await archon.ctl('restart', 'web');
	await archon.says(/two: two web/);
	writeFileSync(path, config.replace(/^rules: .*\n/, ''));
	expect((await archon.ctl('reload')).stdout).toMatch(/rules/);
	expect(await archon.ctl('rules')).toMatchObject({status: 1, stderr: expect.stringMatching(/the config has no rules/)});
	await expect.poll(async () => Object.keys(await archon.status())).toEqual(['web']);
	writeFileSync(path, config);
	expect((await archon.ctl('reload')).status).toBe(0);
	await expect.poll(async () => (await archon.ctl('rules')).stdout).toMatch(/^two /m);
	await archon.ctl('restart', 'web');
	await expect.poll(() => archon.log().match(/two: two web/g)?.length).toBe(2);
});

test('of an event rules are told once, whether archon is upgraded or rebooted', {timeout: 120_000}, async () => {
	const {config} = withRules(
		'archon.rule{name = "told", match = "web", event = "completed", action = function(e) archon.log("of " .. e.time) end}',
		'  web: {command: "true", type: oneshot, restart: no}\n  other: {command: sleep 1000000}\n',
	);
	await using archon = await boot({config});
	const told = (): readonly string[] => archon.log().match(/told: of \d+/g) ?? [];
	const tells = (count: number) => expect.poll(() => told().length, {timeout: 30_000}).toBeGreaterThanOrEqual(count);
	await tells(1);
	await archon.ctl('start', 'web');
	await tells(2);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await archon.ctl('start', 'web');
	await tells(3);
	expect((await archon.ctl('reboot')).status).toBe(0);
	await tells(4);
	await archon.ctl('start', 'web');
	await tells(5);
	expect(told()).toHaveLength(5);
	expect(new Set(told()).size).toBe(5);
	expect(archon.log()).not.toMatch(/were not told of/);
});

test('what scripts say is bounded, and cannot stop PID 1', async () => {
	const {config} = withRules(
		'archon.rule{name = "loud", event = "ready", action = function() for i = 1, 1e5 do print(("x"):rep(200) .. i) end end}',
		`  web: {command: ${SLEEPER}}\n  later: {command: ${SLEEPER}, depends_on: [web]}\n`,
	);
	await using archon = await boot({config});
	await archon.says(/\d+ lines of rules were not said: there were too many/);
	expect(archon.log().length).toBeLessThan(200_000);
	expect(Object.keys(await archon.status())).toContain('later');
});

test('archon check tells what is no Lua, with file, line and the line itself', async () => {
	const file = ruleFile('archon.rule{\n  event = "exited"\n  action = print,\n}\n');
	const config = join(file, '../archon.yaml');
	writeFileSync(config, `rules: {lua: ${file}}\nservices: {web: {command: sleep 1}}\n`);
	const check = () => execa(ARCHON, ['check', config], {reject: false});
	const {exitCode, stderr} = await check();
	expect(exitCode).toBe(100);
	expect(stderr).toMatch(/rules\.lua:3:3: '}' expected \(to close '\{' at line 1\) near 'action'\n.*action = print,/);
	writeFileSync(file, 'archon.rule{event = "exited", action = print}\n');
	expect(await check()).toMatchObject({exitCode: 0});
	writeFileSync(config, `rules: {lua: ${join(file, '../no-*.lua')}}\nservices: {web: {command: sleep 1}}\n`);
	expect((await check()).stdout).toMatch(/note: rules\.lua: .*no-\*\.lua means no file now/);
	writeFileSync(config, `rules: {lua: ${join(file, '../none.lua')}}\nservices: {web: {command: sleep 1}}\n`);
	expect((await check()).stderr).toMatch(/rules\.lua: cannot read .*none\.lua/);
});

test('a file that others may write, or that the helper may not read, is not in force, and says so', async () => {
	const {config, file} = withRules('archon.rule{name = "r", event = "ready", action = function() archon.run("id") end}', `  web: {command: ${SLEEPER}}\n`);
	chmodSync(file, 0o666);
	await using archon = await boot({config});
	await archon.says(/rules\.lua: may be written by others than root/);
	if (process.getuid?.() !== 0) return;
	chmodSync(file, 0o600);
	await archon.ctl('rules', 'reload');
	await archon.says(/rules\.lua: cannot be read by the user of archon\.rules: permission denied/);
});
