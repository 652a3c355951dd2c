/** How parts that are loaded by need are written for the engine, and for Node. */
import {expect, test} from 'vitest';
import {forEngine, forNode} from '../../../scripts/by-need.ts';

test('under Node a part is imported with the file that names it, and no line moves', () => {
	const source = 'const one = byNeed(() => import(\'./one.ts\'));\nconst two = byNeed(() => import(\'../two.ts\'));\n';
	expect(forNode(source)).toBe('const one = byNeed(() => part_1);\nconst two = byNeed(() => part_2);\n'
		+ 'import * as part_1 from \'./one.ts\';import * as part_2 from \'../two.ts\';');
	expect(forNode('nothing\n')).toBe('nothing\n');
});

test('the engine is asked for it by the name of its module', () => {
	const module = 'function byNeed(load) {}\nvar one = byNeed(() => import("./ONE.js"));\nvar two = byNeed$1(() => import("./TWO.js"));\n'
		+ 'var three = byNeed(() => import("./THREE.js").then((n) => n.t));\n';
	expect(forEngine('main.js', module)).toBe(
		'function byNeed(load) {}\nvar one = byNeed(() => native.part("ONE.js"));\nvar two = byNeed$1(() => native.part("TWO.js"));\n'
		+ 'var three = byNeed(() => native.part("THREE.js").t);\n',
	);
});

test('any other use ends the build', () => {
	expect(() => forEngine('main.js', 'byNeed(load);')).toThrow('main.js: byNeed is to be used as');
	expect(() => forEngine('main.js', 'byNeed(() => import("./ONE.js").then(x => x));')).toThrow('main.js');
});
