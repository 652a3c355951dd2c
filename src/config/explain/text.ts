/** An explanation of a config as a person reads it, in lines of 80 characters. */
import {said} from '../durations.ts';
import {type ExplainedService, type Explanation, shellWords} from './explain.ts';

const WIDTH = 80;
/** Where the second column begins. */
const INDENT = 14;

/** All of it; or `only` one service. */
export function explanationText(explanation: Explanation, only: string | null): string {
	const {services, start, on_demand: idle, stop} = explanation;
	if (only !== null) return services.filter(({name}) => name === only).map(serviceText).join('\n');
	const count = `${services.length} ${services.length === 1 ? 'service' : 'services'}`;
	const rows: Row[] = start.map((names, index): Row => [index === 0 ? 'start' : '', `${index + 1}.  ${names.join(', ')}`]);
	if (idle.length > 0) rows.push(['on demand', idle.join(', ')]);
	rows.push(['stop', start.length > 1 ? 'in the opposite order' : 'all at once']);
	rows.push(...stopRows(stop));
	return [`${count}\n${rowsText(rows)}`, ...services.map(serviceText)].join('\n');
}

type Row = readonly [title: string, text: string];

function stopRows({at_most: most, grace_period: grace, longest, path}: Explanation['stop']): readonly Row[] {
	if (path.length === 0) return [];
	const sum = path.map(each => `${each.name} ${said(each.grace ?? Infinity)}`).join(' + ');
	const isCut = longest === null || longest > grace;
	const whole = path.length > 1 ? ` = ${said(longest ?? Infinity)}` : '';
	return [['', `within ${said(most ?? Infinity)}: ${sum}${whole}${isCut ? `, cut to shutdown.grace_period, ${said(grace)}` : ''}`]];
}

function serviceText(service: ExplainedService): string {
	const {name, instances, type, autostart, schedule, essential, command, user, further_groups: further, needs, hooks} = service;
	const rows: Row[] = [];
	const add = (title: string, text: string | null): void => void (text !== null && text !== '' && rows.push([title, text]));
	const isTimed = schedule !== null && !schedule.startsWith('restarted');
	const first = service.lazy === null ? '' : 'its first connection, ';
	const when = autostart ? '' : `; started by ${first}${isTimed ? 'its schedule, ' : ''}archonctl, or when another one needs it`;
	add('type', `${type}${when}${essential ? '; essential: the container ends with it' : ''}`);
	add('schedule', schedule);
	add('sockets', service.sockets.join(', '));
	add('lazy', service.lazy);
	add('ports', service.ports.join('\n'));
	add('groups', service.groups.join(', '));
	rows.push(['command', commandText(command)]);
	for (const [key, commands] of Object.entries(hooks)) for (const each of commands) rows.push([key, commandText(each)]);
	add('user', userText(user, further));
	add('directory', service.working_dir ?? 'archon\'s own');
	add('made for it', [...service.directories, ...service.files].join(', '));
	add('variables', service.variables.map(({from, names}) => (names.length === 0 ? from : `${from}: ${names.join(', ')}`)).join('\n'));
	add('needs', needs.map(need => `${need.name} ${CONDITIONS[need.condition]}${STRENGTHS[need.strength] ?? ''}`).join(', '));
	add('runs if', service.test);
	add('only if', service.only_if);
	add('conflicts', service.conflicts.join(', '));
	add('ready', service.ready);
	add('healthy', service.health);
	add('restart', service.restart);
	add('on failure', service.on_failure.length > 0 ? `${service.on_failure.join(', ')} starts` : '');
	add('stop', service.stop.how);
	add('output', service.output.join('; '));
	add('control', controlText(service.control));
	return `${name}${instances > 1 ? ` (${instances} instances, here ${name}:0)` : ''}\n${rowsText(rows)}`;
}

const CONDITIONS = {
	service_started: 'started', service_healthy: 'ready and healthy', service_completed_successfully: 'completed',
} as const satisfies Record<ExplainedService['needs'][number]['condition'], string>;

const STRENGTHS: Readonly<Record<string, string>> = {soft: ' (or failed)', order: ' (if it is started)'};

function controlText(control: ExplainedService['control']): string | null {
	if (control?.length === 0) return 'may ask archon nothing';
	return control && `may ${control.map(({role, services}) => `${role} ${services === null ? 'all' : services.join(', ')}`).join('; ')}`;
}

function userText(user: ExplainedService['user'], further: readonly string[]): string {
	const groups = further.length > 0 ? `; further groups ${further.join(', ')}` : '';
	if (user === null) return `archon's own${groups}`;
	if (user.uid === null) return `${user.name}${groups}`;
	return `${user.name}: uid ${user.uid}, gid ${user.gid}${user.groups.length > 0 ? `, groups ${user.groups.join(', ')}` : ''}${groups}`;
}

/** Rows with what a shell would read: a line break would change a text in quotes. */
const COMMANDS: ReadonlySet<string> = new Set(['command', 'pre_start', 'post_start', 'pre_stop', 'post_stop', 'down']);

/** In lines that a shell reads as one. */
function commandText(words: readonly string[]): string {
	const lines: string[] = [];
	let line = '';
	for (const word of words.map(each => shellWords([each]))) {
		if (line !== '' && line.length + word.length + 3 > WIDTH - INDENT) {
			lines.push(`${line} \\`);
			line = word;
		} else {
			line += line === '' ? word : ` ${word}`;
		}
	}
	return [...lines, line].join('\n');
}

function rowsText(rows: readonly Row[]): string {
	return rows.map(([title, text]) => {
		const [first = '', ...others] = text.split('\n').flatMap(line => (COMMANDS.has(title) ? line : wrapped(line)));
		return [`  ${title.padEnd(INDENT - 2)}${first}`, ...others.map(line => ' '.repeat(INDENT) + line), ''].join('\n');
	}).join('');
}

/** In lines between words, as far as there are any. */
function wrapped(text: string): readonly string[] {
	if (text.length <= WIDTH - INDENT) return [text];
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(' ')) {
		if (line !== '' && line.length + word.length + 1 > WIDTH - INDENT) {
			lines.push(line);
			line = word;
		} else {
			line += line === '' ? word : ` ${word}`;
		}
	}
	return [...lines, line];
}
