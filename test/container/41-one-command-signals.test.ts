/** One-command mode gives the command every signal that can be forwarded. */
import {expect, it} from 'vitest';
import {boot, runOnce} from './harness.ts';

/** Without the faults, those that no program can catch, SIGCHLD, SIGPIPE, SIGTTIN and SIGTTOU. */
const FORWARDED = [1, 2, 3, 10, 12, 14, 15, 16, 18, 20, 23, 24, 25, 26, 27, 28, 29, 30, 34, 37, 64];

it('forwards them when it is not PID 1', async () => {
	const {status, log} = await runOnce({image: 'plain', entrypoint: ['bash', '-c', String.raw`
		for signal in ${FORWARDED.join(' ')}; do
			exec 3< <(exec archon -- /characters/telltale)
			archon=$!
			read -r ready <&3
			kill -$signal $archon
			wait $archon
			status=$?
			[ $status = $signal ] || echo "signal $signal came as $status"
		done
	`]});
	expect({status, log}).toEqual({status: 0, log: ''});
});

it.each(['SIGTERM', 'SIGUSR1', 'SIGHUP', 'SIGWINCH'])('forwards %s as PID 1', async signal => {
	await using box = await boot({image: 'plain', command: ['--', '/characters/telltale']});
	await box.says(/^ready\n$/);
	await box.signal(signal);
	expect(await box.ended()).toBe({SIGTERM: 15, SIGUSR1: 10, SIGHUP: 1, SIGWINCH: 28}[signal]);
});
