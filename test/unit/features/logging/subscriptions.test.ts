/** `Logs` and `Reopen` over the real server: what is kept, what comes, and what a client costs that does not read. */
import {describe, expect, it} from 'vitest';
import {find} from '../../../../src/core/state.ts';
import {Bench, EPOCH, rest, service, Visitor} from '../../control/bench.ts';

const at = (ms: number): string => String(EPOCH + ms);

function three(): Bench {
	const bench = new Bench([service('web'), service('db')]);
	bench.say('web', 'one');
	bench.say('db', 'two', 'stderr');
	bench.say(null, 'three', 'stderr');
	bench.say('web', 'four', 'stderr');
	return bench;
}

describe('what is kept', () => {
	it('is told of all services and of archon itself', () => {
		expect(new Visitor(three()).say('Logs\n')).toEqual([
			'Row,source,web', 'Row,source,db', 'Row,source,archon',
			`Row,line,web,stdout,${at(1)},one`, `Row,line,web,stderr,${at(4)},four`, `Row,line,db,stderr,${at(2)},two`,
			`Row,line,archon,stderr,${at(3)},three`, 'Ok',
		]);
	});

	it.each<[string, readonly string[]]>([
		['web', ['one', 'four']],
		['web,archon.lines=1', ['four']],
		['web,archon.lines=0', []],
		['web,archon.lines=all', ['one', 'four']],
		['web,archon.stream=stdout', ['one']],
		['web,archon.stream=stdout,archon.lines=1', ['one']],
		[`web,archon.since=${EPOCH + 2}`, ['four']],
		['?b', ['two']],
		['all', ['one', 'four', 'two']],
		['archon', ['three']],
		['archon,db', ['two', 'three']],
		['db,db,d*', ['two']],
	])('is told as %s asks', (asked, texts) => {
		const lines = new Visitor(three()).say(`Logs,${asked}\n`);
		expect(lines.filter(line => line.startsWith('Row,line')).map(line => line.split(',')[5])).toEqual(texts);
		expect(lines.at(-1)).toBe('Ok');
	});

	it.each([
		['missing', 'no service matches missing'],
		['wbe', 'no service matches wbe; did you mean web?'],
		['web,archon.lines=x', '"Logs: archon.lines takes a number, or all"'],
		['web,archon.follow=1', 'Logs: archon.follow takes yes or no'],
		['web,archon.stream=stdin', 'Logs: archon.stream takes stdout or stderr'],
		['web,archon.since=-1', 'Logs: archon.since takes milliseconds since 1970'],
		['web,archon.line=1', 'Logs: unknown option archon.line; did you mean archon.lines?'],
		['web,lines=1', 'Logs: unknown option lines; did you mean archon.lines?'],
		['web,', 'Logs: name 2 is empty'],
	])('%s is refused', (asked, reason) => {
		expect(new Visitor(three()).say(`Logs,${asked}\n`)).toEqual([`Error,${reason}`]);
	});

	it('of a service called archon is its output', () => {
		const bench = new Bench([service('archon')]);
		bench.say('archon', 'mine');
		bench.say(null, 'own');
		expect(new Visitor(bench).say('Logs,archon\n')).toEqual(['Row,source,archon', `Row,line,archon,stdout,${at(1)},mine`, 'Ok']);
	});

	it('of a service that archon does not read is a row with the reason', () => {
		const [lone, other] = [service('lone'), service('other')].map(service =>
			({...service, exec: {...service.exec, output: {kind: 'inherit'} as const}}));
		const unseen = 'Row,unseen,lone,it has archon\'s own stdout and stderr';
		const bench = new Bench([lone ?? service('lone')]);
		expect(new Visitor(bench).say('Logs\n')).toContain(unseen);
		const both = new Bench([lone ?? service('lone'), other ?? service('other')]);
		expect(new Visitor(both).say('Logs\n')).not.toContain(unseen);
		expect(new Visitor(both).say('Logs,lone\n')).toContain(unseen);
	});

	it('is told in parts of any size that a connection has room for', () => {
		const bench = new Bench([service('web')]);
		for (let i = 0; i < 3; i++) bench.say('web', '\0'.repeat(1 << 20));
		const visitor = new Visitor(bench);
		visitor.isDeaf = true;
		const rows = [...visitor.say('Logs,web,archon.follow=yes\n')];
		for (let told: readonly string[] = rows; told.length > 0; rows.push(...told)) {
			expect(visitor.pending).toBeLessThan(1 << 20);
			visitor.read();
			told = visitor.heard();
		}
		expect(rows.filter(row => row.startsWith('Row,line'))).toHaveLength(3);
		expect(rows.filter(row => row.startsWith('Row,part')).length).toBeGreaterThan(250);
		expect(rows.at(-1)).toBe('Row,live');
	});

	it('is sent to a client no faster than it reads, and delays no other client', () => {
		const bench = new Bench([service('web'), service('db')]);
		for (let i = 0; i < 2000; i++) bench.say('web', 'x'.repeat(1000));
		bench.say('db', 'last');
		const visitor = new Visitor(bench);
		visitor.isDeaf = true;
		const first = visitor.say('Logs\n');
		expect(first.length).toBeLessThan(2000);
		expect(new Visitor(bench).say('Logs\n').at(-1)).toBe('Ok');
		const rows = [...first];
		while (rows.at(-1) !== 'Ok') {
			visitor.read();
			rows.push(...visitor.heard());
		}
		expect(rows.filter(row => row.startsWith('Row,line'))).toHaveLength(2001);
	});
});

describe('files', () => {
	const mark = {path: '/log/a\\b', inode: 7, size: 99, format: 'json', streams: ['stdout', 'stderr']} as const;
	const row = 'Row,file,web,/log/a\\\\b,7,99,json,stdout+stderr';

	it.each<[string, boolean]>([
		['web', true], ['web,archon.lines=2', false], ['web,archon.lines=3', true], ['web,archon.stream=stdout,archon.lines=1', false],
		['web,archon.stream=stdout,archon.lines=2', true], [`web,archon.since=${EPOCH + 1}`, true], [`web,archon.since=${EPOCH + 2}`, false],
		['db', false],
	])('are named to %s: %j', (asked, isNamed) => {
		const bench = three();
		bench.logs.marks.set(find(bench.state, 'web')?.id ?? -1, [mark]);
		expect(new Visitor(bench).say(`Logs,${asked}\n`).includes(row)).toBe(isNamed);
	});
});

describe('what comes', () => {
	it('follows kept lines: none is missed, and none comes twice', () => {
		const bench = three();
		const visitor = new Visitor(bench);
		expect(visitor.say('Logs,web,archon.follow=yes,archon.lines=1\n')).toEqual([
			'Row,source,web', `Row,line,web,stderr,${at(4)},four`, 'Row,live',
		]);
		bench.say('web', 'five');
		bench.say('db', 'not asked for');
		expect(visitor.heard()).toEqual([`Row,line,web,stdout,${at(5)},five`]);
	});

	it('is only of the stream that is asked for', () => {
		const bench = three();
		const visitor = new Visitor(bench);
		visitor.say('Logs,web,archon.follow=yes,archon.stream=stderr\n');
		bench.say('web', 'out');
		bench.say('web', 'err', 'stderr');
		expect(visitor.heard()).toEqual([`Row,line,web,stderr,${at(6)},err`]);
	});

	it('with a tag holds up no other request', () => {
		const bench = three();
		const visitor = new Visitor(bench);
		visitor.say('@7,Logs,web,archon.follow=yes\n');
		expect(visitor.say('Status,missing\n')).toEqual(['Error,no service matches missing']);
		bench.say('web', 'x');
		expect(visitor.heard()).toEqual([`@7,Row,line,web,stdout,${at(5)},x`]);
	});

	it('ends when all that is followed is forgotten', async () => {
		const bench = new Bench([service('web')]);
		const visitor = new Visitor(bench);
		new Visitor(bench).say('StartDaemon,sleep,archon.name=a\nStartDaemon,sleep,archon.name=b\n');
		await rest();
		visitor.say('Logs,a,b,archon.follow=yes\n');
		for (const name of ['a', 'b']) {
			expect(visitor.heard()).toEqual([]);
			bench.exit(name);
			bench.say(name, `bye ${name}`);
			bench.dispatch({kind: 'remove', id: find(bench.state, name)?.id ?? -1});
			expect(visitor.heard()[0]).toContain(`bye ${name}`);
		}
		expect(bench.logs.followers()).toBe(0);
		await rest();
		expect(visitor.say('Status,web\n')).toHaveLength(2);
	});

	it('ends for a client that does not read when the last lines were sent', async () => {
		const bench = new Bench();
		const visitor = new Visitor(bench);
		new Visitor(bench).say('StartDaemon,sleep,archon.name=a\n');
		visitor.say('Logs,a,archon.follow=yes\n');
		visitor.pending = 1 << 20;
		bench.say('a', 'last words');
		bench.exit('a');
		bench.dispatch({kind: 'remove', id: find(bench.state, 'a')?.id ?? -1});
		expect(visitor.heard()).toEqual([]);
		visitor.read();
		expect(visitor.heard()).toEqual([expect.stringContaining('last words'), 'Ok']);
	});

	it('tells a slow client how many lines it has missed, even when nothing else follows', () => {
		const bench = three();
		const visitor = new Visitor(bench);
		visitor.say('Logs,web,archon.follow=yes\n');
		visitor.pending = 1 << 20;
		bench.say('web', 'x'.repeat(1 << 20));
		bench.say('web', 'y');
		expect(visitor.heard()).toEqual([]);
		visitor.read();
		for (let i = 0; i < 99 && visitor.pending > 0; i++) visitor.read();
		expect(visitor.heard().at(-1)).toBe('Row,dropped,1');
		bench.say('web', 'z');
		expect(visitor.heard()).toEqual([expect.stringContaining('web,stdout')]);
	});

	it('includes services that come later and match', async () => {
		const bench = new Bench([service('web')]);
		const [all, some, one] = [new Visitor(bench), new Visitor(bench), new Visitor(bench)];
		all.say('Logs,archon.follow=yes\n');
		some.say('Logs,w*,archon.follow=yes\n');
		one.say('Logs,web,archon.follow=yes\n');
		for (const name of ['late', 'w2']) new Visitor(bench).say(`StartDaemon,sleep,archon.name=${name}\n`);
		bench.say('late', 'hello');
		bench.say('w2', 'hello');
		expect(all.heard()).toEqual(['Row,source,late', 'Row,source,w2', expect.stringContaining('late'), expect.stringContaining('w2')]);
		expect(some.heard()).toEqual(['Row,source,w2', expect.stringContaining('w2')]);
		expect(one.heard()).toEqual([]);
		await rest();
	});

	it('includes a service that had no process before', () => {
		const bench = new Bench([service('web', {autostart: false})]);
		const id = find(bench.state, 'web')?.id ?? -1;
		const follow = bench.logs.follow.bind(bench.logs);
		// As on a machine where it has no pipes yet.
		bench.logs.follow = () => () => {};
		const visitor = new Visitor(bench);
		visitor.say('Logs,web,archon.follow=yes\n');
		bench.logs.follow = follow;
		new Visitor(bench).say('Start,web\n');
		bench.logs.say(id, [{at: EPOCH, stream: 'stdout', text: 'first'}]);
		expect(visitor.heard()).toEqual([`Row,line,web,stdout,${at(0)},first`]);
	});

	it('is not followed after the client has left', () => {
		const bench = three();
		const visitor = new Visitor(bench);
		visitor.say('Logs,archon.follow=yes\n');
		expect(bench.logs.followers()).toBe(3);
		visitor.leave();
		expect(bench.logs.followers()).toBe(0);
		bench.say('web', 'x');
		expect(visitor.heard()).toEqual([]);
	});

	it('is not followed for a client that is found gone while it is told what is kept', () => {
		const bench = three();
		const visitor = new Visitor(bench);
		visitor.hasNoRoom = true;
		visitor.say('Logs,archon.follow=yes\n');
		expect(bench.logs.followers()).toBe(0);
	});

	it('is dropped above a bound for a client that does not read, which is told how many lines and where', () => {
		const bench = new Bench([service('web')]);
		const [deaf, reader] = [new Visitor(bench), new Visitor(bench)];
		for (const visitor of [deaf, reader]) visitor.say('Logs,web,archon.follow=yes\n');
		deaf.isDeaf = true;
		const count = 5000;
		for (let i = 0; i < count; i++) bench.say('web', `${i} ${'x'.repeat(1000)}`);
		expect(reader.heard()).toHaveLength(count);
		let told: readonly string[] = deaf.heard();
		const rows = [...told];
		do {
			deaf.read();
			told = deaf.heard();
			rows.push(...told);
		} while (told.length > 0);
		const lines = rows.filter(row => row.startsWith('Row,line')).map(row => Number(row.split(',')[5]?.split(' ')[0]));
		expect(lines).toEqual(lines.map((_, index) => index));
		// A quarter of a mebibyte in the connection, and one that waits for it.
		expect(lines.length).toBeGreaterThan(1200);
		expect(lines.length).toBeLessThan(1400);
		expect(rows.at(-1)).toBe(`Row,dropped,${count - lines.length}`);
		deaf.isDeaf = false;
		bench.say('web', 'after');
		expect(deaf.heard()).toEqual([expect.stringContaining('after')]);
	});

	it('reaches a client that reads, however many others do not', () => {
		const bench = new Bench([service('web')]);
		const [reader, ...deaf] = Array.from({length: 20}, () => new Visitor(bench));
		for (const visitor of deaf) visitor.isDeaf = true;
		for (const visitor of [...deaf, reader]) visitor?.say('Logs,web,archon.follow=yes\n');
		// More than is kept for all who do not read together.
		for (let i = 0; i < 2000; i++) bench.say('web', 'x'.repeat(1000));
		reader?.heard();
		bench.say('web', 'last');
		expect(reader?.heard()).toEqual([expect.stringContaining('last')]);
	});
});

it('Reopen reopens every log file', () => {
	const bench = new Bench();
	const visitor = new Visitor(bench);
	expect(visitor.say('Reopen\n')).toEqual(['Ok']);
	expect(bench.logs.reopened).toBe(1);
});
