/** Rows of archon's for tests of pages. */
import type {GraphRow} from '../../../../../src/control/requests/graph/wire.ts';
import type {StatusRow} from '../../../../../src/control/requests/status/wire.ts';
import type {Seen} from '../../../../../src/helpers/web/page/frame.ts';

export const NOW = 1_700_000_000_000;

export const row = (name: string, status: string, more: Partial<StatusRow> = {}): StatusRow => ({
	name, status, pid: null, since: NOW - 3_600_000, restarts: 0, exit: null, type: 'daemon', note: '', groups: [], wanted: true, by: 'config',
	ruled: null, next: null, ...more,
});

export const need = (name: string, other: string, more: Partial<Extract<GraphRow, {kind: 'need'}>> = {}): GraphRow =>
	({kind: 'need', name, other, condition: 'service_started', strength: 'hard', isMet: true, restarts: false, ...more});

export const WATCHER: Seen = {role: 'observe', isSession: false, csrf: null};
export const OPERATOR: Seen = {role: 'operate', isSession: true, csrf: 'c"srf'};

/** What a service may say to become markup. */
export const HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', `' onmouseover='alert(1)`, '</title><svg/onload=alert(1)>', '{{body}}', '$&'];

/** The markup of a page without what its attributes hold. */
export const tags = (html: string): readonly string[] => html.replaceAll(/"[^"]*"/g, '').match(/<[^>]*>/g) ?? [];
