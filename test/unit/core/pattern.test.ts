/** Patterns: as JavaScript has them, in linear time and bounded memory. */
import {Session} from 'node:inspector/promises';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import fc from 'fast-check';
import {describe, expect, test, vi} from 'vitest';
import {compilePattern, type Pattern} from '../../../src/core/pattern/pattern.ts';

function compile(source: string): Pattern {
	const pattern = compilePattern(source);
	if (!pattern.ok) throw new Error(`${source}: ${pattern.error.message} at ${pattern.error.at}`);
	return pattern.value;
}

const EVERY_UNIT = Array.from({length: 0x10000}, (_, code) => String.fromCharCode(code)).join('');

describe('agrees with RegExp', () => {
	const UNITS = ['a', 'b', 'A', 'é', '1', '_', '-', ' ', '\n', '\u2028', '\ud83d', '\ude00', ']', '{', '\u017f', '\u212a', 'k', 'S'];
	const unit = fc.constantFrom('a', 'b', 'A', '1', '_', '-', ' ', '{,', '}', '\\{', '\\]', '\\x61', '\\u0062', '\\n', '\\.', 'k', 's');
	const wide = fc.constantFrom('é', '\\u2028', '\\u017f', '\\ud83d', '\\u212a');
	const many = fc.constantFrom('\\d', '\\D', '\\w', '\\W', '\\s', '\\S');
	const range = fc.constantFrom('a-b', 'A-b', '0-9', '!-~', '\\x00-\\x20', '--1', '\\d-a', 'a-\\w', '+--', '\\b');
	const inside = (...more: fc.Arbitrary<string>[]) =>
		fc.tuple(fc.constantFrom('[', '[^'), fc.array(fc.oneof(unit, many, range, ...more), {maxLength: 3}), fc.constantFrom(']', '-]'))
			.map(([open, items, close]) => open + items.join('') + close)
			.filter(isClass);
	const greedy = fc.constantFrom('*', '+', '?', '{0}', '{2}', '{1,}', '{0,2}');
	const lazy = fc.constantFrom('*?', '+?', '??', '{1,}?', '{2,3}?');
	const edge = fc.constantFrom('^', '$', '\\b', '\\B');
	const grammar = (modes: string, ...more: fc.Arbitrary<string>[]) => fc.letrec<{whole: string; group: string; part: string; branch: string}>(tie => ({
		whole: fc.oneof({depthSize: 'small'}, tie('branch'), fc.tuple(tie('branch'), tie('whole')).map(branches => branches.join('|'))),
		branch: fc.array(tie('part'), {maxLength: 4}).map(parts => parts.join('')),
		group: fc.tuple(fc.constantFrom('(', '(?:', modes), tie('whole')).map(([open, whole]) => `${open}${whole})`),
		part: fc.oneof({depthSize: 'small'},
			unit, edge, fc.constant('.'), many, inside(...more), ...more, tie('group'),
			// V8 is wrong on /[^]+?.^|/ and a.
			fc.tuple(fc.oneof(many, inside(...more), fc.constant('.')), greedy).map(([one, often]) => one + often),
			fc.tuple(fc.oneof(unit, tie('group')), fc.oneof(greedy, lazy)).map(([one, often]) => one + often)),
	})).whole;
	const text = fc.array(fc.constantFrom(...UNITS), {maxLength: 7}).map(units => units.join(''));

	test.each([
		['without modes', grammar('(?:', wide), '', ''],
		['with modes', grammar('(?ms:', wide), '', ''],
		// V8 is wrong on /(?i:.a|k)/ and aA, and right with the flag.
		['in both cases', grammar('(?:'), '(?i:', ')'],
	])('%s', (_, pattern, open, close) => {
		fc.assert(fc.property(pattern, fc.array(text, {minLength: 1, maxLength: 8}), (source, texts) => {
			const expression = new RegExp(source, open === '' ? 'y' : 'iy');
			const own = compile(open + source + close);
			for (const each of texts) expect(own.test(each), JSON.stringify([source, each])).toBe(isFound(expression, each));
		}), {numRuns: 2000});
	}, 60_000);
});

/** Asked at each place by itself: V8's own search is wrong on /(|((?:[^])*?a)??^)a||/, which matches any text, and \ud83d. */
function isFound(sticky: RegExp, text: string): boolean {
	for (sticky.lastIndex = 0; ;) {
		const at = sticky.lastIndex;
		if (sticky.test(text)) return true;
		if (at >= text.length) return false;
		sticky.lastIndex = at + 1;
	}
}

/** Not where a range ends before it begins, nor one of no characters: V8 takes /(?i:x|(A|(k)|[]))/ for one that never matches. */
function isClass(source: string): boolean {
	try {
		return new RegExp(source).test(EVERY_UNIT);
	} catch {
		return false;
	}
}

describe('syntax', () => {
	// Each with texts that match and texts that do not, all of which are checked against RegExp as well.
	test.each<[source: string, good: string[], bad: string[]]>([
		['', ['', 'x'], []],
		['ready', ['ready', 'is ready now'], ['', 'read', 'Ready']],
		['ready to (?:serve)', ['ready to serve'], ['ready to']],
		['^ready$', ['ready'], ['ready\n', ' ready', '']],
		['listening on (?:\\S+:)?(\\d+)', ['listening on 80', 'is listening on [::]:80'], ['listening on port', 'listening on listening on']],
		['{"status": ?"(ok|up)"}', ['{"status":"ok"}', 'x{"status": "up"}'], ['{"status":"down"}']],
		['aab', ['aaab'], ['aa']],
		['a.c', ['abc', 'a\ud83dc', 'a\u0085c'], ['a\nc', 'a\rc', 'a\u2028c', 'a\u2029c', 'a\ud83d\ude00c']],
		['[^]', ['\n', 'a'], ['']],
		['x[]|y', ['y'], ['x']],
		['[a-cx-]', ['b', 'x', '-'], ['d', 'y']],
		['[^a-c\\d]', ['d'], ['abc123']],
		['[\\d-x]', ['-', 'x', '5'], ['a']],
		['[\\b]', ['\b'], ['b', ' ']],
		['[\\]\\\\^]', [']', '\\', '^'], ['[']],
		[']{,2}}{', [']{,2}}{'], [']', ']]}{']],
		['\\t\\n\\r\\f\\v\\0', ['\t\n\r\f\v\0'], ['tnrfv0']],
		['\\x41\\u00e9', ['A\u00e9'], ['x41']],
		['\\.\\*\\[\\/\\-\\_\\"\\é', ['.*[/-_"é'], ['a']],
		['^\\s$', [' ', '\u00a0', '\ufeff', '\u2003', '\u3000'], ['', 'a', '\u200b', '\u180e']],
		['\\bup\\b', ['up', 'is up.', 'é up'], ['ups', 'sup', '_up']],
		['\\Bp\\B', ['apa'], ['p', 'ap', 'pa']],
		['a{2}b{1,}c{0,1}d{2,3}$', ['aabdd', 'aabbcddd'], ['abdd', 'aabdddd']],
		['^(?:a|ab)(?:c|bcd)*?$', ['abcd', 'ac', 'ab'], ['abd']],
		['(?<year>\\d{4})-(\\d\\d)', ['2026-11'], ['226-11']],
		['^(a?){3}$', ['', 'aaa'], ['aaaa']],
		['(?:){99999}(?:^)*x?', ['', 'x'], []],
		['(?m:^ok$)', ['no\nok\nno', 'ok'], ['not ok']],
		['a(?s:.)b', ['a\nb'], ['ab']],
		['$^', [''], ['a']],
	])('%j', (source, good, bad) => {
		const expression = new RegExp(source);
		for (const text of good) expect([text, expression.test(text), compile(source).test(text)]).toEqual([text, true, true]);
		for (const text of bad) expect([text, expression.test(text), compile(source).test(text)]).toEqual([text, false, false]);
	});

	// V8 is wrong on the first one.
	test.each<[source: string, good: string[], bad: string[]]>([
		['(?i:ready|up [a-c]) Now', ['READY Now', 'Up B Now'], ['ready now', 'up d Now']],
		['(?i:a(?-i:b))[^x]', ['Abc'], ['ABc']],
		['(?i:[^k-s])$', ['\u212a', '\u017f', '['], ['K', 'k', 'S', 's']],
	])('%j', (source, good, bad) => {
		expect(good.filter(text => !compile(source).test(text))).toEqual([]);
		expect(bad.filter(text => compile(source).test(text))).toEqual([]);
	});

	test('one pattern is good for many texts', () => {
		const pattern = compile('^\\w+: (up|down)$');
		const texts = ['web: up', 'web: no', '', 'db: down', 'é: up', 'web: up', 'db: down\u2028'];
		expect(texts.map(text => pattern.test(text))).toEqual([true, false, false, true, false, true, false]);
	});
});

test.each([
	['a(?=b)', 1, 'lookahead is not supported: patterns are matched in linear time'],
	['a(?!b)', 1, 'lookahead is not supported: patterns are matched in linear time'],
	['(?<=a)b', 0, 'lookbehind is not supported: patterns are matched in linear time'],
	['x(?<!a)b', 1, 'lookbehind is not supported: patterns are matched in linear time'],
	['(a)\\1', 3, 'a backreference is not supported: patterns are matched in linear time'],
	['(?<n>a)\\k<n>', 7, 'a backreference is not supported: patterns are matched in linear time'],
	['a(?>b)', 1, 'a group begins with (, (?:, (?<name> or (?i:'],
	['(?i)a', 0, 'a group begins with (, (?:, (?<name> or (?i:'],
	['a(b', 1, 'the group is not closed'],
	['a)b', 1, 'no group is open'],
	['a[b', 1, 'the bracket is not closed'],
	['[a-', 0, 'the bracket is not closed'],
	['[', 0, 'the bracket is not closed'],
	['[\\', 1, 'nothing follows the last backslash'],
	['a\\', 1, 'nothing follows the last backslash'],
	['x[0-9z-a]', 5, 'the range ends before it begins'],
	['*a', 0, 'there is nothing to repeat'],
	['a|+', 2, 'there is nothing to repeat'],
	['(?:?)', 3, 'there is nothing to repeat'],
	['a**', 2, 'there is nothing to repeat'],
	['^*', 1, 'there is nothing to repeat'],
	['\\b{2}', 2, 'there is nothing to repeat'],
	['a{3,2}', 1, 'the smaller number comes first'],
	['\\p{L}', 0, '\\p is not supported: write the characters in brackets'],
	['a\\u{61}', 1, '\\u takes four hexadecimal digits'],
	['\\x4', 0, '\\x takes two hexadecimal digits'],
	['\\07', 0, 'a number in octal is not supported: write \\x and two digits'],
	['a\\z', 1, '\\z stands for nothing'],
	['[\\B]', 1, '\\B stands for nothing'],
	['(?i:é)', 4, 'only characters of ASCII can be matched in both cases'],
	['x(?:a{30}b){30}', 11, 'the pattern is too large: it has more than 300 steps if counted repetitions are written out'],
	['((a{500}){500}){9999999999}', 15, 'the pattern is too large: it has more than 300 steps if counted repetitions are written out'],
	['a'.repeat(301), 0, 'the pattern is too large: it has more than 300 steps if counted repetitions are written out'],
	['a'.repeat(1001), 1000, 'a pattern has at most 1000 characters'],
	['('.repeat(60), 50, 'at most 50 groups are within each other'],
])('%s is refused at %d: %s', (source, at, message) => {
	expect(compilePattern(source)).toEqual({ok: false, error: {message, at}});
});

describe('costs', async () => {
	const session = new Session();
	session.connect();
	await session.post('Profiler.enable');
	await session.post('Profiler.startPreciseCoverage', {callCount: true, detailed: true});
	// Only what is compiled from now on is counted.
	vi.resetModules();
	const counted = await import('../../../src/core/pattern/pattern.ts');

	/** Blocks of the code of patterns that are executed by a test of the text, each as often as it is. */
	async function count(source: string, text: string): Promise<number> {
		const pattern = counted.compilePattern(source);
		if (!pattern.ok) throw new Error(pattern.error.message);
		pattern.value.test(text.slice(0, 1000));
		await session.post('Profiler.takePreciseCoverage');
		pattern.value.test(text);
		const {result} = await session.post('Profiler.takePreciseCoverage');
		const own = result.filter(({url}) => url.includes('/core/pattern/')).flatMap(({functions}) => functions);
		return own.flatMap(({ranges}) => ranges).reduce((sum, range) => sum + range.count, 0);
	}

	let seed = 1;
	const random = (length: number): string => Array.from({length}, () => 'ab'[(seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 31]).join('');
	const a = (length: number): string => 'a'.repeat(length);
	const LONG = 16 * 1024;

	test.each<[source: string, text: (length: number) => string]>([
		['^(a+)+$', length => `${a(length)}b`],
		['(a|aa)+$', length => `${a(length)}b`],
		['(a|a)*[bc]', a],
		['(.*a){20}', length => `${a(19)}${'b'.repeat(length)}`],
		['(.*)(.*)(.*)(.*)[xy]', a],
		['(\\w+\\s?)+[:;]', length => 'word '.repeat(length / 5)],
		['(?:\\b|a)*\\B[xy]', random],
		['([0-9a-f]{2}:?){6}', length => 'xé€'.repeat(length / 3)],
	])('%s looks once at each character', async (source, text) => {
		const blocks = await count(source, text(LONG));
		expect(blocks).toBeGreaterThan(LONG);
		expect(blocks).toBeLessThan(LONG * 8);
	});

	test.each([
		['(a|b)*a(a|b){15}[cd]', 40],
		['[ab]*a[ab]{280}[cd]', 300],
		['(a?){100}(b?){40}[cd]', 300],
	])('%s takes at most as many steps for each character as it has', async (source, steps) => {
		const blocks = await count(source, random(LONG / 4));
		expect(blocks).toBeGreaterThan(LONG / 4);
		expect(blocks).toBeLessThan(LONG / 4 * steps * 8);
	});

	test('a text without what must be in it is not looked at one by one', async () => {
		expect(await count('^.*started in [\\d.]+ seconds', a(LONG))).toBeLessThan(20);
	});

	test('most of 2^16 states are forgotten again', () => {
		setFlagsFromString('--expose-gc');
		const gc: () => void = runInNewContext('gc');
		const text = random(200_000);
		const pattern = compile('(a|b)*a(a|b){15}[cd]');
		pattern.test('a');
		gc();
		const before = process.memoryUsage().heapUsed;
		expect(pattern.test(text)).toBe(false);
		gc();
		expect(process.memoryUsage().heapUsed - before).toBeLessThan(1024 * 1024);
		expect(pattern.test(`${text}a${a(15)}c`)).toBe(true);
	});
});
