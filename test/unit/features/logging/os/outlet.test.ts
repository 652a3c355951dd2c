/** Lines on their way out of archon. */
import {expect, test} from 'vitest';
import {oblivion} from '../../../../../src/os/reexec/handoff.ts';
import {createOutlet} from '../../../../../src/features/logging/os/outlet.ts';
import {createQueue} from '../../../../../src/features/logging/os/queue.ts';
import {turn} from '../../../../../src/os/reactor.ts';

test('what is said in a turn is written together once that is over', () => {
	const written: string[] = [];
	const outlet = createOutlet(createQueue(oblivion().blocks, 'x'), queue => {
		const text = Buffer.concat(queue.peek(1000)).toString();
		written.push(text);
		queue.take(text.length);
		return 'written';
	}, {here: () => ''});
	outlet.put(Buffer.from('web ended\n'), 'archon', false);
	outlet.put(Buffer.from('started web\n'), 'archon', false);
	expect(written).toEqual([]);
	turn(0);
	expect(written).toEqual(['web ended\nstarted web\n']);
	outlet.put(Buffer.from('more\n'), 'archon', false);
	let isIdle = false;
	outlet.whenIdle(() => {
		isIdle = true;
	});
	expect(isIdle).toBe(false);
	turn(0);
	expect([isIdle, written.at(-1)]).toEqual([true, 'more\n']);
});
