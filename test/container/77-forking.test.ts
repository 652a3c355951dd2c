/** Servers that put themselves into the background, by the means that they come with. */
import {expect, it} from 'vitest';
import {boot, type Box, SAYS} from './harness.ts';

/** nginx by Debian's script; redis and php-fpm without a word on which process it is; cron with the file of its own. */
const config = `
services:
  nginx:
    type: forking
    pre_start: ["sed -i '/daemon off/d' /etc/nginx/nginx.conf"]
    command: /etc/init.d/nginx start
    pid_file: /run/nginx.pid
    ready: {http: http://127.0.0.1/health, interval: 100ms}
  redis:
    type: forking
    command: redis-server --daemonize yes --bind 127.0.0.1 --save '' --dir /var/lib/redis
    user: redis
    ready: {exec: redis-cli ping, interval: 100ms}
  php:
    type: forking
    command: php-fpm -D --fpm-config /etc/php/fpm.conf
    user: www-data
  cron: {type: forking, command: cron, pid_file: /run/crond.pid}
`;

const PROGRAMS = {nginx: 'nginx', redis: 'redis-server', php: 'php-fpm', cron: 'cron'};

/** The one process of this name whose parent is archon. */
const daemonOf = async (box: Box, program: string): Promise<number> =>
	Number(await box.sh(`for each in /proc/[0-9]*; do read -r pid name _ parent _ <$each/stat; [ "$name $parent" = '(${program}) 1' ] && echo $pid; done; :`));

it('finds the daemons, restarts them, keeps them over a fault of its own and stops them', async () => {
	await using box = await boot({image: 'stack', config, port: 80});
	const pids = new Map<string, number>();
	for (const [name, program] of Object.entries(PROGRAMS)) {
		const {pid} = await box.comesTo(name, 'running');
		expect(await daemonOf(box, program), name).toBe(pid);
		await box.sh(`kill -KILL ${pid}`);
		await expect.poll(async () => (await box.service(name)).restarts).toBe(1);
		const after = await box.comesTo(name, 'running');
		expect(after.pid, name).not.toBe(pid);
		expect(await daemonOf(box, program), name).toBe(after.pid);
		pids.set(name, after.pid ?? 0);
	}
	expect((await box.get('/health')).status).toBe(204);

	await box.sh('kill -SEGV 1');
	await box.says(/re-executed: 4 services keep running/);
	for (const [name, pid] of pids) expect(await box.service(name)).toMatchObject({status: 'running', pid, restarts: 1});

	await box.sh('archonctl stop php');
	expect(await daemonOf(box, PROGRAMS.php)).toBe(0);
	await box.sh('archonctl start php');
	expect(await daemonOf(box, PROGRAMS.php)).toBe((await box.service('php')).pid);

	expect(await box.stop()).toBe(0);
	const log = await box.log();
	for (const name of Object.keys(PROGRAMS)) expect(log).toMatch(SAYS.stopped(name));
	expect(log.slice(log.indexOf('shutting down'))).not.toMatch(SAYS.anyKill);
});
