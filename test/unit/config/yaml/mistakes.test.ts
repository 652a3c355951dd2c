/** What a mistake in YAML is reported as: one problem for each, where it is, and what to do. */
import {expect, test} from 'vitest';
import {plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {AROUND} from '../around.ts';

const SLIPS: readonly (readonly [text: readonly string[], told: readonly string[]])[] = [
	[
		['services:', '  a:', '    command: sleep 1', '}', '  s0:', '    command: sleep 1', '  s1:', '    command: sleep 1'],
		['f:4:1: } closes nothing; remove it, or add what it should close'],
	],
	[
		['services:', '  a:', '    command: sleep 1 }', '    user: {a}}'],
		['f:4:14: } closes nothing; remove it, or add what it should close'],
	],
	[
		['services:', '  a:', '    ulimits: {nofile: 1}}', '  b:', '    command: x'],
		['f:3:25: } closes nothing; remove it, or add what it should close'],
	],
	[
		['services:', '  a:', '    command: [x, y]]', '  b:', '    command: x'],
		['f:3:20: ] closes nothing; remove it, or add what it should close'],
	],
	[
		['services:', '  a:', '    command: *.sh', '    user: root'],
		['f:3:14: *.sh repeats a value, and none is named &.sh; quote it: "*.sh"'],
	],
	[
		['services:', '  a:', '    command: &x', '    user: root'],
		['f:3:14: &x names an empty value; quote it: "&x"'],
	],
	[
		['services:', '  a:', '    command: & sleep 1', '    user: root'],
		['f:3:14: & begins an anchor, the name of a value, and no name follows; quote it: "& sleep 1"'],
	],
	[
		['services:', '  a:', '    command: * sleep', '    user: root'],
		['f:3:14: * begins an alias, which repeats a value, and no name follows; quote it: "* sleep"'],
	],
	[
		['services:', '  a:', '    command: *.sh now', '    user: root'],
		['f:3:14: * begins an alias, which repeats a value; quote it: "*.sh now"'],
	],
	[
		['services:', '  a:', '    command: *', '    user: root'],
		['f:3:14: * begins an alias, which repeats a value, and no name follows; quote it: "*"'],
	],
	[
		['services:', '  a:', '    healthcheck:', '      test: [x', '    user: root', '  b:', '    command: x'],
		['f:4:13: [ opens here, and no ] closes it; close it with ], or quote the text: "[x"'],
	],
	[
		['services:', '  a:', '    command: [ -f x ] && y', '    user: root'],
		['f:3:23: text follows the closing ]; quote all of it: "[ -f x ] && y"'],
	],
	[
		['services:', '  a:', '    command: {{ x }}', '    user: root'],
		['f:3:14: {{ begins a map within a map; quote it: "{{ x }}"'],
	],
	[
		['services:', '  a:', '    command: {a', '    user: root'],
		['f:3:14: { opens here, and no } closes it; close it with }, or quote the text: "{a"'],
	],
	[
		['services:', '  a:', '    command: "sleep 1', '    user: root', '  b:', '    command: x'],
		['f:3:14: " opens here, and no " closes it; close it: "sleep 1"'],
	],
	[
		['services:', '  a:', '    command: "sleep 1', '    user: "root"', '  b:', '    command: x'],
		['f:3:14: " opens here, and no " closes it; close it: "sleep 1"'],
	],
	[
		['services:', '  a:', '    command: \'sleep 1', '    user: root', '  b:', '    command: \'x\''],
		['f:3:14: \' opens here, and no \' closes it; close it: \'sleep 1\''],
	],
	[
		['services:', '  a:', '    command: "a" b', '    user: root'],
		['f:3:18: text follows the closing "; quote all of it: \'"a" b\''],
	],
	[
		['services:', '  a:', '    command: \'it\'s\'', '    user: root'],
		['f:3:18: text follows the closing \'; write \'\' for a \' within single quotes, or use double quotes'],
	],
	[
		['services:', '  a:', '    command: ["a, "b"]', '    user: root'],
		['f:3:20: text follows the closing "; write \\" for a " within double quotes'],
	],
	[
		['services:', '  web:', '    command:sleep 1', '    user: root', '  db', '    command: sleep 1'],
		['f:3:5: a space is missing after command:; write "command: sleep 1"', 'f:5:3: a colon is missing after db; write "db:"'],
	],
	[
		['services:', '  web:', '    command:sleep 1'],
		['f:3:5: services.web must be a map, not text; write a space after command:'],
	],
	[
		['services:', '  web:', '    user: root', '    command:sleep 1'],
		['f:4:5: a space is missing after command:; write "command: sleep 1"'],
	],
	[
		['services:', '  web:', '    user: root', '    command:sleep 1', '    umask: 022'],
		['f:4:5: a space is missing after command:; write "command: sleep 1"'],
	],
	[
		['services:', '  web:', '    user: root', '    command sleep 1', '    umask: 022'],
		['f:4:5: a colon is missing after command; write "command: sleep 1"'],
	],
	[
		['services:', '  web:', '    user: root', '    command sleep 1'],
		['f:4:5: a colon is missing after command; write "command: sleep 1"'],
	],
	[
		['services', '  web:', '    user: root'],
		['f:1:1: a colon is missing after services; write "services:"'],
	],
	[
		['services:', '  web', '    user: root'],
		['f:2:3: a colon is missing after web; write "web:"'],
	],
	[
		['services:', '  web:', '    environment', '      A: 1', '    user: root'],
		['f:3:5: a colon is missing after environment; write "environment:"'],
	],
	[
		['services:', '  a:', '    command: sleep 1', '    depends_on:', '      - s0', '     - s1'],
		['f:6:6: this line is indented by 5, and those above it by 6 or 4; indent it like the lines that it belongs to'],
	],
	[
		['services:', '  a:', '    command: sleep 1', '     user: root'],
		['f:4:6: this line is indented by 5, and those above it by 4; indent it by 4'],
	],
	[
		['services:', '  a:', '    command: sleep 1', '   user: root'],
		['f:4:4: this line is indented by 3, and those above it by 4 or 2; indent it like the lines that it belongs to'],
	],
	[
		['services:', '  a:', '    user: root', '   command: sleep 1', '    umask: 022', '  b:', '    command: x'],
		['f:4:4: this line is indented by 3, and those above it by 4 or 2; indent it like the lines that it belongs to'],
	],
	[
		['services:', '  s0: {command: x}', '  a:', '    command: x', '    depends_on:', '      - s0', '        - s1'],
		['f:7:9: this item is further in than the one above it, and so goes on with its text; indent it by 6'],
	],
	[
		['services:', '  a:', '\tcommand: x'],
		['f:3:1: a tab indents this line; indent with spaces'],
	],
	[
		['services:', '\ta:', '\t\tcommand: x', '\t\tuser: root', '\tb:', '\t\tcommand: x'],
		['f:2:1: a tab indents this line; indent with spaces'],
	],
	[
		['services:', '  a:', '    command: x', '\t user: root'],
		['f:4:1: a tab indents this line; indent with spaces'],
	],
	[
		['services:', '  a:', '    command: a: b', '    user: root'],
		['f:3:14: ": " is not allowed inside text; quote it: "a: b", or begin a new line with a'],
	],
	[
		['services:', '  a:', '    command: sh -c "echo: x"', '    user: root'],
		['f:3:14: ": " is not allowed inside text; quote it: \'sh -c "echo: x"\''],
	],
	[
		['services:', '  a:', '    command: echo foo: bar'],
		['f:3:14: ": " is not allowed inside text; quote it: "echo foo: bar"'],
	],
	[
		['services:', '  s0: {command: x}', '  a:', '    command: x', '    depends_on:', '      -b', '      -c'],
		['f:6:7: services.a.depends_on must be a list of services or a map, not text; write a space after each -'],
	],
	[
		['services:', '  s0: {command: x}', '  a:', '    command: x', '    depends_on:', '      - b', '      -c'],
		['f:7:7: a space is missing after -; write "- c"'],
	],
	[
		['services:', '  s0: {command: x}', '  a:', '    command: x', '    depends_on:', '      -b', '      - c'],
		['f:6:7: services.a.depends_on must be a list of services or a map, not text; write a space after each -'],
	],
	[
		['services:', '  a:', '    command: %x', '    user: root'],
		['f:3:14: text cannot begin with %; quote it: "%x"'],
	],
	[
		['services:', '  a:', '    command: @x', '    user: root'],
		['f:3:14: text cannot begin with @; quote it: "@x"'],
	],
	[
		['services:', '  a:', '    command: `x`', '    user: root'],
		['f:3:14: text cannot begin with `; quote it: "`x`"'],
	],
	[
		['%services:', '  a:', '    command: x'],
		['f:1:1: a line cannot begin with %; remove it'],
	],
	[
		['services:', '  a:', '    command: x', '    command: y'],
		['f:4:5: duplicate key "command"; the first one is in line 3; keep one'],
	],
	[
		['- a', '- b'],
		['f:1:1: a config must be a map, not a list; write "services:", and each service under its name'],
	],
	[
		['hello'],
		['f:1:1: a config must be a map, not text; begin it with "services:"'],
	],
	[
		['services'],
		['f:1:1: a config must be a map, not text; begin it with "services:"'],
	],
	[
		['services: {a: {command: x}}', '---', 'services: {}'],
		['f:2:1: a second document begins; a config is one document'],
	],
	[
		['services:', '  a:', '<<<<<<< HEAD', '    command: x', '=======', '    command: y', '>>>>>>> main'],
		['f:3:1: a merge conflict was left here; keep one of the two sides, and remove the lines with <<<<<<<, ======= and >>>>>>>'],
	],
	[
		['services:', '  a:', '    command: x', '    environment:', '      - A: 1', '      - B=2', '       C: 3'],
		['f:7:8: this line is indented by 7, and those above it by 6; indent it by 6'],
	],
	[
		['services:', '  a:', '    command: x', '    environment:', '      - A=1', '      B: 2'],
		['f:6:7: "B: 2" is a key with a value, and the lines before it are items of a list; write all of them in one way'],
	],
	[
		['services:', '  a:', '    command: x', '    environment:', '      A: 1', '      - B=2'],
		['f:6:7: "- B=2" is an item of a list, and the lines before it are keys with values; write all of them in one way'],
	],
	[
		['services:', '  a:', '    command: "a\\q"', '    user: "C:\\dir"'],
		['f:3:16: \\q means nothing in double quotes; write \\\\q, or use single quotes'],
	],
	[
		['services:', '  a:', '    command: !x y', '    user: root'],
		['f:3:17: the tag "!x" is not supported; quote text that begins with !'],
	],
	[
		['services:', '  a:', '    command: > x', '    user: root'],
		['f:3:14: text cannot stand on the line of its >; quote it: "> x", or put it on the next lines'],
	],
	[
		['services:', '  a:', '    command: |x', '    user: root'],
		['f:3:14: text cannot stand on the line of its |; quote it: "|x", or put it on the next lines'],
	],
	[
		['services:', '  a:', '    command: ? x', '    user: root'],
		['f:3:14: text cannot begin with "? "; quote it: "? x"'],
	],
	[
		['services:', '  a:', '    command: - x', '    user: root'],
		['f:3:14: a list item follows its key on the same line; begin a new line with it, or put it in quotes if it is text'],
	],
	[
		['{"services": {"a": {"command": "x"}}'],
		['f:1:1: { opens here, and no } closes it; close it with }'],
	],
	[
		['{"services": {"a": {"command": "x" "user": "y"}}}'],
		['f:1:36: a comma is missing before this'],
	],
	[
		['services:', '  a: command: x'],
		['f:2:6: ": " is not allowed inside text; quote it: "command: x", or begin a new line with command'],
	],
	[
		['services:', '  a:', '    command: x', '  b:', '    command: |', '  x', '   y'],
		['f:6:3: text below | or > must be indented further than its key; indent it by more than 4'],
	],
	[
		['services:', '  a:', '    image: foo:bar: x', '    ports:', '      - 80:80', '      - "90:90'],
		['f:3:12: ": " is not allowed inside text; quote it: "foo:bar: x"', 'f:6:9: " opens here, and no " closes it; close it: "90:90"'],
	],
	[
		['services:', '  a:', '    command: ]x', '    user: }'],
		['f:3:14: text cannot begin with ]; quote it: "]x"', 'f:4:11: text cannot begin with }; quote it: "}"'],
	],
	[
		['services:', '  a:', '    command: ,x'],
		['f:3:14: text cannot begin with ,; quote it: ",x"'],
	],
	[
		['services:', '  a:', '    command: x', '    environment:', '      A=1', '      B=2'],
		['f:5:7: services.a.environment must be a map or a list of NAME=value, not text; write NAME: value, or - NAME=value'],
	],
	[
		['services:', '  a:', '    command: x', '    environment:', '      A: 1', '      B=2'],
		['f:6:7: B has = where a colon belongs; write "B: 2"'],
	],
	[
		['services;', '  a:', '    command: x'],
		['f:1:1: a colon is missing after services; write "services:"'],
	],
	[
		['services:', '  a:', '    command: "x"y'],
		['f:3:17: text follows the closing "; quote all of it: \'"x"y\''],
	],
	[
		['services:', '  a:', '    command: #x', '    user: root'],
		['f:3:14: services.a has an empty command; " #" begins a comment: put it in quotes if it is not meant as one'],
	],
	[
		['services:', '  a:', '    command : x', '    user :y'],
		['f:4:5: a space is missing after user:; write "user: y"'],
	],
	[
		['services:', '  a:', '    command: x', '  b', '  c:', '    command: y'],
		['f:4:3: a colon is missing after b; write "b:"'],
	],
	[
		['services:', '  a:', '    command: x', '  b:', '   command: [y', '  c:', '    command: "z'],
		['f:5:13: [ opens here, and no ] closes it; close it with ], or quote the text: "[y"', 'f:7:14: " opens here, and no " closes it; close it: "z"'],
	],
	[
		['services:', '  a:', '    command: ["a", "b"}', '    user: root'],
		['f:3:23: } stands where ] must close a bracket; write ]'],
	],
	[
		['services:', '  a:', '    ulimits: {nofile: 1]', '    command: x'],
		['f:3:24: ] stands where } must close a bracket; write }'],
	],
	[
		['services:', '  a: {command: x}', '  user: root'],
		['f:3:9: services.user must be a map, not text; indent it further if it belongs to the service before it'],
	],
];

function told(text: string): readonly string[] {
	const result = plan([{file: 'f', text}], null, AROUND);
	return result.ok ? [] : result.error.map(formatProblem);
}

test.each(SLIPS)('%j', (lines, expected) => {
	expect(told(`${lines.join('\n')}\n`)).toEqual(expected);
});

test('of a text full of mistakes the first ten are reported', () => {
	const services = Array.from({length: 30}, (_, index) => `  s${index}:\n    command: @x\n`);
	expect(told(`services:\n${services.join('')}`)).toHaveLength(10);
});

const CONFIG = `services:
  web:
    image: "nginx:1"
    command: nginx -g "daemon off;"
    environment:
      A: "1"
      B: two words
    depends_on:
      db:
        condition: service_healthy
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost"]
      interval: 5s
  db:
    command: ["redis-server", "--port", "6379"]
    environment:
      - C=1
      - D=2
    ulimits: {nofile: 1024}
    healthcheck:
      test: redis-cli ping
`;

test('one character too few or too many is one problem, in plain words but for a few', () => {
	const texts = [...CONFIG].flatMap((_, at) => ['', ' ', '"', '[', '}', '\t'].map(sign =>
		CONFIG.slice(0, at) + sign + CONFIG.slice(sign === '' ? at + 1 : at)));
	const all = texts.map(told).filter(problems => problems.length > 0);
	expect(all.length).toBeGreaterThan(1000);
	expect(all.filter(problems => problems.length > 1).length).toBeLessThan(all.length * 0.02);
	expect(all.filter(problems => problems.join().includes('not valid YAML')).length).toBeLessThan(all.length * 0.02);
}, 30_000);
