/** What a notification says of descriptors that are to be kept (sd_notify(3)). */
import {expect, test} from 'vitest';
import {readStoring} from '../../../../src/features/sockets/os/store.ts';

const NOTHING = {stores: false, removes: null, name: 'stored', isPolled: true};

test.each([
	['', NOTHING],
	['FDSTORE=1', {...NOTHING, stores: true}],
	['FDSTORE=1\nFDNAME=cache\nFDPOLL=0\n', {stores: true, removes: null, name: 'cache', isPolled: false}],
	['FDSTOREREMOVE=1\nFDNAME=cache', {...NOTHING, removes: 'cache', name: 'cache'}],
	['FDSTOREREMOVE=1', NOTHING],
	['FDSTORE=0\nFDPOLL=1', NOTHING],
	['FDSTORE=1\nFDNAME=a:b', {...NOTHING, stores: true}],
	['FDSTORE=1\nFDNAME=a\x07', {...NOTHING, stores: true}],
	[`FDSTORE=1\nFDNAME=${'x'.repeat(255)}`, {...NOTHING, stores: true, name: 'x'.repeat(255)}],
	[`FDSTORE=1\nFDNAME=${'x'.repeat(256)}`, {...NOTHING, stores: true}],
	['FDNAME=a\nFDSTORE=1\nFDNAME=b', {...NOTHING, stores: true, name: 'b'}],
	[`${'X=1\n'.repeat(64)}FDSTORE=1`, NOTHING],
])('%j', (text, said) => {
	expect(readStoring(text)).toEqual(said);
});
