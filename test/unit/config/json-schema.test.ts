/** The JSON Schema of configs: what editors and other programs know of archon. */
import {Ajv} from 'ajv';
import {describe, expect, test} from 'vitest';
import {SECTIONS} from '../../../src/config/describe.ts';
import {jsonSchema} from '../../../src/config/json-schema.ts';
import {exampleOf, judged} from '../../../src/config/key-texts.ts';

test('is a JSON Schema of draft 7', () => {
	const ajv = new Ajv({strict: true, allowUnionTypes: true, strictTuples: false, formats: {regex: true}});
	expect(ajv.validateSchema(jsonSchema())).toBe(true);
	expect(() => ajv.compile(jsonSchema())).not.toThrow();
});

describe.each(SECTIONS)('the keys of %s', (_, {keys}) => {
	test.each(Object.entries(keys))('%s has an example that is read', (_, key) => {
		const example = exampleOf(key);
		expect(example).toBeDefined();
		expect(example && judged(key.read, example, {})).toBeDefined();
	});
});

describe('variables', () => {
	const ajv = new Ajv({strict: true, allowUnionTypes: true, strictTuples: false, formats: {regex: true}});
	const accepts = ajv.compile(jsonSchema());
	const service = (content: object): boolean => accepts({services: {web: {command: 'x', ...content}}});

	test.each([['${N:-3}', true], ['$N', true], ['a$$b$N', true], ['$$3', false], ['5$', false], ['three', false]])('scale: %s is %s', (scale, isGood) => {
		expect(service({scale})).toBe(isGood);
	});

	test('have no meaning in programs', () => {
		expect(accepts({programs: {web: {cmd: 'x', numprocs: 3}}})).toBe(true);
		expect(accepts({programs: {web: {cmd: 'x', numprocs: '${N:-3}'}}})).toBe(false);
	});

	test('nothing is left to guess: unknown keys are refused, and those of compose are passed over', () => {
		expect(service({image: 'nginx', ports: ['80:80'], 'x-note': 1, deploy: {replicas: 2, placement: {}}})).toBe(true);
		expect(service({comand: 'x'})).toBe(false);
		expect(service({healthcheck: {testt: 'x'}})).toBe(false);
	});
});
