/** Clients of the control socket that send nonsense. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

/** Python, for the web image has it and a shell cannot speak to a unix socket. */
const NOISE = String.raw`
import random, socket

def talk(data, half=False):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect("/run/archon/archon.sock")
    try:
        client.sendall(data)
        if half:
            return b""
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
        return answer
    except (BrokenPipeError, ConnectionResetError):
        return b"gone"
    finally:
        client.close()

replies = talk(b"".join(b"Nonsense%d,a,b\n" % i for i in range(50)))
assert replies.count(b"\n") == 50 and replies.count(b"Error,") == 50, replies
for size in (65537, 1 << 20):
    replies = talk(b"x" * size + b"\n")
    assert replies == b"gone" or replies.count(b"\n") == 1 and b"Error," in replies, (size, replies)
random.seed(7)
for i in range(300):
    talk(random.randbytes(random.randrange(2000)))
    talk(b'Run,"half a rec', half=True)
crowd = []
for i in range(100):
    client = socket.socket(socket.AF_UNIX)
    client.connect("/run/archon/archon.sock")
    client.sendall(b'Status,"')
    crowd.append(client)
assert talk(b"Status\n").endswith(b"Ok\n")
print("done")
`;

it('get one reply for each whole record, and PID 1 and the services are unmoved', async () => {
	await using box = await boot({image: 'web'});
	await box.pid('nginx');
	const runs = async () => (await box.services()).map(({name, pid, restarts}) => ({name, pid, restarts}));
	const before = await runs();
	const {status, stdout, stderr} = await box.exec('python3', '-c', NOISE);
	expect({status, stdout, stderr}).toEqual({status: 0, stdout: 'done\n', stderr: ''});
	expect(await runs()).toEqual(before);
});
