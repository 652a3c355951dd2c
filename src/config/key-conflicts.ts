/** Keys of one service that are of no use together, or only together. */
import type {Ends} from '../core/service.ts';
import {signalName} from '../core/signal-numbers.ts';
import type {Collector} from './problems.ts';
import type {Declared} from './schema.ts';
import {withoutNothing} from './values.ts';

export function findKeyConflicts(declared: Declared, {report}: Collector, {gather}: Collector): void {
	const {name, path, map, settings} = declared;
	const {entries} = withoutNothing(map);
	const {type, ready, pre_start: before, post_start: after, restart_on: forced, fatal_codes: fatal} = settings;
	const keyOf = (key: string) => entries.get(key)?.key;
	const isOneshot = type === 'oneshot';
	for (const key of isOneshot ? ONLY_FOR_DAEMONS : []) {
		const place = keyOf(key);
		if (place) report(place, `${path}.${key} is only for daemons, and this is a oneshot, which is done when it ends`);
	}
	const down = keyOf('down');
	if (down && !isOneshot) {
		report(down, `${path}.down is only for oneshots, which are undone by it`, 'write pre_stop or post_stop');
	}
	const farewell = keyOf('pre_stop');
	if (farewell && isOneshot && !down) {
		gather(farewell, 'pre_stop of a oneshot runs only while it is at work; "down" undoes it once it has completed', name);
	}
	const period = keyOf('start_period');
	if (period && ready && !isOneshot) report(period, `${path}.start_period is only for a service without ready`);
	const timeout = keyOf('start_timeout');
	if (timeout && !isOneshot && !entries.has('ready') && !entries.has('env_from') && before.length + after.length === 0) {
		gather(timeout, 'start_timeout limits nothing without ready', name);
	}
	const heir = entries.get('pid_file')?.value;
	if (heir?.kind === 'scalar' && (settings.scale ?? 1) > 1 && !/\{(?:instance|index|name)\}/.test(heir.text)) {
		report(heir, `${path}.pid_file is the same for all ${settings.scale} instances`, 'write {instance} into it');
	}
	const force = keyOf('restart_on');
	const rivals = entries.has('fatal_codes') ? endsInBoth(forced, fatal) : [];
	if (force && rivals.length > 0) report(force, `${path} has ${rivals.join(', ')} both in restart_on and in fatal_codes`);
	const stdin = keyOf('stdin_open');
	if (stdin && settings.stdin_open && settings.tty) {
		gather(stdin, 'stdin_open has no effect with tty, which brings a stdin of its own', name);
	}
}

const ONLY_FOR_DAEMONS: readonly string[] = ['ready', 'start_period', 'healthcheck', 'watchdog', 'pid_file'];

function endsInBoth(some: Ends, others: Ends): readonly string[] {
	return [
		...some.codes.filter(code => others.codes.includes(code)).map(code => `exit ${code}`),
		...some.signals.filter(signal => others.signals.includes(signal)).map(signalName),
	];
}
