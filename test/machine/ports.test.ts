/** Ports as the machine has them: numbers that no two services share, and services that wait for a port that others hold. */
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

/** In a network of its own: what listens elsewhere on this machine is not in the way. */
const ALONE = ['unshare', '--net', 'sh', '-c', 'ip link set lo up 2>/dev/null; exec "$@"', 'sh'];

const isRoot = process.getuid?.() === 0;

const list = async (archon: Archon): Promise<Record<string, number | null>> => {
	const ports = JSON.parse((await archon.ctl('ports', '--json')).stdout) as {name: string; port: number | null}[];
	return Object.fromEntries(ports.map(({name, port}) => [name, port]));
};

const noteOf = async (archon: Archon, name: string): Promise<string> => {
	const services = JSON.parse((await archon.ctl('status', '--json')).stdout) as {name: string; note: string}[];
	return services.find(each => each.name === name)?.note ?? '';
};

/** A process in archon's network that listens at a port until it is told to end. */
async function listenAt(archon: Archon, port: number): Promise<() => void> {
	const child = execa('nsenter', ['-t', String(archon.pid), '-n', '-p', 'python3', '-c', `
import socket, sys
s = socket.socket(); s.bind(('127.0.0.1', ${port})); s.listen(); print('bound', flush=True); sys.stdin.read()
`], {buffer: false, reject: false});
	await new Promise<void>(resolve => child.stdout.once('data', () => resolve()));
	return () => child.stdin.end();
}

test.runIf(isRoot)('each service finds its own port in its variables, and keeps it across a restart, a reload and re-execution', async () => {
	await using archon = await boot({wrapper: ALONE, config: `ports: {range: 20100-20109, reserve: {web.admin: 20105}}
services:
  web: {command: [sh, -c, 'echo web has $$PORT_HTTP $$PORT_ADMIN; exec sleep 1000000'], ports: [{name: http}, {name: admin}]}
  db: {command: [sh, -c, 'echo db has $$PORT_SQL; exec sleep 1000000'], scale: 2, ports: [{name: sql, port: auto}]}
`});
	await archon.says(/web +\| web has 20100 20105/);
	await expect.poll(() => list(archon)).toEqual({'web.http': 20_100, 'web.admin': 20_105, 'db:0.sql': 20_101, 'db:1.sql': 20_102});
	const before = await list(archon);
	await archon.ctl('restart', 'web');
	await archon.says(/web has 20100 20105[^]*web has 20100 20105/);
	await archon.ctl('reload');
	await archon.ctl('upgrade');
	expect(await list(archon)).toEqual(before);
	expect((await archon.ctl('ports', 'alloc', 'tool', 'debug')).stdout).toBe('20103');
	await archon.ctl('restart', 'all');
	await archon.says(/(web has 20100 20105[^]*){3}/);
	expect(await list(archon)).toEqual({...before, 'tool.debug': 20_103});
});

test.runIf(isRoot)('commands beside the main process are told of the ports as well', async () => {
	await using archon = await boot({wrapper: ALONE, config: `services:
  web:
    command: sleep 1000000
    ports: [{name: http}, {name: admin, port: 8081}]
    post_start: ['sh -c "echo hook has $$PORT_HTTP $$PORT_ADMIN"']
    healthcheck: {test: [CMD-SHELL, 'test "$$PORT_HTTP $$PORT_ADMIN" = "20000 8081"'], interval: 100ms}
`});
	await archon.says(/hook has 20000 8081/);
	await archon.says(/web is healthy/);
});

test.runIf(isRoot)('a service waits for a port that a stranger holds, names it, and starts as soon as it is free', async () => {
	await using archon = await boot({wrapper: ALONE, config: `services:
  web: {command: [sh, -c, 'echo web has $$PORT_HTTP; exec sleep 1000000'], autostart: false, ports: [{name: http, port: 8080}]}
  other: {command: sleep 1000000}
`});
	await archon.says(/started other/);
	const free = await listenAt(archon, 8080);
	const start = archon.ctl('start', 'web');
	await archon.says(/web waits for port 8080, which is held by python3 \(pid \d+\)/);
	await expect.poll(() => noteOf(archon, 'web')).toMatch(/^waiting: port 8080 is held by python3 \(pid \d+\)$/);
	expect((await archon.ctl('why', 'web')).stdout).toMatch(/it starts when port 8080 is free, which is held by python3/);
	free();
	await archon.says(/web has 8080/);
	expect((await start).status).toBe(0);
	expect((await archon.status())['web']).toMatchObject({status: 'running', restarts: 0});
	expect(archon.log().match(/waits for port/g)).toHaveLength(1);
});

test.runIf(isRoot)('a port that a client has is waited for until it is freed; what runs has its own, and what is taken is refused', async () => {
	await using archon = await boot({wrapper: ALONE, config: `services:
  web: {command: sleep 1000000, autostart: false, ports: [{name: http, port: 8080}]}
  auto: {command: sleep 1000000, ports: [{name: http}]}
`});
	await archon.says(/started auto/);
	expect((await archon.ctl('ports', 'alloc', 'tool', 'debug', '8081')).stdout).toBe('8081');
	expect((await archon.ctl('ports', 'alloc', 'tool', 'debug')).stdout).toBe('8081');
	expect((await archon.ctl('ports', 'alloc', 'auto', 'http')).stdout).toBe('20000');
	expect((await archon.ctl('ports', 'alloc', 'tool', 'two', '8080')).stderr).toContain('port 8080 is held by web.http');
	expect((await archon.ctl('ports', 'alloc', 'tool', 'two', '8081')).stderr).toContain('port 8081 is held by tool.debug');
	expect((await archon.ctl('ports', 'free', '20000')).stderr).toContain('port 20000 is auto.http\'s, and auto runs');
	expect((await archon.ctl('ports', 'free', '8080')).stderr).toContain('port 8080 is web.http\'s, as the config says');
	expect((await archon.ctl('ports', 'free', '8081')).status).toBe(0);
	expect((await archon.ctl('ports', 'free', '8081')).stderr).toContain('port 8081 is given to nothing');
	const free = await listenAt(archon, 8082);
	expect((await archon.ctl('ports', 'alloc', 'tool', 'two', '8082')).stderr).toMatch(/port 8082 is held by python3 \(pid \d+\)/);
	free();
});

test.runIf(isRoot)('a port of the range that a stranger has bound is passed over', async () => {
	await using archon = await boot({wrapper: ALONE, config: `ports: {range: 20000-20001}
services:
  web: {command: [sh, -c, 'echo web has $$PORT_HTTP; exec sleep 1000000'], autostart: false, ports: [{name: http}]}
  db: {command: [sh, -c, 'exec sleep 1000000'], autostart: false, ports: [{name: sql}]}
  other: {command: sleep 1000000}
`});
	await archon.says(/started other/);
	const free = await listenAt(archon, 20_000);
	await archon.ctl('start', 'web');
	await archon.says(/web has 20001/);
	expect((await archon.ctl('ports', 'alloc', 'tool', 'x')).stderr).toContain('no port from 20000 to 20001 is free');
	free();
	await expect.poll(async () => (await archon.ctl('ports', 'alloc', 'tool', 'x')).stdout).toBe('20000');
});
