/** What `archonctl doctor` makes of what it is told: when it is content, when it warns, and what it advises. */
import {expect, it, test} from 'vitest';
import {judge, type Seen} from '../../../src/cli/doctor.ts';
import type {StatusRow} from '../../../src/control/requests/status/wire.ts';
import type {TreeRow} from '../../../src/control/requests/tree/wire.ts';

const NOW = 1_700_000_000_000;
const FACTS = {
	pid: '1', subreaper: 'no', uid: '0', no_new_privs: 'no', capabilities: '000001ffffffffff', socket: '/run/archon/archon.sock', cgroup: '/sys/fs/cgroup',
	cgroup_writable: 'yes', memory_limit: null, memory_used: '20971520', pids_limit: '1000', pids_used: '12', fds_limit: '1048576', fds_used: '23',
	inotify_limit: '128', stop_at_most: '8000', stop_grace: '9000', stop_chain: 'web db', lines_lost: '0', started: String(NOW - 192_000), lives: '0', cause: null,
};

const ASKED = {wanted: true, by: 'config', ruled: null, next: null};

const row = (name: string, status: string): StatusRow =>
	({name, status, pid: null, since: NOW, restarts: 0, exit: null, type: 'daemon', note: '', groups: [], ...ASKED});

const process = (pid: number, parent: number, more: Partial<TreeRow> = {}): TreeRow =>
	({service: 'web', pid, parent, zombie: false, command: 'x', kind: 'child', started: NOW, cpu: 0, memory: 0, ...more});

const seen = (facts: Readonly<Record<string, string | null>> = {}, more: Partial<Seen> = {}): Seen =>
	({facts: new Map(Object.entries({...FACTS, ...facts})), services: [row('web', 'running')], processes: [], now: NOW, ...more});

test('a container in which all is well', () => {
	expect(judge(seen()).map(({about, verdict, found}) => `${verdict} ${about}: ${found}`).join('\n')).toMatchInlineSnapshot(`
		"ok place: PID 1
		ok life: up for 3m12s
		ok socket: /run/archon/archon.sock
		ok user: root, with what it needs
		ok no_new_privs: not set
		ok cgroup: /sys/fs/cgroup: services can be limited
		ok memory: 20.0M used, without a limit
		ok processes: 12 of 1000 used
		ok open files of archon: 23 of 1048576 used
		ok inotify: 128 instances for each user of the machine
		ok shutdown: takes 8 s at most (web, then db); docker waits 10 s, Kubernetes 30 s
		ok logs: no line was dropped
		ok services: 1, none failed or in trouble
		ok zombies: none"
	`);
});

const told = (one: Seen): readonly string[] => judge(one).filter(({verdict}) => verdict !== 'ok').map(({about, verdict, found, advice}) => `${verdict} ${about}: ${found} → ${advice}`);

it.each<[string, Seen]>([
	['is no init', seen({pid: '7', subreaper: 'no'})],
	['has its socket in /tmp', seen({socket: '/tmp/archon-0/archon.sock'})],
	['was re-executed after a fault', seen({lives: '2', cause: 'fault'})],
	['lacks capabilities', seen({capabilities: '0000000000000000'})],
	['is nearly full', seen({memory_limit: '21000000', pids_used: '950'})],
	['stops for longer than docker waits', seen({stop_at_most: '20000', stop_grace: '20000'})],
	['stops for longer than Kubernetes waits', seen({stop_at_most: '60000', stop_grace: '300000'})],
	['may stop for ever', seen({stop_at_most: null, stop_grace: null})],
	['has lost lines', seen({lines_lost: '1'})],
	['has services in trouble', seen({}, {services: [row('a', 'failed'), row('b', 'backoff'), row('c', 'backoff'), row('d', 'unhealthy')]})],
	['has zombies', seen({}, {processes: [process(1, 0, {kind: 'archon'}), process(20, 1, {zombie: true}), process(21, 20, {zombie: true}), process(22, 20, {zombie: true, service: null})]})],
	['has few watches', seen({inotify_limit: '64'})],
])('a container that %s', (_, one) => {
	expect(told(one).join('\n')).toMatchSnapshot();
	expect(told(one).length).toBeGreaterThan(0);
});

it.each<[string, Readonly<Record<string, string | null>>]>([
	['as subreaper', {pid: '7', subreaper: 'yes'}], ['after an upgrade', {lives: '1', cause: 'upgrade'}], ['without root', {uid: '1000', capabilities: '0'}],
	['without a cgroup', {cgroup: null}], ['under version 1', {cgroup: '/sys/fs/cgroup (version 1)', cgroup_writable: null}],
	['where nothing is known', Object.fromEntries(Object.keys(FACTS).filter(name => !['pid', 'stop_at_most', 'stop_grace'].includes(name)).map(name => [name, null]))],
])('all is well %s', (_, facts) => {
	expect(told(seen(facts))).toEqual([]);
});
