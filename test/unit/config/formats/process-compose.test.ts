/** process-compose's processes as services. */
import {expect, test} from 'vitest';
import {processCompose} from '../../../../src/config/formats/process-compose.ts';
import {bare} from '../bare.ts';
import {translate} from './translate.ts';

test('a dollar means itself where expansion is off', () => {
	const text = 'disable_env_expansion: true\nprocesses: {a: {command: "echo $HOME"}}';
	expect(bare(translate(processCompose, [{file: 'p.yaml', text}]).config)).toMatchObject({services: {a: {command: ['bash', '-c', 'echo $$HOME']}}});
});

test.each([
	['processes: {a: 1}', 'p.yaml:1:16: processes.a must be a map, not a number'],
	['processes: {a: {command: [x]}}', 'p.yaml:1:26: processes.a.command must be a single value, not a list'],
	['processes: {a: {command: x, depends_on: [b]}}', 'p.yaml:1:41: processes.a.depends_on must be a map, not a list'],
])('%s is refused', (text, problem) => {
	expect(translate(processCompose, [{file: 'p.yaml', text}]).problems).toEqual([problem]);
});
