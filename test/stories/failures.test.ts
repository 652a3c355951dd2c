/** Whether an end is a failure, and what follows from one: every policy against every way to end. */
import {describe, expect, test} from 'vitest';
import {RESTART} from '../../src/core/defaults.ts';
import type {Outcome} from '../../src/core/outcome.ts';
import {type RestartPolicy, RESTARTS, type Service} from '../../src/core/service.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {find} from '../../src/core/state.ts';
import {statusOf} from '../../src/core/status.ts';
import {exit, killedBy, phases, type Story, tell, type Traits} from './tell.ts';

const ENDS: readonly {end: Outcome; isGood: boolean; note: string; status: number}[] = [
	{end: exit(0), isGood: true, note: 'exit status 0', status: 0},
	{end: exit(3), isGood: true, note: 'exit status 3', status: 3},
	{end: exit(7), isGood: false, note: 'exit status 7', status: 7},
	{end: exit(127), isGood: false, note: 'exit status 127', status: 127},
	{end: killedBy(SIG.TERM), isGood: false, note: 'SIGTERM', status: 143},
	{end: killedBy(SIG.SEGV), isGood: false, note: 'SIGSEGV', status: 139},
	{end: killedBy(SIG.USR1), isGood: true, note: 'SIGUSR1', status: 138},
];

/** Its first end is its last whatever the policy, for it may not be started again. */
const policyOf = (policy: RestartPolicy['policy']): RestartPolicy =>
	({...RESTART, policy, attempts: 0, success: {codes: [0, 3], signals: [SIG.USR1]}});

const shown = (story: Story, name: string): string => {
	const entry = find(story.state(), name);
	if (!entry) return '';
	const {status, note} = statusOf(story.state(), entry);
	return `${status}: ${note}`;
};

describe.each(RESTARTS)('with restart %s', policy => {
	describe.each(['daemon', 'oneshot'] as const)('a %s', type => {
		/** Policies that would have it again call even a good end of a daemon a failure, when they may not. */
		const isFine = (isGood: boolean): boolean => isGood && (type === 'oneshot' || policy === 'no' || policy === 'on-failure');

		test.each(ENDS)('that ends with $note', ({end, isGood, note, status}) => {
			const traits: Traits = {type, restart: policyOf(policy)};
			const expected = isFine(isGood) ? 'exited' : 'failed';

			const calm = tell(['it', traits], ['other']).dies('it', end).wait(60_000);
			expect(shown(calm, 'it')).toBe(`${expected}: ${note}`);
			expect(calm.state().stage.kind).toBe('running');

			const strict = tell(['it', {...traits, onFailed: 'shutdown'}], ['other']);
			strict.dies('it', end).wait(60_000);
			expect(strict.state().stage).toEqual(
				expected === 'exited' ? {kind: 'running'} : {kind: 'over', status: status === 0 ? 1 : status},
			);

			const essential = tell(['it', {...traits, essential: true}], ['other']).dies('it', end).wait(60_000);
			const given = expected === 'failed' && status === 0 ? 1 : status;
			expect(essential.state().stage).toEqual({kind: 'over', status: given});
		});
	});
});

test.each(['no', 'always'] as const)('with restart %s a stop that was asked for is no failure, however the process ends', policy => {
	for (const traits of [{}, {deaf: true}] satisfies Traits[]) {
		const story = tell(['it', {...traits, restart: policyOf(policy), onFailed: 'shutdown'}], ['other']);
		expect(shown(story.ask('stop', 'it').wait(60_000), 'it')).toMatch(/^stopped: SIG(TERM|KILL)$/);
		expect(story.state().stage.kind).toBe('running');
	}
});

test('a soft need that ended badly holds nothing up, and one that must have completed holds its dependent back', () => {
	const failing: Partial<Service> = {type: 'oneshot', restart: policyOf('no')};
	const soft = {name: 'job', condition: 'service_completed_successfully', strength: 'soft'} as const;
	const story = tell(['job', failing], ['strict', {needs: ['job!']}], ['lenient', {needs: [soft]}]);
	story.dies('job', exit(7));
	expect(phases(story)).toEqual({job: 'failed', strict: 'waiting', lenient: 'up'});
	expect(shown(story, 'strict')).toBe('waiting: waiting for job (failed)');
});

test('a failure is an error in the log, and what a client ran at a prompt is only told', () => {
	const story = tell(['web', {restart: policyOf('no')}], ['run', {origin: 'run', restart: policyOf('no')}]);
	story.lines();
	story.dies('web', exit(7)).dies('run', exit(7));
	expect(story.lines()).toMatchInlineSnapshot(`
		"        web failed: exit status 7
		        run exited with status 7
		        no service is running or about to start: web failed (exit status 7); start a service with archonctl start NAME, or stop archon with SIGTERM"
	`);
});
