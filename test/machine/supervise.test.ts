/** The executable as PID 1 of a namespace, with services that live and die. */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

/** The pids of every process in archon's PID namespace, as this machine sees them, and whether each is a zombie. */
function inhabitants(archon: Archon): {pid: number; isZombie: boolean}[] {
	const namespace = readlinkSync(`/proc/${archon.pid}/ns/pid`);
	return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
		try {
			if (readlinkSync(`/proc/${name}/ns/pid`) !== namespace) return [];
			return [{pid: Number(name), isZombie: readFileSync(`/proc/${name}/stat`, 'utf8').includes(') Z ')}];
		} catch {
			// A zombie has no namespace to show, and others are gone by now.
			return readsAsZombieOf(name, archon) ? [{pid: Number(name), isZombie: true}] : [];
		}
	});
}

function readsAsZombieOf(name: string, archon: Archon): boolean {
	try {
		const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
		return stat.includes(`) Z ${archon.pid} `);
	} catch {
		return false;
	}
}

const order = (text: string, ...patterns: RegExp[]): void => {
	const places = patterns.map(pattern => text.search(pattern));
	expect(places, text).not.toContain(-1);
	expect(places).toEqual(places.toSorted((a, b) => a - b));
};

test('services start in order, come back when killed, and stop in reverse; the others keep their pids', async () => {
	await using archon = await boot({config: `services:
  db: {command: sleep 1000000}
  migrate: {type: oneshot, command: sh -c 'echo migrated', depends_on: [db]}
  app:
    command: sleep 1000000
    depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_started}}
  proxy: {command: sleep 1000000, depends_on: [app]}
`});
	await archon.says(/started proxy/);
	order(archon.log(), /started db/, /started migrate/, /migrate completed/, /started app/, /started proxy/);
	const before = await archon.status();
	expect((await archon.ctl('signal', 'KILL', 'app')).status).toBe(0);
	await archon.says(/app was killed by SIGKILL; restart 1 of 8\n[^]*started app/);
	const after = await archon.status();
	expect(after['app']?.pid).not.toBe(before['app']?.pid);
	expect(['db', 'proxy'].map(name => after[name]?.pid)).toEqual(['db', 'proxy'].map(name => before[name]?.pid));
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	order(archon.log(), /shutting down: SIGTERM/, /stopped proxy/, /stopped app/, /stopped db/);
	expect(archon.log()).not.toMatch(/killing/);
});

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGPWR', 37] as const)('%s shuts down', async signal => {
	await using archon = await boot({config: 'services: {a: {command: sleep 1000000}}\n'});
	await archon.says(/started a/);
	archon.signal(signal);
	expect(await archon.ended()).toBe(0);
});

test('ten thousand double-forked orphans are reaped, and no service notices', async () => {
	await using archon = await boot({config: `services:
  steady: {command: sleep 1000000}
  forker:
    type: oneshot
    command:
      - perl
      - -e
      - 'for (1 .. 10000) { my $$p = fork; if (!$$p) { fork or exit 33; exit 0 } waitpid $$p, 0 }'
`});
	await archon.says(/started steady/);
	const {pid} = (await archon.status())['steady'] ?? {};
	await archon.says(/forker completed/);
	await expect.poll(() => inhabitants(archon).length).toBe(2);
	expect(inhabitants(archon).some(({isZombie}) => isZombie)).toBe(false);
	expect((await archon.status())['steady']).toMatchObject({pid, restarts: 0});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/archon \| reaped 10000 orphans/);
});

describe('services that are no good', () => {
	test('one that ignores SIGTERM is killed with its whole group when its grace is over', async () => {
		await using archon = await boot({config: `services:
  deaf: {command: sh -c 'trap "" TERM; sleep 1000000 & echo deaf; while :; do sleep 1000000; done', stop_grace_period: 300ms}
  other: {command: sleep 1000000}
`});
		await archon.says(/deaf +\| deaf/);
		expect((await archon.ctl('stop', 'deaf')).status).toBe(0);
		await archon.says(/stopped deaf/);
		order(archon.log(), /stopping deaf \(pid \d+\) with SIGTERM/, /killing deaf \(pid \d+\) with SIGKILL/, /stopped deaf \(SIGKILL\)/);
		await expect.poll(() => inhabitants(archon).length).toBe(2);
	});

	test('one that is stopped by SIGSTOP hears SIGTERM all the same', async () => {
		await using archon = await boot({config: 'services: {frozen: {command: sleep 1000000}}\n'});
		await archon.says(/started frozen/);
		await archon.ctl('signal', 'STOP', 'frozen');
		expect((await archon.ctl('stop', 'frozen')).status).toBe(0);
		await archon.says(/stopped frozen \(SIGTERM\)/);
	});

	test('one that cannot be executed is failed with stage and errno, and not tried again', async () => {
		await using archon = await boot({config: 'services: {bad: {command: ./x, working_dir: /no/where}, good: {command: sleep 1000000}}\n'});
		await archon.says(/error: cannot start bad: changing directory to \/no\/where: no such file or directory/);
		await archon.says(/started good/);
		expect((await archon.ctl('status', 'bad')).stdout).toMatch(/failed .*changing directory to \/no\/where: no such file or directory/);
		expect(archon.log().match(/bad/g)?.length).toBe(1);
	});

	test('one that crashes at once backs off and ends as failed', async () => {
		await using archon = await boot({config: `services:
  crasher: {command: 'false', restart: {policy: always, attempts: 4, delay: 10ms}}
  good: {command: sleep 1000000}
`});
		await archon.says(/crasher failed: exit status 1 after 4 restarts/);
		expect(archon.log().match(/started crasher/g)?.length).toBe(5);
		expect((await archon.status())['crasher']).toMatchObject({status: 'failed', restarts: 4});
	});

	test('what a service leaves in its process group ends before it starts again', async () => {
		await using archon = await boot({config: `services:
  parent: {command: "perl -e 'fork or do { sleep 1000000 }; print \\"both\\\\n\\"; sleep 1000000'"}
  other: {command: sleep 1000000}
`});
		await archon.says(/started parent/);
		await expect.poll(() => inhabitants(archon).length).toBe(4);
		await archon.ctl('signal', 'KILL', 'parent');
		await archon.says(/parent has stopped; restart 1/);
		await expect.poll(() => inhabitants(archon).length).toBe(4);
	});
});

describe('the end of the container', () => {
	test.each([
		['exit 7', 7, 'failed'], ['exit 0', 0, 'exited'], ['kill -9 $$$$', 137, 'failed'],
	])('an essential service that ends by %s decides its status', async (script, status, word) => {
		await using archon = await boot({config: `services:
  side: {command: sleep 1000000}
  main: {command: [sh, -c, '${script}'], essential: true}
`});
		expect(await archon.ended()).toBe(status);
		expect(archon.log()).toContain(`shutting down: main ${word}`);
	});

	test('whatever else lives is ended last, and SIGKILLed if it must be', async () => {
		await using archon = await boot({config: `services:
  a:
    # Nothing is left of what it would be known by.
    ulimits: {locks: 1000}
    command: sh -c 'env -i setsid sh -c "trap \\"\\" TERM; echo hidden; while :; do sleep 1000000; done" & sleep 1000000'
  b: {command: sleep 1000000}
`});
		await archon.says(/hidden/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(archon.log()).toMatch(/warn: killing the remaining processes with SIGKILL/);
	});

	test('a second signal skips the order, a third kills', async () => {
		await using archon = await boot({config: `services:
  low: {command: sh -c 'trap "" TERM; echo low; while :; do sleep 1000000; done'}
  high: {command: sh -c 'trap "" TERM; echo high; while :; do sleep 1000000; done', depends_on: [low]}
`});
		await archon.says(/\| high/);
		await archon.says(/\| low/);
		archon.signal('SIGTERM');
		await archon.says(/stopping high/);
		expect(archon.log()).not.toMatch(/stopping low/);
		archon.signal('SIGTERM');
		await archon.says(/stopping low/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		order(archon.log(), /shutting down: SIGTERM/, /stopping all services at once/, /killing all remaining services/);
	});

	test('a bad config ends it with 100, and every problem is told', async () => {
		await using archon = await boot({config: 'services:\n  a: {comand: x}\n  b: {command: y, depends_on: [c]}\n'});
		expect(await archon.ended()).toBe(100);
		expect(archon.log().trim().split('\n').length).toBe(2);
		expect(archon.log()).toMatch(/archon\.yaml:2:7: unknown key "comand".*did you mean "command"/);
	});
});

test('NODE_OPTIONS is the services\' business: PID 1 opens nothing, and they see it', async () => {
	await using archon = await boot({
		config: 'services: {a: {command: "sh -c \'echo got $$NODE_OPTIONS; kill -USR1 1; sleep 1000000\'"}, b: {command: sleep 1000000}}\n',
		env: {NODE_OPTIONS: '--inspect=0'},
	});
	await archon.says(/got --inspect=0/);
	await archon.says(/ignored SIGUSR1/);
	const opened = readdirSync(`/proc/${archon.pid}/fd`).filter(fd => Number(fd) > 2);
	const sockets = opened.flatMap(fd => {
		const link = readlinkSync(`/proc/${archon.pid}/fd/${fd}`);
		return link.startsWith('socket:') ? [link] : [];
	});
	// The control socket is all that it listens at.
	expect(sockets.length).toBe(1);
	expect(archon.log()).not.toMatch(/Debugger/);
});

test('beside other processes it adopts its orphans as a subreaper, and ends them and no others', async () => {
	await using bystander = await boot({config: 'services: {x: {command: sleep 1000000}}\n', isInit: false});
	await bystander.says(/started x/);
	await using archon = await boot({
		config: 'services: {a: {command: sh -c "setsid sleep 1234567 & echo; exec sleep 1000000"}, b: {command: sleep 1000000}}\n', isInit: false,
	});
	await archon.says(/a +\| \n/);
	expect((await archon.ctl('tree')).stdout).toMatch(/sleep 1234567/);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	const left = readdirSync('/proc').filter(name => {
		try {
			return readFileSync(`/proc/${name}/cmdline`, 'utf8') === 'sleep\x001234567\x00';
		} catch {
			return false;
		}
	});
	expect(left).toEqual([]);
	expect((await bystander.status())['x']?.status).toBe('running');
});
