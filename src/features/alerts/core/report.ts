/**
 * What the helper `archon.alerts` says to PID 1, read. It speaks with servers in a network, and so PID 1 believes it no more than
 * that: what has another form is no message. Pure.
 */
import {RECEIVERS_MAX, type ReceiverReport, type Report, type Tried} from '../../../core/alerts.ts';
import {isObject, parseObject} from '../../../core/foreign-json.ts';
import {listed} from '../../../core/listed.ts';

/** Characters of a reason, and of all that `archonctl status` shows. */
const [WHY_MAX, WORDS_MAX] = [300, 200];

/** How the helper is; null: it does not say that. */
export function readReport(text: string): Report | null {
	const value = parseObject(text);
	if (!value || !Array.isArray(value['receivers'])) return null;
	const receivers = value['receivers'].slice(0, RECEIVERS_MAX).flatMap((each): readonly ReceiverReport[] => {
		if (!isObject(each) || typeof each['name'] !== 'string' || typeof each['kind'] !== 'string') return [];
		const {name, kind, firing, waiting, delivered, dropped, last, why, next} = each;
		return [{
			name: plain(name).slice(0, 40), kind: plain(kind).slice(0, 10), firing: count(firing), waiting: count(waiting),
			delivered: count(delivered), dropped: count(dropped), last: instant(last), why: plain(why), next: instant(next),
		}];
	});
	return {receivers, why: plain(value['why'])};
}

/** What came of a trial; null: it does not say that. */
export function readTried(text: string): Tried | null {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return null;
	}
	if (!Array.isArray(value)) return null;
	return value.slice(0, RECEIVERS_MAX).flatMap((each: unknown) => (isObject(each) && typeof each['name'] === 'string'
		? [{name: plain(each['name']).slice(0, 40), why: each['why'] === null ? null : plain(each['why'])}] : []));
}

/** A line for `archonctl status`. */
export function wordsOf({receivers, why}: Report): string {
	const words: string[] = [];
	if (why !== '') words.push(`hears of no events: ${why}`);
	const failing = receivers.filter(each => each.why !== '');
	const waiting = receivers.reduce((sum, each) => sum + each.waiting, 0);
	const firing = Math.max(0, ...receivers.map(each => each.firing));
	for (const {name, why} of failing.slice(0, 1)) words.push(`${name}: ${why}`);
	if (failing.length > 1) words.push(`also failing: ${listed(failing.slice(1).map(({name}) => name))}`);
	if (waiting > 0) words.push(`${waiting} not delivered yet`);
	if (firing > 0) words.push(`${firing} firing`);
	return (words.length > 0 ? words.join('; ') : `telling ${listed(receivers.map(({name}) => name))}`).slice(0, WORDS_MAX);
}

const plain = (value: unknown): string =>
	(typeof value === 'string' ? value.replaceAll(/[\0-\x1f\x7f-\x9f]+/g, ' ').slice(0, WHY_MAX) : '');
const count = (value: unknown): number => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0);
const instant = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : null);
