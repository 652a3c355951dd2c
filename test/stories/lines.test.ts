/** Every line that archon's log can have about a service, and every note of `archonctl status`, as a snapshot. */
import {describe, expect, test} from 'vitest';
import type {Health} from '../../src/core/service.ts';
import {find} from '../../src/core/state.ts';
import {statusOf} from '../../src/core/status.ts';
import {exit, killedBy, type Story, tell, tellWith, type Traits} from './tell.ts';
import {SIG} from '../../src/core/signal-numbers.ts';

const HOOK = [['prepare']] as const;
const ready = {kind: 'notify'} as const;
const health: Health = {
	probe: {kind: 'tcp', host: 'localhost', port: 1}, interval: 1000, timeout: 1000, retries: 1, successes: 1, startPeriod: 0,
	startInterval: 1000, onUnhealthy: 'none',
};
const probed = (passed: boolean, detail = 'HTTP 503') => ({kind: 'probe', purpose: 'health', passed, detail}) as const;
const hooks = (name: 'preStart' | 'postStart' | 'preStop' | 'postStop' | 'down') =>
	({hooks: {preStart: [], postStart: [], preStop: [], postStop: [], down: [], [name]: HOOK}}) as const;
const only = (traits: Traits = {}): Story => tell(['web', traits]);

/** The lines of archon's log, without what the core asks of the machine. */
const logged = (story: Story): string => story.lines().split('\n').filter(line => line.startsWith('        ')).map(line => line.trim()).join('\n');
const noted = (story: Story, name = 'web'): string => {
	const {status, note} = statusOf(story.state(), find(story.state(), name)!);
	return `${status}: ${note}`;
};

describe('each phase that begins, by its cause', () => {
	test.each<readonly [string, () => Story]>([
		['a daemon starts', () => only()],
		['a daemon becomes ready', () => only({ready}).tells('web', {kind: 'ready'})],
		['a oneshot completes', () => only({type: 'oneshot'}).dies('web', exit(0))],
		['a oneshot with down completes and is stopped', () => only({type: 'oneshot', ...hooks('down')}).dies('web', exit(0)).ask('stop', 'web')],
		['a daemon reloads', () => only().tells('web', {kind: 'notify', message: {kind: 'reloading'}}).tells('web', {kind: 'ready'})],
		['another process is the main one', () => only().tells('web', {kind: 'notify', message: {kind: 'main-pid', pid: 7}})],
		['a service becomes healthy and unhealthy', () => only({health}).tells('web', probed(true)).tells('web', probed(false))],
		['a service becomes unhealthy without a reason', () => only({health}).tells('web', probed(false, ''))],
		['an unhealthy service is restarted', () => only({health: {...health, onUnhealthy: 'restart'}}).tells('web', probed(false))],
		['a service exits', () => only().dies('web', exit(1)).dies('web', killedBy(SIG.SEGV))],
		['a service runs out of memory', () => only().dies('web', {kind: 'signal', signal: SIG.KILL, core: false, oom: true})],
		['a service dumps core', () => only().dies('web', {kind: 'signal', signal: SIG.ABRT, core: true})],
		['a service exits before it is ready', () => only({ready}).dies('web', exit(0))],
		['a service exits and stays so', () => only({restart: {...find(only().state(), 'web')!.service.restart, policy: 'on-failure'}}).dies('web', exit(0))],
		['a service exits too often', () => only().dies('web', exit(1)).dies('web', exit(1)).wait(1000).dies('web', exit(1)).wait(1000).dies('web', exit(1))],
		['a service exits and leaves processes', () => only({leavesSurvivors: true}).dies('web', exit(1)).wait(10)],
		['a service daemonizes', () => only({leavesSurvivors: true}).dies('web', exit(0)).wait(10)],
		['a service exits, and has post_stop', () => only(hooks('postStop')).dies('web', exit(1))],
		['a service is not ready in time', () => only({ready, startTimeout: 5000}).wait(5000)],
		['a oneshot does not complete in time', () => only({type: 'oneshot', startTimeout: 5000}).wait(5000)],
		['the watchdog expires', () => only({watchdog: 3000}).wait(3000)],
		['the watchdog is triggered', () => only().tells('web', {kind: 'notify', message: {kind: 'trigger'}})],
		['pre_start fails', () => only(hooks('preStart')).tells('web', {kind: 'hooked', hook: 'pre_start', failure: 'prepare: exit status 3'})],
		['post_start fails', () => only(hooks('postStart')).tells('web', {kind: 'hooked', hook: 'post_start', failure: 'prepare: exit status 3'})],
		['pre_stop fails', () => only(hooks('preStop')).ask('stop', 'web').tells('web', {kind: 'hooked', hook: 'pre_stop', failure: 'prepare: exit status 3'})],
		['post_stop takes too long', () => only(hooks('postStop')).ask('stop', 'web').wait(5000)],
		['a program cannot be executed', () => only({refused: 2})],
		['a process cannot be made for now', () => only({refused: 11})],
		['a service is stopped', () => only().ask('stop', 'web')],
		['a service ignores its stop signal', () => only({deaf: true}).ask('stop', 'web').wait(5000)],
		['processes ignore SIGTERM', () => only({deaf: true, leavesSurvivors: true}).dies('web', exit(1)).wait(5000)],
		['a need fails', () => tell(['db', {ready, restart: {...find(only().state(), 'web')!.service.restart, policy: 'no'}}], ['web', {needs: ['db+'], essential: true}]).dies('db', exit(1))],
		['a need takes too long', () => tell(['db', {ready}], ['web', {needs: [{name: 'db', condition: 'service_healthy', timeout: 3000}]}]).wait(3000)],
		['a service forks', () => only({forks: true}).tells('web', {kind: 'forked'}).tells('web', {kind: 'notify', message: {kind: 'main-pid', pid: 7}})],
		['a service that forks leaves no process', () => only({forks: true}).tells('web', {kind: 'forked'}).dies('web', exit(0))],
		['a service that forks stays', () => only({forks: true, startTimeout: 5000}).wait(5000)],
		['the main process of a service that forks is not found', () => only({forks: true, startTimeout: 5000}).tells('web', {kind: 'forked'}).wait(5000)],
		['the main process of a service that forks is not in its file', () => only({forks: true, pidFile: '/run/web.pid', startTimeout: 5000})
			.tells('web', {kind: 'forked'}).wait(5000)],
		['an essential service exits', () => only({essential: true}).dies('web', exit(0))],
		['an essential service fails', () => only({essential: true}).dies('web', exit(1))],
		['an essential service becomes unhealthy', () => only({health: {...health, onUnhealthy: 'shutdown'}}).tells('web', probed(false))],
		['nothing is to run', () => tellWith({whenIdle: 'failed'}, ['job', {type: 'oneshot'}], ['other', {autostart: false}]).dies('job', exit(0))],
		['nothing is configured', () => tell()],
		['a shutdown is asked for three times', () => only({deaf: true})
			.hear({kind: 'shutdown', why: 'SIGTERM'}).hear({kind: 'shutdown', why: 'SIGTERM'}).hear({kind: 'shutdown', why: 'SIGTERM'})],
		['a shutdown waits', () => tell(
			['db', {deaf: true}], ['web', {deaf: true, needs: ['db']}], ['app', {deaf: true, ...hooks('preStop')}], ['job', {deaf: true, leavesSurvivors: true}],
			...['a', 'b', 'c', 'd'].map(name => [name, {deaf: true}] as const),
		).dies('job', exit(0)).hear({kind: 'shutdown', why: 'SIGTERM'}).wait(1000)],
	])('%s', (_, story) => {
		expect(logged(story())).toMatchSnapshot();
	});
});

describe('each note', () => {
	const need = {name: 'db', condition: 'service_healthy'} as const;
	test.each<readonly [string, () => Story]>([
		['not started', () => only({autostart: false})],
		['waiting', () => tell(['db', {ready}], ['web', {needs: [need]}])],
		['pre_start runs', () => only(hooks('preStart'))],
		['post_start runs', () => only(hooks('postStart'))],
		['not ready', () => only({ready})],
		['the first process is still there', () => only({forks: true})],
		['the main process is looked for', () => only({forks: true}).tells('web', {kind: 'forked'})],
		['the main process is looked for in its file', () => only({forks: true, pidFile: '/run/web.pid'}).tells('web', {kind: 'forked'})],
		['a readiness probe failed', () => only({ready: {kind: 'probe', probe: health.probe, interval: 1000, timeout: 1000}})
			.tells('web', {kind: 'probe', purpose: 'ready', passed: false, detail: 'connection refused'})],
		['a oneshot works', () => only({type: 'oneshot'})],
		['up', () => only()],
		['it speaks for itself', () => only().tells('web', {kind: 'notify', message: {kind: 'status', text: 'serving 3 clients'}})],
		['it tells an errno', () => only().tells('web', {kind: 'notify', message: {kind: 'errno', errno: 2}})],
		['reloading', () => only().tells('web', {kind: 'notify', message: {kind: 'reloading'}})],
		['health not known', () => only({health})],
		['unhealthy', () => only({health}).tells('web', probed(false))],
		['restarted', () => only().dies('web', exit(1))],
		['about to be restarted', () => only().dies('web', exit(1)).dies('web', exit(1))],
		['about to be restarted without a limit', () => only({restart: {...find(only().state(), 'web')!.service.restart, attempts: Infinity}})
			.dies('web', exit(1)).dies('web', exit(1))],
		['stopping', () => only({deaf: true}).ask('stop', 'web')],
		['stopping, not ready', () => only({deaf: true, ready, startTimeout: 5000}).wait(5000)],
		['pre_stop runs', () => only(hooks('preStop')).ask('stop', 'web')],
		['post_stop runs', () => only(hooks('postStop')).dies('web', exit(1))],
		['processes remain', () => only({deaf: true, leavesSurvivors: true}).dies('web', exit(1))],
		['stopped', () => only().ask('stop', 'web')],
		['completed', () => only({type: 'oneshot'}).dies('web', exit(0))],
		['completed, with down', () => only({type: 'oneshot', ...hooks('down')}).dies('web', exit(0))],
		['failed', () => only({type: 'oneshot'}).dies('web', exit(2))],
		['failed after restarts', () => only().dies('web', exit(1)).dies('web', exit(1)).wait(1000).dies('web', exit(1)).wait(1000).dies('web', exit(1))],
		['not executed', () => only({refused: 2})],
		['a need failed', () => tell(['db', {type: 'oneshot'}], ['web', {needs: ['db!'], essential: true}]).dies('db', exit(1))],
	])('%s', (_, story) => {
		expect(noted(story())).toMatchSnapshot();
	});
});
