/** Neither end of the control socket trusts a path that another user may have prepared, nor another process that listens there. */
import {chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {beforeAll, describe, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';
import {character} from './characters.ts';

let listener = '';
beforeAll(async () => {
	listener = await character('listener');
});

/**
 * A script with a /run and a /tmp of its own, which hold archonctl as `$CTL`, archon as `$ARCHON` and the attacker's
 * `$LISTENER`; `as USER COMMAND…` runs it as a user.
 */
async function elsewhere(script: string): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'archon-else-'));
	copyFileSync(ARCHON, join(folder, 'archon'));
	symlinkSync('archon', join(folder, 'archonctl'));
	copyFileSync(listener, join(folder, 'listener'));
	const {all} = await execa('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', `
		mount -t tmpfs -o mode=755 tmpfs /run && cp -P ${folder}/* /run/ && mount -t tmpfs -o mode=1777 tmpfs /tmp || exit 1
		mount -t tmpfs -o mode=1777 tmpfs /dev/shm || exit 1
		mount -t proc proc /proc; cd /; unset XDG_RUNTIME_DIR ARCHON_SOCKET
		export CTL=/run/archonctl ARCHON=/run/archon.bin LISTENER=/run/listener; mv /run/archon /run/archon.bin; ln -sf archon.bin /run/archonctl
		as() { user=$1; shift; setpriv --reuid=$user --regid=$user --clear-groups "$@"; }
		until_there() { while ! [ -e "$1" ]; do sleep 0.01; done; }
		${script}`], {reject: false, stdin: 'ignore', all: true});
	rmSync(folder, {recursive: true});
	return String(all);
}

describe('root\'s archonctl, where archon is not', () => {
	test.each([
		['in the place of archon\'s own', 'mkdir /tmp/archon-0; chown 1:1 /tmp/archon-0', 'its directory belongs to uid 1, who could put another socket there'],
		['behind a link', 'as 1 mkdir /tmp/mine; as 1 ln -s /tmp/mine /tmp/archon-0', 'its directory belongs to uid 1'],
		['where all may write', 'mkdir -m 777 /tmp/archon-0', 'others may write to its directory and could put another socket there'],
	])('says nothing to who listens %s', async (_, prepare, why) => {
		const said = await elsewhere(`${prepare}; as 1 $LISTENER /tmp/archon-0/archon.sock & until_there /tmp/archon-0/archon.sock
			$CTL run -- id; echo "status $?"`);
		expect(said).toMatch(new RegExp(`cannot reach archon at /tmp/archon-0/archon.sock: ${why}`));
		expect(said).toMatch(/status 111/);
		expect(said).not.toMatch(/was told/);
	});

	test('sends nothing to who listens at a path that it names, if that is neither root nor itself', async () => {
		const said = await elsewhere(`as 1 $LISTENER /tmp/sock > /run/told & until_there /tmp/sock
			$CTL --socket /tmp/sock run -- id; echo "status $?"; as 2 $CTL --socket /tmp/sock status; ARCHON_SOCKET=/tmp/sock $CTL status
			while [ "$(grep -c told /run/told)" -lt 3 ]; do sleep 0.01; done; cat /run/told`);
		expect(said).toMatch(/cannot reach archon at \/tmp\/sock: uid 1 listens there, which is neither root nor you/);
		expect(said).toMatch(/status 111/);
		expect(said.match(/was told 0 bytes and 0 descriptors/g)).toHaveLength(3);
	});
});

describe('archon', () => {
	const UP = `echo 'services: {a: {command: sleep 1000}}' > /run/a.yaml`;

	test.each([
		['belongs to another', 'mkdir /run/archon; chown 1:1 /run/archon'],
		['all may write to', 'mkdir -m 777 /run/archon'],
		['is another user\'s link', 'mkdir /run/x; ln -s x /run/archon; chown -h 1:1 /run/archon'],
	])('takes no folder that %s, but the next place, where archonctl finds it', async (_, prepare) => {
		const said = await elsewhere(`${prepare}; ${UP}; $ARCHON -c /run/a.yaml & until_there /tmp/archon-0/archon.sock
			$CTL status; ls -A /run/archon/`);
		expect(said).toMatch(/^a +running/m);
		expect(said).not.toMatch(/archon\.sock/);
	});

	test('goes without a socket where every place is prepared by others, and says so', async () => {
		const said = await elsewhere(`mkdir -m 777 /run/archon /tmp/archon-0 /dev/shm/archon-0; ${UP}
			$ARCHON -c /run/a.yaml > /run/log 2>&1 & while ! grep -q 'cannot reach archon' /run/log; do sleep 0.01; done; cat /run/log`);
		expect(said).toMatch(/cannot listen at \/run\/archon\/archon.sock: others may write[^]*nor at \/tmp\/archon-0\/archon.sock: others[^]*nor at \/dev\/shm\/archon-0/);
	});

	test('does not wait for a process that listens at its path and accepts no connection', async () => {
		const said = await elsewhere(`perl -MSocket -MIO::Socket::UNIX -e '$l = IO::Socket::UNIX->new(Local => "/tmp/s", Listen => 0) or die;
				@c = map { my $s; socket $s, 1, 1 | 2048, 0; connect $s, pack_sockaddr_un("/tmp/s"); $s } 1..3; open F, ">/run/full"; sleep 100' & until_there /run/full
			${UP}; $ARCHON -c /run/a.yaml --socket /tmp/s > /run/log 2>&1 & while ! grep -q 'started a' /run/log; do sleep 0.01; done; cat /run/log`);
		expect(said).toMatch(/cannot listen at \/tmp\/s: another archon answers there/);
	});
});

test('users whose numbers are the highest are who they are', async () => {
	const user = 4_000_000_000;
	const folder = mkdtempSync(join(tmpdir(), 'archon-high-'));
	chownSync(folder, user, user);
	const [config, socket] = [join(folder, 'a.yaml'), join(folder, 'run', 'sock')];
	writeFileSync(config, 'services: {a: {command: sleep 1000000}}\n');
	chmodSync(config, 0o644);
	mkdirSync(join(folder, 'run'), {mode: 0o700});
	chownSync(join(folder, 'run'), user, user);
	const as = (uid: number): string[] => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
	const ask = async (uid: number): Promise<string> => {
		const [program = '', ...words] = [...as(uid), join(ARCHON, '..', 'archonctl'), '--socket', socket, 'status'];
		return String((await execa(program, words, {reject: false, all: true})).all);
	};
	await using archon = await boot({config: null, args: ['-c', config, '--socket', socket], isInit: false, wrapper: as(user)});
	await archon.says(/started a/);
	await expect.poll(() => existsSync(socket)).toBe(true);
	expect(await ask(user)).toMatch(/^a +running/m);
	expect(await ask(0)).toContain(`uid ${user} listens there, which is neither root nor you`);
	chmodSync(folder, 0o755);
	chmodSync(join(folder, 'run'), 0o755);
	chmodSync(socket, 0o666);
	const wire = await execa('setpriv', ['--reuid=3000000000', '--regid=1', '--clear-groups', 'perl', '-MIO::Socket::UNIX', '-e',
		`$SIG{PIPE} = "IGNORE"; $s = IO::Socket::UNIX->new(Peer => '${socket}') or die $!; print $s "Status\\n"; $s->flush; print scalar <$s>`]);
	expect(wire.stdout).toBe('Error,request refused: uid 3000000000 has no role; see access in the config');
});
