/** Which files are read, and what is said of those that cannot be. */
import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {formatProblem} from '../../../src/config/problems.ts';
import {findConfig} from '../../../src/config/read.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {AROUND} from './around.ts';
import {files, filesAtStart} from '../../../src/os/files.ts';

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), 'archon-config-'));
});
afterEach(() => rmSync(home, {recursive: true}));

function write(name: string, content: string | Uint8Array): string {
	const file = join(home, name);
	mkdirSync(join(file, '..'), {recursive: true});
	writeFileSync(file, content);
	return file;
}

const told = (file: string | readonly string[] | null, env: Record<string, string> = {}) => {
	const {origin, files, problems} = findConfig({named: file === null ? [] : [file].flat(), env, files: filesAtStart}, home);
	return {origin, files: files.map(source => source.text), problems: problems.map(formatProblem)};
};

describe('findConfig', () => {
	test('finds none', () => {
		expect(told(null)).toEqual({origin: 'none', files: [], problems: []});
		expect(told(null, {ARCHON_CONFIG: ''})).toEqual({origin: 'none', files: [], problems: []});
	});

	test('reads the default file, and over it the parts in the order of their names', () => {
		write('archon.yaml', 'main');
		write('conf.d/20-b.yaml', 'b');
		write('conf.d/10-z.yaml', 'z');
		write('conf.d/.hidden.yaml', 'hidden');
		write('conf.d/30-c.yaml~', 'backup');
		write('conf.d/README', 'readme');
		expect(told(null)).toEqual({origin: 'default', files: ['main', 'z', 'b'], problems: []});
	});

	test.each([
		['archon.yaml', 'main'],
		['conf.d/a.yaml', 'part'],
	])('%s alone is a config', (name, text) => {
		write(name, text);
		expect(told(null)).toEqual({origin: 'default', files: [text], problems: []});
	});

	test('a file that is named is the whole config, first by option, then by environment', () => {
		write('archon.yaml', 'main');
		write('conf.d/a.yaml', 'part');
		const option = write('option.yaml', 'option');
		const environment = write('environment.yaml', 'environment');
		expect(told(option, {ARCHON_CONFIG: environment})).toEqual({origin: 'option', files: ['option'], problems: []});
		expect(told(null, {ARCHON_CONFIG: environment})).toEqual({origin: 'environment', files: ['environment'], problems: []});
	});

	test('several files are named by several options, or with colons between them', () => {
		const [a, b] = [write('a.yaml', 'a'), write('b.yaml', 'b')];
		expect(told([b, a])).toEqual({origin: 'option', files: ['b', 'a'], problems: []});
		expect(told(null, {ARCHON_CONFIG: `${a}:${b}:`})).toEqual({origin: 'environment', files: ['a', 'b'], problems: []});
		expect(told([a, join(home, 'c.yaml'), b]).problems).toEqual([`cannot read ${join(home, 'c.yaml')}: no such file or directory`]);
		const large = write('large.yaml', '#'.repeat(600_000));
		expect(told([large, large]).problems).toEqual([`cannot read ${large}, ${large}: together larger than 1 MiB`]);
	});

	test('keeps the name that the user gave', () => {
		const file = write('a.yaml', 'x');
		expect(findConfig({named: [file], env: {}, files}).files).toEqual([{file, text: 'x'}]);
	});

	test('takes a byte order mark off', () => {
		expect(told(write('a.yaml', '\ufeffé')).files).toEqual(['é']);
	});

	test('reads /dev/null', () => {
		expect(told('/dev/null')).toEqual({origin: 'option', files: [''], problems: []});
	});

	test('reads a FIFO to its end, but only at the start', () => {
		const fifo = join(home, 'fifo');
		execFileSync('mkfifo', [fifo]);
		const writer = spawn('sh', ['-c', `(sleep 0.1; printf one; sleep 0.1; printf two) > ${fifo}`]);
		expect(told(fifo)).toEqual({origin: 'option', files: ['onetwo'], problems: []});
		expect(findConfig({named: [fifo], env: {}, files}).problems.map(formatProblem)).toEqual([`${fifo} is not a regular file`]);
		writer.kill();
	});
});

test('files that end in .yml are noted, as archon does not read them', () => {
	write('archon.yml', 'a');
	mkdirSync(join(home, 'conf.d'));
	write('conf.d/x.yml', 'x');
	write('conf.d/y.yaml', 'y');
	expect(findConfig({named: [], env: {}, files}, home)).toMatchObject({files: [{text: 'y'}], problems: []});
	expect(findConfig({named: [], env: {}, files}, home).notes.map(formatProblem)).toEqual([
		`${home}/archon.yml is ignored; rename it to .yaml`, `${home}/conf.d/x.yml is ignored; rename it to .yaml`,
	]);
	expect(findConfig({named: [write('z.yaml', '')], env: {}, files}, home).notes).toEqual([]);
});

describe('findConfig says that it cannot read', () => {
	test.each([
		['a file that is not there', () => join(home, 'no.yaml'), 'no such file or directory'],
		['a file in what is no folder', () => join(write('file', ''), 'a.yaml'), 'not a directory'],
		['what is no UTF-8', () => write('a.yaml', Uint8Array.of(0x61, 0xff)), 'not UTF-8 text'],
		['UTF-16', () => write('a.yaml', Buffer.from('\ufeffa: b', 'utf16le')), 'UTF-16 text, not UTF-8'],
		['UTF-16 of the other order', () => write('a.yaml', Buffer.from('\ufeffa: b', 'utf16le').swap16()), 'UTF-16 text, not UTF-8'],
		['UTF-16 without a mark', () => write('a.yaml', Buffer.from('a: b', 'utf16le')), 'UTF-16 text, not UTF-8'],
		['UTF-32', () => write('a.yaml', Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0)), 'UTF-32 text, not UTF-8'],
		['UTF-32 without a mark', () => write('a.yaml', Uint8Array.of(0, 0, 0, 0x61)), 'UTF-32 text, not UTF-8'],
		['zeros', () => write('a.yaml', new Uint8Array(5000)), 'NUL characters, not text'],
		['more than 1 MiB', () => write('a.yaml', '#'.repeat(1024 * 1024 + 1)), 'larger than 1 MiB'],
	])('%s', (_what, make, reason) => {
		const file = make();
		expect(told(file)).toEqual({origin: 'option', files: [], problems: [`cannot read ${file}: ${reason}`]});
	});

	test('a folder that is no config, and which one it would', () => {
		const {files: sources, problems} = findConfig({named: [home], env: {}, files});
		expect(problems).toEqual([]);
		expect(judgeConfig(sources, null, AROUND).problems.map(formatProblem)).toEqual([
			`${home} is a directory, and a config is a file; name a file in it; the only directory of archon's that is read is /etc/archon/conf.d, and only if no file is named`,
		]);
	});
	test('that a device is not a regular file', () => {
		expect(told('/dev/zero').problems).toEqual(['/dev/zero is not a regular file']);
	});

	test('a part, and reads the others', () => {
		write('archon.yaml', 'main');
		mkdirSync(join(home, 'conf.d'));
		symlinkSync('nowhere', join(home, 'conf.d/a.yaml'));
		write('conf.d/b.yaml', 'b');
		expect(told(null)).toEqual({
			origin: 'default', files: ['main', 'b'],
			problems: [`cannot read ${home}/conf.d/a.yaml: no such file or directory`],
		});
	});

	test('a default file that is there', () => {
		mkdirSync(join(home, 'archon.yaml'));
		expect(told(null)).toEqual({
			origin: 'default', files: [],
			problems: [`cannot read ${home}/archon.yaml: is a directory; write a file there; docker makes a folder of what it is to mount and does not find`],
		});
	});

	test('exactly 1 MiB is not too much', () => {
		expect(told(write('a.yaml', '#'.repeat(1024 * 1024))).problems).toEqual([]);
	});
});
