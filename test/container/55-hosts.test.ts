/** Several containers from outside, through docker: `archonctl -H docker://a,docker://b`. */
import {execa} from 'execa';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {boot, type Said} from './harness.ts';

const CTL = join(import.meta.dirname, '../../dist/archonctl');
const config = 'services: {web: {command: sleep 1000000}}\n';

async function ctl(...args: readonly string[]): Promise<Said> {
	const {exitCode, stdout, stderr} = await execa(CTL, args, {reject: false, stdin: 'ignore'});
	return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
}

it('asks containers through docker, each by its own, and tells which is not there', async () => {
	await using one = await boot({image: 'plain', config});
	await using other = await boot({image: 'plain', config: 'services: {db: {command: sleep 1000000}}\n'});
	await one.comesTo('web', 'running');
	await other.comesTo('db', 'running');
	const [first, second] = [`docker://${one.id}`, `docker://${other.id}`];
	expect((await ctl('-H', first, 'status')).stdout).toMatch(/^NAME .*\nweb +running/);
	const table = await ctl('-H', `${first},${second},docker://no-such-box`, 'status');
	expect(table.stdout.split('\n').map(line => line.split(/\s+/).slice(0, 3))).toEqual([['HOST', 'NAME', 'STATUS'], [first, 'web', 'running'], [second, 'db', 'running']]);
	expect(table.status).toBe(1);
	expect(table.stderr).toMatch(/^archonctl: docker:\/\/no-such-box: cannot reach archon .*docker ended with status 1 \(.*[Nn]o such container: no-such-box\)$/);
	const before = await one.pid('web');
	expect(await ctl('-H', first, '-H', second, 'restart', 'all')).toEqual({
		status: 0, stdout: expect.stringMatching(new RegExp(`^REFRESHED docker://(${one.id}\nREFRESHED docker://${other.id}|${other.id}\nREFRESHED docker://${one.id})$`)), stderr: '',
	});
	expect(await one.pid('web')).not.toBe(before);
	// It is executed in the container, with its streams and its exit status.
	const ran = await execa(CTL, ['-H', first, 'run', '--', 'sh', '-c', 'cat; hostname; exit 3'], {reject: false, input: 'in '});
	expect([ran.exitCode, ran.stdout]).toEqual([3, `in ${one.id.slice(0, 12)}`]);
	// Nothing of it is left in a container when archonctl has ended.
	await expect.poll(async () => (await one.exec('archonctl', 'tree', '--all')).stdout).not.toMatch(/archonctl stdio/);
});

it('goes no further than the role of a limited stdio', async () => {
	await using box = await boot({image: 'plain', config});
	await box.comesTo('web', 'running');
	const {stdout} = await execa('docker', ['exec', '-i', box.id, 'archonctl', 'stdio', '--role', 'observe'], {input: 'Limit,admin\nStop,web\nStatus,web\n'});
	expect(stdout).toMatch(/^Ok\nError,"request refused: Stop of web takes the role operate.*\nRow,web,running,/);
});
