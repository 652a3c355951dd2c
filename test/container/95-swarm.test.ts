/**
 * A real swarm of one node, on loopback, with the stack of examples/swarm: an update under load loses no request, and a task
 * whose `archonctl health` fails is replaced. The kernel may be without IPVS, and so without a routing mesh: the client asks over
 * the overlay network, where the service's name stands for the tasks that are healthy.
 */
import {mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa, execaSync} from 'execa';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {parse, stringify} from 'yaml';
import {undo} from '../../scripts/undo.ts';
import {LABEL, ROOT} from './places.ts';

/** It marks the node of a swarm that a test has made, which an earlier one may have left. */
const MARK = `${LABEL}.swarm`;
const STACK = 'archontest';
const SERVICE = `${STACK}_web`;
const CLIENT = `${STACK}_client`;

/** Asks all the time, each request by a connection of its own, and tells at the end how many were answered and what failed. */
const ASKER = `
import os, socket, sys, urllib.request
done, failed = 0, []
while not os.path.exists('/tmp/stop'):
    try:
        with urllib.request.urlopen('http://web/', timeout=10) as answer:
            text = answer.read()
        if answer.status != 200 or not text.startswith(b'hello from redis'):
            failed.append(repr(text))
        done += 1
    except Exception as error:
        failed.append(repr(error))
    if done % 100 == 1:
        print(done, flush=True)
print('done', done, 'failed', len(failed), failed[:5], flush=True)
`;

async function docker(...args: readonly string[]): Promise<string> {
	const {stdout} = await execa('docker', args, {timeout: 60_000, stdin: 'ignore'});
	return stdout;
}

/** What is left of the swarm of a test, and nothing of another one. */
function leave(): void {
	const run = (...args: readonly string[]): string => execaSync('docker', args, {timeout: 60_000, reject: false}).stdout;
	if (run('info', '--format', '{{.Swarm.LocalNodeState}}') !== 'active') return;
	if (run('node', 'inspect', 'self', '--format', `{{index .Spec.Labels "${MARK}"}}`) !== 'yes') return;
	run('rm', '--force', '--volumes', CLIENT);
	run('stack', 'rm', STACK);
	run('swarm', 'leave', '--force');
	const left = run('ps', '--all', '--quiet', '--filter', `label=com.docker.swarm.service.name=${SERVICE}`);
	if (left !== '') run('rm', '--force', '--volumes', ...left.split('\n'));
	// The swarm has made it, and does not take it away.
	run('network', 'rm', 'docker_gwbridge');
}

interface Task {
	readonly container: string;
	readonly health: string;
}

/** The tasks of the service whose containers run. */
async function tasks(): Promise<readonly Task[]> {
	const ids = await docker('ps', '--quiet', '--no-trunc', '--filter', `label=com.docker.swarm.service.name=${SERVICE}`);
	return Promise.all(ids.split('\n').filter(id => id !== '').map(async container => ({
		container, health: await docker('inspect', '--format', '{{.State.Health.Status}}', container).catch(() => 'gone'),
	})));
}

const healthy = async (): Promise<readonly string[]> =>
	(await tasks()).filter(({health}) => health === 'healthy').map(({container}) => container).sort();

/** A bound for what takes seconds on a quiet machine. */
const LONG = {timeout: 100_000, interval: 250};

beforeAll(async () => {
	leave();
	const state = await docker('info', '--format', '{{.Swarm.LocalNodeState}}');
	if (state !== 'inactive') throw new Error(`this machine is in a swarm already (${state}), which a test must not touch`);
	undo(leave);
	await docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377');
	await docker('node', 'update', '--label-add', `${MARK}=yes`, await docker('info', '--format', '{{.Swarm.NodeID}}'));
	const stack = parse(readFileSync(join(ROOT, 'examples/swarm/stack.yaml'), 'utf8')) as {services: {web: Record<string, unknown>}};
	const {ports: _, ...web} = stack.services.web;
	stack.services.web = {...web, labels: {[LABEL]: 'yes'}, deploy: {...web['deploy'] as object, endpoint_mode: 'dnsrr'}};
	const file = join(mkdtempSync(join(tmpdir(), 'archon-stack-')), 'stack.yaml');
	writeFileSync(file, stringify(stack));
	await docker('stack', 'deploy', '--resolve-image', 'never', '--compose-file', file, STACK);
});

afterAll(leave);

test('the tasks of the stack become healthy, as archonctl health says', {timeout: 300_000}, async () => {
	await expect.poll(async () => (await healthy()).length, LONG).toBe(2);
});

test('an update starts new tasks first, and no request under load is lost', {timeout: 300_000}, async () => {
	const before = await healthy();
	await docker(
		'run', '--detach', '--name', CLIENT, '--label', `${LABEL}=yes`, '--network', `${STACK}_front`, '--entrypoint', 'python3',
		'archon-web', '-c', ASKER,
	);
	await expect.poll(() => docker('logs', CLIENT), LONG).toMatch(/^101$/m);
	await docker('service', 'update', '--detach', '--no-resolve-image', '--env-add', 'RELEASE=2', SERVICE);
	await expect.poll(() => docker('service', 'inspect', '--format', '{{.UpdateStatus.State}}', SERVICE), LONG).toBe('completed');
	await expect.poll(async () => (await healthy()).filter(id => !before.includes(id)).length, LONG).toBe(2);
	await expect.poll(async () => (await tasks()).filter(({container}) => before.includes(container)), LONG).toEqual([]);
	// archon ended them in order, before the engine killed them.
	for (const id of before) expect(await docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
	await docker('exec', CLIENT, 'touch', '/tmp/stop');
	await expect.poll(() => docker('logs', CLIENT), LONG).toMatch(/^done /m);
	expect(await docker('logs', CLIENT)).toMatch(/^done \d{3,} failed 0 \[\]$/m);
});

test('a task whose health fails is replaced', {timeout: 300_000}, async () => {
	const [sick = '', other = ''] = await healthy();
	// archon cannot heal it: the program is gone.
	await docker('exec', sick, 'sh', '-c', 'rm /app/app.py && archonctl restart app || true');
	await expect.poll(async () => (await tasks()).some(({container}) => container === sick), LONG).toBe(false);
	await expect.poll(async () => (await healthy()).length, LONG).toBe(2);
	expect(await healthy()).toContain(other);
	expect(await docker('inspect', '--format', '{{.State.Health.Status}}', sick)).toBe('unhealthy');
});
