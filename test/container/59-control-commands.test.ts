/** Commands of `archonctl` in a container of its own: what they find of it, and what came with the image. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

const config = `
services:
  shell: {command: sh -c 'sleep 1000000; :'}
  debug: {command: sleep 1000000, autostart: false}
`;

it('tree --all shows archon, its services, and what docker has executed beside it', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('shell');
	const {stdout} = await box.exec('archonctl', 'tree', '--all', '--json');
	const rows = JSON.parse(stdout) as {pid: number; parent: number; service: string | null; kind: string; command: string; memory: number}[];
	expect(rows.filter(({kind}) => kind === 'archon')).toMatchObject([{pid: 1, parent: 0}]);
	expect(rows.filter(({kind}) => kind === 'main').map(({service}) => service)).toEqual(['shell']);
	expect(rows.filter(({kind}) => kind === 'foreign').map(({command}) => command)).toEqual([expect.stringContaining('archonctl tree --all')]);
	for (const {kind, memory} of rows) if (kind !== 'foreign') expect(memory).toBeGreaterThan(0);
});

it('the doctor knows its place and its limits', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('shell');
	const {stdout} = await box.exec('archonctl', 'doctor', '--json');
	const findings = new Map((JSON.parse(stdout) as {about: string; verdict: string; found: string}[]).map(one => [one.about, one]));
	expect(findings.get('place')).toMatchObject({verdict: 'ok', found: 'PID 1'});
	expect(findings.get('user')?.verdict).toBe('ok');
	expect(findings.get('services')).toMatchObject({verdict: 'ok', found: '2, none failed or in trouble'});
	expect(findings.get('memory')?.found).toMatch(/^[\d.]+[KMG]( of [\d.]+[KMGT])? used/);
});

it('the words of others have the exit statuses that scripts expect, and auto gives a decision back', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('shell');
	const said = async (...words: readonly string[]): Promise<readonly [number, string]> => {
		const {status, stdout} = await box.exec('archonctl', ...words);
		return [status, stdout.trim()];
	};
	expect(await said('is-active', 'shell')).toEqual([0, 'active']);
	expect(await said('is-active', 'debug')).toEqual([3, 'inactive']);
	expect(await said('is-failed', 'shell')).toEqual([1, 'active']);
	expect((await said('is-active', 'nobody'))[0]).toBe(4);
	expect((await said('ps'))[1]).toMatch(/^NAME +STATUS/);
	expect((await said('enable', 'debug'))[0]).toBe(100);
	await said('up', 'debug');
	expect(await said('is-active', 'debug')).toEqual([0, 'active']);
	expect(await said('auto', 'debug', '--json')).toEqual([0, '{\n  "ok": true\n}']);
	await expect.poll(() => said('is-active', 'debug')).toEqual([3, 'inactive']);
});

it('completion and the manual come with the image', async () => {
	await using box = await boot({image: 'plain', config});
	const files = [
		'man/man1/archon.1', 'man/man1/archonctl.1', 'man/man5/archon.yaml.5', 'man/man7/archon-protocol.7', 'bash-completion/completions/archonctl',
		'zsh/site-functions/_archonctl', 'fish/vendor_completions.d/archonctl.fish',
	];
	for (const file of files) expect((await box.exec('head', '-c', '20', `/usr/share/${file}`)).stdout).not.toBe('');
	expect((await box.exec('archonctl', 'completion', 'names')).stdout.trim().split('\n')).toEqual(['shell', 'debug']);
});
