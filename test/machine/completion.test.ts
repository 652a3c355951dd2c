/** Real shells complete archonctl: commands, options, their values, and the services of a running archon. */
import {execaSync} from 'execa';
import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';

const SHARE = join(dirname(ARCHON), 'rootfs/usr/share');

async function up(): Promise<Archon> {
	const archon = await boot({config: 'services: {web: {command: sleep 1000000, scale: 2}, db: {command: sleep 1000000, groups: [backend]}}\n'});
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	return archon;
}

/** How each shell tells what it would offer for a line. */
const SHELLS: Readonly<Record<string, {readonly file: string; readonly script: string}>> = {
	bash: {
		file: 'bash-completion/completions/archonctl',
		script: 'source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _archonctl; printf "%s\\n" "${COMPREPLY[@]}"',
	},
	// What the completion system itself provides is stood in for.
	zsh: {
		file: 'zsh/site-functions/_archonctl',
		script: 'compdef() {}; compset() {}; _files() { print -l *(N) }; compadd() { shift; print -l -- ${(M)@:#$typed*}; }; source $1; '
			+ 'words=(${(z)2}); [[ $2 == *" " ]] && words+=(""); CURRENT=$#words PREFIX=$words[-1]; typed=$PREFIX; '
			+ '[[ $typed == --*=* ]] && typed=${typed#*=}; _archonctl',
	},
	fish: {file: 'fish/vendor_completions.d/archonctl.fish', script: 'source $argv[1]; complete -C $argv[2]'},
};

function offered(archon: Archon, shell: string, line: string): readonly string[] {
	const {file = '', script = ''} = SHELLS[shell] ?? {};
	const words = [join(SHARE, file), line];
	const args = shell === 'bash' ? ['--norc', '-c', script, 'bash', ...words] : shell === 'zsh' ? ['-f', '-c', script, 'zsh', ...words] : ['--no-config', '-c', script, ...words];
	const env = {ARCHON_SOCKET: archon.socket, PATH: `${dirname(ARCHON)}:${process.env['PATH'] ?? ''}`, HOME: archon.folder};
	const {stdout, stderr} = execaSync(shell, args, {env, cwd: archon.folder});
	expect(stderr).toBe('');
	// fish tells what each means behind a tab.
	return stdout.split('\n').map(word => word.replace(/\t.*/, '').replace(/^--\w[\w-]*=/, '')).filter(word => word !== '').sort();
}

const hasShell = (shell: string): boolean => execaSync('sh', ['-c', `command -v ${shell}`], {reject: false}).exitCode === 0;

const LINES: Readonly<Record<string, readonly string[]>> = {
	'archonctl sta': ['start', 'state', 'status'], 'archonctl rel': ['reload'], 'archonctl start w': ['web:0', 'web:1'], 'archonctl stop back': ['backend'],
	'archonctl --socket /run/x statu': ['status'], 'archonctl logs --gr': ['--grep'], 'archonctl completion z': ['zsh'], 'archonctl help comp': ['completion'],
	'archonctl signal US': ['USR1', 'USR2'], 'archonctl logs --stream std': ['stderr', 'stdout'], 'archonctl status d': ['db'], 'archonctl nonsense x': [],
};

test.each(Object.keys(SHELLS).filter(hasShell))('%s offers commands, options, what these take, and services', async shell => {
	await using archon = await up();
	expect(Object.fromEntries(Object.keys(LINES).map(line => [line, offered(archon, shell, line)]))).toEqual(LINES);
	const all = offered(archon, shell, 'archonctl ');
	for (const name of ['status', 'tree', 'doctor', 'is-active', 'auto', 'completion', 'help']) expect(all).toContain(name);
	expect(offered(archon, shell, 'archonctl --socket arch').map(word => word.replace(/^.*\//, ''))).toContain('archon.sock');
});

test('bash completes behind a colon and an equals sign, where it breaks words', async () => {
	await using archon = await up();
	expect(offered(archon, 'bash', 'archonctl stop web:')).toEqual(['0', '1']);
	expect(offered(archon, 'bash', 'archonctl status --compat=su')).toEqual(['supervisor']);
});

test('without a running archon there are no names, and no word about it', () => {
	const {stdout, stderr} = execaSync(ARCHON, ['completion', 'names'], {argv0: 'archonctl', reject: false, env: {ARCHON_SOCKET: '/no/such'}});
	expect(stdout).toBe('');
	expect(stderr).toContain('cannot reach archon');
	expect(execaSync('bash', ['--norc', '-c', SHELLS['bash']?.script ?? '', 'bash', join(SHARE, SHELLS['bash']?.file ?? ''), 'archonctl stop w'], {
		env: {ARCHON_SOCKET: '/no/such', PATH: `${dirname(ARCHON)}:/usr/bin:/bin`},
	})).toMatchObject({stdout: '', stderr: ''});
});
