/** What archon's first steps see to: signals that are sent before it can hear, and descriptors that it is started with. */
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

test('a PID 1 that is told to end before it can hear ends', async () => {
	const wrapper = ['perl', '-MPOSIX', '-e', 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM)); kill TERM => $$; sleep 1; exec @ARGV'];
	await using archon = await boot({config: 'services: {main: {command: sleep 1000000}}', wrapper});
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toContain('SIGTERM');
});

test('it starts and is re-executed where all low descriptors are taken, by whomever', async () => {
	const services = Array.from({length: 30}, (_, i) => `  s${i}: {command: sleep 1000000}\n`).join('');
	const wrapper = ['bash', '-c', 'for ((fd = 3; fd < 83; fd++)); do eval "exec $fd</dev/null"; done; exec "$@"', 'bash'];
	await using archon = await boot({config: `services:\n${services}`, wrapper});
	await archon.says(/started s29/);
	const before = await archon.status();
	archon.signal('SIGSEGV');
	await archon.says(/re-executed: 30 services keep running/);
	const after = await archon.status();
	for (const [name, {pid}] of Object.entries(before)) expect(after[name]).toMatchObject({status: 'running', pid, restarts: 0});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});
