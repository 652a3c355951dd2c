/**
 * What archon does once while it is built, so that the executable holds the outcome: modules that are loaded
 * and functions that are compiled, because they were called. Nothing of it touches the machine.
 */
import {runCli} from './cli/commands.ts';
import {formatProblem} from './config/problems.ts';
import {plan} from './config/plan.ts';
import {create, type State} from './core/state.ts';
import {record} from './kernel/life.ts';
import {narrate} from './core/narrate.ts';
import type {Effect, Event} from './core/model.ts';
import {readAll, writeAll} from './core/memory.ts';
import {oblivion} from './kernel/ledger.ts';
import {labelled, raw} from './kernel/logging/format.ts';
import {cutLines} from './kernel/logging/lines.ts';
import {createRing} from './kernel/logging/ring.ts';
import {step} from './core/supervisor.ts';
import './daemon.ts';
import './kernel/signals.ts';
import './kernel/users.ts';
import './config/read.ts';

const CONFIG = `services:
  db: {command: db --port 1, user: root, environment: {A: b}, ready: {tcp: "127.0.0.1:1"}, healthcheck: {test: "true", interval: 1s}}
  migrate:
    type: oneshot
    command: [migrate, now]
    depends_on: {db: {condition: service_healthy}}
  web:
    command: web --bind 0.0.0.0
    scale: 2
    restart: on-failure:5
    stop_grace_period: 5s
    depends_on: [migrate]
    logging: {driver: file, options: {path: /var/log/web.log}}
shutdown: {grace_period: 9s}
`;

export function rehearse(): void {
	const surroundings = {
		environment: {PATH: '/bin'}, readFile: () => ({ok: false, error: {missing: true, problem: NOTHING}}) as const,
		findUser: () => ({ok: true, value: null}) as const,
	};
	const planned = plan([{file: 'archon.yaml', text: CONFIG}], null, surroundings);
	if (!planned.ok) throw new Error(planned.error.map(formatProblem).join('\n'));
	live(create(planned.value.services, {...planned.value, sweepGrace: 2000, seed: 1}));
	say();
	runCli(['--help'], {
		connect: () => ({ok: false, error: 'nobody is there'}), rest() {}, env: {}, version: '', stdout() {}, stderr() {}, stdin: () => '',
		isTty: false, uid: 0,
	});
}

const NOTHING = {file: '', line: 1, column: 1, message: '', hint: null};

/** Every service starts, fails once, and ends. */
function live(first: State): void {
	let state = first;
	let now = 0;
	const hear = (event: Event): void => {
		const [after, effects] = step(state, event, now++);
		record(oblivion(), state, after);
		state = after;
		for (const effect of effects) answer(effect);
	};
	const answer = (effect: Effect): void => {
		if (effect.kind === 'changed') narrate(effect.before, effect.after);
		if (effect.kind === 'spawn') hear({kind: 'news', id: effect.id, run: effect.run, news: {kind: 'spawned', pid: 100 + effect.run}});
		if (effect.kind === 'probe') {
			hear({kind: 'news', id: effect.id, run: effect.run, news: {kind: 'probe', purpose: effect.purpose, good: true, found: ''}});
		}
	};
	hear({kind: 'boot'});
	for (const run of [2, 3, 1]) {
		hear({kind: 'news', id: run - 1, run, news: {kind: 'exited', outcome: {kind: 'code', code: run - 2}, survivors: false}});
	}
	hear({kind: 'tick'});
	readAll(writeAll(state));
	hear({kind: 'shutdown', why: ''});
}

/** A few lines on their way. */
function say(): void {
	const bytes = Buffer.from('a line\nanother\n');
	const lines = {bytes, stream: 'stdout', at: 0, isPiece: false, level: null} as const;
	cutLines(bytes, bytes.length, 1024, () => {});
	createRing(1024).put(bytes, 'stdout', 0);
	labelled('web | ', false)(lines);
	raw(lines);
}
