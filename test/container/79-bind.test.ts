/** Servers as distributions pack them, which know nothing of archon, are served through sockets that it holds. */
import {expect, it} from 'vitest';
import {boot, type Box} from './harness.ts';

const CONFIG = `
configs:
  nginx:
    content: |
      daemon off; pid /tmp/nginx.pid; error_log stderr; worker_processes 2; events {}
      http {
        access_log off; client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
        uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
        server { listen 127.0.0.1:80; location / { return 200 "from nginx"; } }
      }
bind:
  rules:
    - {service: nginx, port: 80}
    - {service: redis, port: 80}
services:
  nginx: {command: [nginx, -e, stderr, -c, /tmp/nginx.conf], user: www-data, configs: [{source: nginx, target: /tmp/nginx.conf}]}
  redis: {command: [redis-server, --port, "80", --bind, 127.0.0.2, --save, ""], user: redis}
`;

/** Says something to a port, and gives what is answered; it is tried again until someone listens. */
const ask = (box: Box, address: string, words: string): Promise<string> => box.sh(`python3 - <<'END'
import socket, time
for _ in range(200):
    try:
        s = socket.create_connection(('${address}', 80), 5)
        break
    except OSError:
        time.sleep(0.05)
s.sendall(b'${words}')
print(s.recv(4096).decode().split('\\r\\n')[-1] or 'nothing')
END`);

/** The sockets that listen at port 80 and that a process has open, by their inodes; only its own user may look. */
const listening = async (box: Box, pid: number, user = 'root'): Promise<readonly string[]> => (await box.sh(`runuser -u ${user} -- python3 - <<'END'
import os
wanted = {line.split()[9] for line in open('/proc/net/tcp') if line.split()[1].endswith(':0050') and line.split()[3] == '0A'}
links = [os.readlink('/proc/${pid}/fd/' + fd) for fd in os.listdir('/proc/${pid}/fd') if os.path.islink('/proc/${pid}/fd/' + fd)]
print(*sorted(wanted & {link[8:-1] for link in links if link.startswith('socket:[')}))
END`)).trim().split(' ').filter(inode => inode !== '');

it('nginx and redis, as users of their own on port 80, before and after a restart', async () => {
	await using box = await boot({image: 'web', config: CONFIG});
	const held: (readonly string[])[] = [];
	for (const _ of ['first', 'second']) {
		expect(await ask(box, '127.0.0.1', 'GET / HTTP/1.0\\r\\n\\r\\n')).toBe('from nginx\n');
		expect(await box.sh('redis-cli -h 127.0.0.2 -p 80 ping')).toBe('PONG\n');
		expect(await box.sh(`stat -c %U /proc/${await box.pid('nginx')} /proc/${await box.pid('redis')}`)).toBe('www-data\nredis\n');
		const own = await listening(box, 1);
		expect(own).toHaveLength(2);
		const theirs = [await listening(box, await box.pid('nginx'), 'www-data'), await listening(box, await box.pid('redis'), 'redis')];
		expect(theirs.flat().sort()).toEqual([...own].sort());
		held.push(own);
		await box.exec('archonctl', 'restart', 'all');
	}
	expect(held[1]).toEqual(held[0]);
});
