/** Orders and circles, of graphs small, random and deep. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {order} from '../../../src/core/graph.ts';

type Graph = Readonly<Record<string, readonly string[]>>;

const orderOf = (graph: Graph) => order(Object.keys(graph), name => graph[name] ?? []);

describe('order', () => {
	test.each<[Graph, string[]]>([
		[{}, []],
		[{b: [], a: [], c: []}, ['b', 'a', 'c']],
		[{a: ['b'], b: ['c'], c: []}, ['c', 'b', 'a']],
		[{a: [], b: ['d', 'c'], c: [], d: []}, ['a', 'd', 'c', 'b']],
		[{top: ['left', 'right'], left: ['base'], right: ['base'], base: []}, ['base', 'left', 'right', 'top']],
		[{a: ['b', 'b'], b: []}, ['b', 'a']],
		[{a: ['elsewhere']}, ['a']],
	])('of %j', (graph, names) => {
		expect(orderOf(graph)).toEqual({ok: true, value: names});
	});

	test.each<[Graph, string[]]>([
		[{a: ['a']}, ['a']],
		[{a: ['b'], b: ['a']}, ['a', 'b']],
		[{x: [], a: ['x', 'b'], b: ['c'], c: ['a']}, ['a', 'b', 'c']],
		// Entered at c, and told from b on, which is given first.
		[{a: ['c'], b: ['d'], c: ['b'], d: ['c']}, ['b', 'd', 'c']],
	])('finds the circle in %j', (graph, names) => {
		expect(orderOf(graph)).toEqual({ok: false, error: names});
	});

	test('of numbers works as well', () => {
		expect(order([0, 1], id => id === 0 ? [1] : [])).toEqual({ok: true, value: [1, 0]});
	});

	test('of any graph has needs first, or a circle that is one', () => {
		const size = 8;
		const needs = fc.array(fc.uniqueArray(fc.nat(size - 1), {maxLength: 3}), {minLength: size, maxLength: size});
		fc.assert(fc.property(needs, graph => {
			const names = graph.map((_, id) => id);
			const result = order(names, id => graph[id] ?? []);
			if (result.ok) {
				expect([...result.value].sort()).toEqual(names);
				const place = (id: number) => result.value.indexOf(id);
				graph.forEach((of, id) => of.forEach(need => expect(place(need)).toBeLessThan(place(id))));
			} else {
				const circle = result.error;
				expect(new Set(circle).size).toBe(circle.length);
				expect(Math.min(...circle)).toBe(circle[0]);
				circle.forEach((id, i) => expect(graph[id]).toContain(circle[(i + 1) % circle.length]));
			}
		}));
	});

	test('a chain of 100,000 needs no stack, in whichever order it is given', () => {
		const names = Array.from({length: 100_000}, (_, id) => id);
		const needsOf = (id: number) => id + 1 < names.length ? [id + 1] : [];
		expect(order(names, needsOf)).toEqual({ok: true, value: names.toReversed()});
		expect(order(names.toReversed(), needsOf)).toEqual({ok: true, value: names.toReversed()});
	});
});
