/** Descriptors that a service gives archon to keep: they come back with its next run, and outlive archon's re-execution. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-store-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** A service that says what it was given, and then does what comes by its FIFO, line by line. */
const program = join(folder, 'keeper.py');
writeFileSync(program, `import os, socket, sys
names = [name for name in os.environ.get("LISTEN_FDNAMES", "").split(":") if name]
print("given", ",".join(names) or "nothing", "texts", ",".join(os.pread(3 + i, 99, 0).decode() for i, name in enumerate(names) if name.startswith("m")), flush=True)
def tell(text, *fds):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
    socket.send_fds(s, [text.encode()], fds)
def memory(text):
    fd = os.memfd_create(text)
    os.write(fd, text.encode())
    return fd
pairs = {}
for line in open(sys.argv[1]):
    words = line.split()
    if words[0] == "keep":
        tell("FDSTORE=1\\nFDNAME=" + words[1], memory(words[2]))
    elif words[0] == "pair":
        pairs[words[1]], other = socket.socketpair()
        tell("FDSTORE=1\\nFDNAME=" + words[1] + ("\\nFDPOLL=0" if "unpolled" in words else ""), other.fileno())
        other.close()
    elif words[0] == "again":
        tell("FDSTORE=1\\nFDNAME=" + words[1], 3)
    elif words[0] == "close":
        pairs.pop(words[1]).close()
    elif words[0] == "remove":
        tell("FDSTOREREMOVE=1\\nFDNAME=" + words[1])
    print("did", line.strip(), flush=True)
`);

interface Kept {
	readonly service: string;
	readonly kind: string;
	readonly name: string;
	readonly what: string;
}

const fds = async (archon: Archon): Promise<readonly string[]> =>
	(JSON.parse((await archon.ctl('fds', '--json')).stdout) as Kept[]).map(({kind, name}) => `${kind} ${name}`);

async function service(most: number): Promise<{archon: Archon; does(...lines: readonly string[]): Promise<void>}> {
	const fifo = mkdtempSync(join(folder, 'run-'));
	const path = join(fifo, 'words');
	// One that the program opens again for each run, and that never ends while the shell holds it.
	const command = JSON.stringify(['sh', '-c', `test -p ${path} || mkfifo ${path}; exec 9<>${path}; exec python3 ${program} ${path}`]);
	const archon = await boot({config: `services:\n  web: {command: ${command}, fd_store_max: ${most}, sockets: ["unix:${join(fifo, 's')}"]}\n`});
	await archon.says(/given/);
	return {
		archon,
		async does(...lines) {
			for (const line of lines) {
				writeFileSync(path, `${line}\n`);
				await archon.says(new RegExp(`did ${line}\n`));
			}
		},
	};
}

test('what is kept comes back with the next run behind its sockets, also after archon was re-executed', async () => {
	const {archon, does} = await service(4);
	await using _ = archon;
	await does('keep m1 hello', 'keep m2 world');
	await expect.poll(() => fds(archon)).toEqual(['socket s', 'stored m1', 'stored m2']);
	await archon.ctl('restart', 'web');
	await archon.says(/given s,m1,m2 texts hello,world/);
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed: 1 service keeps running/);
	expect(await fds(archon)).toEqual(['socket s', 'stored m1', 'stored m2']);
	await does('remove m1', 'keep m3 more');
	await expect.poll(() => fds(archon)).toEqual(['socket s', 'stored m2', 'stored m3']);
	await archon.ctl('stop', 'web');
	await archon.ctl('start', 'web');
	await archon.says(/given s,m2,m3 texts world,more/);
	expect((await archon.ctl('fds')).stdout).toMatch(/^SERVICE +KIND +NAME +FD +WHAT\nweb +socket +s +\d+ +stream unix:\S+\nweb +stored +m2 +\d+ +\/memfd:world \(deleted\)\n/);
});

test('one whose other end is gone is given up, unless FDPOLL=0 came with it; none is kept twice, and no more than fd_store_max', async () => {
	const {archon, does} = await service(3);
	await using _ = archon;
	await does('pair one', 'pair two unpolled');
	await expect.poll(() => fds(archon)).toEqual(['socket s', 'stored one', 'stored two']);
	await does('close one', 'close two');
	await expect.poll(() => fds(archon)).toEqual(['socket s', 'stored two']);
	await does('keep m1 a', 'again x', 'again y', 'keep m2 b', 'keep m3 c');
	await archon.says(/web: archon keeps no more than 3 descriptors for it \(fd_store_max\): what comes beyond is closed/);
	await expect.poll(() => fds(archon)).toEqual(['socket s', 'stored two', 'stored m1', 'stored x']);
	writeFileSync(join(archon.folder, 'archon.yaml'), 'services: {other: {command: sleep 1000}}\n');
	expect((await archon.ctl('reload')).status).toBe(0);
	expect(await fds(archon)).toEqual([]);
	expect((await archon.ctl('fds')).stdout).toBe('archon holds no sockets and no descriptors for services');
});

test('a crowd of descriptors in one that waits for them (epoll), stored and removed without end, does not keep archon busy', async () => {
	const crowd = join(folder, 'crowd.py');
	writeFileSync(crowd, `import os, resource, select, socket
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
reader, writer = os.pipe()
crowd = select.epoll()
for _ in range(min(hard - 100, 200_000)): crowd.register(os.dup(reader), select.EPOLLIN)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
print("stores", flush=True)
while True:
    socket.send_fds(s, [b"FDSTORE=1\\nFDNAME=crowd"], [crowd.fileno()])
    socket.send_fds(s, [b"FDSTOREREMOVE=1\\nFDNAME=crowd"], [])
`);
	await using archon = await boot({config: `services:\n  web: {command: [python3, ${crowd}], fd_store_max: 16}\n`});
	await archon.says(/stores/);
	const times: number[] = [];
	for (let i = 0; i < 9; i++) {
		const before = performance.now();
		await archon.status();
		times.push(performance.now() - before);
	}
	expect(times.sort((a, b) => a - b)[4]).toBeLessThan(300);
});
