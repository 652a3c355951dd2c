/** Services as `archonctl top` sees them, and what it shows as text. */
import type {StatusRow} from '../../../../src/control/requests/status/wire.ts';
import type {LogRow} from '../../../../src/features/logging/requests/logs/rows.ts';
import {type Effect, press} from '../../../../src/cli/top/keys.ts';
import {newTop, type Top, withServices} from '../../../../src/cli/top/state.ts';
import {view} from '../../../../src/cli/top/view.ts';

export const NOW = 1_700_000_000_000;

const ASKED = {wanted: true, by: 'config', ruled: null, next: null};

export const row = (name: string, more: Partial<StatusRow> = {}): StatusRow =>
	({name, status: 'running', pid: 1234, since: NOW - 192_000, restarts: 0, exit: null, type: 'daemon', note: '', groups: [], ...ASKED, ...more});

export const SERVICES = [
	row('redis', {pid: 17, groups: ['backend']}),
	row('migrate', {status: 'exited', pid: null, exit: 0, note: 'exit 0', since: NOW - 7_300_000, type: 'oneshot'}),
	row('app', {pid: 41, restarts: 12, note: 'last run: SIGKILL', exit: 137, groups: ['backend']}),
	row('nginx', {status: 'waiting', pid: null, note: 'waits for app (backoff)'}),
	row('cron', {status: 'failed', pid: null, note: 'executing /usr/sbin/cron: no such file or directory', since: NOW - 1000}),
	row('worker:0', {pid: 50, since: NOW - 90_000_000}),
	row('worker:1', {pid: 51, status: 'unhealthy', restarts: 3, note: 'healthcheck: exit status 1'}),
];

export const topOf = (rows = 24, columns = 80, services: readonly StatusRow[] = SERVICES): Top =>
	withServices(newTop({rows, columns}), services);

export const line = (text: string, more: Partial<Extract<LogRow, {kind: 'line' | 'part'}>> = {}): LogRow =>
	({kind: 'line', name: 'redis', stream: 'stdout', at: NOW, text, ...more});

/** After keys, one after the other. */
export const pressed = (top: Top, ...keys: readonly string[]): Top => keys.reduce((top, key) => press(top, key).top, top);

/** What the last of them asks for. */
export function effectOf(top: Top, ...keys: readonly string[]): Effect | null {
	return press(pressed(top, ...keys.slice(0, -1)), keys.at(-1) ?? '').effect;
}

/** The screen as text between lines, so that a snapshot shows its size. */
export function shown(top: Top): string {
	const {rows, size: {columns}} = view(top, NOW);
	const lines = rows.map(spans => [...spans.map(({text}) => text).join('')].slice(0, columns).join('').trimEnd());
	return `\n${lines.join('\n')}\n${'─'.repeat(columns)}`;
}
