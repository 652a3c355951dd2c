/**
 * What is written for engines, as engines run it: a manifest of `archon export kubernetes` with docker in kubelet's place, which is
 * given the same user, rights, volumes, config and probes; and the compose file of examples/compose.
 */
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, expect, onTestFinished, test} from 'vitest';
import {parseAllDocuments} from 'yaml';
import {LABEL, ROOT} from './places.ts';

const ARCHON = join(ROOT, 'dist', 'archon');
const folder = mkdtempSync(join(tmpdir(), 'archon-engines-'));

async function docker(...args: readonly string[]): Promise<string> {
	const {stdout} = await execa('docker', args, {timeout: 60_000, stdin: 'ignore'});
	return stdout;
}

/** A pod or a ConfigMap, as far as it is looked at. */
interface Manifest {
	readonly kind: string;
	readonly data: Readonly<Record<string, string>>;
	readonly spec: {
		readonly terminationGracePeriodSeconds: number;
		readonly securityContext: {readonly runAsUser?: number; readonly runAsGroup?: number};
		readonly containers: readonly Container[];
		readonly volumes: readonly {readonly name: string; readonly emptyDir?: object; readonly configMap?: object}[];
	};
}

interface Container {
	readonly image: string;
	readonly args?: readonly string[];
	readonly env?: readonly {readonly name: string; readonly valueFrom: {readonly secretKeyRef?: object}}[];
	readonly securityContext: {readonly readOnlyRootFilesystem: boolean; readonly capabilities: {readonly add?: readonly string[]}};
	readonly volumeMounts: readonly {readonly name: string; readonly mountPath: string}[];
	readonly startupProbe: Probe;
	readonly readinessProbe: Probe;
	readonly livenessProbe: Probe;
	readonly terminationMessagePath: string;
}

interface Probe {
	readonly exec: {readonly command: readonly string[]};
}

const started: string[] = [];
afterEach(async () => {
	for (const id of started.splice(0)) await docker('rm', '--force', '--volumes', id);
});

/** As kubelet lays out a ConfigMap: each key is a link into a folder that is exchanged as a whole. */
function configMap(data: Readonly<Record<string, string>>): string {
	const place = mkdtempSync(join(folder, 'config-'));
	chmodSync(place, 0o755);
	mkdirSync(join(place, '..2026'));
	symlinkSync('..2026', join(place, '..data'));
	for (const [key, text] of Object.entries(data)) {
		writeFileSync(join(place, '..2026', key), text);
		symlinkSync(join('..data', key), join(place, key));
	}
	return place;
}

/** Runs what `archon export kubernetes` makes of a config. */
async function run(config: string, options: readonly string[], secrets: Readonly<Record<string, string>> = {}): Promise<Ran> {
	const file = join(folder, 'archon.yaml');
	writeFileSync(file, config);
	const {stdout} = await execa(ARCHON, ['export', 'kubernetes', '--kind', 'pod', '--image', 'archon-probed', ...options, file]);
	const documents = parseAllDocuments(stdout).map(document => document.toJS() as Manifest);
	const {spec} = documents.find(({kind}) => kind === 'Pod') ?? expect.fail('no pod');
	const [container = expect.fail('no container')] = spec.containers;
	const {runAsUser, runAsGroup = 0} = spec.securityContext;
	const log = join(folder, `log-${started.length}`);
	writeFileSync(log, '', {mode: 0o666});
	const mounts = container.volumeMounts.flatMap(({name, mountPath}) => {
		const volume = spec.volumes.find(each => each.name === name);
		const map = documents.find(({kind}) => kind === 'ConfigMap');
		if (volume?.configMap) return ['--volume', `${configMap(map?.data ?? {})}:${mountPath}:ro`];
		// As an emptyDir is made.
		return ['--tmpfs', `${mountPath}:mode=0777`];
	});
	const id = await docker(
		'run', '--detach', '--label', `${LABEL}=yes`, '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
		...(container.securityContext.capabilities.add ?? []).flatMap(name => ['--cap-add', name]),
		...container.securityContext.readOnlyRootFilesystem ? ['--read-only'] : [],
		...runAsUser === undefined ? [] : ['--user', `${runAsUser}:${runAsGroup}`],
		...mounts, '--volume', `${log}:${container.terminationMessagePath}`,
		...(container.env ?? []).flatMap(({name, valueFrom}) => (valueFrom.secretKeyRef && secrets[name] ? ['--env', `${name}=${secrets[name]}`] : [])),
		container.image, ...container.args ?? [],
	);
	started.push(id);
	return {
		id, container, log,
		passes: async ({exec: {command}}) => (await execa('docker', ['exec', id, ...command], {reject: false, timeout: 60_000})).exitCode === 0,
		async stop() {
			await docker('stop', '--time', String(spec.terminationGracePeriodSeconds), id);
			return docker('inspect', '--format', '{{.State.ExitCode}}', id);
		},
	};
}

interface Ran {
	readonly id: string;
	readonly container: Container;
	/** The termination message. */
	readonly log: string;
	readonly passes: (probe: Probe) => Promise<boolean>;
	readonly stop: () => Promise<string>;
}

const SERVICES = `
  web: {command: httpd -f -p 8080 -h /tmp, ready: {tcp: "127.0.0.1:8080"}, ports: [{name: http, port: 8080}]}
  asked: {command: "sh -c 'echo token is $$ACCESS_TOKEN; exec sleep 1000'", environment: {ACCESS_TOKEN: "\${ACCESS_TOKEN}"}}
`;

test('a pod with services of several users has the rights that it takes, and no others', async () => {
	const pod = await run(`services:
  db: {command: "sh -c 'id -u >$$STATE_DIRECTORY/who; exec sleep 1000'", user: "1001:1001", state_directory: db, runtime_directory: db}
${SERVICES}`, [], {ACCESS_TOKEN: 'abc'});
	await expect.poll(() => pod.passes(pod.container.startupProbe)).toBe(true);
	expect(await pod.passes(pod.container.readinessProbe)).toBe(true);
	expect(await pod.passes(pod.container.livenessProbe)).toBe(true);
	await expect.poll(() => docker('exec', pod.id, 'cat', '/var/lib/db/who')).toBe('1001');
	await expect.poll(() => docker('logs', pod.id)).toContain('token is abc');
	// It may signal the processes of others, and end what hangs.
	await docker('exec', pod.id, 'archonctl', 'restart', 'db');
	await docker('exec', pod.id, 'archonctl', 'stop', 'web');
	expect(await pod.passes(pod.container.livenessProbe)).toBe(true);
	expect(await pod.stop()).toBe('0');
	expect(readFileSync(pod.log, 'utf8')).not.toBe('');
});

test('a pod with one user has no rights at all', async () => {
	const pod = await run(`archon: {state_dir: /var/lib/archon}\nservices:${SERVICES}`, ['--user', '1000']);
	await expect.poll(() => pod.passes(pod.container.startupProbe)).toBe(true);
	expect(await docker('exec', pod.id, 'grep', 'CapEff', '/proc/1/status')).toMatch(/\t0+$/);
	expect(await docker('exec', pod.id, 'id', '-u')).toBe('1000');
	expect(await pod.passes(pod.container.livenessProbe)).toBe(true);
	expect(await pod.stop()).toBe('0');
});

test('the compose file of the examples comes up healthy, and answers', {timeout: 300_000}, async () => {
	const compose = async (...args: readonly string[]): Promise<string> => {
		const {stdout} = await execa('docker-compose', ['--project-name', 'archontest', ...args], {
			cwd: join(ROOT, 'examples/compose'), timeout: 100_000, stdin: 'ignore', env: {WEB_PORT: '0'},
		});
		return stdout;
	};
	onTestFinished(async () => void await compose('down', '--volumes'));
	await compose('up', '--detach', '--no-build');
	const id = await compose('ps', '--quiet', 'web');
	await expect.poll(() => docker('inspect', '--format', '{{.State.Health.Status}}', id), {timeout: 60_000}).toBe('healthy');
	const address = await compose('port', 'web', '80');
	expect(await (await fetch(`http://${address}/`)).text()).toMatch(/^hello from redis, visit \d+\n$/);
	await compose('stop');
	expect(await docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
});
