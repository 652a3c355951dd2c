/** Debian's Chromium (package `chromium`), for tests and pictures of the status page. */
import puppeteer, {type Browser} from 'puppeteer-core';

/** On loopback only: it looks up no name, and fetches nothing of its own. */
export const openBrowser = async (): Promise<Browser> => puppeteer.launch({
	executablePath: '/usr/bin/chromium', pipe: true, headless: true,
	args: [
		'--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
		'--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
	],
});
