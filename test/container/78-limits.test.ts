/** Limits in a container whose cgroup archon cannot write, as docker gives it: they are told, once, and everything runs. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

const config = `
services:
  one: {command: "sh -c 'grep Cpus_allowed_list /proc/self/status; exec sleep 1000000'", cpuset: "0", mem_limit: 64m, pids_limit: 20}
  two: {command: sleep 1000001, mem_limit: 32m, deploy: {resources: {limits: {pids: 10}}}}
`;

it('says which limits are not in force and why, and cpuset is', async () => {
	await using box = await boot({image: 'plain', config});
	await box.comesTo('one', 'running');
	await box.comesTo('two', 'running');
	await box.says(/one +\| Cpus_allowed_list:\t0\n/);
	const told = (await box.log()).match(/.* not in force: .*/g) ?? [];
	expect(told.length).toBeGreaterThan(0);
	for (const line of told) expect(line).toMatch(/one: not in force: [a-z_, ]+, as (there is no cgroup of version 2 here|the \w+ controller .*)$/);
	expect(await box.stop()).toBe(0);
});
