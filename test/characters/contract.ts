/** Runs the cases of the seam's contract, each in a folder of its own below the one that is named, and says what they gave. */
import {sys} from '../../src/os/sys.ts';
import {CASES} from '../machine/contract.ts';

const [, , folder = ''] = sys.arguments();
const given = CASES.map(({run}, i) => {
	sys.mkdir(`${folder}/${i}`, 0o700);
	return run(sys, `${folder}/${i}`);
});
sys.write(1, sys.encodeUtf8(JSON.stringify(given)));
