/** Values printed as YAML: as a person would write them, and read back to the same. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {collector} from '../../../../src/config/problems.ts';
import {list, literal, map, word} from '../../../../src/config/formats/translation.ts';
import type {Value} from '../../../../src/config/values.ts';
import {readFast} from '../../../../src/config/yaml/fast.ts';
import {readYaml} from '../../../../src/config/yaml/full.ts';
import {printYaml} from '../../../../src/config/yaml/print.ts';
import {bare} from '../bare.ts';

const AT = {source: {file: 'f', text: ''}, offset: 0};
const text = (text: string): Value => ({...AT, kind: 'scalar', text, plain: false});

function readBack(yaml: string): unknown {
	const source = {file: 'f', text: yaml};
	const {report, problems} = collector([source]);
	const value = readYaml(source, report);
	expect(problems(), yaml).toEqual([]);
	return value && bare(value);
}

const values: fc.Arbitrary<Value> = fc.letrec<{value: Value; scalar: Value}>(tie => ({
	scalar: fc.oneof(
		fc.string({unit: 'grapheme'}), fc.string({unit: 'binary'}), fc.string({unit: fc.constantFrom(...'ab \n:#-\'"[]{},&*!|>%@`?$=~0\\\t')}),
		fc.constantFrom('null', 'yes', 'No', '12:30', '-g', 'daemon off;', 'a\nb\n', '  a\nb', 'a\n\nb', '#x\ny', '---', '<<', '0x1', '1.5', ''),
	).map(text),
	value: fc.oneof({depthSize: 'small'}, tie('scalar'),
		fc.array(tie('value'), {maxLength: 4}).map(items => list(AT, items)),
		fc.dictionary(fc.string({unit: fc.constantFrom(...'ab: #-"\'<~1.\n'), minLength: 1, maxLength: 6}), tie('value'), {maxKeys: 4, noNullPrototype: true})
			.map(entries => map(AT, new Map(Object.entries(entries))))),
})).value;

describe('printYaml', () => {
	test('what is printed reads back to the same, by both readers', () => {
		fc.assert(fc.property(values, value => {
			const yaml = printYaml(value);
			expect(readBack(yaml), yaml).toEqual(bare(value));
			const fast = readFast({file: 'f', text: yaml});
			if (fast) expect(bare(fast), yaml).toEqual(bare(value));
		}), {numRuns: 1000});
	});

	test('it looks as a person would have written it', () => {
		const web = map(AT, {
			command: list(AT, ['nginx', '-g', 'daemon off;'].map(text)),
			environment: map(AT, {PORT: text('80'), URL: text('http://localhost:80/'), EMPTY: text('')}),
			pre_start: list(AT, [text('set -e\nmkdir -p /run/x\n')]),
			stop_grace_period: word(AT, '10s'), essential: word(AT, true),
			depends_on: map(AT, {db: map(AT, {condition: word(AT, 'service_healthy')})}),
			price: literal(AT, '$5 {name}'), labels: map(AT, {}),
		});
		const idle = map(AT, {});
		const comments = new Map<Value, readonly string[]>([[web, ['not translated: events (line 3): archon has none']], [idle, ['nothing']]]);
		expect(printYaml(map(AT, {services: map(AT, {web, idle})}), comments)).toBe(`services:
  web:
    # not translated: events (line 3): archon has none
    command: [nginx, -g, "daemon off;"]
    environment: {PORT: "80", URL: http://localhost:80/, EMPTY: ""}
    pre_start:
      - |
        set -e
        mkdir -p /run/x
    stop_grace_period: 10s
    essential: true
    depends_on:
      db: {condition: service_healthy}
    price: '$$5 \\{name}'
    labels: {}
  idle:
    # nothing
    {}
`);
	});
});
