/** What a config can be told that no other test provokes; and all hints for words of other programs. */
import {expect, test} from 'vitest';
import {SECTIONS} from '../../../src/config/describe.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {around} from './around.ts';

function told(text: string): readonly string[] {
	const {problems, notes} = judgeConfig([{file: 'f', text}], null, {...around({}, {'/x.env': 'A=1'}), hasProgram: () => false});
	return [...problems, ...notes].map(formatProblem);
}

/** Keys of one service. */
const KEYS = ['ionice: [idle]', 'ready: {http: [x]}', 'env_file: /x.env\n    working_dir: $A', 'working_dir: ${ARCHON_SERVICE}', 'ready: {exec: x, fd: 3}',
	'healthcheck: {test: x, tcp: 80}', 'reload: {signal: HUP, command: x}', 'env_dir: [{required: false}]', 'env_from: x', 'scale: 1001',
	'restart: {delay: 2s, max_delay: 1s}', 'ulimits: {nofil: 1}', 'ulimits: {nofile: {soft: 1}}', 'security_opt: seccomp', 'name: x', 'watch: x',
	'healthcheck: {interval: 1s}', 'healthcheck: {http: "https://x/"}', 'stop_grace_period: 1m', 'start_timeout: 1m', 'tty: true\n    stdin_open: true',
	'ready: {log: x, interval: 1s}', 'ready: {http: {status: 200}}', 'image: x', 'logging: {driver: gelf}', 'logging: {driver: json-file}',
	'logging: {driver: syslog, options: {tag: "{id}"}}', 'logging: [none, json]', 'fatal_codes: 1\n    restart_on: 1',
];

test.each([
	...KEYS.map((keys): [string, string] => [keys, `services:\n  a:\n    command: x\n    ${keys}\n`]),
	['environment', 'environment: {A: 1}\nservices: {a: {command: $A}}'],
	['archon: {events: {on_full: block}}', 'services: {a: {command: x}}\narchon: {events: {on_full: block}}'],
	['signals: {KILL: ignore, FOO: ignore, HUP: x}', 'services: {a: {command: x}}\nsignals: {KILL: ignore, FOO: ignore, HUP: x}'],
	['checks', 'services: {a: {command: x}}\nchecks: x'],
	['not a key', 'services:\n  a:\n    command: x\n  <> x\n'],
	['a quote in quotes', 'services: {a: {command: ["a"b"]}}'],
	['all', 'services: {all: {command: x}, -a: {command: x}}'],
])('%s', (_, text) => {
	expect(told(text).join('\n')).toMatchSnapshot();
});

test('words of other programs', () => {
	const texts = SECTIONS.map(([title, {words}]) => {
		const hints = Map.groupBy(words(), ([, {hint}]) => hint);
		return [title, ...[...hints].map(([hint, same]) => `  ${hint}: ${same.map(([word]) => word).join(' ')}`)];
	});
	expect(texts.filter(({length}) => length > 1).map(lines => lines.join('\n')).join('\n\n')).toMatchSnapshot();
});
