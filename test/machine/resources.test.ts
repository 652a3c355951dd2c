/** How much of the machine a service may use: where limits can be in force they are, and elsewhere the log says that they are not. */
import {existsSync, mkdtempSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';

describe('cpuset', () => {
	test('names the processors that it and its commands run on, and no others of archon\'s', async () => {
		const says = (who: string) => `sh -c 'echo ${who} $(grep Cpus_allowed_list /proc/self/status)'`;
		await using archon = await boot({config: `services:
  one: {command: "sh -c '${says('one').slice(7, -1)}; exec sleep 1000000'", cpuset: "0", pre_start: ["${says('before')}"]}
  wide: {command: "sh -c '${says('wide').slice(7, -1)}; exec sleep 1000000'", cpuset: "0,70-80"}
  other: {command: "sh -c '${says('other').slice(7, -1)}; exec sleep 1000000'"}
`.replaceAll('$', '$$$$')});
		const {stdout} = await execa('grep', ['Cpus_allowed_list', '/proc/self/status']);
		const all = stdout.split('\t')[1];
		for (const [who, cpus] of [['before', '0'], ['one', '0'], ['wide', '0'], ['other', all]]) await archon.says(new RegExp(`\\| ${who} Cpus_allowed_list: ${cpus}\n`));
	});

	test('that names none which archon may use is refused', async () => {
		await using archon = await boot({config: 'services:\n  web: {command: sleep 1, cpuset: 1020-1022}\n  other: {command: sleep 1000000}\n'});
		await archon.says(/cannot start web: setting cpuset to 1020,1021,1022: archon may use none of these processors/);
	});
});

test('limits that cannot be in force are told once, with the reason, and the services run', async () => {
	// A folder in place of all cgroups: none is of version 2.
	await using archon = await boot({wrapper: ['unshare', '--mount', 'sh', '-c', 'umount -l /sys/fs/cgroup; exec "$0" "$@"'], config: `services:
  one: {command: sleep 1000000, mem_limit: 64m, pids_limit: 10}
  two: {command: sleep 1000000, cpus: 0.5}
`});
	await archon.says(/started two/);
	expect(await archon.status()).toMatchObject({one: {status: 'running'}, two: {status: 'running'}});
	expect(archon.log().match(/not in force.*/g)).toEqual(['not in force: mem_limit, pids_limit, as there is no cgroup of version 2 here']);
});

/** A kernel as a program (Debian's user-mode-linux): it has cgroups of version 2 whatever this machine has. */
const KERNEL = ['/usr/bin/linux.uml', process.env['LINUX_UML'] ?? ''].find(path => path !== '' && existsSync(path));

describe.skipIf(!KERNEL)('in cgroups of version 2', () => {
	const EATS = 'command: ["sh", "-c", "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"], mem_limit: 16m, restart: "no"';
	const FORKS = 'command: ["sh", "-c", "sleep 100 & sleep 100 & sleep 100 & sleep 100 & echo never"], pids_limit: 3, restart: "no"';
	const says = 'cat /proc/self/cgroup; cd /sys/fs/cgroup/service.says; echo limits $(cat memory.max memory.low memory.swap.max cpu.max cpu.weight pids.max)';
	const config = `services:
  plain: {command: sleep 1000}
  says: {command: ["sh", "-c", "${says}; exec sleep 1001"], depends_on: [plain], mem_limit: 32m, mem_reservation: 16m, memswap_limit: 40m, cpus: 0.5, cpu_shares: 512, pids_limit: 5}
  fault: {type: oneshot, command: ["sh", "-c", "kill -SEGV $PPID"], depends_on: [says]}
  eats: {${EATS}, cgroup: deep/down, depends_on: {fault: {condition: service_completed_successfully}}}
  forks: {${FORKS}, depends_on: {fault: {condition: service_completed_successfully}}}
  end:
    type: oneshot
    depends_on: {fault: {condition: service_completed_successfully}}
    command:
      - sh
      - -c
      - |
        until archonctl status eats | grep -q failed && archonctl status forks | grep -q failed; do sleep 0.1; done
        archonctl stop says
        echo left $(ls -d /sys/fs/cgroup/service.* | grep -c says)
        archonctl shutdown
`.replaceAll('$', '$$$$');

	/** What a machine says whose init starts archon so, where `archon` and `archonctl` are on PATH. */
	async function machineSays(start: string): Promise<string> {
		const folder = mkdtempSync(join(tmpdir(), 'machine-'));
		writeFileSync(join(folder, 'archon.yaml'), config);
		symlinkSync(ARCHON, join(folder, 'archon'));
		symlinkSync(ARCHON, join(folder, 'archonctl'));
		writeFileSync(join(folder, 'start'), `#!/bin/sh\n${start}\n`, {mode: 0o755});
		writeFileSync(join(folder, 'init'), `#!/bin/sh
export PATH=${folder}:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs run /run; mkdir /run/archon; mount -t cgroup2 cgroup2 /sys/fs/cgroup
${folder}/start
echo archon ended with $?
exec busybox poweroff -f
`, {mode: 0o755});
		const {stdout} = await execa(KERNEL ?? '', [
			'mem=256M', 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${folder}/init`, 'con=null', 'con0=fd:0,fd:1', 'quiet',
		], {stdin: 'ignore', timeout: 100_000, reject: false, cwd: folder, env: {HOME: folder, TMPDIR: folder}});
		return stdout.replaceAll(/\u001b\[[\d;]*m|\r/g, '');
	}

	const expectLimits = (said: string): void => {
		expect(said).toMatch(/says +\| 0::\/service\.says\n/);
		expect(said).toMatch(/says +\| limits 33554432 16777216 8388608 50000 100000 20 5\n/);
		expect(said).toMatch(/re-executed: [34] services keep running/);
		expect(said).toMatch(/eats failed: SIGKILL/);
		expect(said).toMatch(/forks +\| sh: .*[Cc]annot fork/);
		expect(said).not.toMatch(/never|not in force/);
		// The cgroup of a service goes with its last process.
		expect(said).toMatch(/end +\| left 0\n/);
		expect(said).toMatch(/archon ended with 0/);
	};

	test('limits are in force at the root of all', async () => {
		expectLimits(await machineSays(`exec archon -c "$\{0%/*}/archon.yaml"`));
	}, 120_000);

	test('and in a container, whose cgroup archon leaves to its services, going to a leaf itself; and what the kernel kills is known', async () => {
		const said = await machineSays(`cd /sys/fs/cgroup; echo +memory +cpu +pids >cgroup.subtree_control; mkdir box; cd /
export HERE="$\{0%/*}"
exec unshare --mount --pid --fork --mount-proc sh -c 'echo 0 >/sys/fs/cgroup/box/cgroup.procs; exec unshare --cgroup sh -c "
	umount /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec archon -c $HERE/archon.yaml"'`);
		expectLimits(said);
		expect(said).toMatch(/eats failed: SIGKILL \(out of memory\)/);
	}, 120_000);
});
