/** `pools`: the service that a pool becomes, and what is wrong with one. */
import {describe, expect, test} from 'vitest';
import {judgeConfig} from '../../../../../src/config/plan.ts';
import {formatProblem} from '../../../../../src/config/problems.ts';
import {ok} from '../../../../../src/core/result.ts';
import type {PoolArguments} from '../../../../../src/features/pools/core/arguments.ts';
import {AROUND} from '../../../config/around.ts';

const judge = (text: string, more: Partial<typeof AROUND> = {}) => judgeConfig([{file: 'a.yaml', text}], null, {...AROUND, ...more});
const POOL = 'command: x, plan: {boot: {c: }}';

describe('a pool is a service', () => {
	test('whose process is archon as its master, with the keys of a service', () => {
		const {plan, problems} = judge(`pools: {app: {${POOL}, dir: /app, user: "1:2", environment: {A: "{name}"}, env_pass: TERM, delay: 1s, socket: /run/s}}`);
		expect(problems).toEqual([]);
		const [app] = plan?.services ?? [];
		expect(app).toMatchObject({
			name: 'app', type: 'daemon', ready: {kind: 'notify'}, reload: {signal: 10}, startTimeout: Infinity,
			restart: {policy: 'always', attempts: Infinity},
			exec: {isArchon: true, cwd: '/app', user: {user: '1', group: '2'}, environment: {A: 'app'}},
		});
		const [program, words = ''] = app?.exec.argv ?? [];
		expect(program).toBe('archon.pool');
		expect(JSON.parse(words) as PoolArguments).toMatchObject({
			name: 'app', dir: '/app', socket: '/run/s', socketMode: 0o600, config: null,
			spec: {name: 'app', command: ['x'], delay: 1000, envPass: ['TERM'], killCommandsOnRestart: false, restart: 'on-change', root: {name: 'boot'}},
		});
	});

	test('others depend on it, it depends on others, and it is in groups and profiles', () => {
		const {plan, problems} = judge(`services: {db: {command: db}, web: {command: web, depends_on: [app]}}\npools: {app: {${POOL}, depends_on: [db], groups: [g]}, off: {${POOL}, profiles: [p]}}`);
		expect(problems).toEqual([]);
		expect(plan?.services.map(({name, needs, groups}) => [name, needs.map(need => need.name), groups])).toEqual([
			['db', [], []], ['app', ['db'], ['g']], ['web', ['app'], []],
		]);
	});

	test('files of a config are merged as services are', () => {
		const {plan, problems} = judgeConfig([
			{file: 'a.yaml', text: `pools: {app: {${POOL}, environment: {A: 1}}}`}, {file: 'b.yaml', text: 'pools: {app: {environment: {B: 2}, delay: 0s}}'},
		], null, AROUND);
		expect(problems).toEqual([]);
		expect(plan?.services[0]?.exec.environment).toEqual({A: '1', B: '2'});
	});

	test('a word of compose in it does not bring advice on restarts, which are those of nodes', () => {
		const {notes} = judge(`pools: {app: {${POOL}, image: x}}`);
		expect(notes.map(({message}) => message)).toEqual([expect.stringContaining('image')]);
	});

	test('another plan is another process', () => {
		const argv = (text: string) => judge(text).plan?.services[0]?.exec.argv;
		expect(argv(`pools: {app: {${POOL}}}`)).toEqual(argv(`pools: {app: {${POOL}}}`));
		expect(argv(`pools: {app: {${POOL}}}`)).not.toEqual(argv('pools: {app: {command: x, plan: {boot: {d: }}}}'));
	});
});

test.each<[text: string, ...problems: string[]]>([
	['pools: 3', 'a.yaml:1:8: pools must be a map, not a number'],
	['pools: {app: }', 'a.yaml:1:14: pools.app must be a map, not empty; write config: zeus.json, or command and plan'],
	['pools: {app: {}}', 'a.yaml:1:14: pools.app has neither a config nor a plan; write config: zeus.json, or command and plan'],
	['pools: {app: {command: x}}', 'a.yaml:1:14: pools.app has no plan; write plan: {boot: {}}, where boot is the root of the tree'],
	['pools: {app: {plan: {boot: {}}}}', 'a.yaml:1:14: pools.app has no command; write the program of the root as "command"'],
	[`pools: {app: {${POOL}, config: z.json}}`, 'a.yaml:1:24: pools.app has both config and command; keep one'],
	[`pools: {app: {${POOL}, restart: allways}}`, 'a.yaml:1:57: pools.app.restart: "allways" is not one of on-change, always; did you mean "always"?'],
	[`pools: {app: {${POOL}, working_dir: /a}}`, 'a.yaml:1:48: unknown key "working_dir" in pools.app; archon calls it dir'],
	[`pools: {app: {${POOL}, scale: 2}}`, 'a.yaml:1:48: unknown key "scale" in pools.app; remove it: each command has a process of its own already'],
	[`services: {app: {command: x}}\npools: {app: {${POOL}}}`, 'a.yaml:2:9: pools.app: a service is called app as well; rename one of them'],
	[`pools: {archon.x: {${POOL}}}`, 'a.yaml:1:9: "archon.x" cannot be a pool\'s name: archon\'s own helpers are called archon.*'],
])('%s is refused', (text, ...problems) => {
	expect(judge(text).problems.map(formatProblem)).toEqual(problems);
});

test('its dependencies are judged as those of services', () => {
	expect(judge(`pools: {app: {${POOL}, depends_on: [nope]}}`).problems.map(formatProblem)).toEqual([expect.stringContaining('nope')]);
});

describe('the file of a plan', () => {
	const withFile = (text: string, isOfOthers = false) => ({
		readFile: (file: string) => ok({file, text, isOfOthers}),
	});
	const CONFIG = 'pools: {app: {config: zeus.json, dir: /app}}';

	test('is judged where it stands, and read by the master', () => {
		const {plan, problems} = judge(CONFIG, withFile('{"command": "x",\n "plan": {"boot": {}}}'));
		expect(problems).toEqual([]);
		expect(JSON.parse(plan?.services[0]?.exec.argv[1] ?? '')).toMatchObject({config: 'zeus.json', spec: null});
		expect(judge(CONFIG, withFile('{"command": "x",\n "plan": 3}')).problems.map(formatProblem)).toEqual([
			expect.stringMatching(/^\/app\/zeus\.json:2:10: plan is not in the correct format/),
		]);
	});

	test('that others may write keeps archon from nothing', () => {
		const {plan, problems, notes} = judge(CONFIG, withFile('{"plan": 3}', true));
		expect([problems, plan?.services.length]).toEqual([[], 1]);
		expect(notes.length).toBeGreaterThan(0);
	});

	test('that others may write is done as another user than archon, or that is told', () => {
		const file = withFile('{"command": "x", "plan": {"boot": {}}}', true);
		expect(judge(CONFIG, file).notes.map(formatProblem)).toEqual([expect.stringContaining('others may write /app/zeus.json')]);
		expect(judge('pools: {app: {config: zeus.json, dir: /app, user: "1000"}}', file).notes).toEqual([]);
	});
});
