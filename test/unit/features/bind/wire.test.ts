/** What libarchon-bind.so asks, byte by byte, and which rule is for it. */
import {expect, test} from 'vitest';
import {type BindRule, ruleFor} from '../../../../src/features/bind/core/rules.ts';
import {readQuestion} from '../../../../src/features/bind/os/wire.ts';

function question(flags: readonly [number, number, number], port: number, address: readonly number[]): Uint8Array {
	const bytes = new Uint8Array(26);
	bytes.set([...Buffer.from('ABND'), 1, ...flags, port >> 8, port & 255, ...address]);
	return bytes;
}

const six = (...parts: readonly number[]): readonly number[] => parts.flatMap(part => [part >> 8, part & 255]);

test.each([
	[[0, 0, 0], 80, [127, 0, 0, 1], {protocol: 'tcp', address: '127.0.0.1', port: 80, isSixOnly: false}],
	[[1, 0, 1], 65_535, [0, 0, 0, 0], {protocol: 'udp', address: '0.0.0.0', port: 65_535, isSixOnly: false}],
	[[0, 1, 1], 443, six(0, 0, 0, 0, 0, 0, 0, 0), {protocol: 'tcp', address: '::', port: 443, isSixOnly: true}],
	[[0, 1, 0], 80, six(0, 0, 0, 0, 0, 0, 0, 1), {protocol: 'tcp', address: '::1', port: 80, isSixOnly: false}],
	[[0, 1, 0], 80, six(0x20_01, 0xd_b8, 0, 0, 1, 0, 0, 1), {protocol: 'tcp', address: '2001:db8::1:0:0:1', port: 80, isSixOnly: false}],
	[[0, 1, 0], 80, six(0xfe_80, 0, 0, 0, 0, 0, 0, 0), {protocol: 'tcp', address: 'fe80::', port: 80, isSixOnly: false}],
	[[0, 1, 0], 80, six(1, 2, 3, 4, 5, 6, 7, 8), {protocol: 'tcp', address: '1:2:3:4:5:6:7:8', port: 80, isSixOnly: false}],
] as const)('%j %d %j', (flags, port, address, asked) => expect(readQuestion(question(flags, port, address), 26)).toEqual(asked));

test('what is no question, or is one of another version, is not answered as one', () => {
	const good = question([0, 0, 0], 80, [127, 0, 0, 1]);
	expect(readQuestion(good, 25)).toBeNull();
	expect(readQuestion(Uint8Array.of(...good, 0), 27)).toBeNull();
	expect(readQuestion(good.with(4, 2), 26)).toBeNull();
	expect(readQuestion(good.with(0, 0), 26)).toBeNull();
	expect(readQuestion(new Uint8Array(), -104)).toBeNull();
});

test('the first rule that is for all of it counts; instances have that of their service', () => {
	const give = {kind: 'address', host: null, port: null} as const;
	const rule = (service: string, more: Partial<BindRule> = {}): BindRule =>
		({service, protocol: 'tcp', address: null, port: 80, give, isStrict: false, ...more});
	const rules = {library: null, rules: [rule('web', {address: '127.0.0.1'}), rule('w*'), rule('*', {protocol: 'udp'})]};
	const asked = {protocol: 'tcp', address: '127.0.0.1', port: 80, isSixOnly: false} as const;
	expect(ruleFor(rules, 'web', asked)).toBe(rules.rules[0]);
	expect(ruleFor(rules, 'web:3', asked)).toBe(rules.rules[0]);
	expect(ruleFor(rules, 'web', {...asked, address: '0.0.0.0'})).toBe(rules.rules[1]);
	expect(ruleFor(rules, 'db', {...asked, protocol: 'udp'})).toBe(rules.rules[2]);
	expect(ruleFor(rules, 'db', asked)).toBeUndefined();
	expect(ruleFor(rules, 'web', {...asked, port: 81})).toBeUndefined();
});
