/** `archon export kubernetes` and `archon check --for` as people call them: what they say, where, and with which status. */
import {copyFileSync, mkdirSync, mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {parseAllDocuments} from 'yaml';
import {ARCHON} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-export-'));
const file = join(folder, 'archon.yaml');
writeFileSync(file, 'services: {web: {command: web, user: app, environment: {API_TOKEN: "${API_TOKEN}"}}}\n');
const image = join(folder, 'image');
for (const inner of ['etc', 'bin']) mkdirSync(join(image, inner), {recursive: true});
// A program that needs nothing else.
copyFileSync(ARCHON, join(image, 'bin/web'));
writeFileSync(join(image, 'etc/passwd'), 'app:x:1234:5678::/:/bin/sh\n');
writeFileSync(join(image, 'etc/group'), 'app:x:5678:\n');

async function archon(...args: readonly string[]): Promise<{readonly status: number | undefined; readonly out: string; readonly err: string}> {
	const {exitCode, stdout, stderr} = await execa(ARCHON, args, {reject: false, stdin: 'ignore', env: {API_TOKEN: 'of-this-machine', ARCHON_CONFIG: file}});
	return {status: exitCode, out: stdout, err: stderr};
}

test('manifests go to stdout, and what to know of them to stderr', async () => {
	const {status, out, err} = await archon('export', 'kubernetes', '--name', 'shop', file);
	expect(status).toBe(0);
	expect(parseAllDocuments(out).map(document => (document.toJS() as {kind: string}).kind)).toEqual(['Deployment', 'ConfigMap']);
	expect(err.split('\n')).toEqual([
		expect.stringMatching(/^note: archon begins as root to run services as app: /),
		'note: secrets are yours to make: kubectl create secret generic shop-secrets --from-literal=API_TOKEN=…',
	]);
	expect(out + err).not.toContain('of-this-machine');
	expect((await archon('export', 'kubernetes', '--name=shop')).out).toBe(out);
});

test('an image says which number its user has, and the pod runs as that', async () => {
	const {out, err} = await archon('export', 'kubernetes', '--root', image, file);
	expect(out).toContain('runAsUser: 1234\n        runAsGroup: 5678\n');
	expect(err).not.toContain('root');
	const split = await archon('export', 'kubernetes', '--split', '--root', image, file);
	expect(split.out).toContain('runAsUser: 1234\n');
});

describe('what is not understood is told with what is', () => {
	test.each<readonly [args: string, why: string]>([
		['export', 'usage: archon export kubernetes'], ['export nomad', 'archon exports to kubernetes, and not to nomad'],
		['export kubernetes --kind job', '--kind job: it is one of pod, deployment, statefulset'],
		['export kubernetes --user app', '--user app: Kubernetes takes a number'], ['export kubernetes --name A', '--name A: Kubernetes takes small letters'],
		['export kubernetes --nmae a', 'unknown option --nmae'], ['export kubernetes --image', '--image needs a value'],
		['export kubernetes --root /nowhere', '--root: /nowhere is not a directory'], ['export kubernetes /nowhere.yaml', 'cannot read /nowhere.yaml'],
		['check --for', '--for: archon knows docker and kubernetes'],
		['check --for podman', '--for podman: archon knows docker and kubernetes'], ['check --for docker --grace soon', '--grace soon is not a duration'],
		['check --grace 3s', '--grace is how long an engine waits'],
	])('archon %s', async (args, why) => {
		const {status, out, err} = await archon(...args.split(' '));
		expect([status, out]).toEqual([100, '']);
		expect(err).toContain(why);
	});
});

test.each(['export --help', 'export kubernetes --help', 'check --help', 'check -h', 'import --help', 'init --help', 'schema --help', 'up --help'])(
	'archon %s is the help', async args => {
		const {status, out, err} = await archon(...args.split(' '));
		expect([status, err, out]).toEqual([0, '', (await archon('--help')).out]);
	},
);

test('problems of a config come all together, with their places', async () => {
	const broken = join(folder, 'broken.yaml');
	writeFileSync(broken, 'services:\n  a: {comand: a}\n  b: {command: b, restart: x}\n');
	const {status, err} = await archon('export', 'kubernetes', broken);
	expect([status, err.match(/broken\.yaml:\d+:\d+: /g)]).toEqual([100, ['broken.yaml:2:7: ', 'broken.yaml:3:28: ']]);
});

test('where config and engine disagree is shown with its line, and is a problem where notes are', async () => {
	const slow = join(folder, 'slow.yaml');
	writeFileSync(slow, 'shutdown: {grace_period: 45s}\nservices: {a: {command: a}}\n');
	const {status, out} = await archon('check', '--portable', '--for', 'kubernetes', '--grace=40s', slow);
	expect(status).toBe(0);
	expect(out).toContain('slow.yaml:1:26: note: archon may take 45s to stop everything, and kubernetes kills it after 40s\n'
		+ '  1 | shutdown: {grace_period: 45s}\n    |                          ^^^\n    = write shutdown: {grace_period: 39s}');
	expect((await archon('check', '--portable', '--strict', '--for', 'kubernetes', slow)).status).toBe(100);
	expect((await archon('check', '--portable', '--strict', '--for', 'kubernetes', '--grace', '60s', slow)).status).toBe(0);
});
