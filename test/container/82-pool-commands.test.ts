/** Commands of a pool, as a person and a script call them in a container: they behave as if they were started there. */
import {expect, it} from 'vitest';
import {bootPool, LANGUAGES} from './pools.ts';

interface Typed {
	readonly status: number;
	readonly same: boolean;
	readonly left: readonly unknown[];
}

it.each(LANGUAGES)('a command in %s is a fork of its node, with all that its parents have', async language => {
	await using pool = await bootPool(language);
	const node = await pool.pid('development');
	const {status, stdout} = await pool.zeus('where');
	const [pid, seen, hooks] = stdout.trim().split(' ');
	expect({status, seen, hooks}).toEqual({status: 0, seen: 'boot,shared,development', hooks: '3'});
	expect(Number(pid)).not.toBe(node);
	expect(await pool.pid('development')).toBe(node);
	for (const spelling of ['echo', 'e', 'say']) expect(await pool.zeus(spelling, 'x')).toMatchObject({status: 0, stdout: '<x>\n', stderr: 'to stderr\n'});
	expect(await pool.zeus('t', 'unit')).toMatchObject({status: 0, stdout: 'suite unit\n'});
});

it.each(LANGUAGES)('arguments, streams and the exit status of one in %s are exact', async language => {
	await using pool = await bootPool(language);
	const out = await pool.sh('printf "from stdin\\n" | archon zeus echo "a b" "" "x:y" "ü" "two\nlines" >/tmp/o 2>/tmp/e; cat /tmp/o; echo --; cat /tmp/e');
	expect(out).toBe('<a b>\n<>\n<x:y>\n<ü>\n<two\nlines>\nfrom stdin\n--\nto stderr\n');
	const many = 'import os; os.execvp("archon", ["archon", "zeus", "count-words"] + ["x" * 1024] * 1024)';
	expect(await pool.sh(`python3 -c '${many}'`)).toBe(`1024 ${1 << 20}\n`);
	for (const status of [0, 7, 255]) expect(await pool.zeus('finish', String(status))).toMatchObject({status});
	expect(await pool.zeus('nowhere')).toMatchObject({status: 127, stdout: ''});
});

it.each(LANGUAGES)('twenty in %s run at a time', async language => {
	await using pool = await bootPool(language);
	const script = 'for i in $(seq 20); do (echo $i | archon zeus echo $i >/tmp/o$i 2>/dev/null; echo $? >>/tmp/o$i) & done; wait; cat $(seq -f /tmp/o%g 20)';
	expect(await pool.sh(script)).toBe(Array.from({length: 20}, (_, i) => `<${i + 1}>\n${i + 1}\n0\n`).join(''));
});

it.each(LANGUAGES)('when client, runner or command in %s is killed, the others end, and the client with a status', async language => {
	await using pool = await bootPool(language);
	const begin = 'rm -f /tmp/pid; archon zeus hang >/tmp/pid & client=$!; while ! [ -s /tmp/pid ]; do sleep 0.02; done; pid=$(cat /tmp/pid)';
	const gone = 'while [ -d /proc/$pid ]; do sleep 0.02; done';
	expect(await pool.sh(`${begin}; kill -TERM $pid; wait $client; echo $?`)).toBe('143\n');
	expect(await pool.sh(`${begin}; kill -KILL $pid; wait $client; echo $?`)).toBe('137\n');
	expect(Number(await pool.sh(`${begin}; kill -KILL $(ps -o ppid= -p $pid); wait $client; echo $?; ${gone}`))).toBeGreaterThan(0);
	await pool.sh(`${begin}; kill -KILL $client; ${gone}`);
	await expect.poll(() => pool.sh('ps -eo comm= | grep -cE "^(run |hang)" || true')).toBe('0\n');
});

it.each(LANGUAGES)('a console in %s is on the terminal of who called it, and leaves that as it was', async language => {
	await using pool = await bootPool(language);
	const type = async (steps: readonly unknown[], ...command: readonly string[]): Promise<{readonly shown: string; readonly end: Typed}> => {
		const {stdout} = await pool.box.exec(
			'sh', '-c', 'cd "$0" && exec python3 -B /scenes/typist.py "$@"', pool.folder, JSON.stringify(steps), ...command,
		);
		const lines = stdout.trimEnd().split('\n');
		return {shown: lines.slice(0, -1).join('\n'), end: JSON.parse(lines.at(-1) ?? '') as Typed};
	};
	const {shown, end} = await type([
		['>>>', '6 * 7\n'], ['42', ''], ['>>>', '\u0003'], ['KeyboardInterrupt', ''], ['>>>', '"bye" * 2\n'], ['byebye', ''], ['>>>', '\u0004'],
	], 'archon', 'zeus', 'console');
	expect(end, shown).toEqual({status: 0, same: true, left: []});
	expect((await type([], 'archon', 'zeus', 'terminal')).shown).toContain('24 80');
	expect((await type([], 'archon', 'zeus', '-T', 'terminal')).shown).toContain('no terminal');
	// The master may be gone in the middle of it.
	const master = 'sleep 1; kill -KILL $(cat .zeus.pid)';
	const broken = await type([['>>>', '']], 'sh', '-c', `(${master}) & exec archon zeus console`);
	expect(broken.end.same, broken.shown).toBe(true);
	expect(broken.end.status).not.toBe(0);
});
