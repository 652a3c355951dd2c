/** What a container's HEALTHCHECK is told, and what has happened in the container. */
import {execa} from 'execa';
import {expect, it} from 'vitest';
import {type Box, boot} from './harness.ts';

interface Health {
	readonly Status: string;
	readonly Log: readonly {readonly ExitCode: number; readonly Output: string}[];
}

async function health({id}: Box): Promise<{readonly status: string; readonly said: string}> {
	const {stdout} = await execa('docker', ['inspect', '--format', '{{json .State.Health}}', id]);
	const {Status, Log} = JSON.parse(stdout) as Health;
	return {status: Status, said: Log.at(-1)?.Output ?? ''};
}

const config = `
services:
  db: {command: sleep 1000000, ready: {file: /tmp/ready, interval: 50ms, timeout: 30s}, start_timeout: 5m}
  web: {command: sleep 1000000, depends_on: {db: {condition: service_healthy}}}
`;

it('an image\'s HEALTHCHECK asks archon, and docker shows why it is not healthy', async () => {
	await using box = await boot({image: 'probed', config});
	await expect.poll(() => health(box), {timeout: 30_000}).toEqual({status: 'unhealthy', said: expect.stringMatching(/^db is starting: .*; and 1 more\n?$/) as string});
	const waiter = box.exec('archonctl', 'wait', 'web', '--timeout', '1m');
	expect((await box.exec('archonctl', 'why', 'web')).stdout).toContain('it needs db to be ready');
	await box.sh('mkdir -p /tmp && touch /tmp/ready');
	expect(await waiter).toMatchObject({status: 0});
	await expect.poll(() => health(box), {timeout: 30_000}).toEqual({status: 'healthy', said: ''});
	await box.exec('archonctl', 'stop', 'web');
	expect(await box.exec('archonctl', 'health', 'web')).toMatchObject({status: 1, stdout: 'web is stopped: SIGTERM\n'});
	expect(await box.exec('archonctl', 'health')).toMatchObject({status: 0, stdout: ''});
	expect((await box.exec('archonctl', 'events', '--kinds', 'ready,stopped,all-ready')).stdout.split('\n').map(line => line.split(/ +/).slice(1, 3).join(' '))).toEqual([
		'db ready', 'web ready', 'archon all-ready', 'web stopped', '',
	]);
	expect((await box.exec('archonctl', 'blame', '--json', 'web')).stdout).toContain('"after": "db"');
});
