/** The tables of keys, group by group, and what they come to where nothing is written. */
import {NO_BIND} from '../../../src/features/bind/core/rules.ts';
import {PORT_RULES} from '../../../src/features/ports/core/spec.ts';
import {expect, test} from 'vitest';
import {LateGroup} from '../../../src/config/late.ts';
import {makeService} from '../../../src/config/make-service.ts';
import {groupsOf, SERVICE, SERVICE_GROUPS} from '../../../src/config/schema/service.ts';
import {TOP, TOP_GROUPS} from '../../../src/config/schema/top.ts';
import {planWhole} from '../../../src/config/schema/whole.ts';
import {LOGGING, service, START_RATE, UNSOURCED} from '../../../src/core/defaults.ts';

const GIVEN = {
	files: [],
	needs: [], groups: [], onFailure: [], conflicts: [], scheduled: null, common: {}, sources: [], sourced: UNSOURCED, environment: {},
	output: {kind: 'lines', logging: LOGGING, canWait: true},
} as const;

test.each(SERVICE_GROUPS.map(group => [Object.keys(group.keys).join(', '), group] as const))(
	'%s: their defaults are those of services made in any other way', (_, group) => {
		expect(makeService('web', ['x'], [group], SERVICE.initial, GIVEN)).toEqual(service('web', ['x']));
	},
);

const LATE = [...SERVICE_GROUPS, ...TOP_GROUPS].filter(group => group instanceof LateGroup);

test.each(LATE.map(group => [Object.keys(group.keys).join(', '), group] as const))('%s: what is said of them before they are loaded', (_, late) => {
	const {keys, reads, isForAll} = late.found();
	expect(Object.keys(late.keys)).toEqual(Object.keys(keys));
	for (const [name, key] of Object.entries(keys)) {
		const said = late.keys[name];
		expect(said?.initial, name).toEqual(key.initial);
		expect([said?.form, said?.fallback, said?.help, said?.example, said?.read, said?.takesNothing])
			.toEqual([key.form, key.fallback, key.help, key.example, key.read, key.takesNothing]);
	}
	expect([late.reads, late.isForAll]).toEqual([reads, isForAll]);
});

test('the whole has defaults', () => {
	expect(planWhole(TOP.initial, {scales: new Map(), report: (_place, message) => expect.fail(message)})).toEqual({
		logging: LOGGING, events: LOGGING, level: 'info', shutdownGrace: 9000, whenIdle: 'failed', startRate: START_RATE, signals: [],
		watchConfig: null, access: [], remote: [], stateDir: null, manifest: null, monitor: [], sync: null, rules: null, alerts: null, web: null, boot: null, ports: PORT_RULES, bind: NO_BIND,
	});
});

test.each([['services', SERVICE_GROUPS], ['the top', TOP_GROUPS]])('each key of %s is in one group', (_, groups) => {
	const keys = groups.flatMap(group => Object.keys(group.keys));
	expect(keys).toEqual([...new Set(keys)]);
});

test('a group has a say where one of its keys is written, or one that it reads', () => {
	const source = {file: 'f', text: ''};
	const nothing = {source, offset: 0, kind: 'scalar', text: '', plain: true} as const;
	const said = (...keys: readonly string[]): readonly string[] => {
		const entries = new Map(keys.map(key => [key, {key: nothing, value: nothing}]));
		return [...groupsOf({source, offset: 0, kind: 'map', entries})].map(group => Object.keys(group.keys)[0] ?? '');
	};
	expect(said()).toEqual([]);
	expect(said('stop_to', 'kill_mode', 'x-any')).toEqual(['stop_signal']);
	expect(said('type')).toEqual(['type', 'start_period', 'restart']);
	expect(said('ready')).toEqual(['ready', 'start_period']);
});
