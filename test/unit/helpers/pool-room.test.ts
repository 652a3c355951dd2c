/** How many clients a pool has room for. */
import {expect, test} from 'vitest';
import {roomOf} from '../../../src/helpers/pool/room.ts';

test.each([[1_048_576, 6, 1024, 64], [8192, 256, 1024, 64], [1024, 6, 165, 23], [256, 3, 34, 4], [64, 3, 1, 2]])(
	'with %i files and %i nodes there is room for %i clients, and %i more are refused', (limit, nodes, clients, refused) => {
		expect(roomOf(limit, nodes)).toEqual({clients, refused});
	});
