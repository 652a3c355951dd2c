/** The configs that people start from, and those of the pages: the schema and the loader are content with all of them. */
import {globSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Ajv} from 'ajv';
import addFormats from 'ajv-formats';
import {describe, expect, test} from 'vitest';
import {jsonSchema} from '../../../src/config/json-schema.ts';
import {toJson, yamlOf} from '../../../src/config/key-texts.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {around} from './around.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const ajv = new Ajv({strict: true, allowUnionTypes: true, strictTuples: false});
addFormats.default(ajv);
const accepts = ajv.compile(jsonSchema());

/** All users are known here: which there are is the image's matter. */
const LOOKUPS = {...around(), findUser: () => ({ok: true as const, value: null})};

function judge(text: string): readonly string[] {
	const schema = accepts(toJson(yamlOf(text))) ? [] : (accepts.errors ?? []).map(({instancePath, message}) => `schema: ${instancePath} ${message}`);
	return [...schema, ...judgeConfig([{file: 'archon.yaml', text}], null, LOOKUPS).problems.map(({line, message}) => `line ${line}: ${message}`)];
}

const EXAMPLES = globSync('examples/*.yaml', {cwd: root}).sort();

test('there are some', () => expect(EXAMPLES.length).toBeGreaterThanOrEqual(8));

describe.each(EXAMPLES)('%s', file => {
	test('names its schema, which is there, and says what it is', () => {
		const [first = '', second = ''] = read(file).split('\n');
		expect(first).toBe('# yaml-language-server: $schema=../docs/archon.schema.json');
		expect(second).toMatch(/^# .{20}/);
	});

	test('is valid', () => {
		expect(judge(read(file))).toEqual([]);
	});
});

/** Blocks of pages that are whole configs of archon's own or of programs. */
const BLOCKS = globSync(['README.md', 'docs/**/*.md'], {cwd: root}).sort().flatMap(page =>
	[...read(page).matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text = '']) => text)
		.filter(text => /^(services|programs|archon|shutdown|signals):/m.test(text))
		.map((text, index) => [`${page}, ${index + 1}`, text] as const));

test.each(BLOCKS)('the schema takes the config of %s', (_, text) => {
	expect(accepts(toJson(yamlOf(text))) ? [] : accepts.errors?.map(({instancePath, message}) => `${instancePath} ${message}`)).toEqual([]);
});
