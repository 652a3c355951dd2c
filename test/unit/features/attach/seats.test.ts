/** Who is attached to a terminal, over the real server and core: rows, seats, and what becomes of slow clients. */
import {describe, expect, it} from 'vitest';
import {find} from '../../../../src/core/state.ts';
import {decodeTerminalRow, encodeTerminalRow, type TerminalRow} from '../../../../src/features/attach/requests/rows.ts';
// Else what is loaded when it is needed would have to be read first.
import '../../../../src/features/attach/requests/seats.ts';
import {Bench, rest, service, Visitor} from '../../control/bench.ts';

const tty = (name: string, more: Parameters<typeof service>[1] = {}): ReturnType<typeof service> => {
	const made = service(name, more);
	return {...made, exec: {...made.exec, tty: true}};
};

async function attached(bench: Bench, request: string): Promise<readonly [Visitor, readonly string[]]> {
	const visitor = new Visitor(bench);
	const rows = [...visitor.say(`${request}\n`)];
	// The seats are loaded with the first of them.
	await rest();
	rows.push(...visitor.heard());
	return [visitor, rows];
}

const idOf = (bench: Bench, name: string): number => find(bench.state, name)?.id ?? -1;

describe('Terminal', () => {
	it('tells what was written, then what is, and gives the service its size', async () => {
		const bench = new Bench([tty('sh')]);
		bench.terminals.write(idOf(bench, 'sh'), '$ ls\r\n\\');
		const [visitor, rows] = await attached(bench, '@t,Terminal,sh,30,100');
		expect(rows).toEqual(['@t,Row,attached,1,writes,30,100', '@t,Row,output,7,$ ls\\x0d\\x0a\\\\', '@t,Row,live']);
		expect(bench.terminals.sizes).toEqual(['sh 30x100']);
		bench.terminals.write(idOf(bench, 'sh'), 'é'.split('').map(() => '\xc3\xa9').join(''));
		expect(visitor.heard()).toEqual(['@t,Row,output,9,\\xc3\\xa9']);
		expect(visitor.say('Input,sh,1,a\\x00\\xff\\\\\nResize,sh,1,31,100\nResize,sh,1,31,100\n')).toEqual(['Ok', 'Ok', 'Ok']);
		expect(bench.terminals.typed).toBe('a\0\xff\\');
		expect(bench.terminals.sizes).toEqual(['sh 30x100', 'sh 31x100', 'sh 31x100', 'redraw sh']);
	});

	it('answers where archon has a bug, for the first client too, and gives the seat to the next', async () => {
		const bench = new Bench([tty('sh')]);
		const picture = bench.terminals.picture.bind(bench.terminals);
		bench.terminals.picture = () => {
			throw new Error('no picture');
		};
		const [, first] = await attached(bench, 'Terminal,sh,30,100');
		expect(first.at(-1)).toBe('Error,a bug in archon: Error: no picture');
		const [, second] = await attached(bench, 'Terminal,sh,30,100');
		expect(second.at(-1)).toBe('Error,a bug in archon: Error: no picture');
		bench.terminals.picture = picture;
		const [, third] = await attached(bench, 'Terminal,sh,30,100');
		expect(third).toEqual(['Row,attached,3,writes,30,100', 'Row,live']);
		expect(bench.terminals.followers()).toBe(1);
	});

	it('has the program draw what is not kept', async () => {
		const bench = new Bench([tty('sh')]);
		bench.terminals.kept = 4;
		bench.terminals.write(idOf(bench, 'sh'), 'much more');
		const [, rows] = await attached(bench, 'Terminal,sh,24,80');
		expect(rows).toEqual(['Row,attached,1,writes,24,80', 'Row,output,9,more', 'Row,live']);
		expect(bench.terminals.sizes).toEqual(['sh 24x80', 'redraw sh']);
	});

	it('gives the seat to one, and to another who takes it', async () => {
		const bench = new Bench([tty('sh')]);
		const [first] = await attached(bench, '@t,Terminal,sh,30,100');
		const [second, rows] = await attached(bench, '@t,Terminal,sh,24,80');
		expect(rows).toEqual(['@t,Row,attached,2,reads,30,100', '@t,Row,live']);
		expect(second.say('Input,sh,2,x\nResize,sh,2,1,1\nInput,sh,9,x\n')).toEqual([
			...Array.from({length: 2}, () => 'Error,another client types into the terminal of sh'),
			'Error,no client has the seat 9 at the terminal of sh',
		]);
		const [third] = await attached(bench, '@t,Terminal,sh,10,20,archon.steal=yes');
		expect(first.heard()).toEqual(['@t,Row,role,reads', '@t,Row,size,10,20']);
		expect(second.heard()).toEqual(['@t,Row,size,10,20']);
		expect(third.say('Input,sh,3,x\n')).toEqual(['Ok']);
		third.leave();
		// The seat is free, and who comes next has it; no other client is given it unasked.
		expect(first.say('Input,sh,1,x\n')).toEqual(['Error,another client types into the terminal of sh']);
		const [, again] = await attached(bench, 'Terminal,sh,24,80');
		expect(again[0]).toBe('Row,attached,4,writes,24,80');
	});

	it('lets others look on, who neither type nor give it a size', async () => {
		const bench = new Bench([tty('sh')]);
		bench.terminals.write(idOf(bench, 'sh'), 'x');
		const [viewer, rows] = await attached(bench, '@v,View,sh,archon.history=no');
		expect(rows).toEqual(['@v,Row,attached,1,reads,24,80', '@v,Row,live']);
		expect(viewer.say('Input,sh,1,x\n')).toEqual(['Error,another client types into the terminal of sh']);
		expect(bench.terminals.sizes).toEqual([]);
		viewer.leave();
		expect(bench.terminals.followers()).toBe(0);
		expect(bench.phase('sh')).toBe('up');
	});

	it('stays over restarts, and ends with the service as that does', async () => {
		const bench = new Bench([tty('sh', {restart: {...service('x').restart, policy: 'on-failure'}})]);
		const [visitor] = await attached(bench, '@t,Terminal,sh,24,80');
		bench.terminals.write(idOf(bench, 'sh'), 'bye');
		bench.exit('sh', {kind: 'code', code: 3});
		const {pid} = bench.process('sh');
		expect(visitor.heard()).toEqual(['@t,Row,output,3,bye', '@t,Row,ended,3,exit status 3', `@t,Row,began,${pid}`]);
		bench.exit('sh', {kind: 'code', code: 0});
		expect(visitor.heard()).toEqual(['@t,Row,ended,0,exit status 0', '@t,ExitStatus,0']);
		expect(visitor.say('Terminal,sh,24,80\n')).toEqual(['Error,sh is not running (exit status 0); archonctl start sh starts it']);
		// A client that was cut off meanwhile is told the rest.
		expect(visitor.say('Terminal,sh,24,80,archon.from=1\n')).toEqual(['Row,attached,2,writes,24,80', 'Row,output,3,ye', 'Row,live', 'ExitStatus,0']);
		expect(bench.terminals.followers()).toBe(0);
	});

	it('tells a slow client what is kept when it reads again, and else that something is missing', async () => {
		const bench = new Bench([tty('sh')]);
		const id = idOf(bench, 'sh');
		const [slow] = await attached(bench, '@s,Terminal,sh,24,80');
		const [quick] = await attached(bench, '@q,View,sh');
		slow.pending = 1 << 20;
		for (const text of ['one', 'two']) bench.terminals.write(id, text);
		expect([slow.heard(), quick.heard()]).toEqual([[], ['@q,Row,output,3,one', '@q,Row,output,6,two']]);
		slow.read();
		expect(slow.heard()).toEqual(['@s,Row,output,6,onetwo']);
		slow.pending = 1 << 20;
		bench.terminals.kept = 4;
		bench.terminals.write(id, 'abcdefghij');
		slow.read();
		expect(slow.heard()).toEqual(['@s,Row,skipped,6', '@s,Row,output,16,ghij']);
		expect(bench.terminals.sizes).toEqual(['sh 24x80', 'redraw sh']);
	});

	it('answers what is typed when the program has taken it, and refuses what is too much', async () => {
		const bench = new Bench([tty('sh')]);
		const [visitor] = await attached(bench, '@t,Terminal,sh,24,80');
		bench.terminals.isFull = true;
		expect(visitor.say('@1,Input,sh,1,a\n@2,Input,sh,1,b\n@3,Input,sh,1,c\n')).toEqual([
			'@3,Error,too much waits for the terminal of sh already: its program does not read',
		]);
		bench.terminals.take();
		expect(visitor.heard()).toEqual(['@1,Ok', '@2,Ok']);
	});

	it.each([
		['Terminal,web,24,80', 'web has no terminal: it needs tty: true; archonctl logs -f web shows its output'],
		['View,*', '"* is 2 services: sh, web; name one"'],
		['View,nope', 'no service matches nope'],
		['Terminal,sh', 'Terminal: rows missing'],
		['Terminal,sh,0,80', 'Terminal: 0 is not a number from 1 to 9999'],
		['View,sh,archon.steal=yes', 'View: unknown option archon.steal; did you mean archon.history or archon.from?'],
		['Input,sh,1,a\\x', '"Input: a\\x is not bytes, escaped"'],
		['Input,sh,1', 'Input: bytes missing'],
	])('%j is refused: %s', async (request, why) => {
		const bench = new Bench([tty('sh'), service('web')]);
		const [, rows] = await attached(bench, request);
		expect(rows).toEqual([`Error,${why}`]);
	});

	it('has places for sixteen who look on, who keep out none that may type', async () => {
		const bench = new Bench([tty('sh')]);
		for (let i = 0; i < 16; i++) await attached(bench, 'View,sh');
		const [, rows] = await attached(bench, 'View,sh');
		expect(rows).toEqual(['Error,16 clients are attached to sh already']);
		for (let i = 0; i < 16; i++) expect((await attached(bench, 'Terminal,sh,24,80'))[1][0]).toContain(i === 0 ? 'writes' : 'reads');
		expect((await attached(bench, 'Terminal,sh,24,80'))[1]).toEqual(['Error,32 clients are attached to sh already']);
	});
});

describe('Run with a terminal', () => {
	it('attaches its client from the first, and ends with the command', async () => {
		const bench = new Bench();
		const [visitor, rows] = await attached(bench, 'Run,sleep,archon.name=job,archon.terminal=30x100');
		expect(rows).toEqual(['Row,attached,1,writes,30,100', 'Row,live']);
		expect(bench.terminals.sizes[0]).toBe('prepare job 30x100');
		expect(bench.process('job').service.exec.tty).toBe(true);
		bench.terminals.write(idOf(bench, 'job'), 'last words');
		bench.exit('job', {kind: 'code', code: 7});
		expect(visitor.heard()).toEqual(['Row,output,10,last words', 'Row,ended,7,exit status 7', 'ExitStatus,7']);
		await rest();
		expect(bench.terminals.followers()).toBe(0);
	});

	it('is ended when its client leaves', async () => {
		const bench = new Bench();
		const [visitor] = await attached(bench, 'Run,sleep,archon.name=job,archon.terminal=30x100');
		visitor.leave();
		expect(bench.process('job').signals[0]).toBe(15);
	});

	it('says why there is no command', async () => {
		const bench = new Bench();
		const [, rows] = await attached(bench, 'Run,/no/such,archon.terminal=30x100');
		expect(rows.slice(2)).toEqual(['Row,refused,executing /no/such: no such file or directory', 'ExitStatus,127']);
	});
});

describe('rows', () => {
	const all = String.fromCharCode(...Array.from({length: 256}, (_, code) => code));
	const rows: readonly TerminalRow[] = [
		{kind: 'attached', seat: 3, role: 'writes', rows: 1, columns: 2}, {kind: 'output', place: 256, text: all}, {kind: 'live'},
		{kind: 'skipped', count: 3}, {kind: 'role', role: 'reads'}, {kind: 'size', rows: 1, columns: 2},
		{kind: 'ended', exit: null, how: 'executing x: é'.normalize()}, {kind: 'ended', exit: 3, how: 'exit status 3'}, {kind: 'began', pid: 41},
	];
	it.each(rows.filter(row => row.kind !== 'ended' || row.exit !== null).map(row => [row.kind, row] as const))('%s is the same at the other end', (_, row) => {
		const fields = encodeTerminalRow(row);
		expect(fields.join('')).toMatch(/^[ -~]*$/);
		expect(decodeTerminalRow(fields)).toEqual(row);
	});
});
