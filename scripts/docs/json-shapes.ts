/** What `--json` of each command prints: the page has it as a table, and test/unit/cli/json.test.ts holds the commands to it. */

/**
 * Of a value: `text`, `number`, `flag`, a list of them (`text[]`), an object, or a list of objects. `?`: it may be null, also behind
 * the name of an object.
 */
export type Shape = string | Shapes | readonly [Shapes];
export interface Shapes {
	readonly [name: string]: Shape;
}

interface About {
	/** `one`: one value in several lines. `lines`: an object in each line, as they come. */
	readonly prints: 'one' | 'lines';
	readonly shape: Shape;
	/** Further words about it. */
	readonly note?: string;
}

const DONE: About = {prints: 'one', shape: {ok: 'flag'}, note: '`ok` is true'};

export const SHAPES: Readonly<Record<string, About>> = {
	'status': {
		prints: 'one',
		shape: [{
			name: 'text', status: 'text', pid: 'number?', since: 'number', restarts: 'number', exit: 'number?',
			type: 'text', note: 'text', groups: 'text[]', wanted: 'flag', by: 'text', ruled: 'number?',
			next: 'number?',
		}],
	},
	'health': {prints: 'one', shape: {ok: 'flag', reason: 'text?'}},
	'history': {prints: 'one', shape: [{name: 'text', at: 'number', exit: 'number', how: 'text'}]},
	'needs-restart': {
		prints: 'one',
		shape: [{service: 'text', pid: 'number', state: 'text', path: 'text'}],
		note: '`state`: `replaced`, `deleted`, or `unknown`, and then `path` says why',
	},
	'tree': {
		prints: 'one',
		shape: [{
			service: 'text?', pid: 'number', parent: 'number', zombie: 'flag', command: 'text', kind: 'text',
			started: 'number', cpu: 'number', memory: 'number',
		}],
		note: '`kind`: `main`, `child`, `adopted`, `command`, `archon`, `foreign`; parents come before their children',
	},
	'logs': {
		prints: 'lines', shape: {time: 'text?', service: 'text', stream: 'text?', message: 'text'},
		note: '`instance`, a number, where it has one',
	},
	'events': {
		prints: 'lines',
		shape: {
			number: 'number', time: 'text', kind: 'text', service: 'text?', from: 'text?', to: 'text?', pid: 'number?',
			run: 'number?', exit: 'number?', count: 'number?', next: 'text?', reason: 'text?',
		},
	},
	'fds': {
		prints: 'one', shape: [{service: 'text', kind: 'text', name: 'text', fd: 'number', what: 'text'}],
		note: '`kind`: `socket` or `stored`',
	},
	'ports': {
		prints: 'one', shape: [{name: 'text', port: 'number?', protocol: 'text', kind: 'text', heldBy: 'text'}],
		note: '`kind`: `fixed`, `auto` or `client`; `ports alloc` prints `port`',
	},
	'trigger': {
		prints: 'one',
		shape: {
			tests: 'number', yes: 'number', no: 'number', open: 'number', started: 'number', stopped: 'number', restarted: 'number',
			failed: 'number', late: 'number', unchanged: 'number', line: 'text',
		},
	},
	'monitor': {
		prints: 'one', shape: [{name: 'text', origin: 'text', match: 'text?', processes: [{pid: 'number', exe: 'text?', since: 'number'}]}],
		note: 'of `monitor list`; `origin`: `config` or `client`',
	},
	'deps': {
		prints: 'one',
		shape: [{
			id: 'number', service: 'text', target: 'text', on: 'text', do: 'text?', order: 'text', until: 'number?', times: 'number',
		}],
		note: 'of `deps show`',
	},
	'test': {
		prints: 'one', shape: [{name: 'text', answer: 'text', why: 'text', detail: 'text', seconds: 'number'}],
		note: '`answer`: `yes`, `no`, `timeout`, `error`',
	},
	'wait': {prints: 'one', shape: [{name: 'text', verdict: 'text', status: 'text', exit: 'number?', why: 'text?'}]},
	'why': {
		prints: 'one',
		shape: [{
			'name': 'text', 'status': 'text', 'since': 'number', 'starts': 'number',
			'wanted': {runs: 'flag', by: 'text', why: 'text', at: 'number?'},
			'chain': [{name: 'text', status: 'text', why: 'text'}], 'next': [{name: 'text', at: 'number', what: 'text'}],
			'end?': {name: 'text', at: 'number', exit: 'number', how: 'text'},
			'lines': [{name: 'text', stream: 'text', at: 'number', text: 'text'}],
			'waiting': 'text[]', 'help': [{command: 'text', does: 'text'}],
		}],
	},
	'blame': {
		prints: 'one',
		shape: {
			services: [{name: 'text', asked: 'number', waited: 'number', took: 'number?', after: 'text?'}],
			chains: [{name: 'text', links: [{name: 'text', begun: 'number', ready: 'number?'}]}],
		},
		note: '`waited`, `took`, `begun` and `ready` are milliseconds',
	},
	'graph': {
		prints: 'one',
		shape: {
			services: [{name: 'text', status: 'text', type: 'text'}],
			needs: [{service: 'text', needs: 'text', condition: 'text', strength: 'text', met: 'flag', restart: 'flag'}],
			conflicts: [{service: 'text', other: 'text'}], on_failure: [{service: 'text', other: 'text'}],
		},
	},
	'sync': {
		prints: 'one',
		shape: {
			source: 'text', dest: 'text', form: 'text', version: 'text?', others: 'text[]', held: 'text?', doing: 'text?', looked: 'number?',
			outcome: 'text?', failed: 'flag', next: 'number?', expires: 'number?',
		},
		note: 'of `status`; `now` and `rollback` print `{text}`',
	},
	'rules': {
		prints: 'one',
		shape: [{
			name: 'text', file: 'text', event: 'text', match: 'text', state: 'text', done: 'number', failed: 'number', error: 'text',
			failedInARow: 'number',
		}],
		note: '`state`: `enabled`, `disabled` or `broken`; of `test` it is `[{name, outcome, asks}]`',
	},
	'pool': {
		prints: 'one',
		shape: [{
			node: 'text', parent: 'text?', command: 'text?', status: 'text', pid: 'number?', since: 'number', features: 'number',
			commands: 'number', pss: 'number?', own: 'number?', why: 'text?',
		}],
		note: '`pss` and `own` in KiB, with `--memory`; of `commands` it is `[{command, aliases, node, status, running}]`, of `features` '
			+ '`[{node, path}]`, of `restart` and `stop` `{ok}`; `watch` prints `{pool, node, parent, status, pid, since, why}` in lines',
	},
	'alerts': {
		prints: 'one',
		shape: [{
			name: 'text', kind: 'text', state: 'text', firing: 'number', waiting: 'number', delivered: 'number', dropped: 'number', last: 'number?',
			next: 'number?', why: 'text?',
		}],
		note: 'of `status`; `test` prints a list of `{name, delivered, why}`',
	},
	'state': {
		prints: 'one',
		shape: {
			path: 'text', written: 'number?', trouble: 'text?',
			services: [{name: 'text', asked: 'text', wanted: 'flag', by: 'text', starts: 'number', run: 'number?', pid: 'number?'}],
		},
	},
	'doctor': {
		prints: 'one', shape: [{about: 'text', verdict: 'text', found: 'text', advice: 'text?'}],
		note: '`verdict`: `ok`, `warn` or `bad`',
	},
	'start': DONE,
	'stop': DONE,
	'auto': DONE,
	'restart': DONE,
	'run-now': DONE,
	'reload': {
		prints: 'one', shape: {changes: 'text[]'},
		note: 'where a service does not become ready, the object about the problem has its last `lines`',
	},
	'plan': {
		prints: 'one',
		shape: {
			added: 'text[]', removed: 'text[]', kept: 'text[]',
			changed: [{name: 'text', restarts: 'flag', keys: [{key: 'text', before: 'text', after: 'text'}]}],
			settings: [{key: 'text', before: 'text', after: 'text'}], stop: 'text[]', start: 'text[]', 'undone?': {name: 'text', why: 'text'},
		},
	},
	'reconcile': {
		prints: 'one',
		shape: {
			manifest: 'text', hitlist: 'text?',
			listed: [{line: 'number', name: 'text?', path: 'text?'}], hit: [{line: 'number', name: 'text?', path: 'text?'}],
			problems: [{file: 'text', line: 'number', why: 'text'}],
			start: 'text[]', stop: 'text[]', end: [{pid: 'number', path: 'text', why: 'text'}], passes: 'number?', missing: 'text[]',
		},
		note: 'a line has a name, a path, or both; `passes` is null with `--dry-run`',
	},
	'want': {prints: 'one', shape: {done: 'text[]'}, note: '`done`: in words'},
	'unwant': {prints: 'one', shape: {done: 'text[]'}, note: 'the same'},
	'whiz': {prints: 'one', shape: {done: 'text[]'}, note: 'the same'},
	'config': {prints: 'one', shape: {yaml: 'text'}},
	'signal': DONE,
	'is-active': {prints: 'one', shape: [{name: 'text', state: 'text'}]},
	'is-failed': {prints: 'one', shape: [{name: 'text', state: 'text'}]},
	'pid': {prints: 'one', shape: [{name: 'text', pid: 'number?'}]},
	'daemon': DONE,
	'reopen': DONE,
	'upgrade': {prints: 'one', shape: {archon: 'text', running: 'number'}, note: '`running`: how many services kept running'},
	'version': {prints: 'one', shape: {archon: 'text', archonctl: 'text', lives: 'number', cause: 'text?'}},
	'shutdown': DONE,
	'reboot': DONE,
	'help': {
		prints: 'one',
		shape: [{
			name: 'text', usage: 'text', summary: 'text', details: 'text[]', examples: 'text[]',
			options: [{names: 'text[]', value: 'text?', help: 'text'}],
		}],
	},
};

/** Commands that print what is not theirs, or a screen. */
export const WITHOUT: ReadonlySet<string> = new Set(['run', 'raw', 'stdio', 'metrics', 'top', 'attach', 'shell', 'completion']);

const written = (shape: Shape): string => typeof shape === 'string' ? shape : isList(shape)
	? `[${written(shape[0])}]`
	: `{${Object.entries(shape).map(([name, inner]) => `${name}: ${written(inner)}`).join(', ')}}`;

export const isList = (shape: Shape): shape is readonly [Shapes] => Array.isArray(shape);

/** The commands by what they print. */
export function jsonTable(): string {
	const groups = Map.groupBy(Object.entries(SHAPES), ([, {prints, shape, note = ''}]) => JSON.stringify([prints, shape, note]));
	const rows = [...groups.values()].map(commands => {
		const [, {prints, shape, note}] = commands[0] as (typeof commands)[0];
		const names = commands.map(([name]) => `\`${name}\``).join(', ');
		return `| ${names} | ${prints === 'lines' ? 'in each line ' : ''}\`${written(shape)}\`${note ? `; ${note}` : ''} |`;
	});
	return ['| | |', '|---|---|', ...rows].join('\n');
}
