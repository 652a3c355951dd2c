/** What several hosts say, with the name of each. */
import {describe, expect, it} from 'vitest';
import {asOneList, createTeller, type Manner, type Teller} from '../../../src/cli/by-host.ts';

interface Heard {
	readonly teller: Teller;
	out: string;
	err: string;
}

function hear(manner: Manner, more: {readonly isJson?: boolean; readonly isTty?: boolean} = {}): Heard {
	const heard = {out: '', err: ''};
	const teller = createTeller(['a', 'b'], manner, {
		stdout: text => void (heard.out += text), stderr: text => void (heard.err += text), isTty: false, ...more,
	}, false);
	return Object.assign(heard, {teller});
}

const lines: Manner = {kind: 'lines', isFollowed: false, acknowledges: null};

describe('lines', () => {
	it('of one host stay together, and come when it has ended', () => {
		const heard = hear(lines);
		heard.teller.printed('a', 'one');
		heard.teller.printed('b', 'first');
		heard.teller.printed('a', 'two');
		expect(heard.out).toBe('');
		heard.teller.ended('b', 0, null);
		expect(heard.out).toBe('b      | first\n');
		heard.teller.ended('a', 0, null);
		expect(heard.out).toBe('b      | first\na      | one\na      | two\n');
	});

	it('are not held back for ever', () => {
		const heard = hear(lines);
		for (let i = 0; i < 300; i++) heard.teller.printed('a', 'x'.repeat(1000));
		expect(heard.out.length).toBeGreaterThan(256 << 10);
		heard.teller.printed('a', 'last');
		expect(heard.out).toMatch(/a {6}\| last\n$/);
	});

	it('that are followed come at once, and complaints too', () => {
		const heard = hear({...lines, isFollowed: true});
		heard.teller.printed('a', 'one');
		heard.teller.complained('a', 'archonctl: archon was re-executed');
		heard.teller.printed('b', 'two');
		expect([heard.out, heard.err]).toEqual(['a      | one\nb      | two\n', 'archonctl: a: archon was re-executed\n']);
	});

	it('obey nothing on a terminal, and stay as they are for a program', () => {
		for (const isTty of [true, false]) {
			const heard = hear(lines, {isTty});
			heard.teller.printed('a', 'x\x1b[2Jy\rb      | z');
			heard.teller.ended('a', 0, null);
			expect(heard.out).toBe(isTty ? 'a      | x\\x1b[2Jy\\rb      | z\n' : 'a      | x\x1b[2Jy\rb      | z\n');
		}
	});

	it('are acknowledged only of who has done it', () => {
		const heard = hear({...lines, acknowledges: 'REFRESHED'});
		heard.teller.ended('a', 0, null);
		heard.teller.complained('b', 'archonctl: no service matches web');
		heard.teller.ended('b', 1, null);
		expect([heard.out, heard.err]).toEqual(['REFRESHED a\n', 'archonctl: b: no service matches web\n']);
	});
});

describe('a host that cannot be reached', () => {
	it('is one line with the reason of what could not reach it', () => {
		const heard = hear(lines);
		heard.teller.noted('a', 'Warning: something');
		heard.teller.noted('a', 'ssh: connect to host a port 22: Connection refused\r');
		heard.teller.complained('a', 'archonctl: cannot reach archon at ssh://a: ssh ended with status 255');
		heard.teller.ended('a', 111, null);
		expect(heard.err).toBe('archonctl: a: cannot reach archon at ssh://a: ssh ended with status 255 (ssh: connect to host a port 22: Connection refused)\n');
	});

	it('is an object for programs', () => {
		const heard = hear({kind: 'together', show: asOneList}, {isJson: true});
		heard.teller.complained('a', '{"error":"cannot reach archon"}');
		heard.teller.noted('a', 'refused');
		heard.teller.ended('a', 111, null);
		heard.teller.ended('b', 0, 'not done within 3 s');
		heard.teller.finish();
		expect(heard.err).toBe('{"host":"a","error":"cannot reach archon (refused)"}\n{"host":"b","error":"not done within 3 s"}\n');
		expect(heard.out).toBe('[]\n');
	});

	it('tells no more than 8 KiB of what reaches it, once something else is told', () => {
		const heard = hear({...lines, isFollowed: true});
		for (let i = 0; i < 10_000; i++) heard.teller.noted('a', 'noise, and more of it');
		heard.teller.printed('a', 'line');
		expect(heard.err.length).toBeLessThan(16 << 10);
		expect(heard.err).toMatch(/^a: noise, and more of it\n/);
	});

	it('with a complaint of several lines has its name before each', () => {
		const heard = hear(lines);
		heard.teller.complained('a', JSON.stringify({error: 'cannot reload\nits last lines:\n  x'}));
		heard.teller.ended('a', 1, null);
		expect(heard.err).toBe('archonctl: a: cannot reload\na: its last lines:\na:   x\n');
	});
});

describe('JSON', () => {
	it('is one list, in the order of the hosts, each value with its host', () => {
		const heard = hear({kind: 'together', show: asOneList}, {isJson: true});
		for (const line of ['[', '{"name": "web"},', '{"name": "db"}', ']']) heard.teller.printed('b', line);
		heard.teller.ended('b', 0, null);
		heard.teller.printed('a', '{"ok": true}');
		heard.teller.ended('a', 3, null);
		heard.teller.finish();
		expect(JSON.parse(heard.out)).toEqual([{host: 'a', ok: true}, {host: 'b', name: 'web'}, {host: 'b', name: 'db'}]);
	});

	it('in lines gets the host in each', () => {
		const heard = hear({kind: 'objects'}, {isJson: true});
		heard.teller.printed('a', '{"message":"x","host":"forged"}');
		heard.teller.printed('b', 'no JSON');
		expect(heard.out).toBe('{"host":"a","message":"x"}\n{"host":"b","line":"no JSON"}\n');
	});

	it('that cannot be read, or is too long, is a failure of that host', () => {
		const heard = hear({kind: 'together', show: asOneList}, {isJson: true});
		heard.teller.printed('a', '[{');
		heard.teller.ended('a', 0, null);
		expect(heard.err).toBe('{"host":"a","error":"its answer is no JSON"}\n');
		const long = 'x'.repeat(1 << 20);
		const said = Array.from({length: 17}, () => heard.teller.printed('b', long));
		expect(said.at(-1)).toBe('its answer is longer than 16 MiB');
	});
});
