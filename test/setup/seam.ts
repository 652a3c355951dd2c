/** Gives each test file the seam, and archon's event loop its turns between those of Node. */
import '../../scripts/under-node.ts';
import {afterAll} from 'vitest';

const {turn} = await import('../../src/os/reactor.ts');
const turns = setInterval(() => turn(0), 1);
afterAll(() => clearInterval(turns));
