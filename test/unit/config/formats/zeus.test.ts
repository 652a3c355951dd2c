/** zeus.json, and the same as YAML: the pool that it is, and what is wrong with it. */
import {describe, expect, test} from 'vitest';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import type {PoolArguments} from '../../../../src/features/pools/core/arguments.ts';
import type {PlanNode} from '../../../../src/features/pools/core/spec.ts';
import {AROUND} from '../around.ts';

const judge = (text: string, file = 'zeus.json') => judgeConfig([{file, text}], null, AROUND);
const argumentsOf = (text: string, file?: string): PoolArguments => {
	const {plan, problems} = judge(text, file);
	expect(problems).toEqual([]);
	const [program, words = ''] = plan?.services[0]?.exec.argv ?? [];
	expect(program).toBe('archon.pool');
	return JSON.parse(words) as PoolArguments;
};

const RAILS = {
	command: 'ruby -rubygems -r./custom_plan -eZeus.go',
	plan: {boot: {default_bundle: {
		development_environment: {prerake: {rake: []}, runner: ['r'], console: ['c'], server: ['s'], generate: ['g'], destroy: ['d'], dbconsole: []},
		test_environment: {test_helper: {test: ['rspec', 'testrb']}},
	}}},
};

const namesIn = ({name, nodes, commands}: PlanNode): readonly string[] =>
	[name, ...commands.map(({name, aliases}) => [name, ...aliases].join('|')), ...nodes.flatMap(namesIn)];

describe('zeus.json', () => {
	test('the stock file of a Rails project is one pool, in the folder of the file', () => {
		const {name, dir, config, spec, socket} = argumentsOf(JSON.stringify(RAILS, null, 2), '/srv/shop/zeus.json');
		expect([name, dir, config, socket]).toEqual(['app', '/srv/shop', null, '.zeus.sock']);
		expect(spec?.command).toEqual(['ruby', '-rubygems', '-r./custom_plan', '-eZeus.go']);
		expect(namesIn(spec?.root as PlanNode)).toEqual([
			'boot', 'default_bundle', 'development_environment', 'runner|r', 'console|c', 'server|s', 'generate|g', 'destroy|d', 'dbconsole', 'prerake',
			'rake', 'test_environment', 'test_helper', 'test|rspec|testrb',
		]);
	});

	test('of a plan that is a circle nothing else is told', () => {
		const {problems} = judge('command: x\nplan: &a\n  boot: *a\n', 'zeus.yaml');
		expect(problems.map(({message}) => message)).toEqual(['the alias *a stands within what it names']);
	});

	test('the twin in YAML comes to the same, where a command may have no value; texts of items are as they are', () => {
		const json = argumentsOf(JSON.stringify({command: 'x', plan: {boot: {a: {b: []}}}, items: {boot: 'f"{name} $HOME"', b: 'print(1)\n'}}));
		const yaml = argumentsOf('command: x\nplan:\n  boot:\n    a:\n      b:\nitems:\n  boot: f"{name} $HOME"\n  b: |\n    print(1)\n', 'any.yaml');
		expect(yaml).toEqual(json);
		expect(json.spec?.root.action).toBe('f"{name} $HOME"');
		expect(json.spec?.root.nodes[0]?.commands).toEqual([{name: 'b', aliases: [], action: 'print(1)\n'}]);
	});

	test.each<[text: string, ...problems: string[]]>([
		['{"plan": 3}', 'zeus.json:1:1: zeus.json has no command; write the program of the root as "command"',
			'zeus.json:1:10: plan is not in the correct format: it must be a map of one root, not a number; write {"boot": {"console": ["c"]}}: a map is a node, a list of further names is a command'],
		['{"command": "x"}', 'zeus.json:1:1: zeus.json has no plan; write plan: {boot: {}}, where boot is the root of the tree'],
		['{"command": "x", "plan": {}}',
			'zeus.json:1:26: plan has no root; write {"boot": {"console": ["c"]}}: a map is a node, a list of further names is a command'],
		['{"command": "x", "plan": {"boot": []}}',
			'zeus.json:1:35: plan.boot is not in the correct format: the root is a node, and so a map, not a list; write {"boot": {"console": ["c"]}}: a map is a node, a list of further names is a command'],
		['{"command": "x", "plan": {"a": {},\n "b": {}}}',
			'zeus.json:2:2: plan has two roots, "a" and "b": one process starts the program, and all others fork from it; put b into a, or make a pool of its own'],
		['{"command": "x", "plan": {"boot": {"a": {"c": []},\n"b": {"a": {}}}}}',
			'zeus.json:2:7: plan.boot.b.a is the second of the name "a", which a node has already; processes say by their names what they are: rename one'],
		['{"command": "x", "plan": {"boot": {"c": ["x"],\n"d": ["x"]}}}',
			'zeus.json:2:7: plan.boot.d[0] is the second of the name "x", which a command has already; processes say by their names what they are: rename one'],
		['{"command": "x", "plan": {"boot": {"a": "text"}}}',
			'zeus.json:1:41: plan.boot.a is not in the correct format: it is text, and neither a node (a map) nor a command (a list, or nothing); '
				+ 'write {} for a node, [] for a command, or ["text"] for one of two names'],
		['{"command": "it\'s", "plan": {"boot": {}}}', 'zeus.json:1:13: command cannot be split into words: a single quote is not closed'],
		['{"comand": "x", "plan": {"boot": {}}}', 'zeus.json:1:2: unknown key "comand"; did you mean "command"?'],
	])('%s is refused', (text, ...problems) => {
		expect(judge(text).problems.map(formatProblem)).toEqual(problems);
	});

	test('items of no node or command are noted', () => {
		const {problems, notes} = judge('{"command": "x", "plan": {"boot": {}}, "items": {"boot": "1", "bot": "2"}}');
		expect(problems).toEqual([]);
		expect(notes.map(({message}) => message)).toEqual([expect.stringContaining('bot')]);
	});

	test('commands that archon zeus has itself are noted', () => {
		const {problems, notes} = judge('{"command": "x", "plan": {"boot": {"console": ["start"],\n"init": [], "run": ["-r"]}}}');
		expect(problems).toEqual([]);
		expect(notes.map(formatProblem)).toEqual([
			'zeus.json:1:48: archon zeus does this itself, and asks no pool for a command of that name: start, init, -r',
		]);
	});

	test('a tree has bounds', () => {
		const nodes = Object.fromEntries(Array.from({length: 256}, (_, index) => [`n${index}`, {}]));
		const commands = Object.fromEntries(Array.from({length: 65}, (_, index) => [`c${index}`, []]));
		const deep = Array.from({length: 40}).reduce<object>((below, _, index) => ({[`d${index}`]: below}), {});
		for (const [plan, why] of [[nodes, 'is more than 256 nodes'], [commands, 'is more than 64 commands'], [deep, 'is deeper than 32 nodes']] as const) {
			expect(judge(JSON.stringify({command: 'x', plan: {boot: plan}})).problems.map(({message}) => message)).toEqual([expect.stringContaining(why)]);
		}
	});
});
