/** One node as people see it, and what is written of its changes where no chart can be. */
import {plainText} from '../../../core/plain.ts';
import type {NodeStatus} from './effect.ts';

export interface NodeRow {
	readonly node: string;
	/** null: of the root. */
	readonly parent: string | null;
	readonly status: NodeStatus;
	readonly pid: number | null;
	/** Of a crash: what its worker has said, which may be many lines. */
	readonly why: string | null;
	/** Since when it has that status, in milliseconds since 1970. */
	readonly since: number;
}

/** Upstream's words, which scripts look for. */
const SIMPLE: Readonly<Record<NodeStatus, string>> = {waiting: 'unbooted', booting: 'booted', ready: 'ready', crashed: 'crashed'};

/** As zeus has it with `--simple-status`. */
export const simpleLine = ({node, status}: NodeRow): string => `environment: ${plainText(node)} status: ${SIMPLE[status]}`;

/** A change as one line: when, the node, its status, its pid or `-`, and why. */
export function changeLine({node, status, pid, why, since}: NodeRow): string {
	const reason = why === null ? '' : ` ${plainText(reasonOf(why))}`;
	return `${new Date(since).toISOString()} ${plainText(node)} ${status} ${pid ?? '-'}${reason}`;
}

/** Of that much of a text the telling line is looked for, and so much of the line is taken. */
const [TEXT_MAX, REASON_MAX] = [16_384, 500];

/** The line of an error's text that tells most: the last one of what Python says, else the first one. */
export function reasonOf(why: string): string {
	const isTrace = why.slice(0, TEXT_MAX).trimStart().match(/^(?:Traceback |File ")/) !== null;
	const lines = (isTrace ? why.slice(-TEXT_MAX) : why.slice(0, TEXT_MAX)).split('\n').filter(line => line.trim() !== '');
	const line = (isTrace ? lines.at(-1) : lines[0]) ?? '';
	return line.trim().slice(0, REASON_MAX);
}
