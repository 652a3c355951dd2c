/** The shell of `archon --shell` as a service, and what it takes from the others. */
import {expect, test} from 'vitest';
import {exec, LOGGING, service} from '../../../src/core/defaults.ts';
import {withShell} from '../../../src/core/shell-service.ts';
import type {Config} from '../../../src/core/config.ts';

const main = {...service('main', ['app']), exec: {...exec(['app']), interactive: true, output: {kind: 'inherit'} as const}};
const config = {services: [service('web', ['web']), main], logging: {...LOGGING, maxLine: 77}} as Partial<Config> as Config;

test('it is a service of archon\'s own executable that nothing restarts', () => {
	const [, , shell] = withShell(config, 'stay', '/run/x.sock').services;
	expect(shell).toMatchObject({
		name: 'archon.shell', origin: 'shell', essential: false, restart: {policy: 'no'},
		exec: {argv: ['archonctl', '--socket', '/run/x.sock', 'shell'], isArchon: true, interactive: true, output: {kind: 'inherit'}},
	});
	expect(withShell(config, 'exit', null).services[2]).toMatchObject({essential: true, exec: {argv: ['archonctl', 'shell']}});
});

test('it has the terminal to itself', () => {
	const [web, other] = withShell(config, 'stay', null).services;
	expect(web).toBe(config.services[0]);
	expect(other?.exec).toMatchObject({interactive: false, output: {kind: 'lines', logging: {maxLine: 77}}});
});
