/**
 * The picture of the status page, docs/images/status-page.png: a real archon (dist/archon) in a real browser. `npm run picture:page`
 * makes it again.
 */
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {openBrowser} from '../browser.ts';
import {undo} from '../undo.ts';

const root = join(import.meta.dirname, '../..');
const [PORT, TOKEN] = [21_179, 'the-token-of-a-picture'];

const sleeper = (more = ''): string => `{command: [sleep, infinity]${more}}`;
const CONFIG = `
web: {listen: "127.0.0.1:${PORT}", tokens: {token_file: FOLDER/token, role: operate}}
services:
  postgres: ${sleeper()}
  migrate: {type: oneshot, command: ['true'], depends_on: {postgres: {}}}
  redis: ${sleeper()}
  api:
    command: [sh, -c, 'while :; do echo "GET /orders 200"; sleep 1; done']
    depends_on: {migrate: {condition: service_completed_successfully}, redis: {}}
    healthcheck: {test: [CMD, sh, -c, 'echo "no answer from :8080/healthz"; exit 1'], interval: 1s, retries: 1}
  nginx: ${sleeper(', depends_on: [redis]')}
  worker: ${sleeper(', scale: 2, depends_on: [redis]')}
  mailer: {command: [sh, -c, 'exit 78'], restart: 'no'}
  report: ${sleeper(', depends_on: {api: {condition: service_healthy}}')}
  backup: {type: oneshot, command: ['true'], schedule: '0 3 * * *'}
`;

const folder = mkdtempSync(join(tmpdir(), 'archon-picture-'));
using _ = undo(() => rmSync(folder, {recursive: true, force: true}));
writeFileSync(join(folder, 'archon.yaml'), CONFIG.replace('FOLDER', folder));
writeFileSync(join(folder, 'token'), `${TOKEN}\n`, {mode: 0o600});
const namespace = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const words = [join(root, 'dist/archon'), '-c', 'archon.yaml', '--socket', join(folder, 'socket')];
const archon = spawn('unshare', [...namespace, ...words], {cwd: folder, stdio: 'ignore'});
using __ = undo(() => archon.kill('SIGKILL'));

const browser = await openBrowser();
const page = await browser.newPage();
await page.setViewport({width: 1120, height: 600});
const address = `http://127.0.0.1:${PORT}`;
const isThere = async (): Promise<boolean> => fetch(`${address}/login`).then(() => true, () => false);
for (let tries = 300; tries > 0 && !await isThere(); tries--) await new Promise(resolve => setTimeout(resolve, 100));
await page.goto(`${address}/login`);
await page.type('#token', TOKEN);
await Promise.all([page.waitForNavigation(), page.click('form[action="/login"] button')]);
await page.waitForSelector('[id="s-api"] .warn', {timeout: 60_000});
await page.waitForFunction(`/\\d %/.test(document.querySelector('[id="s-redis"]').innerText)`, {timeout: 60_000});
const file = join(root, 'docs/images/status-page.png');
mkdirSync(dirname(file), {recursive: true});
await page.screenshot({path: file, fullPage: true});
await browser.close();
