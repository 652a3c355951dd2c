/** The table of keys, and what it says where nothing is written. */
import {expect, test} from 'vitest';
import {LOGGING, service, START_RATE as RATE, UNSOURCED} from '../../../src/core/defaults.ts';
import {SERVICE, START_RATE} from '../../../src/config/schema.ts';
import {configService} from '../../../src/config/service.ts';

test('the defaults are those that hold for services made in any other way', () => {
	const output = {kind: 'lines', logging: LOGGING, canWait: true} as const;
	const made = configService('web', SERVICE.initial, ['x'], [], {common: {}, sources: [], sourced: UNSOURCED, environment: {}}, output);
	expect(made).toEqual(service('web', ['x']));
	expect(START_RATE.initial).toEqual({per_second: RATE.perSecond, burst: RATE.burst});
});
