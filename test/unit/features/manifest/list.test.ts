/** The lines of a manifest and of a hitlist: what each means, and which mean nothing. */
import {describe, expect, test} from 'vitest';
import fc from 'fast-check';
import {BYTES_MAX, LINES_MAX, parse, PROBLEMS_MAX, readLine} from '../../../../src/features/manifest/core/list.ts';

const web = {line: 1, name: 'web', path: '/opt/web'};

describe('a line of a manifest', () => {
	test.each([
		['web|/opt/web', web],
		['/opt/web|web', web],
		['  web |  /opt/web  ', web],
		['web|/opt/web\r', web],
		['web|/opt/web # the site', web],
		['web|/opt/', web],
		['/opt/|web', web],
		['web|/opt/w#b', {...web, path: '/opt/w#b'}],
		['web|/opt/my web', {...web, path: '/opt/my web'}],
		['/usr/bin/web|/opt/web', web],
		['web', {...web, path: null}],
		['a.b_c-1|/x', {line: 1, name: 'a.b_c-1', path: '/x'}],
		['', null], ['   ', null], ['\r', null], ['# web|/opt/web', null], ['\t#', null],
	])('%j', (text, item) => expect(readLine(text, 1, 'manifest')).toEqual(item));

	test.each([
		['some words', 'is no program: some words; write name|/path/to/program'],
		['/opt/web', 'has no name; write web|/opt/web'],
		['web|', 'has no second field; write name|/path/to/program'],
		['|/opt/web', 'has no first field; write name|/path/to/program'],
		['|', 'has no first field; write name|/path/to/program'],
		['web|/opt/web|x', 'has more than two fields; write name|/path/to/program'],
		['web|db', 'has no destination with a slash in it; write name|/path/to/program'],
		['web|bin/web', 'has a path that is not absolute: bin/web'],
		['web|/opt/../etc/web', 'has a path with . or .. in it: /opt/../etc/web'],
		['web|/opt/./web', 'has a path with . or .. in it: /opt/./web'],
		['archon|/opt/web', 'cannot be called archon: that is archon\'s own'],
		['archon.syslog|/opt/web', 'cannot be called archon.syslog: that is archon\'s own'],
		['all|/opt/web', 'cannot be called all: that is archon\'s own'],
		['-web|/opt/web', 'cannot be called "-web": a name has letters, digits, ".", "_" and "-"'],
		['wéb|/opt/web', 'cannot be called "wéb": a name has letters, digits, ".", "_" and "-"'],
		['web:1|/opt/web', 'cannot be called "web:1": a name has letters, digits, ".", "_" and "-"'],
		[`${'a'.repeat(65)}|/opt/web`, 'has a name of more than 64 characters'],
		[`web|/${'a'.repeat(5000)}`, 'has a path that is too long'],
		['web|/opt/w\x1b[2Jeb', 'has a control character'],
		['web|/opt/web\0', 'has a control character'],
	])('that means nothing: %j', (text, why) => expect(readLine(text, 1, 'manifest')).toBe(why));
});

test('a line of a hitlist may also have a path alone', () => {
	expect(readLine('/opt/web', 3, 'hitlist')).toEqual({line: 3, name: null, path: '/opt/web'});
	expect(readLine('web', 3, 'hitlist')).toEqual({line: 3, name: 'web', path: null});
	expect(readLine('web|/opt/web', 3, 'hitlist')).toEqual({...web, line: 3});
	expect(readLine('/opt/', 3, 'hitlist')).toBe('has a folder and no program: /opt/');
	expect(readLine('opt/web', 3, 'hitlist')).toBe('has a path that is not absolute: opt/web');
});

describe('a whole file', () => {
	test('a bad line is told with its number, and the others count', () => {
		expect(parse('# programs\r\nweb|/opt/web\r\n\r\nnonsense here\r\n/opt/db|db\r\nweb|/opt/other', 'manifest')).toEqual({
			items: [{...web, line: 2}, {line: 5, name: 'db', path: '/opt/db'}],
			problems: [
				{line: 4, why: 'is no program: nonsense here; write name|/path/to/program'},
				{line: 6, why: 'web is listed already, in line 2'},
			],
		});
	});

	test('of a long one no more lines are read, and no more problems told, than there is room for', () => {
		const many = parse(`${Array.from({length: LINES_MAX + 5}, (_, i) => `s${i}|/opt/s${i}`).join('\n')}\n`, 'manifest');
		expect(many.items).toHaveLength(LINES_MAX);
		expect(many.problems).toEqual([{line: LINES_MAX + 1, why: `only ${LINES_MAX} lines are read`}]);
		expect(parse('no good\n'.repeat(5000), 'manifest').problems).toHaveLength(PROBLEMS_MAX);
		expect(parse('', 'manifest')).toEqual({items: [], problems: []});
	});

	test('whatever it holds, each line is an item, a problem or nothing, and no name or path is one that archon could not use', () => {
		const line = fc.oneof(fc.string({unit: 'binary'}), fc.stringMatching(/^[a/|.# \r-]*$/));
		fc.assert(fc.property(fc.array(line), fc.constantFrom('manifest' as const, 'hitlist' as const), (lines, kind) => {
			const {items} = parse(lines.join('\n'), kind);
			for (const {name, path} of items) {
				expect(name ?? 'a').toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
				expect(path ?? '/a').toMatch(/^\/[^\0-\x1f|]*[^\0-\x1f|/]$/);
			}
		}));
		expect(BYTES_MAX).toBe(1024 * 1024);
	});
});
