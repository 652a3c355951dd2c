/** Signals to archon, sent for real: from outside of its PID namespace, from inside, and across its lives. */
import {describe, expect, test} from 'vitest';
import {boot} from './archon.ts';

const IDLE = 'services: {web: {command: sleep 1000000}}';

describe('without main', () => {
	test.each(['SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)('%s from outside of the container ends it with 0', async signal => {
		await using archon = await boot({config: IDLE});
		await archon.says(/started web/);
		archon.signal(signal);
		expect(await archon.ended()).toBe(0);
		expect(archon.log()).toContain(`shutting down: ${signal}`);
	});

	test('the same from a process inside ends nothing, however often, and is told once', async () => {
		const config = `
services:
  web: {command: sleep 1000000}
  enemy: {type: oneshot, command: "sh -c 'for i in 1 2 3 4 5; do for s in USR1 USR2 WINCH; do kill -$$s 1; done; done'"}
`;
		await using archon = await boot({config});
		await archon.says(/enemy completed/);
		expect((await archon.status())['web']).toMatchObject({status: 'running'});
		for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGWINCH']) {
			expect(archon.log().split(`ignored ${signal}: there is no service main to forward it to`)).toHaveLength(2);
		}
		expect(archon.log()).not.toContain('shutting down');
	});

	test('who sent it is known to an archon that could not act before it crashed', async () => {
		await using archon = await boot({config: IDLE});
		await archon.says(/started web/);
		archon.signal('SIGSTOP');
		archon.signal('SIGUSR2');
		archon.signal('SIGSEGV');
		archon.signal('SIGCONT');
		expect(await archon.ended()).toBe(0);
		expect(archon.log()).toMatch(/re-executed[^]*shutting down: SIGUSR2/);
	});

	test('one that came before archon could hear is no less the runtime\'s', async () => {
		const wrapper = ['perl', '-MPOSIX', '-e', 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1)); $| = 1; print "blocked\\n"; sleep 1; exec @ARGV'];
		await using archon = await boot({config: IDLE, wrapper});
		await archon.says(/blocked/);
		archon.signal('SIGUSR1');
		expect(await archon.ended()).toBe(0);
	});
});

test('with main it is main\'s', async () => {
	await using archon = await boot({
		config: IDLE, args: ['--', 'sh', '-c', 'trap "echo got it; exit 7" USR1; echo set; while :; do sleep 0.05; done'],
	});
	await archon.says(/set/);
	archon.signal('SIGUSR1');
	expect(await archon.ended()).toBe(7);
	expect(archon.log()).toContain('got it');
});

const TALKER = (name: string): string =>
	`  ${name}: {command: "bash -c 'for s in HUP INT USR1 USR2 ALRM; do trap \\"echo ${name} got $$s\\" $$s; done; echo ${name} set; while :; do sleep 0.05; done'"}\n`;

describe('as the config has it', () => {
	test('signals are rewritten, passed to services, dropped, and told otherwise by a reload', async () => {
		const services = `services:\n${TALKER('main')}${TALKER('web')}`;
		await using archon = await boot({
			config: `signals: {INT: USR2, ALRM: {to: web}, HUP: {to: [web, main], signal: USR1}, QUIT: ignore}\n${services}`,
		});
		await archon.says(/main set/);
		await archon.says(/web set/);
		archon.signal('SIGQUIT');
		archon.signal('SIGINT');
		await archon.says(/main got USR2/);
		archon.signal('SIGALRM');
		await archon.says(/web got ALRM/);
		archon.signal('SIGHUP');
		await archon.says(/web got USR1/);
		await archon.says(/main got USR1/);
		archon.signal('SIGSEGV');
		await archon.says(/re-executed/);
		archon.signal('SIGALRM');
		await archon.says(/web got ALRM[^]*web got ALRM/);
		const {writeFileSync} = await import('node:fs');
		writeFileSync(`${archon.folder}/archon.yaml`, `signals: {RTMIN+5: {to: web, signal: INT}, QUIT: shutdown}\n${services}`);
		expect(await archon.ctl('reload')).toMatchObject({status: 0});
		archon.signal(39);
		await archon.says(/web got INT/);
		expect(archon.log()).not.toContain('shutting down');
		archon.signal('SIGQUIT');
		await archon.says(/shutting down: SIGQUIT/);
	});
});
