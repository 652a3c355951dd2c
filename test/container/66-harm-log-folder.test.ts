/** A service that owns its log folder, as www-data does on Debian, and would like root to write elsewhere. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

const NOISE = 'perl -e \'$| = 1; while (1) { print "x" x 300, "\\\\n"; select undef, undef, undef, 0.002 }\'';
const file = (name: string, options: string): string => `{driver: file, options: {path: /var/log/app/${name}.log, max-size: 1k, ${options}}}`;
const targets = ['kept.log', 'kept.log.1', 'packed.log', 'packed.log.1', 'packed.log.compressing', 'single.log'].map(name => `/var/log/app/${name}`);

it('gets nothing written, emptied or removed outside of it, with all rights that docker gives', async () => {
	await using box = await boot({image: 'plain', config: `
services:
  folder: {type: oneshot, command: install -d -o www-data -g adm /var/log/app /var/log/app/run}
  kept: &noise {command: "${NOISE.replaceAll('"', '\\"')}", user: www-data, depends_on: &after {folder: {condition: service_completed_successfully}}, logging: ${file('kept', 'max-file: 3')}}
  packed: {<<: *noise, logging: ${file('packed', 'max-file: 3, compress: gzip')}}
  single: {<<: *noise, logging: ${file('single', 'max-file: 1')}}
  cleaned: {command: 'true', restart: {policy: always, delay: 1ms, max_delay: 1ms, attempts: unlimited}, clean: [/var/log/app/run/*, /var/log/app/run/shadow], depends_on: *after, logging: none}
  attacker: {command: /characters/exchanger 100 /etc/shadow ${targets.join(' ')}, user: www-data, depends_on: *after}
  exchanger: {command: /characters/exchanger 100 /etc /var/log/app/run, user: www-data, depends_on: *after}
`});
	const state = (): Promise<string> => box.sh('ls -lR /etc; md5sum /etc/shadow /etc/passwd /etc/gshadow');
	const before = await state();
	await box.says(/attacker +\| 3$/m);
	await box.says(/exchanger +\| 20$/m);
	expect(await state()).toBe(before);
	await box.says(/cannot write \/var\/log\/app\/\S+: it is (a symbolic link in a folder that www-data may write|not a regular file)/);
	expect((await box.service('cleaned')).restarts).toBeGreaterThan(100);
	expect(await box.service('kept')).toMatchObject({status: 'running', restarts: 0});
});
