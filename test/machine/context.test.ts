/** Every key of a process's context, read back from the process itself, as root and as an ordinary user. */
import {execFile} from 'node:child_process';
import {openSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, test} from 'vitest';
import {service} from '../../src/core/defaults.ts';
import {CAPABILITIES, RESOURCES} from '../../src/core/linux.ts';
import {close, openTerminal, pipe, read} from '../../src/os/descriptors.ts';
import {spawnRun} from '../../src/os/spawn/spawner.ts';
import {folder, type How, make, news, outputOf, reaper, refusalOf} from './bench.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = {user: 'nobody', group: null};
const STATUS = ['cat', '/proc/self/status'] as const;

const capability = (name: string): number => CAPABILITIES.indexOf(name);
const limit = (name: string): number => RESOURCES.indexOf(name);

const has = (names: readonly string[]): string =>
	names.reduce((all, name) => all | 1n << BigInt(capability(name)), 0n).toString(16).padStart(16, '0');

const fieldOf = (status: string, name: string): string => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1] ?? '';
const own = (name: string): string => fieldOf(readFileSync('/proc/self/status', 'utf8'), name);
const mayUse = (name: string): boolean => (BigInt(`0x${own('CapEff')}`) >> BigInt(capability(name)) & 1n) === 1n;

/** What the same processes do under an archon that is an ordinary user. */
async function asOrdinary(...cases: readonly {argv: readonly string[]; how: How}[]): Promise<string[]> {
	const program = join(import.meta.dirname, 'ordinary.ts');
	const {stdout} = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', program, JSON.stringify(cases)]);
	return JSON.parse(stdout) as string[];
}

describe('limits', () => {
	test('are read back from /proc, unlimited ones too', async () => {
		const limits = await outputOf(['cat', '/proc/self/limits'], {
			limits: {rlimits: [
				{resource: limit('nofile'), soft: 100, hard: 200},
				{resource: limit('core'), soft: 0, hard: 0},
				{resource: limit('cpu'), soft: 1000, hard: Infinity},
				{resource: limit('fsize'), soft: 2 ** 40, hard: 2 ** 41},
			]},
		});
		const row = (title: string): string[] | undefined => limits.split('\n').find(line => line.startsWith(title))?.slice(26).trim().split(/\s+/);
		expect(row('Max open files')?.slice(0, 2)).toEqual(['100', '200']);
		expect(row('Max core file size')?.slice(0, 2)).toEqual(['0', '0']);
		expect(row('Max cpu time')?.slice(0, 2)).toEqual(['1000', 'unlimited']);
		expect(row('Max file size')?.slice(0, 2)).toEqual([String(2 ** 40), String(2 ** 41)]);
	});

	test('hold for the process and not for archon', async () => {
		const before = readFileSync('/proc/self/limits', 'utf8');
		expect(await outputOf(['sh', '-c', 'ulimit -n'], {limits: {rlimits: [{resource: limit('nofile'), soft: 9, hard: 9}]}})).toBe('9\n');
		expect(readFileSync('/proc/self/limits', 'utf8')).toBe(before);
	});

	test('that turn things round, and numbers that are no limit, are refused', () => {
		expect(refusalOf(['true'], {limits: {rlimits: [{resource: limit('nproc'), soft: 20, hard: 10}]}})).toMatchObject({
			stage: 'setting the limit nproc', errno: 22, reason: 'invalid argument: the soft limit is above the hard one',
		});
		expect(refusalOf(['true'], {limits: {rlimits: [{resource: 99, soft: 1, hard: 1}]}}).stage).toBe('setting the limit 99');
	});

	test.runIf(isRoot && mayUse('SYS_RESOURCE'))('may be raised by root, before it becomes somebody else', async () => {
		const text = await outputOf(['sh', '-c', 'ulimit -Hu'], {user: NOBODY, limits: {rlimits: [{resource: limit('nproc'), soft: 1e6, hard: 1e6}]}});
		expect(text).toBe('1000000\n');
	});

	test.runIf(isRoot && !mayUse('SYS_RESOURCE'))('cannot be raised without the right to, which is said', () => {
		expect(refusalOf(['true'], {limits: {rlimits: [{resource: limit('nproc'), soft: 1e6, hard: 1e6}]}})).toMatchObject({
			stage: 'setting the limit nproc', errno: 1,
			reason: 'operation not permitted: that takes the capability SYS_RESOURCE, which archon does not have',
		});
	});
});

describe('priorities', () => {
	const nice = ['sh', '-c', 'set -- $(cat /proc/self/stat); echo ${19}'] as const;
	const ionice = ['perl', '-e', 'printf "%d %d\\n", map { $_ >> 13, $_ & 7 } syscall(252, 1, 0)'] as const;

	test('nice is read back, and archon keeps its own', async () => {
		const before = readFileSync('/proc/self/stat', 'utf8').split(' ')[18];
		expect(await outputOf(nice, {limits: {nice: 7}})).toBe('7\n');
		expect(readFileSync('/proc/self/stat', 'utf8').split(' ')[18]).toBe(before);
	});

	test.runIf(isRoot && mayUse('SYS_NICE'))('nice may go below, also for somebody else', async () => {
		expect(await outputOf(nice, {limits: {nice: -5}, user: NOBODY})).toBe('-5\n');
	});

	test.runIf(process.arch === 'x64')('ionice is read back', async () => {
		expect(await outputOf(ionice, {limits: {ionice: {class: 2, level: 6}}})).toBe('2 6\n');
		expect(await outputOf(ionice, {limits: {ionice: {class: 3, level: 0}}})).toBe('3 0\n');
	});

	test('an ionice that does not exist is refused', () => {
		expect(refusalOf(['true'], {limits: {ionice: {class: 7, level: 0}}})).toMatchObject({stage: 'setting ionice', errno: 22});
	});
});

describe('when memory runs out', () => {
	const adjustment = ['cat', '/proc/self/oom_score_adj'] as const;
	const mine = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));

	test('every process is a likelier victim than archon, helpers too', async () => {
		const likelier = Number(await outputOf(adjustment)) - mine;
		expect(likelier).toBeGreaterThanOrEqual(Math.min(1000 - mine, 100));
		expect(likelier).toBeLessThanOrEqual(900);
		expect(Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))).toBe(mine);
	});

	test('a service may say how likely', async () => {
		expect(await outputOf(adjustment, {limits: {oomScoreAdj: 777}})).toBe('777\n');
	});

	test.runIf(isRoot)('that holds for another user too, who could not say so itself', async () => {
		expect(await outputOf(adjustment, {user: NOBODY, limits: {oomScoreAdj: 555}})).toBe('555\n');
	});

	test.runIf(!mayUse('SYS_RESOURCE'))('less likely than archon takes a right', () => {
		expect(refusalOf(['true'], {limits: {oomScoreAdj: -999}})).toMatchObject({
			stage: 'setting oom_score_adj to -999', errno: 13,
			reason: 'permission denied: that takes the capability SYS_RESOURCE, which archon does not have',
		});
	});
});

describe('groups', () => {
	test.runIf(isRoot)('come on top of the user\'s, by name or number, and no group twice', async () => {
		const status = await outputOf(STATUS, {user: NOBODY, limits: {groups: ['daemon', '4242', 'nogroup']}});
		expect(fieldOf(status, 'Groups').split(' ').map(Number).sort((a, b) => a - b)).toEqual([1, 4242, 65534]);
	});

	test.runIf(isRoot)('come on top of archon\'s own where there is no user', async () => {
		const status = await outputOf(STATUS, {limits: {groups: ['4242']}});
		expect(fieldOf(status, 'Groups').split(' ')).toEqual(expect.arrayContaining([...own('Groups').split(' ').filter(text => text !== ''), '4242']));
		expect(fieldOf(status, 'Uid')).toBe('0\t0\t0\t0');
	});

	test('that do not exist are refused', () => {
		expect(refusalOf(['true'], {limits: {groups: ['whichever']}})).toMatchObject({
			stage: 'finding the groups', reason: 'group whichever is not in /etc/group',
		});
	});
});

describe.runIf(isRoot)('capabilities of root', () => {
	test('are archon\'s own where nothing is said', async () => {
		const status = await outputOf(STATUS);
		for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(fieldOf(status, set), set).toBe(own(set));
	});

	test('can be dropped one by one', async () => {
		const status = await outputOf(STATUS, {limits: {capDrop: [capability('NET_RAW'), capability('SYS_ADMIN')]}});
		const left = (BigInt(`0x${own('CapBnd')}`) & ~BigInt(`0x${has(['NET_RAW', 'SYS_ADMIN'])}`)).toString(16).padStart(16, '0');
		expect([fieldOf(status, 'CapEff'), fieldOf(status, 'CapPrm'), fieldOf(status, 'CapBnd')]).toEqual([left, left, left]);
	});

	test('can be dropped all but some', async () => {
		const status = await outputOf(STATUS, {limits: {capDrop: 'all', capAdd: [capability('CHOWN'), capability('KILL')]}});
		const left = has(['CHOWN', 'KILL']);
		expect([fieldOf(status, 'CapEff'), fieldOf(status, 'CapPrm'), fieldOf(status, 'CapBnd')]).toEqual([left, left, left]);
	});

	test('are the same for archon afterwards', async () => {
		const before = own('CapEff');
		await outputOf(['true'], {user: NOBODY, limits: {capDrop: 'all', capAdd: [capability('CHOWN')], noNewPrivileges: true}});
		expect([own('CapEff'), own('NoNewPrivs')]).toEqual([before, '0']);
	});
});

describe.runIf(isRoot)('capabilities of another user', () => {
	test('are none, whatever may still be had by a program with more rights', async () => {
		const status = await outputOf(STATUS, {user: NOBODY});
		expect([fieldOf(status, 'CapPrm'), fieldOf(status, 'CapAmb'), fieldOf(status, 'CapBnd')]).toEqual([has([]), has([]), own('CapBnd')]);
	});

	test('are those that are added, in every set, and reach its own children', async () => {
		const add = has(['NET_BIND_SERVICE', 'SYS_NICE']);
		const how: How = {user: NOBODY, limits: {capAdd: [capability('NET_BIND_SERVICE'), capability('SYS_NICE')]}};
		const status = await outputOf(['sh', '-c', 'cat /proc/self/status; exit'], how);
		for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(fieldOf(status, set), set).toBe(add);
		expect(fieldOf(status, 'Uid')).toBe('65534\t65534\t65534\t65534');
	});

	test('can be all that archon has', async () => {
		const status = await outputOf(STATUS, {user: NOBODY, limits: {capAdd: CAPABILITIES.map((_, number) => number)}});
		for (const set of ['CapPrm', 'CapEff', 'CapAmb']) expect(fieldOf(status, set), set).toBe(own('CapPrm'));
	});

	test('are of use', async () => {
		const bind = ['perl', '-MSocket', '-e', 'socket(S, AF_INET, SOCK_STREAM, 0); print bind(S, sockaddr_in(1, INADDR_LOOPBACK)) ? "bound" : $!'] as const;
		expect(await outputOf(['chown', '0', folder], {user: NOBODY})).toContain('not permitted');
		expect(await outputOf(['chown', '0', folder], {user: NOBODY, limits: {capAdd: [capability('CHOWN')]}})).toBe('');
		expect(await outputOf(bind, {user: NOBODY, limits: {capDrop: 'all', capAdd: [capability('NET_BIND_SERVICE')]}})).toBe('bound');
	});

	test('can be out of reach for good', async () => {
		const status = await outputOf(STATUS, {user: NOBODY, limits: {capDrop: 'all'}});
		expect([fieldOf(status, 'CapBnd'), fieldOf(status, 'CapPrm')]).toEqual([has([]), has([])]);
	});
});

test.runIf(isRoot && !mayUse('SYS_RESOURCE'))('a capability that the container does not have is refused by name', () => {
	expect(refusalOf(['true'], {limits: {capAdd: [capability('CHOWN'), capability('SYS_RESOURCE')]}})).toMatchObject({
		stage: 'keeping the capability SYS_RESOURCE', errno: 1,
		reason: 'operation not permitted: archon does not have it and cannot pass it on',
	});
});

test('no new privileges can be had where that is said', async () => {
	expect(fieldOf(await outputOf(STATUS, {limits: {noNewPrivileges: true}}), 'NoNewPrivs')).toBe('1');
	expect(fieldOf(await outputOf(STATUS), 'NoNewPrivs')).toBe(own('NoNewPrivs'));
});

describe('as an ordinary user', () => {
	test('what takes no rights works', async () => {
		const [status, limits, nice, adjustment, said] = await asOrdinary(
			{argv: STATUS, how: {limits: {noNewPrivileges: true, capDrop: []}, user: {user: isRoot ? '65534' : String(process.getuid?.()), group: isRoot ? '65534' : String(process.getgid?.())}}},
			{argv: ['sh', '-c', 'ulimit -n'], how: {limits: {rlimits: [{resource: limit('nofile'), soft: 64, hard: 64}]}}},
			{argv: ['sh', '-c', 'set -- $(cat /proc/self/stat); echo ${19}'], how: {limits: {nice: 3}}},
			{argv: ['cat', '/proc/self/oom_score_adj'], how: {}},
			{argv: ['cat', '/proc/self/oom_score_adj'], how: {limits: {oomScoreAdj: 900}}},
		);
		expect([fieldOf(status ?? '', 'NoNewPrivs'), fieldOf(status ?? '', 'CapEff')]).toEqual(['1', has([])]);
		const mine = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
		expect([limits, nice, adjustment, said]).toEqual(['64\n', '3\n', `${Math.min(1000, mine + 100)}\n`, '900\n']);
	});

	test('what takes rights is refused, and says which', async () => {
		const lacking = (right: string, text = 'operation not permitted'): string => `${text}: that takes the capability ${right}, which archon does not have`;
		const cases: readonly (readonly [How, string])[] = [
			[{user: {user: '0', group: null}}, `setting groups: ${lacking('SETGID')}`],
			[{user: {user: '4242', group: '4242'}}, `setting groups: ${lacking('SETGID')}`],
			[{limits: {groups: ['4242']}}, `setting groups: ${lacking('SETGID')}`],
			[{limits: {nice: -5}}, `setting nice to -5: ${lacking('SYS_NICE', 'permission denied')}`],
			[{limits: {ionice: {class: 1, level: 0}}}, `setting ionice: ${lacking('SYS_NICE')}`],
			[{limits: {oomScoreAdj: -1000}}, `setting oom_score_adj to -1000: ${lacking('SYS_RESOURCE', 'permission denied')}`],
			[{limits: {rlimits: [{resource: limit('nproc'), soft: 1e7, hard: 1e7}]}}, `setting the limit nproc: ${lacking('SYS_RESOURCE')}`],
			[{limits: {capDrop: [capability('CHOWN')]}}, `dropping the capability CHOWN: ${lacking('SETPCAP')}`],
			[{limits: {capAdd: [capability('CHOWN')]}}, 'keeping the capability CHOWN: operation not permitted: archon does not have it and cannot pass it on'],
		];
		expect(await asOrdinary(...cases.map(([how]) => ({argv: ['true'], how})))).toEqual(cases.map(([, text]) => text));
	});
});

describe('a terminal of its own', () => {
	/** The process's exit, and what came to the master. */
	async function onTerminal(argv: readonly [string, ...string[]], how: How = {}): Promise<string> {
		const ends = openTerminal();
		if (typeof ends === 'number') throw new Error(`no terminal: ${ends}`);
		const [master, slave] = ends;
		const {exec, ...rest} = service('tty', argv);
		const run = Math.floor(1e6 + Math.random() * 1e6);
		const made = spawnRun({...rest, exec: {...exec, ...how, limits: exec.limits, tty: true}}, run, [slave, slave, slave])();
		if (made.kind === 'refused') throw new Error(`${made.refusal.stage}: ${made.refusal.reason}`);
		reaper.register(made.pid, 0, run);
		await news(run, 'exited');
		const bytes = Buffer.alloc(4096);
		let text = '';
		// A read that finds something does not wait for what is on its way; one that finds nothing does.
		for (let count = read(master, bytes); count > 0; count = read(master, bytes)) text += bytes.toString('utf8', 0, count);
		[master, slave].forEach(close);
		return text.replaceAll('\r', '');
	}

	test('is what its three streams are, with a size, and /dev/tty leads to it', async () => {
		expect(await onTerminal(['sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && stty size && echo here > /dev/tty'])).toBe('24 80\nhere\n');
	});

	test('is in the hands of its own session', async () => {
		const [pid, group, session, terminal, foreground] = (await onTerminal(['sh', '-c', 'set -- $(cat /proc/$$/stat); echo $1 $5 $6 $7 $8'])).trim().split(' ');
		expect([group, session, foreground]).toEqual([pid, pid, pid]);
		expect(Number(terminal)).not.toBe(0);
	});

	test.runIf(isRoot)('belongs to its user', async () => {
		expect(await onTerminal(['sh', '-c', 'echo mine > /dev/stdout'], {user: NOBODY})).toBe('mine\n');
	});

	test('is refused without one', () => {
		expect(refusalOf(['true'], {tty: true})).toMatchObject({stage: 'taking the terminal', errno: 25});
	});
});

describe('descriptors', () => {
	test('are placed where they are wanted, with holes between', async () => {
		const ends = pipe();
		if (typeof ends === 'number') throw new Error('no pipe');
		const [reader, writer] = ends;
		const text = await outputOf(['sh', '-c', 'ls /proc/$$/fd; echo ready >&7'], {}, {fds: [{target: 7, fd: writer}]});
		expect(text.trim().split('\n')).toEqual(['0', '1', '2', '7']);
		const bytes = Buffer.alloc(16);
		expect(bytes.toString('utf8', 0, read(reader, bytes))).toBe('ready\n');
		ends.forEach(close);
	});

	test('that archon holds at the numbers of others are not mixed up', async () => {
		const files = ['one', 'two', 'three', 'four'].map(name => {
			writeFileSync(join(folder, name), name);
			return openSync(join(folder, name), 'r');
		});
		const fds = files.map((fd, i) => ({target: files[files.length - 1 - i] ?? 0, fd}));
		const text = await outputOf(['sh', '-c', files.map(fd => `cat /dev/fd/${fd}; echo`).join(';')], {}, {fds});
		expect(text.trim().split('\n')).toEqual(['four', 'three', 'two', 'one']);
		files.forEach(close);
	});

	test('have their numbers in the variable that the service names', async () => {
		const run = 5_000_001;
		const output = openSync(join(folder, 'variable'), 'w');
		const made = spawnRun(
			{...service('ready', ['sh', '-c', 'echo $READY_FD']), ready: {kind: 'fd', fd: 5, variable: 'READY_FD'}}, run, [output, output, output],
			{fds: [{target: 5, fd: output}]},
		)();
		if (made.kind === 'refused') throw new Error(made.refusal.reason);
		reaper.register(made.pid, 0, run);
		await news(run, 'exited');
		close(output);
		expect(readFileSync(join(folder, 'variable'), 'utf8')).toBe('5\n');
	});

	test('beyond what there is room for are refused', () => {
		expect(make(['true'], {}, {fds: [{target: 64, fd: 1}]})).toMatchObject({stage: 'placing descriptors', reason: 'only numbers from 0 to 63 can be had'});
	});

	test('that are closed are refused', () => {
		expect(make(['true'], {}, {fds: [{target: 5, fd: 999}]})).toMatchObject({stage: 'placing descriptor 5', errno: 9});
	});
});

describe('pipes', () => {
	test.runIf(isRoot)('can be reopened by a user that is not root', async () => {
		const ends = pipe();
		if (typeof ends === 'number') throw new Error('no pipe');
		const run = 5_000_002;
		const {exec, ...rest} = service('pipes', ['sh', '-c', 'echo out > /dev/stdout; echo err > /dev/stderr']);
		const made = spawnRun({...rest, exec: {...exec, user: NOBODY}}, run, [openSync('/dev/null', 'r'), ends[1], ends[1]])();
		if (made.kind === 'refused') throw new Error(made.refusal.reason);
		reaper.register(made.pid, 0, run);
		await news(run, 'exited');
		const bytes = Buffer.alloc(100);
		expect(bytes.toString('utf8', 0, read(ends[0], bytes))).toBe('out\nerr\n');
		ends.forEach(close);
	});
});

describe('cgroups', () => {
	const mount = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').find(line => line.includes(' - cgroup2 '));
	const isWritable = isRoot && mount !== undefined && / - cgroup2 \S+ rw/.test(mount) && / rw[, ]/.test(mount);

	test.runIf(isWritable)('take the process before it does anything', async () => {
		const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
		const text = await outputOf(['cat', '/proc/self/cgroup'], {user: NOBODY, limits: {cgroup: 'archon-test/web'}});
		expect(/^0::(.*)$/m.exec(text)?.[1]).toBe(`${own === '/' ? '' : own}/archon-test/web`);
		expect(/^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]).toBe(own);
		await outputOf(['rmdir', `${mount?.split(' ')[4]}${own === '/' ? '' : own}/archon-test/web`, `${mount?.split(' ')[4]}${own === '/' ? '' : own}/archon-test`]);
	});

	test.runIf(mount !== undefined)('lie below archon\'s own', () => {
		expect(refusalOf(['true'], {limits: {cgroup: '../elsewhere'}})).toMatchObject({
			stage: 'entering the cgroup ../elsewhere', reason: 'it must lie below the cgroup of archon',
		});
	});

	test('that an ordinary user may not make are refused', async () => {
		const [text] = await asOrdinary({argv: ['true'], how: {limits: {cgroup: 'mine'}}});
		expect(text).toMatch(/^entering the cgroup mine: (permission denied: .*\/mine cannot be made or written|there is no cgroup of version 2 here)$/);
	});
});
