/** A real rsyslogd hears of a failed service: at the socket of syslog(3), by UDP and by TCP. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, it} from 'vitest';
import {boot} from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-rsyslog-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

/** What came in which way, as rsyslogd has understood it. */
writeFileSync(join(folder, 'rsyslog.conf'), `
module(load="imuxsock")
module(load="imudp")
module(load="imtcp")
input(type="imudp" address="127.0.0.1" port="514")
input(type="imtcp" address="127.0.0.1" port="601")
template(name="seen" type="string" string="%inputname% %syslogfacility-text%.%syslogseverity-text% %app-name%|%msg%\\n")
action(type="omfile" file="/tmp/seen" template="seen")
`);

const config = `
alerts:
  group_wait: 1s
  receivers:
    - {name: here, syslog: "unix:///dev/log"}
    - {name: udp, syslog: "udp://127.0.0.1:514", facility: local3}
    - {name: tcp, syslog: "tcp://127.0.0.1:601", facility: local4}
services:
  rsyslogd: {command: rsyslogd -n -f /etc/seen.conf -i /tmp/pid, ready: {tcp: 601}}
  web: {command: "sh -c 'test -e /tmp/mended && exec sleep 1000000; exit 3'", restart: no, depends_on: {rsyslogd: {condition: service_healthy}}}
`;

it('rsyslogd hears that a service has failed and that it has recovered, in three ways', async () => {
	await using box = await boot({image: 'stack', config, mounts: {'/etc/seen.conf': join(folder, 'rsyslog.conf')}});
	await box.comesTo('web', 'failed');
	const seen = async (): Promise<readonly string[]> => (await box.exec('cat', '/tmp/seen')).stdout.split('\n').filter(line => line.includes('web')).sort();
	await expect.poll(seen, {timeout: 30_000}).toEqual([
		expect.stringMatching(/^imtcp local4\.err archon\| ?failed: web \(.*\): it ended: exit status 3/),
		expect.stringMatching(/^imudp local3\.err archon\| ?failed: web \(.*\): it ended: exit status 3/),
		expect.stringMatching(/^imuxsock daemon\.err archon\| ?failed: web \(.*\): it ended: exit status 3/),
	]);
	await box.sh('touch /tmp/mended; rm /tmp/seen; pkill -HUP rsyslogd || kill -HUP $(cat /tmp/pid); archonctl start web');
	await expect.poll(seen, {timeout: 30_000}).toEqual([
		expect.stringMatching(/^imtcp local4\.info archon\| ?recovered: web/),
		expect.stringMatching(/^imudp local3\.info archon\| ?recovered: web/),
		expect.stringMatching(/^imuxsock daemon\.info archon\| ?recovered: web/),
	]);
	expect(await box.exec('archonctl', 'alerts', 'test')).toMatchObject({status: 0});
});
