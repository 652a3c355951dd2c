/** Layers of pebble as services. */
import {expect, test} from 'vitest';
import {pebble} from '../../../../src/config/formats/pebble.ts';
import {translate} from './translate.ts';

test('a command that is no line of words is refused', () => {
	expect(translate(pebble, [{file: 'p.yaml', text: 'services: {a: {override: replace, command: "x \'"}}'}]).problems)
		.toEqual(['p.yaml:1:44: services.a.command: a single quote is not closed']);
});
