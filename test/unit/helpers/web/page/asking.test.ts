/** Questions to archon that many visitors have at the same time. */
import {expect, test} from 'vitest';
import type {Hears} from '../../../../../src/control/live-client.ts';
import {STATUS_ROW} from '../../../../../src/control/requests/status/wire.ts';
import {shared} from '../../../../../src/helpers/web/page/asking.ts';
import type {Visitor} from '../../../../../src/helpers/web/visitor.ts';
import {row} from './rows.ts';

let asked: Hears[] = [];
const visitor = (services: readonly string[] | null): Visitor => ({
	role: 'observe', services, isSession: false, csrf: null,
	ask(_, __, hears) {
		asked.push(hears);
		return () => {};
	},
	follow: () => () => {},
});
const answer = (hears: Hears | undefined, name: string): void => {
	hears?.rows?.([STATUS_ROW.encode(row(name, 'running'))]);
	hears?.done({ok: true, value: {kind: 'Ok'}});
};

test('who comes meanwhile hears the same answer, and another one asks where the first is gone', () => {
	asked = [];
	const {services} = shared.of(visitor(['a']));
	const heard: string[] = [];
	const get = (who: string): () => void => services.get(visitor(['a']), result => void heard.push(`${who} ${result.ok ? result.value[0]?.name : ''}`));
	const leave = get('one');
	const leaveAsWell = get('two');
	get('three');
	expect(asked).toHaveLength(1);
	leave();
	expect(asked).toHaveLength(2);
	leaveAsWell();
	expect(asked).toHaveLength(3);
	answer(asked[2], 'web');
	expect(heard).toEqual(['three web']);
	get('four');
	expect([heard.at(-1), asked.length]).toEqual(['four web', 3]);
	shared.forget();
	shared.of(visitor(['a'])).services.get(visitor(['a']), () => {});
	expect(asked).toHaveLength(4);
});

test('what one may see is told to none who may see something else', () => {
	asked = [];
	for (const services of [['b'], ['c'], null]) shared.of(visitor(services)).services.get(visitor(services), () => {});
	expect(asked).toHaveLength(3);
});
