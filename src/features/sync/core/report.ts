/**
 * What the helper `archon.sync` says to PID 1, read. It speaks with a master over the network, and so PID 1 believes it no more
 * than that: what has another form is no message.
 */
import {parseObject} from '../../../core/foreign-json.ts';
import type {Answer, Report} from '../../../core/sync.ts';
import {isVersion} from './version.ts';

/** How the helper is; null: it does not say that. */
export function readReport(text: string): Report | null {
	const value = parseObject(text);
	if (!value) return null;
	const {doing, outcome, failed, others} = value;
	if (typeof doing !== 'string' || typeof outcome !== 'string' || typeof failed !== 'boolean' || !Array.isArray(others)) return null;
	const [version, held] = [versionIn(value['version']), versionIn(value['held'])];
	const [looked, next, expires] = [instantIn(value['looked']), instantIn(value['next']), instantIn(value['expires'])];
	return {version, others: others.map(versionIn).filter(each => each !== null), held, doing, looked, outcome, failed, next, expires};
}

const UNCLEAR: Answer = {ok: false, text: 'archon.sync has answered with something else'};

/** The answer to what the helper was asked for. */
export function readAnswer(text: string): Answer {
	const {ok, text: words} = parseObject(text) ?? {};
	return typeof ok === 'boolean' && typeof words === 'string' ? {ok, text: words} : UNCLEAR;
}

const versionIn = (value: unknown): string | null => (typeof value === 'string' && isVersion(value) ? value : null);
const instantIn = (value: unknown): number | null => (Number.isFinite(value) ? Number(value) : null);
