/** `archonctl logs` and `reopen` over the real server: how lines are asked for, and how they are shown. */
import {mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {runCli} from '../../../../src/cli/archonctl.ts';
import type {Io} from '../../../../src/cli/command.ts';
import type {Channel} from '../../../../src/control/transport.ts';
import {find} from '../../../../src/core/state.ts';
import {Bench, EPOCH, service, Visitor} from '../../control/bench.ts';

interface Shown {
	readonly status: number;
	readonly out: string;
	readonly err: string;
}

type Moment = (visitor: Visitor) => void;

/** `then`: what happens each time that archonctl has read all there is; then the connection ends, and there is no other. */
async function archonctl(argv: readonly string[], bench: Bench, more: Partial<Io> = {}, then: readonly Moment[] = []): Promise<Shown> {
	return overInstances(argv, [{bench, then}], more);
}

/** The same where archon is re-executed, and goes on as another bench. */
async function overInstances(argv: readonly string[], instances: readonly {readonly bench: Bench; readonly then: readonly Moment[]}[], more: Partial<Io> = {}): Promise<Shown> {
	let [out, err] = ['', ''];
	const connections = instances.map(({bench, then}) => channelTo(bench, then));
	const status = await runCli(argv, {
		connect: () => {
			const value = connections.shift();
			return value ? {ok: true, value} : {ok: false, error: 'no such file or directory'};
		},
		rest() {},
		stdout: text => void (out += text), stderr: text => void (err += text), stdin: () => '', env: {}, isTty: false, uid: 0, version: '1', ...more,
	});
	return {status, out, err};
}

function channelTo(bench: Bench, then: readonly Moment[]): Channel {
	const visitor = new Visitor(bench);
	const rest = [...then];
	let lines: readonly string[] = [];
	return {
		send: data => void (lines = visitor.say(data)),
		receive() {
			for (let next = lines.length > 0 ? null : rest.shift(); next; next = lines.length > 0 ? null : rest.shift()) {
				next(visitor);
				lines = visitor.heard();
			}
			const bytes = new TextEncoder().encode(lines.map(line => `${line}\n`).join(''));
			lines = [];
			return bytes.length > 0 ? bytes : null;
		},
		close: () => visitor.leave(),
	};
}

function three(): Bench {
	const bench = new Bench([service('web'), service('db:0')]);
	bench.say('web', 'one');
	bench.say('db:0', 'two', 'stderr');
	bench.say(null, 'three', 'stderr');
	bench.say('web', 'four');
	return bench;
}

const time = (ms: number): string => new Date(EPOCH + ms).toISOString();

describe('lines', () => {
	it.each<[readonly string[], string]>([
		[[], 'web    | one\ndb:0   | two\narchon | three\nweb    | four\n'],
		[['web', 'db:0'], 'web    | one\ndb:0   | two\nweb    | four\n'],
		[['--no-prefix'], 'one\ntwo\nthree\nfour\n'],
		[['--no-prefix', '--grep', 'o'], 'one\ntwo\nfour\n'], [['--no-prefix', '-g', '^t', '-v'], 'one\nfour\n'],
		[['--no-prefix', '-i', '-g', 'F.UR|THREE$'], 'three\nfour\n'], [['web', '-g', 'o', '-n', '1'], 'four\n'], [['web', '-g', 'o', '-n', '0'], ''],
		[['web', '-g', 'nothing'], ''],
		[['web'], 'one\nfour\n'],
		[['w*'], 'web    | one\nweb    | four\n'],
		[['-n1', 'web'], 'four\n'],
		[['-n', '1'], 'db:0   | two\narchon | three\nweb    | four\n'],
		[['--lines=all', '--stream', 'stderr', '--no-prefix'], 'two\nthree\n'],
		[['-t', 'web'], `${time(1)} one\n${time(4)} four\n`],
		[['--since', String((EPOCH + 3) / 1000), 'all'], 'web    | four\n'],
		[['--json', 'web', 'db:0'], [
			`{"time":"${time(1)}","service":"web","stream":"stdout","message":"one"}`,
			`{"time":"${time(2)}","service":"db","instance":0,"stream":"stderr","message":"two"}`,
			`{"time":"${time(4)}","service":"web","stream":"stdout","message":"four"}`, '',
		].join('\n')],
	])('%j', async (args, out) => {
		expect(await archonctl(['logs', ...args], three())).toEqual({status: 0, out, err: ''});
	});

	it('have their names in colour on a terminal', async () => {
		expect((await archonctl(['logs', 'archon', 'web'], three(), {isTty: true})).out).toMatch(/^\x1b\[\d+mweb {4}\| \x1b\[0mone\n\x1b\[90marchon \| \x1b\[0mthree\n/);
		expect((await archonctl(['logs'], three(), {isTty: true, env: {NO_COLOR: '1'}})).out).not.toContain('\x1b');
	});

	it('are made harmless for a terminal, and written as they are to a file', async () => {
		const bench = new Bench([service('web')]);
		bench.say('web', '\x1b[2Jx \x1b[31mred');
		expect((await archonctl(['logs', 'web'], bench, {isTty: true})).out).toBe('\\x1b[2Jx \x1b[31mred\x1b[0m\n');
		expect((await archonctl(['logs', 'web'], bench)).out).toBe('\x1b[2Jx \x1b[31mred\n');
		expect((await archonctl(['logs', '--plain', 'web'], bench)).out).toBe('\\x1b[2Jx \x1b[31mred\x1b[0m\n');
	});

	it('may be long, and say anything', async () => {
		const bench = new Bench([service('web')]);
		const texts = ['ü😀'.repeat(20_000), '', '"quoted", \\n', '\0\r\t', '   '];
		for (const text of texts) bench.say('web', text);
		expect((await archonctl(['logs', 'web'], bench)).out).toBe(texts.map(text => `${text}\n`).join(''));
	});
});

describe('followed', () => {
	it('they are shown as they come, and the end of archon ends it well', async () => {
		const bench = three();
		expect(await archonctl(['logs', '-f', '-n', '1', 'web'], bench, {}, [
			() => bench.say('web', 'five'), () => bench.say('web', 'six', 'stderr'),
		])).toEqual({status: 0, out: 'four\nfive\nsix\n', err: ''});
		expect(bench.logs.followers()).toBe(0);
	});

	it('make room for longer names that come', async () => {
		const bench = new Bench([service('web')]);
		expect((await archonctl(['logs', '-f', '--lines=0'], bench, {}, [
			() => bench.say('web', 'a'),
			() => void new Visitor(bench).say('StartDaemon,sleep,archon.name=longer-one\n'),
			() => bench.say('longer-one', 'b'), () => bench.say('web', 'c'),
		])).out).toBe('web    | a\nlonger-one | b\nweb        | c\n');
	});

	it('are dropped where the terminal is too slow, which is told between them', async () => {
		const bench = new Bench([service('web')]);
		const {out, err} = await archonctl(['logs', '-f', 'web'], bench, {}, [
			visitor => {
				visitor.isDeaf = true;
				for (let i = 0; i < 2000; i++) bench.say('web', 'x'.repeat(1000));
			},
			visitor => {
				visitor.isDeaf = false;
				visitor.read();
			},
			() => bench.say('web', 'after'),
		]);
		const [, dropped = ''] = /^archonctl: (\d+) lines were dropped: this terminal reads too slowly\n$/.exec(err) ?? [];
		expect(out.split('\n')).toHaveLength(2000 - Number(dropped) + 2);
		expect(out).toMatch(/x\nafter\n$/);
	});

	it('they go on when archon is re-executed, and no line is shown twice', async () => {
		const [before, after] = [three(), new Bench([service('web'), service('db:0')])];
		const isLater = (bench: Bench): void => void (bench.now = Date.now() + 60_000 - EPOCH);
		expect(await overInstances(['logs', '-f', '-n1', 'web', 'db:0'], [
			{bench: before, then: [() => {
				isLater(before);
				before.say('web', 'five');
			}]},
			{bench: after, then: [() => after.say('web', 'eight')]},
		].map((life, i) => {
			if (i === 0) return life;
			after.say('web', 'long ago');
			isLater(after);
			after.now += 1000;
			after.say('db:0', 'six');
			after.say('web', 'seven');
			return life;
		}))).toEqual({
			status: 0, err: 'archonctl: archon was re-executed\n',
			out: 'db:0   | two\nweb    | four\nweb    | five\ndb:0   | six\nweb    | seven\nweb    | eight\n',
		});
	});

	it('a service that is gone ends it', async () => {
		const bench = new Bench();
		new Visitor(bench).say('StartDaemon,sleep,archon.name=job\n');
		const {id = -1} = find(bench.state, 'job') ?? {};
		expect(await archonctl(['logs', '-f', 'job'], bench, {}, [() => {
			bench.exit('job');
			bench.say('job', 'bye');
			bench.dispatch({kind: 'remove', id});
		}])).toEqual({status: 0, out: 'bye\n', err: ''});
	});
});

describe('files', () => {
	/** A service whose file holds more than memory. */
	function filed(content: string): {readonly bench: Bench; readonly path: string; readonly remove: () => void} {
		const folder = mkdtempSync(join(tmpdir(), 'archon-logs-'));
		const path = join(folder, 'web.log');
		writeFileSync(path, content);
		const bench = three();
		const {ino, size} = statSync(path);
		bench.logs.marks.set(find(bench.state, 'web')?.id ?? -1, [{path, inode: ino, size, format: 'raw', streams: ['stdout', 'stderr']}]);
		return {bench, path, remove: () => rmSync(folder, {recursive: true})};
	}

	it('give what memory no longer has', async () => {
		const {bench, remove} = filed('zero\none\nfour\n');
		expect((await archonctl(['logs', 'web'], bench)).out).toBe('zero\none\nfour\n');
		expect((await archonctl(['logs', '-n3', '-t', 'web'], bench)).out).toBe(`- zero\n${time(1)} one\n${time(4)} four\n`);
		expect((await archonctl(['logs', '-n2', 'web'], bench)).out).toBe('one\nfour\n');
		expect((await archonctl(['logs'], bench)).out).toBe('web    | zero\nweb    | one\ndb:0   | two\narchon | three\nweb    | four\n');
		expect((await archonctl(['logs', '-f', 'web'], bench, {}, [() => bench.say('web', 'five')])).out).toBe('zero\none\nfour\nfive\n');
		expect((await archonctl(['logs', '--json', 'web'], bench)).out).toMatch(/^\{"time":null,"service":"web","stream":null,"message":"zero"\}\n/);
		remove();
	});

	it('that cannot be read are told, and memory is shown', async () => {
		const {bench, path, remove} = filed('zero\n');
		remove();
		expect(await archonctl(['logs', 'web'], bench)).toEqual({
			status: 0, out: 'one\nfour\n',
			err: `archonctl: cannot read ${path}: no such file or directory; of web only what archon has in memory is shown\n`,
		});
	});
});

describe('what cannot be', () => {
	it.each([
		[['-n', 'x'], '--lines x: neither a number nor all'],
		[['--stream', 'stdin'], '--stream stdin: only stdout and stderr are known'],
		[['--stream', 'sterr'], '--stream sterr: did you mean stderr?'],
		[['--since', 'then'], '--since then: neither a duration like 1h30m nor a time like 2026-01-31T08:00'],
		[['-g', 'a('], '--grep a(: the group is not closed'], [['-v'], '--invert needs --grep'], [['-i'], '--ignore-case needs --grep'],
		[['--tail', '5'], 'unknown option --tail'],
		[['--folow'], 'unknown option --folow; did you mean --follow?'],
	])('%j is told, with exit status 100', async (args, message) => {
		const {status, out, err} = await archonctl(['logs', ...args], three());
		expect({status, out, err: err.split('\n')[0]}).toEqual({status: 100, out: '', err: `archonctl: ${message}`});
	});

	it('a name that no service has is told', async () => {
		expect(await archonctl(['logs', '-f', 'wbe'], three())).toEqual({
			status: 1, out: '', err: 'archonctl: no service matches wbe; did you mean web?\n',
		});
	});

	it('a service that archon does not read is told', async () => {
		const lone = service('lone');
		const bench = new Bench([{...lone, exec: {...lone.exec, output: {kind: 'files', stdout: '/a', stderr: null}}}]);
		expect((await archonctl(['logs', 'lone'], bench)).err).toBe('archonctl: archon does not read the output of lone: it writes to /a and /dev/null\n');
	});
});

it('reopen asks for it', async () => {
	const bench = new Bench();
	expect(await archonctl(['reopen'], bench)).toEqual({status: 0, out: '', err: ''});
	expect(bench.logs.reopened).toBe(1);
});
