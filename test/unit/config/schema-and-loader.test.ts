/** The JSON Schema and the loader say the same of a config, but for what the tables here name. */
import {Ajv, type ErrorObject} from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {taskmaster} from '../../../src/config/formats/taskmaster.ts';
import {jsonSchema} from '../../../src/config/json-schema.ts';
import type {JsonValue} from '../../../src/config/key-texts.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {SERVICE} from '../../../src/config/schema/service.ts';
import {TOP} from '../../../src/config/schema/top.ts';
import {around} from './around.ts';
import {mapOf, mistaken} from './grown.ts';

const ajv = new Ajv({strict: true, allowUnionTypes: true, strictTuples: false, allErrors: true, verbose: true});
addFormats.default(ajv);
const accepts = ajv.compile(jsonSchema());
const LOOKUPS = around();

/** What the loader refuses and the schema does not. `of`: only where what is at fault was written as text. */
const UNSAID: readonly {readonly why: string; readonly message: RegExp; readonly of?: 'text'}[] = [
	{why: 'how much a text with digits comes to', message: /: .* is (not a (whole )?number from|too (long|short|large|small)|not between|neither true, false nor a duration)/, of: 'text'},
	{why: 'how much a part of a text comes to', message: /: .* is not a (range of ports|user|group|port|size|rate|duration|limit)\b/, of: 'text'},
	{why: 'numbers in octal', message: /is not an octal mode/},
	{why: 'which numbers are no signals', message: /is not a signal|is neither an exit status nor a signal|is not what a signal can mean/},
	{why: 'what a variable holds', message: /"[^"]*\$[^"]*"|"…"|is not known when the config is read|must be \[CMD, |has the value of \w+, which is not set/},
	{why: 'which services there are', message: /which is not a service|cannot (depend on|name) itself|, and both start with|depend on each other|which (is only in profile|has scale 0)/},
	{why: 'which groups there are, and circles', message: /neither a service nor a group|a service is called|in a circle|would start \S+ again|, and is in it$|cannot be a group's name/},
	{why: 'which files there are', message: /cannot read|which is not in (configs|secrets)/},
	{why: 'which users there are', message: /is not in \/etc\/|is no user or group here/},
	{why: 'what another file may say', message: /has no command|has no cmd|an empty command|^services (are missing|is empty)/},
	{why: 'keys that exclude or need each other', message: /is only for|has both|does not use$|both in restart_on and|needs |without |does not go with|have no meaning without/},
	{why: 'which keys say enough', message: /does not (say (how|what|when|where|who|for whom)|name a file)|has no token_file|has (no role|a role for no services)|is external/},
	{why: 'what there is one of only', message: /archon has one stdin|is the same for all/},
	{why: 'what a shell takes', message: /takes a command that is text/},
	{why: 'which options go with which driver', message: /belong to a driver|are for one driver|none among other drivers|^\S+\.options\.\S+ /},
	{why: 'what is said twice', message: /names \S+ twice|has its lines written to|is the same file as/},
	{why: 'what archon\'s own messages cannot have', message: /must be drop|for stdout only/},
	{why: 'numbers that must not be larger than others', message: /soft limit above|shorter than its delay|above 10000|is not a list of processors|(smaller|larger) than its mem_limit/},
	{why: 'where directories are', message: /is not one service's, and would be removed|goes when \S+ stops/},
	{why: 'what a program\'s words are', message: /cannot be split into words/},
	{why: 'when a schedule comes', message: /is not a schedule|has ".*" as (a )?(second|minute|hour|day|month)|never comes|is too long for a schedule|fields?, and a schedule has/},
	{why: 'what a pattern is', message: /is not a pattern/},
	{why: 'what a URL is', message: /is not a (URL|mail server)|is not an address/},
	{why: 'which addresses others reach', message: /an address that others reach/},
	{
		why: 'which places are the same, or none',
		message: /^web\.(listen|hosts|tokens).* (has \S+ twice|does not say where to listen|leads upwards|is longer than|has more than)/,
	},
	{why: 'placeholders', message: /which has no meaning|which only docker knows|which means nothing/},
	{why: 'what an action is, and what belongs to it', message: /more than one action$|which belongs to (run|signal)$/},
	{why: 'what a watch is of', message: /watch(\[\d+\])? has no path$|beside libraries$|a relative path, and the service has no working_dir$/},
	{why: 'where a socket is', message: /has no absolute path|archon's own streams$|is neither a port, an address with a port/},
	{why: 'which sockets and ports there are', message: /has the same name as another one|are one port, \d+$|once more$|has the variable PORT_\w+, as|no service is called|is not a socket of a service/},
	{why: 'which rules are for every process', message: /match means every process/},
	{why: 'which trees a pool can have', message: /in the correct format|has (two roots|no root|neither a config nor a plan|a name that cannot be one|no plan$)|the second of the name/},
	{why: 'who is told of alerts', message: /has two of the name|is shorter than group_wait|is neither a service nor a pattern|cannot be sent in a header|is not a facility/},
];

/** What the schema refuses and the loader does not. */
const STRICTER: readonly {readonly why: string; readonly is: (error: ErrorObject) => boolean}[] = [
	{why: 'names that YAML takes for numbers are better in quotes', is: ({keyword, data}) => keyword === 'type' && /^(number|boolean)$/.test(typeof data)},
	{
		why: 'what compose says of a port beside its number',
		is: ({instancePath, keyword, params, data}) => /\/ports\/\d+$/.test(instancePath) && keyword === 'required'
			&& (params as {readonly missingProperty: string}).missingProperty === 'name' && 'target' in (data as object),
	},
	{why: 'options that docker\'s drivers do not have either', is: ({instancePath}) => /\/options$/.test(instancePath)},
];

const own = fc.tuple(mapOf(TOP, 1), fc.array(mapOf(SERVICE), {minLength: 1, maxLength: 2})).map(([top, services]): JsonValue => ({
	...top, services: Object.fromEntries(services.map((service, index) => [['web', 'db'][index] ?? 'app', {command: 'sleep 1', ...service}])),
}));
const programs = fc.tuple(mapOf(taskmaster.top, 1), mapOf(taskmaster.maps[0]![1])).map(([top, program]): JsonValue => ({...top, programs: {web: program}}));
const configs = fc.oneof({weight: 4, arbitrary: own}, {weight: 1, arbitrary: programs});

/** What stands where a problem is said to be. */
function at(config: JsonValue, problem: string): unknown {
	let value: unknown = config;
	for (const step of (/^[^ :]+/.exec(problem)?.[0] ?? '').split(/[.[\]]+/).filter(each => each !== '')) value = (value as Record<string, unknown> | null)?.[step] ?? value;
	return value;
}

const problemsOf = (config: JsonValue): readonly string[] =>
	judgeConfig([{file: 'archon.yaml', text: JSON.stringify(config)}], null, LOOKUPS).problems.map(({message}) => message);

/** What seldom grows. */
const RARE: readonly JsonValue[] = [
	{command: 'it\'s'}, {command: 'x', ready: {log: '(?=x)'}}, {command: 'x', cgroup: 5}, {command: 'x', logging: {driver: 'file', options: {path: '/{x}'}}},
	{command: 'x', ready: {http: 'http://a b'}}, {command: 'x', runtime_directory: 'a', scale: 2},
	{command: 'x', logging: {driver: 'json-file', options: {other: 'x'}}}, {command: ['x'], shell: true},
	{command: 'x', ports: [{target: 'x'}]},
].map((web): JsonValue => ({services: {web}})).concat({
	archon: {events: {driver: 'file', options: {path: '/x'}, on_full: 'block'}}, services: {web: {command: 'x'}},
});

/** Another seed: `SEED=n`. */
const SEED = Number(process.env['SEED'] ?? 1);

test('the schema and the loader agree on 5,000 configs, good and bad', () => {
	const counts = {accepted: 0, refused: 0};
	const used = new Set<string>();
	const named = (rows: readonly {readonly why: string}[]): boolean => {
		for (const {why} of rows) used.add(why);
		return rows.length > 0;
	};
	const odd: unknown[] = [];
	const mostly = configs.chain(config => fc.oneof(fc.constant(config), mistaken(config)));
	for (const config of [...RARE, ...fc.sample(mostly, {numRuns: 5000, seed: SEED})]) {
		const isValid = accepts(config);
		const problems = problemsOf(config);
		if (isValid === (problems.length === 0)) {
			counts[isValid ? 'accepted' : 'refused']++;
		} else if (isValid) {
			const unsaid = problems.filter(problem => !named(UNSAID.filter(({message, of}) =>
				message.test(problem) && (of === undefined || typeof at(config, problem) !== 'number'))));
			if (unsaid.length > 0) odd.push({config, unsaid});
		} else if (!named(STRICTER.filter(({is}) => accepts.errors?.some(is)))) {
			odd.push({config, errors: accepts.errors?.map(({instancePath, message}) => `${instancePath} ${message}`)});
		}
	}
	expect(odd.slice(0, 10)).toEqual([]);
	expect(counts.accepted).toBeGreaterThan(1000);
	expect(counts.refused).toBeGreaterThan(1000);
	if (SEED !== 1) return;
	expect([...UNSAID, ...STRICTER].map(({why}) => why).filter(why => !used.has(why)), 'differences that are not met').toEqual([]);
});
