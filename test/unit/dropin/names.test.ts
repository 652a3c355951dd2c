/** Under which names archon is another init. */
import {expect, test} from 'vitest';
import {dialectOf, NAMES} from '../../../src/dropin/names.ts';
import {readCatatonit} from '../../../src/dropin/catatonit.ts';
import {readDumbInit} from '../../../src/dropin/dumb-init.ts';
import {readTini} from '../../../src/dropin/tini.ts';

test.each([
	['tini', readTini], ['tini-static', readTini], ['docker-init', readTini], ['dumb-init', readDumbInit],
	['catatonit', readCatatonit], ['podman-init', readCatatonit],
	['archon', null], ['init', null], ['', null], ['constructor', null],
])('as %s', (name, dialect) => {
	expect(dialectOf(name)).toBe(dialect);
	expect(NAMES.includes(name)).toBe(dialect !== null);
});
