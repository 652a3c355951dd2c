/** A program is moved between a manifest and a hitlist: comments and order stay, and it is never on both. */
import {describe, expect, test} from 'vitest';
import fc from 'fast-check';
import {type Program, readProgram, unwant, want} from '../../../../src/features/manifest/core/edit.ts';
import {parse} from '../../../../src/features/manifest/core/list.ts';

const named = (name: string, path: string | null = null): Program => ({name, path});
const at = (path: string): Program => ({name: null, path});
const isService = (name: string): boolean => name === 'service';
const MANIFEST = '# programs\nweb|/opt/web # the site\n\n/opt/db|db\n';

describe('unwant', () => {
	test('takes the line away, and puts the program on the hitlist', () => {
		expect(unwant({manifest: MANIFEST, hitlist: '# not these\nminer'}, named('web'))).toEqual({
			ok: true, value: {manifest: '# programs\n\n/opt/db|db\n', hitlist: '# not these\nminer\nweb|/opt/web\n', told: 'web is on the hitlist'},
		});
	});

	test('knows it by its path, in either order of the fields, and keeps ends of lines', () => {
		expect(unwant({manifest: '/opt/db|db\r\nx|/x\r\n', hitlist: '# a\r\n'}, at('/opt/db'))).toMatchObject({
			value: {manifest: 'x|/x\r\n', hitlist: '# a\r\ndb|/opt/db\r\n'},
		});
	});

	test('what is on no list is put on the hitlist as it is called', () => {
		expect(unwant({manifest: '', hitlist: ''}, at('/usr/bin/miner'))).toMatchObject({value: {hitlist: '/usr/bin/miner\n', manifest: ''}});
		expect(unwant({manifest: '', hitlist: ''}, named('miner'))).toMatchObject({value: {hitlist: 'miner\n'}});
	});

	test('twice changes nothing', () => {
		const texts = {manifest: MANIFEST, hitlist: 'miner\n'};
		expect(unwant(texts, named('miner'))).toEqual({ok: true, value: {...texts, told: 'miner is on the hitlist already'}});
	});

	test('without a hitlist the line goes, if there is one', () => {
		expect(unwant({manifest: 'web|/opt/web\n', hitlist: null}, named('web'))).toMatchObject({value: {manifest: '', hitlist: null}});
		expect(unwant({manifest: '', hitlist: null}, named('web'))).toEqual({ok: false, error: 'web is not in the manifest, and the config names no hitlist'});
	});
});

describe('want', () => {
	test('takes it off the hitlist, with the path that it has there', () => {
		expect(want({manifest: MANIFEST, hitlist: '# not these\nminer|/usr/bin/miner\nx\n'}, named('miner'), isService)).toEqual({
			ok: true, value: {manifest: `${MANIFEST}miner|/usr/bin/miner\n`, hitlist: '# not these\nx\n', told: 'miner is in the manifest'},
		});
	});

	test('also where the hitlist knows it by its path only', () => {
		expect(want({manifest: MANIFEST, hitlist: '/opt/web\n'}, named('web'), isService)).toEqual({
			ok: true, value: {manifest: MANIFEST, hitlist: '', told: 'web is on the hitlist no more'},
		});
	});

	test('a path brings a name with it; a service of the config needs no path', () => {
		expect(want({manifest: 'a|/a', hitlist: null}, at('/opt/new'), isService)).toMatchObject({value: {manifest: 'a|/a\nnew|/opt/new\n'}});
		expect(want({manifest: '', hitlist: ''}, named('service'), isService)).toMatchObject({value: {manifest: 'service\n'}});
		expect(want({manifest: '', hitlist: ''}, named('cam', '/opt/camera'), isService)).toMatchObject({value: {manifest: 'cam|/opt/camera\n'}});
	});

	test('what cannot be', () => {
		expect(want({manifest: '', hitlist: ''}, named('new'), isService)).toEqual({
			ok: false, error: 'new is neither on the hitlist nor a service of the config: say where it is, as in archonctl want /path/to/new',
		});
		expect(want({manifest: MANIFEST, hitlist: ''}, named('web', '/else'), isService)).toEqual({
			ok: false, error: 'web is in the manifest with another path, in line 2: /opt/web',
		});
		expect(want({manifest: 'x|/x\n'.repeat(10_000), hitlist: ''}, at('/new'), isService)).toEqual({ok: false, error: 'the file would be too long'});
	});
});

test('what a client names', () => {
	expect(readProgram('web', null)).toEqual({ok: true, value: named('web')});
	expect(readProgram('/opt/web', null)).toEqual({ok: true, value: at('/opt/web')});
	expect(readProgram('web', '/opt/w')).toEqual({ok: true, value: named('web', '/opt/w')});
	expect(readProgram('a\nb', null).ok).toBe(false);
	expect(readProgram('/a\nroot|/bin/sh', null).ok).toBe(false);
	expect(readProgram('all', null).ok).toBe(false);
	expect(readProgram('web', '/a|b').ok).toBe(false);
});

test('whatever is moved between whatever lists, it is on one of them, and nothing else has changed', () => {
	const line = fc.oneof(
		fc.constantFrom('a', 'a|/x/a', '/x/a|a', '/x/a', 'b|/x/b', 'c', '# a', '', 'no good', 'b # kept'), fc.stringMatching(/^[ab/|# ]*$/),
	);
	const file = fc.tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean())
		.map(([lines, end, isEnded]) => lines.join(end) + (isEnded ? end : ''));
	const program = fc.constantFrom(named('a'), at('/x/a'), named('a', '/x/a'), named('service'));
	fc.assert(fc.property(file, file, program, fc.boolean(), (manifest, hitlist, program, isWanted) => {
		const edited = isWanted ? want({manifest, hitlist}, program, isService) : unwant({manifest, hitlist}, program);
		if (!edited.ok) return;
		const isIt = ({name, path}: Program): boolean =>
			(program.name !== null && name === program.name) || (program.path !== null && path === program.path);
		const [to, from] = isWanted ? ['manifest', 'hitlist'] as const : ['hitlist', 'manifest'] as const;
		expect(parse(edited.value[to] ?? '', to).items.some(isIt)).toBe(true);
		expect(parse(edited.value[from] ?? '', from).items.some(isIt)).toBe(false);
		const others = (text: string, kind: 'manifest' | 'hitlist'): readonly unknown[] =>
			parse(text, kind).items.filter(item => !isIt(item)).map(({name, path}) => [name, path]);
		if (isWanted) expect(others(edited.value.manifest, 'manifest')).toEqual(others(manifest, 'manifest'));
		const comments = (text: string): readonly string[] => text.split(/\r?\n/).filter(each => each.startsWith('#'));
		expect(comments(edited.value.manifest)).toEqual(comments(manifest));
		expect(comments(edited.value.hitlist ?? '')).toEqual(comments(hitlist));
	}));
});
