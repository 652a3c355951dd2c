/** `stop_signal` to `kill_mode`: how a service is ended, and what ends with it. */
import {SIG} from '../../core/signal-numbers.ts';
import {KILL_MODES, type Service, type StopPolicy} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import type {Advising, Part, ServiceGroup, Written} from '../group.ts';
import {optional, value} from '../key.ts';
import type {Gather, Place} from '../problems.ts';
import {grace, oneOf, signal} from '../scalars.ts';
import type {Settings} from '../shape.ts';
import {sharing} from '../sharing.ts';
import {noteWrapped} from '../wrappers.ts';
import {type Shell, stopToOf} from './shell.ts';

const KEYS = {
	stop_signal: value(signal, 'signal', 'TERM', 'asks it to exit'),
	stop_grace_period: value(grace, 'duration | unlimited', '5s', 'how long it has from then until KILL'),
	stop_to: optional(
		oneOf<Service['stopTo']>(['main', 'group']), 'main | group', 'main; group with shell',
		'what stop_signal, reload and archonctl signal reach; group: also what runs behind a wrapper',
	),
	kill_mode: value(
		oneOf<Service['killMode']>(KILL_MODES), KILL_MODES.join(' | '), 'tree',
		'what is killed with it: everything it started, its process group, or only its main process',
	),
};

type Own = Settings<typeof KEYS> & Shell;

const shared = sharing<StopPolicy>();

export const stop = {
	keys: KEYS,
	reads: ['shell'],
	words: () => ({
		names: {
			stop_signal: 'KillSignal killsig down-signal term-signal',
			stop_grace_period: 'stopwaitsecs stop_timeout stopTime TimeoutStopSec kill_timeout kill-delay timeout-kill grace_period '
				+ 'graceful_timeout shutdown_timeout terminationGracePeriodSeconds',
		},
		others: [
			['shutdown', 'stop_signal', 'write stop_signal, stop_grace_period and pre_stop'],
			['killasgroup stopasgroup', 'stop_to', 'write stop_to: group'],
			['treekill', null, 'remove it: archon kills everything that the service started'],
			['SendSIGKILL', null, 'remove it: what outlives stop_grace_period is killed'],
		],
	}),
	advise(service: Written<Own>, advising: Advising) {
		const {name, map, settings: {stop_signal: number, stop_grace_period: grace}} = service;
		const place = map.entries.get('stop_grace_period')?.value;
		if (place) noteHurried(name, {place, key: 'stop_grace_period', grace}, advising.shutdownGrace, advising.notes.gather);
		if (number !== SIG.TERM && number !== SIG.KILL) noteWrapped(service, 'stop_signal', advising);
	},
	plan: (settings: Own): Part => ({
		stop: shared({signal: settings.stop_signal, grace: settings.stop_grace_period}), stopTo: stopToOf(settings), killMode: settings.kill_mode,
	}),
} satisfies ServiceGroup;

/** A service's own grace period has no effect beyond that of the shutdown. */
export function noteHurried(
	name: string, written: {readonly place: Place; readonly key: string; readonly grace: Millis}, limit: Millis, note: Gather,
): void {
	if (written.grace > limit) note(written.place, `${written.key} is longer than shutdown.grace_period, and a shutdown cuts it`, name);
}
