/** `archon -- CMD` beside `tini -s -- CMD` on small scripts made by chance; `SEED=n` makes others. */
import {existsSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {ARCHON} from './archon.ts';
import {see, type Seen} from './dropin.ts';

const COUNT = 50;

const number = (most: number): fc.Arbitrary<number> => fc.integer({min: 0, max: most});
/** archon does not pass on SIGPIPE. */
const signal = fc.constantFrom('HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'ALRM', 'TERM', 'WINCH', 'URG', 'CONT', 'IO', 'RTMIN', 'RTMAX');

/** A step of a script. What it says does not hang on time. */
const step: fc.Arbitrary<string> = fc.oneof(
	number(99).map(n => `echo out ${n}`), number(99).map(n => `echo err ${n} >&2`), fc.constant('cat'), fc.constant('read -r line; echo "line $line"'),
	fc.constant('nosuch'), fc.constant('/etc/passwd'), fc.constant('(exit 3); echo "was $?"'), fc.constant('umask; pwd; ulimit -Sn; ulimit -Hn; ulimit -x; nice'),
	fc.constant('grep -E "Sig(Blk|Ign)" /proc/self/status'), fc.constant('[ -t 0 ] || echo no terminal'), fc.constant('printf "a\\0b\\377"'),
	signal.map(name => `got=; trap "echo got ${name}; got=1" ${name}; kill -${name} $PPID; while [ -z "$got" ]; do sleep 0.01; done`),
	signal.map(name => `sh -c "kill -${name} \\$\\$"; echo "child $?"`),
	fc.constant('(sleep 0.01; echo late) & wait'), fc.constant('exec 3>&1; echo three >&3'), fc.constant('yes | head -n 1'),
);
const end: fc.Arbitrary<string> = fc.oneof(
	number(255).map(n => `exit ${n}`), signal.map(name => `ulimit -c 0; kill -${name} $$`), fc.constant('exec nosuch'), fc.constant('exec true'), fc.constant('kill -KILL $$'),
);
const start = fc.constantFrom('trap "" INT PIPE', 'ulimit -Sn 100', 'exec nice -n 5 "$@"', 'umask 77', 'cd /usr', ':');

const seed = Number(process.env['SEED'] ?? 1);
const cases = fc.sample(fc.record({start, script: fc.tuple(fc.array(step, {maxLength: 4}), end).map(([steps, last]) => [...steps, last].join('\n'))}), {numRuns: COUNT, seed});

describe.skipIf(!existsSync('/usr/bin/tini'))(`seed ${seed}`, () => {
	test.concurrent.each(cases.map(one => [one.start, one.script] as const))('%s: %s', async (start, script) => {
		const wrapper = ['sh', '-c', `${start}; exec "$@"`, 'start'];
		const look = (init: string, ...args: readonly string[]): Promise<Seen> => see(init, [...args, '--', 'sh', '-c', script], {wrapper});
		const [theirs, ours] = await Promise.all([look('/usr/bin/tini', '-s'), look(ARCHON)]);
		expect(ours).toEqual(theirs);
	});
});
