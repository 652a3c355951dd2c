/** overseer's jobs as services. */
import {describe, expect, test} from 'vitest';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {AROUND} from '../around.ts';

const judge = (text: string) => judgeConfig([{file: 'jobs.json', text}], null, AROUND);

describe('overseer', () => {
	test('each job is a service that runs its exe with its args as they are', () => {
		const {plan, problems} = judge(JSON.stringify({jobs: [
			{name: 'web', job_command: {exe: '/usr/bin/web', args: ['--price', '$5 {name}', 'a b']}},
			{name: 'tick', job_command: {exe: 'tick'}},
		]}));
		expect(problems).toEqual([]);
		expect(plan?.services.map(({name, exec: {argv}}) => [name, argv])).toEqual([
			['web', ['/usr/bin/web', '--price', '$5 {name}', 'a b']], ['tick', ['tick']],
		]);
	});

	test('a test decides, as it is', () => {
		const {plan, notes} = judge('jobs:\n- name: web\n  job_command: {exe: web}\n  test_command: {exe: test, args: ["$HOME", "=", "{name}"]}\n- name: db\n  job_command: {exe: db}\n');
		expect(notes).toEqual([]);
		expect(plan?.services.map(({name, test}) => [name, test])).toEqual([
			['web', {command: ['test', '$HOME', '=', '{name}'], interval: null, timeout: 10_000}], ['db', null],
		]);
	});

	test('a job is never given up, and its supervisor stays when all have ended', () => {
		const {plan} = judge('jobs: [{name: web, job_command: {exe: web}}]');
		expect(plan?.services[0]?.restart).toMatchObject({policy: 'always', attempts: Infinity});
		expect(plan?.whenIdle).toBe('never');
	});

	test('there may be no jobs where that is asked for', () => {
		const {plan, problems} = judgeConfig([{file: 'jobs.json', text: '{"jobs": []}'}], null, {...AROUND, mayBeEmpty: true});
		expect([problems, plan?.services]).toEqual([[], []]);
	});

	test.each([
		['jobs: []', 'jobs.json:1:1: services is empty; write at least one service'],
		['jobs: [{job_command: {exe: a}}]', 'jobs.json:1:8: jobs[0] has no name'],
		['jobs: [{name: a}]', 'jobs.json:1:8: jobs[0] has no job_command'],
		['jobs: [{name: a, job_command: {args: [b]}}]', 'jobs.json:1:31: jobs[0].job_command.exe is missing'],
		['jobs: [{name: a, job_command: {exe: b}, test_command: {args: [b]}}]', 'jobs.json:1:55: jobs[0].test_command.exe is missing'],
		['jobs: [{name: a, job_command: {exe: b, arg: c}}]', 'jobs.json:1:40: unknown key "arg" in jobs[0].job_command; did you mean "args"?'],
		['jobs: [{name: a, job_command: {exe: b}}, {name: a, job_command: {exe: c}}]', 'jobs.json:1:42: there are two jobs a; rename one of them'],
	])('%s is refused', (text, problem) => {
		expect(judge(text).problems.map(formatProblem)[0]).toBe(problem);
	});
});
