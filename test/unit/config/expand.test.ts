/** `extends` and `include`: what is said elsewhere counts as if it was written where it is named. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import type {Service} from '../../../src/core/service.ts';
import {around} from './around.ts';

interface Told {
	readonly services: Readonly<Record<string, Service>>;
	readonly problems: readonly string[];
}

/** `main.yaml` and further files of -c; others are only there to be named. */
function read(main: string | readonly string[], files: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}): Told {
	const sources = [main].flat().map((text, index) => ({file: index === 0 ? 'main.yaml' : `over${index}.yaml`, text}));
	const result = plan(sources, null, around(env, files));
	return result.ok ? {services: Object.fromEntries(result.value.services.map(each => [each.name, each])), problems: []}
		: {services: {}, problems: result.error.map(formatProblem)};
}

const pathsOf = (service: Service | undefined): readonly unknown[] | undefined =>
	service?.exec.sources.map(source => ('path' in source ? source.path : null));
const argvOf = ({services}: Told): unknown => Object.fromEntries(Object.entries(services).map(([name, {exec}]) => [name, exec.argv.join(' ')]));

describe('extends', () => {
	test('takes over the keys of another service, by the rules of a later file', () => {
		const {services, problems} = read(`services:
  base: {command: [a], user: app, environment: {A: 1, B: 2}, cap_add: [CHOWN], depends_on: [db], profiles: [base]}
  web: {extends: base, command: [b], environment: [B=3], cap_add: [KILL], profiles: !override []}
  long: {extends: {service: base}, profiles: !reset null, depends_on: !reset null}
  db: {command: db}
`);
		expect(problems).toEqual([]);
		expect(Object.keys(services)).toEqual(['db', 'web', 'long']);
		expect(services['web']).toMatchObject({
			needs: [{name: 'db'}], exec: {argv: ['b'], user: {user: 'app'}, environment: {A: '1', B: '3'}, limits: {capAdd: [0, 5]}},
		});
		expect(services['long']).toMatchObject({needs: [], exec: {argv: ['a'], environment: {A: '1', B: '2'}}});
	});

	test('goes on in a row, and to other files, where relative paths are those of the file where they stand', () => {
		const files = {
			'sub/f.yaml': 'services:\n  base: {extends: other, env_file: b.env}\n  other: {extends: {file: ../far/g.yaml, service: g}, command: o}\n',
			'far/g.yaml': 'services: {g: {env_file: g.env, environment: {G: 1}}}',
			'sub/b.env': '', 'far/g.env': '', 'own.env': '',
		};
		const {services, problems} = read('services:\n  far: {extends: {file: "sub/${F}.yaml", service: base}, env_file: own.env}', files, {F: 'f'});
		expect(problems).toEqual([]);
		expect(services['far']?.exec).toMatchObject({argv: ['o'], environment: {G: '1'}});
		expect(pathsOf(services['far'])).toEqual(['far/g.env', 'sub/b.env', 'own.env']);
	});

	test('a file with a mistake is told once, however often it is read', () => {
		const files = {'sub/bad.yaml': 'services: {x: [', 'i.env': 'A=1'};
		const text = 'include: [sub/bad.yaml, {path: sub/bad.yaml, env_file: i.env}]\nservices: {a: {extends: {file: sub/bad.yaml, service: x}}}';
		expect(read(text, files).problems).toEqual(['sub/bad.yaml:1:15: [ opens here, and no ] closes it; close it with ]']);
	});

	test('takes over nothing else of the other file', () => {
		const files = {'f.yaml': 'shutdown: {grace_period: 1s}\ninclude: nowhere.yaml\nservices: {base: {command: a}, broken: {comand: x}}'};
		expect(argvOf(read('services: {web: {extends: {file: f.yaml, service: base}}}', files))).toEqual({web: 'a'});
	});

	test('finds a service of the files below, so that a part in conf.d can extend one of the main file', () => {
		expect(argvOf(read(['services: {base: {command: a b}}', 'services: {web: {extends: base}}']))).toEqual({base: 'a b', web: 'a b'});
	});

	test.each([
		['services:\n  a: {extends: a}', ['main.yaml:2:16: services extend each other in a circle: a → a']],
		['services:\n  a: {extends: b}\n  b: {extends: {service: c}}\n  c: {extends: b}\n', ['main.yaml:3:16: services extend each other in a circle: b → c → b']],
		['services:\n  a: {extends: {file: x.yaml, service: x}}\n', ['x.yaml:1:25: services extend each other in a circle: x.yaml:x → x.yaml:y → x.yaml:x']],
		['services:\n  web: {extends: bse}\n  base: {command: x}', ['main.yaml:2:18: services.web.extends names "bse", which is not a service; did you mean "base"?']],
		['services:\n  web: {extends: webb}', ['main.yaml:2:18: services.web.extends names "webb", which is not a service']],
		['services:\n  web: {extends: {file: x.yaml, service: z}}', ['main.yaml:2:42: services.web.extends names "z", which is not a service of x.yaml']],
		['services:\n  web: {extends: {file: none.yaml, service: z}}', [
			'main.yaml:2:25: services.web.extends.file: cannot read none.yaml: no such file or directory',
		]],
		['services:\n  web: {extends: {file: "https://x/y.yaml", service: z}}', [
			'main.yaml:2:25: services.web.extends.file: "https://x/y.yaml" is not a file; archon reads nothing from a network: copy it',
		]],
		['services:\n  web: {extends: {file: x.yaml}}', ['main.yaml:2:18: services.web.extends has no service; write {service: NAME}']],
		['services:\n  web: {extends: {service: base, fil: x}}\n  base: {command: x}', [
			'main.yaml:2:34: unknown key "fil" in services.web.extends; did you mean "file"?',
		]],
		['services:\n  web: {extends: [base]}', ['main.yaml:2:18: services.web.extends must be a single value, not a list']],
		['services:\n  web: {extends: {file: l.yaml, service: a}}', ['main.yaml:2:25: services.web.extends.file: l.yaml must be a map, not a list']],
		['services:\n  web: {extends: {file: bad.yaml, service: a}}', ['bad.yaml:1:4: [ opens here, and no ] closes it; close it with ]']],
		['services:\n  web: {extends: {file: p.yaml, service: a}}', ['main.yaml:2:25: services.web.extends.file: p.yaml is not in archon\'s own format']],
		['services:\n  web: {extends: {file: b.yaml, service: a}}\n  two: {extends: {file: b.yaml, service: a}}', [
			'b.yaml:1:16: unknown key "comand" in services.web; did you mean "command"?',
		]],
		['services:\n  web: {extends: , command: x}', []],
	])('%j', (text, problems) => {
		const files = {
			'x.yaml': 'services: {x: {extends: y}, y: {extends: x}}',
			'l.yaml': '[a]', 'bad.yaml': 'a: [', 'p.yaml': 'programs: {}', 'b.yaml': 'services: {a: {comand: x}}',
		};
		expect(read(text, files).problems).toEqual(problems);
	});

	test('is bounded in its length, its files and in what is taken over', () => {
		const row = (count: number): string => `services:\n${Array.from({length: count}, (_, i) => `  s${i}: {extends: s${i + 1}}\n`).join('')}  s${count}: {command: x}\n`;
		expect(read(row(50)).problems).toEqual([]);
		expect(read(row(300)).problems).toEqual([expect.stringMatching(/: services\.s50\.extends: more than 50 services extend one another$/)]);
		const many = `  base: {command: x, environment: {${Array.from({length: 1000}, (_, i) => `V${i}: x`).join(', ')}}}\n`;
		const wide = `services:\n${many}${Array.from({length: 300}, (_, i) => `  s${i}: {extends: base}\n`).join('')}`;
		expect(read(wide).problems).toEqual(['main.yaml:102:18: services.s99.extends brings what services take over from others above 100000 values']);
		const files = Object.fromEntries(Array.from({length: 300}, (_, i) => [`f${i}.yaml`, 'services: {x: {command: x}}']));
		const far = `services:\n${Array.from({length: 300}, (_, i) => `  s${i}: {extends: {file: f${i}.yaml, service: x}}\n`).join('')}`;
		expect(read(far, files).problems).toEqual(['main.yaml:202:26: services.s200.extends.file: more than 200 files are included or extended']);
	});
});

describe('include', () => {
	const files = {
		'sub/g.yaml': 'services: {g: {command: "g ${V:-none}", env_file: a.env}}',
		'sub/h.yaml': 'services: {h: {command: "h ${V} ${W}", env_file: a.env, environment: [V]}}',
		'sub/h2.yaml': 'services: {h: {command: "over $V"}}',
		'sub/i.env': 'V=$W-included\nW=i', 'sub/a.env': '', 'a.env': '',
	};

	test.each([
		['include: sub/g.yaml', {g: 'g none'}],
		['include: [sub/g.yaml]', {g: 'g none'}],
		['include: [sub/g.yaml, {path: sub/h.yaml}]', {g: 'g none', h: 'h w'}],
		['include: {path: [sub/h.yaml, sub/h2.yaml], env_file: sub/i.env}', {h: 'over w-included'}],
		['include: {path: sub/h.yaml, env_file: [sub/i.env]}', {h: 'h w-included w'}],
		['services: {a: {command: x, depends_on: [g]}}\ninclude: sub/g.yaml', {g: 'g none', a: 'x'}],
	])('%s', (text, argv) => {
		const told = read(text, files, {W: 'w'});
		expect(told.problems).toEqual([]);
		expect(argvOf(told)).toEqual(argv);
	});

	test('has its relative paths in its own directory, or where it says', () => {
		expect(pathsOf(read('include: sub/g.yaml', files).services['g'])).toEqual(['sub/a.env']);
		expect(pathsOf(read('include: {path: sub/g.yaml, project_directory: .}', files).services['g'])).toEqual(['a.env']);
	});

	test('variables of its own are passed on to its services, under archon\'s own', () => {
		const text = 'include: {path: sub/h.yaml, env_file: sub/i.env}';
		expect(read(text, files).services['h']?.exec.environment).toEqual({V: '-included'});
		expect(read(text, files, {V: 'own'}).services['h']?.exec.environment).toEqual({V: 'own'});
	});

	test('what it has can be changed by a file over both, and not by the including one', () => {
		expect(argvOf(read(['include: sub/g.yaml', 'services: {g: {command: other}}'], files))).toEqual({g: 'other'});
		expect(read('include: sub/g.yaml\nservices: {g: {command: other}}', files).problems).toEqual([
			'main.yaml:2:12: services.g is defined in sub/g.yaml as well, which is included; change it in a file that is laid over main.yaml (-c main.yaml -c FILE), or rename one',
		]);
	});

	test('the same file by two ways is no conflict', () => {
		const both = {...files, 'b.yaml': 'include: sub/g.yaml', 'c.yaml': 'include: [sub/g.yaml]'};
		expect(argvOf(read('include: [b.yaml, c.yaml]', both))).toEqual({g: 'g none'});
	});

	test.each([
		['include: main.yaml', ['main.yaml:1:10: files include each other in a circle: main.yaml → main.yaml']],
		['include: c.yaml', ['d.yaml:1:10: files include each other in a circle: c.yaml → d.yaml → c.yaml']],
		['include: none.yaml', ['main.yaml:1:10: include: cannot read none.yaml: no such file or directory']],
		['include: [{env_file: x}]\nservices: {a: {command: x}}', ['main.yaml:1:11: include[0] has no path; write {path: FILE}']],
		['include: [{path: sub/g.yaml, env_file: x}]', ['main.yaml:1:40: include[0].env_file: cannot read x: no such file or directory']],
		['include: [{path: sub/g.yaml, env-file: x}]', ['main.yaml:1:30: unknown key "env-file" in include[0]; did you mean "env_file"?']],
		['include: "oci://x"\nservices: {a: {command: x}}', ['main.yaml:1:10: include: "oci://x" is not a file; archon reads nothing from a network: copy it']],
		['include: e.yaml', ['e.yaml:1:25: services.a.extends names "b", which is not a service']],
	])('%s', (text, problems) => {
		const all = {
			...files, 'c.yaml': 'include: d.yaml', 'd.yaml': 'include: c.yaml', 'e.yaml': 'services: {a: {extends: b}}',
			'main.yaml': 'include: main.yaml',
		};
		expect(read(text, all).problems.filter(problem => !problem.includes('services are missing'))).toEqual(problems);
	});

	test('is bounded, also where each file includes the next one twice', () => {
		const twice = Object.fromEntries(Array.from({length: 40}, (_, i) => [`f${i}.yaml`, `include: [f${i + 1}.yaml, f${i + 1}.yaml]\nservices: {s${i}: {command: x}}`]));
		const told = read('include: f0.yaml', {...twice, 'f40.yaml': 'services: {last: {command: x}}'});
		expect([told.problems, Object.keys(told.services).length]).toEqual([[], 41]);
		const row = Object.fromEntries(Array.from({length: 60}, (_, i) => [`f${i}.yaml`, `include: f${i + 1}.yaml\nservices: {s${i}: {command: x}}`]));
		expect(read('include: f0.yaml', row).problems).toEqual(['f49.yaml:1:10: include: more than 50 files include one another']);
		const many = Object.fromEntries(Array.from({length: 300}, (_, i) => [`f${i}.yaml`, `services: {s${i}: {command: x}}`]));
		expect(read(`include: [${Object.keys(many).join(', ')}]`, many).problems).toEqual([expect.stringContaining('more than 200 files are included')]);
	});
});

describe('of any config', () => {
	/** Who extends whom: no one, or one of eight services. */
	const rows = fc.array(fc.option(fc.nat(7), {nil: null}), {minLength: 8, maxLength: 8});
	const circular = (bases: readonly (number | null)[]): boolean => bases.some((_, start) => {
		const seen = new Set<number>();
		for (let at: number | null = start; at !== null; at = bases[at] ?? null) {
			if (seen.has(at)) return true;
			seen.add(at);
		}
		return false;
	});

	test('circles of services are found, and nothing else is', () => {
		fc.assert(fc.property(rows, bases => {
			const text = bases.map((base, index) => `  s${index}: {command: x ${index}${base === null ? '' : `, extends: s${base}`}, environment: {V${index}: x}}\n`);
			const told = read(`services:\n${text.join('')}`);
			expect(told.problems.length > 0).toBe(circular(bases));
			expect(told.problems.every(problem => problem.includes('in a circle'))).toBe(true);
			if (circular(bases)) return;
			for (const [index] of bases.entries()) {
				const variables: string[] = [];
				for (let at: number | null = index; at !== null; at = bases[at] ?? null) variables.push(`V${at}`);
				expect(Object.keys(told.services[`s${index}`]?.exec.environment ?? {}).sort()).toEqual(variables.sort());
			}
		}), {numRuns: 500});
	});

	test('circles of files are found, and what is read from them ends', () => {
		fc.assert(fc.property(rows, fc.nat(7), (includes, first) => {
			const files = Object.fromEntries(includes.map((to, index) =>
				[`f${index}.yaml`, `${to === null ? '' : `include: [f${to}.yaml]\n`}services: {s${index}: {command: x}}`]));
			const reached: number[] = [];
			let at: number | null = first;
			for (; at !== null && !reached.includes(at); at = includes[at] ?? null) reached.push(at);
			const told = read(`include: f${first}.yaml`, files);
			if (at !== null) expect(told.problems).toEqual([expect.stringContaining('files include each other in a circle')]);
			else expect(Object.keys(told.services).sort()).toEqual(reached.map(index => `s${index}`).sort());
		}), {numRuns: 300});
	});

	test('nothing makes it throw', () => {
		const word = fc.constantFrom(
			'services', 'include', 'extends', 'a', 'b', 'file', 'service', 'path', 'command', 'f.yaml', '*x', '&x ',
			'!reset ', '!override ', '<<', '{', '}', '[', ']', ': ', ', ', '\n', '\n  ', '- ',
		);
		fc.assert(fc.property(fc.array(word, {maxLength: 40}), fc.array(word, {maxLength: 40}), (main, other) => {
			read([main.join(''), `services: {a: {${other.join('')}}}`], {'f.yaml': other.join('')});
			read(`services: {a: {extends: {${main.join('')}}}, b: ${other.join('')}}\ninclude: ${other.join('')}`, {'f.yaml': main.join('')});
		}), {numRuns: 2000});
	});
});
