/** Which way a source is fetched: by `curl` where there is one, else by our own HTTP; a folder of this machine as it is. */
import type {Poller} from '../../os/poller.ts';
import {candidates} from '../../os/spawn/lookup.ts';
import {sys} from '../../os/sys.ts';
import {createCurl} from './curl.ts';
import type {Fetcher} from './fetcher.ts';
import {createFolder} from './folder.ts';
import {createHttp} from './http.ts';

/** What is searched where there is no PATH. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** The program `curl`; null: it is not here. */
const findCurl = (path: string | undefined): string | null =>
	[...candidates('curl', path ?? DEFAULT_PATH)].find(each => each.startsWith('/') && sys.access(each, 1) >= 0) ?? null;

export function fetcherFor(source: string, poller: Poller, path: string | undefined): Fetcher {
	if (source.startsWith('file:')) return createFolder(source.slice('file://'.length));
	const curl = findCurl(path);
	return curl === null ? createHttp(source, poller) : createCurl(curl, source, poller);
}
