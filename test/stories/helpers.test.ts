/** archon's own helpers: nothing that the container is for, and the last to be needed. */
import {NO_BIND} from '../../src/features/bind/core/rules.ts';
import {PORT_RULES} from '../../src/features/ports/core/spec.ts';
import type {Sync} from '../../src/core/sync.ts';
import {expect, test} from 'vitest';
import {exec, LOGGING, START_RATE} from '../../src/core/defaults.ts';
import type {Config} from '../../src/core/config.ts';
import {NOBODY, withHelpers} from '../../src/core/helpers.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import type {LogDriver, Logging} from '../../src/features/logging/core.ts';
import {exit, killedBy, phases, service, tell, tellWith, type Traits} from './tell.ts';

const helper: Traits = {origin: 'helper', restart: {...service('x').restart, attempts: Infinity}};
const HELPER = 'archon.syslog';

test('a helper serves until archon itself ends, also through a shutdown in haste', () => {
	const story = tell(['web'], [HELPER, helper]);
	story.lines();
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).lines()).toMatchInlineSnapshot(`
		"        shutting down: SIGTERM
		  0.00  SIGTERM to web
		        stopping web (pid 101) with SIGTERM
		        stopped web (SIGTERM)
		  0.00  sweep SIGTERM
		  0.00  sweep SIGCONT
		  0.00  exit 0"
	`);
	expect(phases(story)).toEqual({web: 'stopped', [HELPER]: 'up'});
	const deaf = tell(['web', {deaf: true}], [HELPER, helper]);
	for (let i = 0; i < 3; i++) deaf.hear({kind: 'shutdown', why: 'SIGTERM'});
	expect(deaf.lines()).toMatch(/SIGKILL to web[^]*exit 0$/);
	expect(phases(deaf)).toEqual({web: 'stopped', [HELPER]: 'up'});
});

test('a helper that ends during a shutdown is started again, and keeps no service waiting', () => {
	const story = tell(['web', {deaf: true}], [HELPER, helper]);
	story.hear({kind: 'shutdown', why: 'SIGTERM'});
	story.lines();
	expect(story.dies(HELPER, killedBy(9)).lines()).toMatch(/spawn archon\.syslog/);
	expect(story.wait(10_000).lines()).toMatch(/exit 0$/);
});

test('no service is running where only a helper does, and what it does is no news of what runs', () => {
	const story = tell(['job', {type: 'oneshot'}], [HELPER, helper]);
	story.lines();
	expect(story.dies('job', exit(0)).lines()).toMatch(/no service is running or about to start: job/);
	expect(story.dies(HELPER, exit(1)).wait(1000).lines()).not.toMatch(/no service is running/);
	expect(tellWith({whenIdle: 'always'}, ['job', {type: 'oneshot'}], [HELPER, helper]).dies('job', exit(0)).lines()).toMatch(/exit 0$/);
});

test('all is up without a helper, and it is known as one after archon was re-executed', () => {
	const story = tell(['web'], [HELPER, {...helper, slow: true}]);
	expect(story.state().awaited).toBe(0);
	const again = readAll(writeAll(story.state()));
	expect([again?.living, again?.awaited]).toEqual([1, 0]);
	expect(story.state().living).toBe(1);
});

const remote: LogDriver = {
	kind: 'syslog', address: {kind: 'tcp', host: 'logs', port: 514}, facility: 3, tag: 'x', format: 'rfc5424', streams: ['stdout'],
};
const local: LogDriver = {...remote, address: {kind: 'unix', path: '/dev/log'}};
const by = (driver: LogDriver): Logging => ({...LOGGING, drivers: [driver]});

function config(how: Partial<Config>): Config {
	return {
		services: [], shutdownGrace: 9000, startRate: START_RATE, whenIdle: 'never', logging: LOGGING, events: LOGGING, level: 'info',
		signals: [], watchConfig: null, access: [], remote: [], stateDir: null, manifest: null, monitor: [], sync: null, boot: null,
		rules: null, alerts: null, web: null, ports: PORT_RULES, bind: NO_BIND, ...how,
	};
}

const said = (logging: Logging): Config => config({services: [service('web', {exec: {...exec(['web']), output: {kind: 'lines', logging}}})]});
const added = (given: Config): readonly string[] => withHelpers(given, () => NOBODY).services.slice(given.services.length).map(({name}) => name);

test('there is one for syslog as soon as some driver sends to a network, and else none', () => {
	expect([config({}), said(LOGGING), said(by(local))].map(added)).toEqual([[], [], []]);
	expect([config({events: by(remote)}), config({logging: by(remote)}), said(by(remote))].map(added)).toEqual([[HELPER], [HELPER], [HELPER]]);
});

test('it is never essential, has no rights and no variables, and its own words do not need it', () => {
	const [made] = withHelpers(config({events: by(remote)}), () => NOBODY).services;
	expect(made).toMatchObject({
		essential: false, onFailed: 'stay', autostart: true, needs: [], restart: {policy: 'always', attempts: Infinity},
		exec: {user: {user: '65534', group: '65534'}, base: [], environment: {}, limits: {noNewPrivileges: true, capAdd: []}},
	});
	expect(made?.exec.output).toMatchObject({kind: 'lines', logging: {drivers: LOGGING.drivers}});
});

test('what runs from releases waits for the helper that pulls them, which comes first and keeps the container going meanwhile', () => {
	const sync: Sync = {
		source: 'file:///m', dest: '/opt/app', every: 1000, form: 'quesofiesta', keys: [], readyTimeout: 1000, maxSize: 1, maxFiles: 1, keep: 3,
	};
	const programs = [['/opt/app/current/web'], ['python3', '/opt/app/current/main.py'], ['/opt/apple/web'], ['cat', '/opt/app']] as const;
	const services = programs.map((argv, i) => service(`s${i}`, {exec: exec([...argv])}));
	const [helper, ...others] = withHelpers(config({services, sync}), () => NOBODY).services;
	expect(helper).toMatchObject({name: 'archon.sync', ready: {kind: 'notify'}, control: [], exec: {argv: ['archon.sync', JSON.stringify(sync)], user: null}});
	expect(others.map(({needs}) => needs.map(({name, strength}) => `${strength} ${name}`))).toEqual([['soft archon.sync'], ['soft archon.sync'], [], []]);
});
