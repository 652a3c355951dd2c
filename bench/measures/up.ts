/** From the moment that PID 1 is executed until the last of the services says that it runs. */
import {type Found, NOTHING, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import {type Count, MIDDLE} from '../rows.ts';
import {firstOf} from '../witness.ts';
import type {World} from '../world.ts';

const patience = ({choice}: Kit, count: Count): number => (count > MIDDLE && !choice.isQuick ? 60_000 : 20_000);

export async function measureUp(kit: Kit, {witness, began, isOver, lastWords}: World, count: Count): Promise<Found> {
	const id = `up-${count}`;
	const isUp = await witness.until(signs => signs.length > count && firstOf(signs, 'born').size === count, patience(kit, count), isOver);
	const born = firstOf(witness.signs, 'born');
	if (isUp) return {...NOTHING, samples: {[id]: [Math.max(...[...born.values()].map(({at}) => at)) - began]}};
	if (isOver()) return refuse([id], `ended with ${born.size} of ${count} up: ${lastWords()}`);
	return refuse([id], `${born.size} of ${count} were up after ${patience(kit, count) / 1000} s`);
}
