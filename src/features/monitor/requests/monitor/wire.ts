/** `Monitor`, `MonitorFD` and `Unmonitor`: processes that archon has not started are watched from now on, or not any more. */
import {RULE_NAME} from '../../core/kept.ts';
import {
	decodeArgs, many, one, orEmpty, type Decoded, type Pages, type RequestOf, type RowForm, type Type, type Wire, wire,
} from '../../../../control/wire.ts';
import {byNeed} from '../../../../core/by-need.ts';
import {err, ok} from '../../../../core/result.ts';
import type {Match} from '../../core/match.ts';

const reading = byNeed(() => import('../../../deps/core/reading.ts'));

const RULE: Type<string> = {
	takes: 'a name of up to 64 letters, digits and "_.:@-"', read: text => (RULE_NAME.test(text) ? text : null),
};
const WHAT: Type<string> = {
	takes: 'pid:N or exe=PATH or command=PATTERN',
	bounds: '`*` and `?` stand for any characters; both of the latter: what fits both',
	read: text => (/^(pid:[1-9]\d{0,6}|(exe=\/|command=).{1,1024})$/s.test(text) ? text : null),
};

const ARGS = {rule: one('name', RULE), what: many('what', WHAT, 1)};
const ABOUT = {role: 'operate'} as const;

export interface MonitorRequest extends Decoded {
	readonly kind: 'monitor';
	readonly rule: string;
	/** A pid, or what processes match. */
	readonly to: number | Match;
}

export const MONITOR: Wire<MonitorRequest> = {
	...ABOUT, verb: 'Monitor', isRepeatable: false, args: ARGS,
	decode(fields) {
		const args = decodeArgs(ARGS, fields);
		if (!args.ok) return args;
		const {rule, what} = args.value;
		const [first = ''] = what;
		const to = what.length === 1 && first.startsWith('pid:') ? Number(first.slice('pid:'.length)) : reading().readMatch(what);
		return to === null ? err('takes one pid:N, or exe=PATH and command=PATTERN') : ok({kind: 'monitor', rule, to});
	},
};

const FD_ARGS = {rule: orEmpty('name', RULE)};

export interface MonitorFdRequest extends Decoded {
	readonly kind: 'monitor-fd';
	/** Null: after the number of the process. */
	readonly rule: string | null;
	readonly takesDescriptor: true;
}

export const MONITOR_FD: Wire<MonitorFdRequest> = {
	...ABOUT, verb: 'MonitorFD', isRepeatable: false, args: FD_ARGS,
	decode(fields) {
		const args = decodeArgs(FD_ARGS, fields);
		return args.ok ? ok({kind: 'monitor-fd', rule: args.value.rule, takesDescriptor: true}) : args;
	},
};

export const UNMONITOR = wire('unmonitor', {rule: one('name', RULE)}, {...ABOUT, verb: 'Unmonitor', isRepeatable: true});

export type UnmonitorRequest = RequestOf<typeof UNMONITOR>;

const MET: RowForm = {
	means: 'of one process: what is watched',
	columns: {name: 'of the rule', pid: 'its number', exe: 'its executable; empty: archon may not know it'},
};
const REPLY = '`Ok`: its end is an event `monitored-exited`';

export const pages: Pages = {
	Monitor: {
		help: 'watch a process that archon has not started, or all that match, also later ones',
		rows: [MET], reply: `${REPLY}; \`Error\` where the name is taken, or there is no such process`,
		examples: [
			['Monitor,agent,exe=/usr/sbin/agent', 'Ok'],
			['Monitor,agent,pid:x', 'Error,Monitor: pid:x is not pid:N or exe=PATH or command=PATTERN'],
		],
	},
	MonitorFD: {
		help: 'watch the process of a pidfd that comes with the request (pidfd_open(2), SCM_RIGHTS)',
		rows: [MET], reply: `${REPLY}; \`Error\` without a descriptor, or with one that is no pidfd`,
		examples: [['MonitorFD,job', 'Error,no descriptor with request']],
	},
	Unmonitor: {
		help: 'watch the processes of a rule no more',
		rows: [], reply: '`Ok`; `Error` where the rule is one of the config, or is not there',
		examples: [['Unmonitor,agent', 'Ok'], ['Unmonitor,agent', 'Error,no rule is called agent']],
	},
};
