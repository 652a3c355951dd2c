/** Every command explains itself, without a running archon. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

it('has a help for each command that the overview lists', async () => {
	await using box = await boot({image: 'plain', command: ['--', 'sleep', '1000000']});
	const overview = await box.exec('archonctl', '--help');
	expect(overview).toMatchObject({status: 0, stderr: ''});
	for (const command of ['status', 'tree', 'start', 'stop', 'restart', 'signal', 'run', 'daemon', 'shutdown', 'raw']) {
		expect(overview.stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
		const help = await box.exec('archonctl', command, '--help');
		expect(help).toMatchObject({status: 0, stderr: ''});
		expect(help.stdout).toContain(`archonctl ${command}`);
	}
});
