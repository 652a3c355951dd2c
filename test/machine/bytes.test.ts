/** Bytes that are not UTF-8 in arguments and variables: they reach processes as they are, and archon's own lines are text. */
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {ARCHON} from './archon.ts';
import {see, start} from './dropin.ts';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'archon-bytes-'))));
afterAll(() => rmSync(folder, {recursive: true}));

/** Executes what follows with further arguments, and with variables of whose values and names not all are UTF-8. */
const strangely = (...words: readonly string[]): readonly string[] => ['python3', '-c', `import ctypes, os, sys
def block(texts): return (ctypes.c_char_p * (len(texts) + 1))(*texts, None)
words = [os.fsencode(word) for word in sys.argv[1:]] + [${words.join(', ')}]
variables = [b'PATH=/usr/bin:/bin', b'X=\\xff\\x80z', b'\\xff\\xfeY=\\xc3\\xa9\\xc3', b'Z=\\xe9\\n', b'ARCHON_SOCKET=' + os.fsencode(os.environ.get('ARCHON_SOCKET', ''))]
ctypes.CDLL(None).execve(words[0], block(words), block(variables))`];

/** Says its arguments and some of its variables in hexadecimal. */
const TELL = '$| = 1; print "$0: ", join(" ", map { unpack "H*", $_ } @ARGV, map { $ENV{$_} // "" } qw(X Z Q S), "\\xff\\xfeY"), "\\n";';
const tell = (name: string, then = ''): readonly string[] => ['perl', '-e', `$0 = "${name}"; ${TELL.replaceAll('$', '$$$$')} ${then}`];
const WORDS = ['b"a\\xff\\xc3b\\xe9"', 'b"\\xed\\xb2\\x80"', 'b"\\xf4\\x90\\x80\\x80"', 'b""'];
const HEX = '61ffc362e9 edb280 f4908080 ';

test('one command has them', async () => {
	const {stdout} = await see(ARCHON, ['--', 'perl', '-e', `$0 = "main"; ${TELL}`], {wrapper: strangely(...WORDS)});
	expect(stdout).toBe(`main: ${HEX} ff807a e90a   c3a9c3\n`);
});

test('services and main have them, in a later instance of archon, too', async () => {
	const [config, secret] = [join(folder, 'archon.yaml'), join(folder, 'secret')];
	writeFileSync(secret, Buffer.from('70ff77\n'.slice(0, 6), 'hex'));
	writeFileSync(config, JSON.stringify({archon: {logging: 'prefix'}, services: {
		whole: {command: [...tell('whole', 'sleep 1000000;'), '${X}']},
		some: {command: tell('some', 'sleep 1000000;'), environment_base: ['PATH', 'X'], environment: {Q: 'a${Z}b', S_FILE: secret}, secrets_from_files: true},
	}}));
	await using archon = start(ARCHON, ['-c', config, '--socket', join(folder, 'socket'), '--', 'perl', '-e', `$0 = "main"; ${TELL} sleep 1000000`], {
		isInit: true, wrapper: strangely(...WORDS),
	});
	const expected = ['whole: ff807a ff807a e90a   c3a9c3\n', 'some: ff807a  61e90a62 70ff77 \n', `main: ${HEX} ff807a e90a   c3a9c3\n`];
	for (const text of expected) await archon.says(new RegExp(text));
	const [ctl, socket] = [join(ARCHON, '..', 'archonctl'), join(folder, 'socket')];
	await see(ctl, ['--socket', socket, 'run', '--', 'perl', '-e', 'kill "SEGV", 1']);
	await archon.says(/re-executed/);
	expect((await see(ctl, ['--socket', socket, 'restart', 'whole', 'some'])).status).toBe(0);
	for (const text of expected.slice(0, 2)) await archon.says(new RegExp(`${text}[^]*${text}`));
});

test('names of stale files need not be UTF-8', async () => {
	const names = ['a\xff.pid', '\xc3.pid', 'stays\xff'].map(name => Buffer.from(`${folder}/${name}`, 'latin1'));
	const config = join(folder, 'stale.yaml');
	for (const name of names) writeFileSync(name, '');
	writeFileSync(config, JSON.stringify({services: {web: {command: 'true', clean: [`${folder}/*.pid`], essential: true}}}));
	expect((await see(ARCHON, ['-c', config, '--socket', join(folder, 'socket')])).status).toBe(0);
	expect(names.map(name => existsSync(name))).toEqual([false, false, true]);
});

test('what archon says of them is text', async () => {
	const {status, stderr} = await see(ARCHON, ['--'], {wrapper: strangely('b"/no\\xffsuch"')});
	expect(status).toBe(127);
	expect(stderr).toMatch(/executing \/no\xef\xbf\xbdsuch: no such file or directory\n$/);
});
