/** Which rule says whether a service is to run: every combination of all that has a say. */
import {readFileSync} from 'node:fs';
import {describe, expect, it, test} from 'vitest';
import type {Service} from '../../../src/core/service.ts';
import type {Stage} from '../../../src/core/stage.ts';
import {decisionOf, DECIDERS, type Desired, NO_RULINGS, type Rule, type Ruling, type Rulings, type Subject, wanted} from '../../../src/core/wanted.ts';
import {type Case, TOLD, told} from '../../sim/rules.ts';

const STAGES: readonly Stage['kind'][] = ['boot', 'running', 'stopping', 'sweeping', 'over'];
const DESIRED: readonly Desired[] = ['auto', 'needed', 'due', 'start', 'stop'];
const ORIGINS: readonly Service['origin'][] = ['config', 'command', 'run', 'daemon', 'manifest', 'helper', 'shell'];
const RULINGS: readonly (boolean | null)[] = [null, true, false];
const BOTH = [true, false] as const;

const ruling = (runs: boolean, why = ''): Ruling => ({runs, why, at: 0});

function* everyCase(): Iterable<Case> {
	for (const stage of STAGES) for (const desired of DESIRED) for (const origin of ORIGINS) for (const autostart of BOTH) {
		for (const retired of BOTH) for (const trigger of [null, {}]) {
			for (const hitlist of RULINGS) for (const tested of RULINGS) for (const manifest of RULINGS) for (const action of RULINGS) {
				const rulings: Rulings = {
					...hitlist !== null && {hitlist: ruling(hitlist)}, ...tested !== null && {test: ruling(tested)},
					...manifest !== null && {manifest: ruling(manifest)}, ...action !== null && {action: ruling(action)},
				};
				const isEmpty = Object.keys(rulings).length === 0;
				const rest = {stage, desired, retired, trigger, rulings: isEmpty ? NO_RULINGS : rulings};
				for (const isLazy of BOTH) yield {...rest, service: {origin, autostart, isLazy}};
			}
		}
	}
}

test('in every combination the first rule that speaks is obeyed', () => {
	let cases = 0;
	const seen = new Map<Rule, Set<boolean>>();
	for (const subject of everyCase()) {
		const verdict = wanted(subject, {kind: subject.stage});
		const {by, runs} = told(subject);
		if (verdict.by !== by || verdict.runs !== runs) expect({subject, verdict}).toEqual({subject, verdict: {by, runs}});
		seen.set(verdict.by, (seen.get(verdict.by) ?? new Set()).add(verdict.runs));
		cases++;
	}
	expect(cases).toBe(5 * 5 * 7 * 2 * 2 * 2 * 2 * 81);
	expect([...seen.keys()].toSorted()).toEqual([...new Set(TOLD.map(([rule]) => rule))].toSorted());
});

const SUBJECT: Subject = {desired: 'auto', service: {autostart: true, origin: 'config', isLazy: false}, retired: false, rulings: NO_RULINGS, trigger: null};
const LAZY: Subject = {...SUBJECT, service: {autostart: false, origin: 'config', isLazy: false}};
const NO = {hitlist: ruling(false, '/etc/hitlist.txt:3')};

describe('by example', () => {
	it.each<[string, Subject, string]>([
		['nothing is asked', SUBJECT, 'config: yes'],
		['autostart: false', LAZY, 'config: no'],
		['and needed', {...LAZY, desired: 'needed'}, 'dependents: yes'],
		['and due', {...LAZY, desired: 'due'}, 'schedule: yes'],
		['and a connection has started it', {...LAZY, desired: 'due', service: {...LAZY.service, isLazy: true}}, 'connection: yes'],
		['and due for a failure', {...LAZY, desired: 'due', trigger: {}}, 'failure: yes'],
		['the manifest lists it', {...LAZY, rulings: {manifest: ruling(true)}}, 'manifest: yes'],
		['the manifest lists it, and its test says no', {...LAZY, rulings: {manifest: ruling(true), test: ruling(false)}}, 'test: no'],
		['its test says yes, and it is on the hitlist', {...LAZY, rulings: {test: ruling(true), ...NO}}, 'hitlist: no'],
		['on the hitlist and needed', {...LAZY, desired: 'needed', rulings: NO}, 'hitlist: no'],
		['on the hitlist and due', {...LAZY, desired: 'due', rulings: NO}, 'hitlist: no'],
		['on the hitlist, and an operator has started it', {...LAZY, desired: 'start', rulings: NO}, 'operator: yes'],
		['its test says yes, and an operator has stopped it', {...SUBJECT, desired: 'stop', rulings: {test: ruling(true)}}, 'operator: no'],
		['the config does not have it any more', {...SUBJECT, desired: 'start', retired: true}, 'config: no'],
	])('%s', (_, subject, said) => {
		const {by, runs} = wanted(subject, {kind: 'running'});
		expect(`${by}: ${runs ? 'yes' : 'no'}`).toBe(said);
		expect(wanted(subject, {kind: 'stopping'})).toEqual({runs: false, by: 'shutdown'});
	});
});

test('a verdict is not made, but found: it is asked several times in each step', () => {
	expect(wanted(SUBJECT, {kind: 'running'})).toBe(wanted({...SUBJECT}, {kind: 'running'}));
});

test('a decision says who has decided, and why; there is no decision where another rule speaks', () => {
	const texts = (rulings: Rulings): string | undefined => decisionOf({...LAZY, rulings})?.text;
	expect(texts(NO)).toBe('it is on the hitlist (/etc/hitlist.txt:3)');
	expect(texts({test: ruling(false, 'exit status 1')})).toBe('its test said no (exit status 1)');
	expect(texts({test: ruling(true)})).toBe('its test said yes');
	expect(texts({manifest: ruling(true, '/etc/whizzifest.txt:7')})).toBe('the manifest lists it (/etc/whizzifest.txt:7)');
	expect(texts({manifest: ruling(false)})).toBe('not in the manifest');
	expect(decisionOf({...LAZY, desired: 'stop', rulings: NO})).toBeNull();
	expect(decisionOf({...LAZY, rulings: NO}, {kind: 'stopping'})).toBeNull();
	expect(decisionOf(LAZY)).toBeNull();
});

test('the page has the rules in their order', () => {
	const page = readFileSync(new URL('../../../docs/features/what-runs.md', import.meta.url), 'utf8');
	const named = [...page.matchAll(/^\| \d+ \| `(\w+)` \|/gm)].map(([, rule]) => rule);
	const order: readonly string[] = [...new Set(TOLD.slice(1, -1).map(([rule]) => rule))].filter(rule => rule !== 'archon' && rule !== 'config');
	expect(named.filter(rule => rule !== 'config')).toEqual(order);
	expect(DECIDERS).toEqual(order.filter(rule => (DECIDERS as readonly string[]).includes(rule)));
});
