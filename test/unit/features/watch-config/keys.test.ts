/** `watch_config`: whether the config is watched, and for how long its files must be left alone. */
import {expect, test} from 'vitest';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {AROUND} from '../../config/around.ts';

const judge = (value: string) => judgeConfig([{file: 'a.yaml', text: `watch_config: ${value}\nservices: {a: {command: x}}\n`}], null, AROUND);

test.each([['true', 500], ['false', null], ['', null], ['yes', 500], ['50ms', 50], ['1m', 60_000]])('%s', (written, pause) => {
	expect(judge(written).plan?.watchConfig).toBe(pause);
});

test('it may stand among the keys of archon', () => {
	const {plan, problems} = judgeConfig([{file: 'a.yaml', text: 'archon: {watch_config: 2s}\nservices: {a: {command: x}}\n'}], null, AROUND);
	expect(problems).toEqual([]);
	expect(plan?.watchConfig).toBe(2000);
});

test.each([
	['1ms', 'watch_config: "1ms" is not between 10ms and 1m'], ['2h', 'watch_config: "2h" is not between 10ms and 1m'],
	['often', 'watch_config: "often" is neither true, false nor a duration'], ['[1s]', 'watch_config must be a single value, not a list'],
])('%s is refused', (written, message) => {
	expect(judge(written).problems.map(problem => problem.message)).toEqual([message]);
});
