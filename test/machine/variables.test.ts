/** Variables of services from files, folders and commands, read before each start by the executable as PID 1. */
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {beforeEach, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'archon-variables-'))));

/** Prints variables and stays. */
const say = (...names: readonly string[]): string =>
	`sh -c 'echo ${names.map(name => `${name}=$$${name}.`).join(' ')}; exec sleep 1000000'`;

/** Services may have spoken before archon listens to archonctl. */
const listens = (archon: Archon): Promise<void> => expect.poll(() => archon.status().catch(() => null)).not.toBe(null);

async function pidOf(archon: Archon, name: string): Promise<number | null | undefined> {
	return (await archon.status())[name]?.pid;
}

describe('a file of variables', () => {
	test('is read when its service starts, after what writes it, and again at each start', async () => {
		await using archon = await boot({config: `services:
  config: {type: oneshot, command: sh -c 'echo TOKEN=first > ${folder}/env'}
  web: {command: ${say('TOKEN')}, env_file: ${folder}/env, depends_on: {config: {condition: service_completed_successfully}}}
`});
		await archon.says(/not there yet.*\/env/);
		await archon.says(/TOKEN=first\./);
		await listens(archon);
		writeFileSync(join(folder, 'env'), 'TOKEN=second\n');
		await archon.ctl('restart', 'web');
		await archon.says(/TOKEN=second\./);
	});

	test('is there for the commands before each start as it is then, and nothing of the start before', async () => {
		writeFileSync(join(folder, 'env'), 'A=1\n');
		writeFileSync(join(folder, 'late'), 'B=1\n');
		const tell = "sh -c 'echo before A=$$A. B=$$B. C=$$C.; rm -f %/late; echo D=1 > %/own'".replaceAll('%', folder);
		await using archon = await boot({config: `services:
  web:
    command: ${say('A', 'B', 'C', 'D')}
    pre_start: ["${tell}"]
    env_file: [${folder}/env, {path: ${folder}/late, required: false}, ${folder}/own]
    env_from: {command: echo C=asked}
  idle: {command: sleep 1000000}
`});
		await archon.says(/before A=1\. B=1\. C=\.\n[^]*A=1\. B=\. C=asked\. D=1\./);
		await listens(archon);
		writeFileSync(join(folder, 'env'), 'A=2\n');
		expect((await archon.ctl('restart', 'web')).status).toBe(0);
		await archon.says(/before A=2\. B=\. C=\.\n[^]*A=2\. B=\. C=asked\. D=1\./);
	});

	test('may be missing for commands before the start, which a stop ends', async () => {
		await using archon = await boot({config: `services:
  web: {command: sleep 1000000, pre_start: [sleep 1000000], env_file: ${folder}/env}
  idle: {command: sleep 1000000}
`});
		await archon.says(/started idle/);
		await listens(archon);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
	});

	test('that cannot be read keeps archonctl restart from stopping what runs, unless something on the way may write it', async () => {
		for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, name), 'A=1\n');
		await using archon = await boot({config: `services:
  a: {command: sleep 1000000, env_file: ${folder}/a}
  b: {command: sleep 1000000, env_file: ${folder}/b, pre_start: [touch ${folder}/b]}
  write: {command: sleep 1000000, post_start: [touch ${folder}/c]}
  c: {command: sleep 1000000, env_file: ${folder}/c, depends_on: {write: {condition: service_healthy}}}
  d: {command: sleep 1000000, env_dir: ${folder}}
`});
		await archon.says(/started c/);
		await listens(archon);
		const before = await archon.status();
		for (const name of ['a', 'b', 'c']) rmSync(join(folder, name));
		for (const names of [['a'], ['a', 'd']]) {
			expect(await archon.ctl('restart', ...names)).toMatchObject({status: 1, stderr: expect.stringContaining(
				`cannot restart a: reading its env_file ${folder}/a: no such file or directory; nothing was restarted`)});
		}
		expect((await archon.status())['a']?.pid).toBe(before['a']?.pid);
		expect((await archon.status())['d']?.pid).toBe(before['d']?.pid);
		expect((await archon.ctl('restart', 'b')).status).toBe(0);
		expect((await archon.ctl('restart', 'd')).status).toBe(0);
		expect((await archon.ctl('restart', 'write', 'c')).status).toBe(0);
	});

	test('has its service restarted by a reload where it has changed, and only there', async () => {
		writeFileSync(join(folder, 'env'), 'A=1\n');
		writeFileSync(join(folder, 'other'), 'A=1\n');
		await using archon = await boot({config: `services:
  web: {command: ${say('A')}, env_file: ${folder}/env}
  other: {command: ${say('A')}, env_file: ${folder}/other}
`});
		await archon.says(/A=1\.\n[^]*A=1\./);
		await listens(archon);
		const before = await archon.status();
		expect((await archon.ctl('reload')).stdout).toMatch(/2 unchanged/);
		writeFileSync(join(folder, 'env'), 'A=2\n');
		expect((await archon.ctl('reload')).stdout).toMatch(/1 restarted \(web\), 1 unchanged/);
		await archon.says(/A=2\./);
		// A file that is not there does not count as changed.
		rmSync(join(folder, 'env'));
		expect((await archon.ctl('reload')).stdout).toMatch(/2 unchanged/);
		const after = await archon.status();
		expect(after['other']?.pid).toBe(before['other']?.pid);
		expect(after['web']?.pid).not.toBe(before['web']?.pid);
	});

	test('that is not there refuses its service and no other, and a reload tries again once it is', async () => {
		await using archon = await boot({config: `services:
  web: {command: ${say('A')}, env_file: ${folder}/env}
  some: {command: ${say('A')}, env_file: {path: ${folder}/none, required: false}}
`});
		await archon.says(new RegExp(`cannot start web: reading its env_file ${folder}/env: no such file or directory`));
		await archon.says(/A=\./);
		await listens(archon);
		writeFileSync(join(folder, 'env'), 'A=late\n');
		await archon.ctl('reload');
		await archon.says(/A=late\./);
	});

	test.each([
		['a FIFO', 'mkfifo $F', 'it is not a regular file'],
		['a folder', 'mkdir $F', 'is a directory'],
		['endless', 'head -c 200000 /dev/zero > $F', 'it is larger than 128 KiB'],
		['no text', 'printf "A=\\377" > $F', 'it is not UTF-8 text'],
		['no file of variables', 'printf "A=1\\n\\nB 2\\n" > $F', 'line 3: this is not NAME=value'],
		['a bomb', "{ echo A=xxxxxxxx; for i in 1 2 3 4 5 6 7 8; do echo 'A=$A$A$A$A$A$A$A$A'; done; } > $F", 'line 7: A is longer than 1 MiB with the values of its variables'],
	])('that is %s when its service starts delays no other service', async (_what, make, why) => {
		writeFileSync(join(folder, 'make'), `F=${folder}/env\n${make}\n`);
		await using archon = await boot({config: `services:
  make: {type: oneshot, command: sh ${folder}/make}
  web: {command: sleep 1000000, env_file: ${folder}/env, depends_on: {make: {condition: service_completed_successfully}}}
  other: {command: sleep 1000000, after: [web]}
`});
		const [line] = await archon.says(/cannot start web: reading its env_file .*/);
		expect(line).toContain(why);
		await listens(archon);
		expect((await archon.status())['other']?.status).toBe('running');
	});
});

test('a file of variables for the config itself is read again by a reload, and its variables reach no service by themselves', async () => {
	const file = join(folder, '.env');
	writeFileSync(file, 'WHAT=first\nOTHER=dotenv\n');
	await using archon = await boot({args: ['--env-file', file], env: {OTHER: 'own'}, config: `services:
  web: {command: 'sh -c "echo \${WHAT} \${OTHER} [$$WHAT]; exec sleep 1000000"'}
`});
	await archon.says(/first own \[\]/);
	await listens(archon);
	writeFileSync(file, 'WHAT=second\n');
	await archon.ctl('reload');
	await archon.says(/second own \[\]/);
});

test('each source of variables goes over those before it', async () => {
	writeFileSync(join(folder, 'env'), ['B', 'C', 'D', 'E'].map(name => `${name}=file\n`).join(''));
	mkdirSync(join(folder, 'dir'));
	for (const name of ['C', 'D', 'E']) writeFileSync(join(folder, 'dir', name), `folder $${name}\n`);
	writeFileSync(join(folder, 'dir', '.hidden'), 'x');
	mkdirSync(join(folder, 'dir', 'deep'));
	await using archon = await boot({env: {A: 'own', X: 'own'}, config: `environment: {A: top, B: top, X: top}
services:
  web:
    command: ${say('A', 'B', 'C', 'D', 'E')}
    env_file: ${folder}/env
    env_dir: ${folder}/dir
    env_from:
      - command: [sh, -c, "echo D=from-$$B; echo 'E=x'"]
    environment: {E: its own}
`});
	await archon.says(/A=top\. B=file\. C=folder \$C\. D=from-file\. E=its own\./);
});

describe('a command that prints variables', () => {
	test('is run as its service would be, and a dollar in what it prints is a dollar', async () => {
		await using archon = await boot({config: `services:
  web:
    command: ${say('WHO', 'WHERE', 'SECRET', 'QUOTED')}
    user: nobody
    working_dir: /usr
    env_from: {command: [sh, -c, 'echo to the log >&2; echo WHO=$$(id -un); echo WHERE=$$PWD; echo ''SECRET=a$$b$$$$c''; echo ''QUOTED="x \\$$y"'' ']}
`});
		await archon.says(/to the log/);
		await archon.says(/WHO=nobody\. WHERE=\/usr\. SECRET=a\$b\$\$c\. QUOTED=x \$y\./);
	});

	test.each([
		['fails', 'exit 3', 'exit status 3'],
		['prints too much', 'yes A=1', 'it prints more than 64 KiB'],
		['prints no variables', 'echo oh no', 'line 1: this is not NAME=value'],
		['takes too long', 'exec sleep 2346', 'it took longer than 0.2 s'],
	])('and %s keeps its service from its start', async (_what, script, why) => {
		await using archon = await boot({config: `services:
  web: {command: sleep 1000000, restart: "no", start_timeout: 200ms, env_from: {command: [sh, -c, '${script}']}}
  idle: {command: sleep 1000000}
`});
		const [line] = await archon.says(/cannot start web: asking sh for its variables \(env_from\): .*/);
		expect(line).toContain(why);
		await listens(archon);
		expect(await pidOf(archon, 'web')).toBe(null);
	});

	test('is asked again by the rules for restarts', async () => {
		await using archon = await boot({config: `services:
  web: {command: ${say('A')}, env_from: {command: [sh, -c, 'test -e ${folder}/once && echo A=2 && exit; touch ${folder}/once; exit 1']}}
`});
		await archon.says(/cannot start web[^]*A=2\./);
	});

	test('is ended when its service is to stop, and holds up no shutdown', async () => {
		await using archon = await boot({config: `services:
  web: {command: sleep 1000000, env_from: {command: [sh, -c, 'echo asked >&2; sleep 1000000 & wait']}}
  other: {command: sleep 1000000}
`});
		await archon.says(/asked/);
		await listens(archon);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		expect((await archon.status())['web']?.status).toBe('stopped');
		void archon.ctl('start', 'web');
		await archon.says(/asked[^]*asked/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});
});

describe('an archon that was re-executed', () => {
	test('gives probes and hooks the variables with which their service was started', async () => {
		writeFileSync(join(folder, 'env'), 'A=first\n');
		await using archon = await boot({config: `services:
  web: {command: sleep 1000000, env_file: ${folder}/env, pre_stop: [sh -c 'echo pre_stop $$A.']}
`});
		await archon.says(/started web/);
		writeFileSync(join(folder, 'env'), 'A=second\n');
		archon.signal('SIGSEGV');
		await archon.says(/was re-executed/);
		await listens(archon);
		await archon.ctl('stop', 'web');
		await archon.says(/pre_stop first\./);
	});

	test('asks a command again that it was waiting for, and ends the one that it had asked', async () => {
		await using archon = await boot({config: `services:
  web:
    command: ${say('A')}
    env_from: {command: [sh, -c, 'echo $$$$ >> ${folder}/asked; test -e ${folder}/go && echo A=2 && exit; echo asked >&2; exec sleep 2347']}
`});
		await archon.says(/asked/);
		writeFileSync(join(folder, 'go'), '');
		archon.signal('SIGSEGV');
		await archon.says(/A=2\./);
		await listens(archon);
		const [first] = readFileSync(join(folder, 'asked'), 'utf8').split('\n');
		const tree = await archon.ctl('run', '--', 'sh', '-c', `test -e /proc/${first} && echo there || echo gone`);
		expect(tree.stdout).toBe('gone');
	});
});
