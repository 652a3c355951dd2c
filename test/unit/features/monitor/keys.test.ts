/** `monitor`: what it may say, and what it comes to. */
import {expect, test} from 'vitest';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {AROUND} from '../../config/around.ts';

const judge = (value: string) => judgeConfig([{file: 'a.yaml', text: `monitor: ${value}\nservices: {a: {command: x}}\n`}], null, AROUND);

const RULE = {name: 'x', match: {exe: '/bin/x', command: null}, every: 2000, on: {started: [], exited: []}};

test.each<[string, object]>([
	['', []],
	['[{match: {exe: /bin/x}}]', [RULE]],
	['[{name: job, match: {exe: "/opt/*", command: "* -d"}, every: 1m}]', [{...RULE, name: 'job', match: {exe: '/opt/*', command: '* -d'}, every: 60_000}]],
	['[{match: {command: "*x*"}}]', [{...RULE, name: 'monitor-1', match: {exe: null, command: '*x*'}}]],
	['[{match: {exe: /bin/x}, on: {exited: [{restart: a}], started: [{signal: HUP, to: a}]}}]', [
		{...RULE, on: {exited: [{kind: 'restart', names: ['a']}], started: [{kind: 'signal', signal: 1, names: ['a']}]}},
	]],
])('%s', (written, rules) => expect(judge(written).plan?.monitor).toEqual(rules));

test.each([
	['/bin/x', 'monitor must be a list of maps with match, not text'],
	['[{name: x}]', 'monitor[0] does not say which processes it means'],
	['[{match: {}}]', 'monitor[0].match means every process'],
	['[{match: {exe: x}}]', 'monitor[0].match.exe: "x" is not an absolute path'],
	['[{match: {exe: /bin/x}}, {match: {exe: /usr/bin/x}}]', 'monitor names "x" twice'],
	['[{match: {exe: /bin/x}, name: "a b"}]', 'monitor[0].name: "a b" is not a name'],
	['[{match: {exe: /bin/x}, every: 1ms}]', 'monitor[0].every: "1ms" is too short'],
	['[{match: {exe: /bin/x}, on: {exit: [{restart: a}]}}]', 'unknown key "exit" in monitor[0].on'],
	['[{match: {exe: /bin/x}, on: {exited: restart}}]', 'monitor[0].on.exited: restart needs the name of a service here'],
	['[{match: {exe: /bin/x}, on: {exited: [{restart: b}]}}]', 'monitor[0].on.exited names "b", which is neither a service nor a group'],
])('%s is refused', (written, message) => expect(judge(written).problems.map(problem => problem.message)).toEqual([message]));
