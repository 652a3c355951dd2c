/** Manifests for Kubernetes: each is one by the published schemas, and says what the config says. */
import {globSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, test} from 'vitest';
import {exportKubernetes, type Exported} from '../../../../src/config/export/kubernetes.ts';
import {KINDS, type Asked} from '../../../../src/config/export/parts.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {ok} from '../../../../src/core/result.ts';
import {around} from '../around.ts';
import {faultsOf, type Manifest, manifestsIn} from './schemas.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const PLAIN: Asked = {name: null, image: null, kind: 'deployment', isSplit: false, isInImage: false, user: null};

function exported(text: string, asked: Partial<Asked> = {}, dotenv: Readonly<Record<string, string>> = {}): Exported {
	const lookups = {...around({SECRET_OF_THIS_MACHINE: 'x', DB_PASSWORD: 'hunter22'}), dotenv, findUser: () => ok(null)};
	const made = exportKubernetes([{file: 'archon.yaml', text}], lookups, {...PLAIN, ...asked}, null);
	return made.ok ? made.value : expect.fail(made.error.map(formatProblem).join('\n'));
}

/** As far as tests look into it. */
interface PodSpec {
	readonly containers: readonly Container[];
	readonly initContainers?: readonly Container[];
	readonly terminationGracePeriodSeconds: number;
	readonly securityContext: Readonly<Record<string, unknown>>;
	readonly volumes: readonly {readonly name: string}[];
}

interface Container {
	readonly name: string;
	readonly image: string;
	readonly command?: readonly string[];
	readonly args?: readonly string[];
	readonly env?: readonly unknown[];
	readonly restartPolicy?: string;
	readonly startupProbe?: Readonly<Record<string, unknown>>;
	readonly readinessProbe?: Readonly<Record<string, unknown>>;
	readonly livenessProbe?: Readonly<Record<string, unknown>>;
	readonly [key: string]: unknown;
}

const podOf = (text: string): PodSpec => {
	const found = manifestsIn(text).find(({kind}) => ['Pod', 'Deployment', 'StatefulSet'].includes(kind)) as Manifest;
	const spec = found['spec'] as PodSpec & {readonly template?: {readonly spec: PodSpec}};
	return spec.template?.spec ?? spec;
};

const one = (services: string, asked: Partial<Asked> = {}): Container => {
	const [container] = podOf(exported(services, asked).text).containers;
	return container ?? expect.fail('no container');
};

/** What the pages show, what images of tests hold, and one config with all that a manifest has a place for. */
const CONFIGS: Readonly<Record<string, string>> = {
	...Object.fromEntries(globSync(['examples/*.yaml', 'packaging/images/*/archon.yaml'], {cwd: ROOT}).sort()
		// A pool's config names files of its image.
		.filter(file => !file.includes('/pool/')).map(file => [file, readFileSync(join(ROOT, file), 'utf8')])),
	all: `
name: Shop_1
shutdown: {grace_period: 20s}
archon: {state_dir: /var/lib/archon}
environment: {TZ: UTC}
secrets: {db: {file: /keys/db}, api: {environment: API_TOKEN}}
configs: {app: {content: "a: b"}}
services:
  cache: {command: cache, ready: {tcp: "127.0.0.1:6379"}, user: "999:998", cap_add: [IPC_LOCK], working_dir: /data}
  db:
    image: postgres:17
    command: postgres
    ready: {log: ready}
    healthcheck: {test: [CMD, pg_isready], interval: 5s, timeout: 3s, retries: 4, on_unhealthy: restart}
    state_directory: db
    stop_signal: INT
  migrate: {type: oneshot, command: "sh -c 'migrate $$(cat x) \${DB_PASSWORD}'", depends_on: {db: {condition: service_healthy}}}
  web:
    command: web --name 'it''s'
    environment: {DB_PASSWORD: "\${DB_PASSWORD}", HOST: "\${HOST:-all}", URL: "db://u:\${DB_PASSWORD}@db"}
    depends_on: {migrate: {condition: service_completed_successfully}, cache: {condition: service_healthy}}
    ports: [{name: http, port: 80}, {name: a-name-that-is-too-long, port: 8443}, {name: dns, port: 53, protocol: udp}]
    healthcheck: {http: "http://localhost:80/up?a=b"}
    secrets: [db, api]
    configs: [{source: app, target: /run/app.conf}]
    pre_start: [prepare]
    post_start: [greet]
    pre_stop: [drain]
    deploy: {resources: {limits: {memory: 512M, cpus: "0.5"}, reservations: {memory: 128M}}}
    logging: {driver: file, options: {path: /var/log/web.log}}
  worker: {command: worker, scale: 2, sockets: [{listen: "unix:/run/w/w.sock"}, {name: in, listen: 7000}], mem_limit: 64m}
  nightly: {type: oneshot, command: nightly, schedule: "0 3 * * *"}
  hourly: {type: oneshot, command: hourly, schedule: {every: 1h}}
  spare: {command: spare, autostart: false}
`,
};

test('there are a dozen of them', () => {
	expect(Object.keys(CONFIGS).length).toBeGreaterThanOrEqual(12);
});

test('what the schemas do not know is refused, and what they know otherwise', async () => {
	const pod = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'a', labels: {any: 'x'}}, spec: {containers: [{name: 'a', image: 'a'}]}};
	expect(await faultsOf(pod)).toEqual([]);
	expect(await faultsOf({...pod, spec: {containers: [{name: 'a', imago: 'a'}]}})).toEqual(['Pod.spec.containers.imago is unknown']);
	expect(await faultsOf({...pod, spec: {containers: [{name: 'a', ports: [{containerPort: '80'}]}]}})).not.toEqual([]);
	expect(await faultsOf({...pod, spec: {}})).not.toEqual([]);
});

describe.each(Object.entries(CONFIGS))('%s', (_, text) => {
	test.each(KINDS.flatMap(kind => [{kind, isSplit: false}, {kind, isSplit: true}]))('as $kind, split: $isSplit', async asked => {
		const first = exported(text, asked);
		for (const manifest of manifestsIn(first.text)) expect(await faultsOf(manifest), JSON.stringify(manifest, null, 1)).toEqual([]);
		expect(exported(text, asked)).toEqual(first);
		const spec = podOf(first.text);
		const names = [...spec.containers, ...spec.initContainers ?? []].map(({name}) => name);
		expect(new Set(names).size).toBe(names.length);
		const mounted = [...spec.containers, ...spec.initContainers ?? []].flatMap(each => each['volumeMounts'] as readonly {readonly name: string}[]);
		const claimed = JSON.stringify(manifestsIn(first.text));
		for (const {name} of mounted) expect(claimed).toMatch(new RegExp(`"name":"${name}","(?:emptyDir|configMap|secret)"|"metadata":\\{"name":"${name}"\\},"spec":\\{"accessModes"`));
		expect(first.text).not.toContain('hunter22');
	});
});

describe('one container', () => {
	const ALL = CONFIGS['all'] ?? '';
	let spec: PodSpec;
	let container: Container;

	beforeAll(() => {
		spec = podOf(exported(ALL, {image: 'shop:1'}).text);
		[container = expect.fail('none')] = spec.containers;
	});

	test('is asked by archonctl health', () => {
		expect([container.startupProbe, container.readinessProbe, container.livenessProbe].map(probe => probe?.['exec'])).toEqual([
			{command: ['archonctl', 'health']}, {command: ['archonctl', 'health']}, {command: ['archonctl', 'health', '--live']},
		]);
	});

	test('has longer than archon may take, and the time in which it is taken out of the endpoints', () => {
		expect(spec.terminationGracePeriodSeconds).toBe(20 + 3 + 5);
		expect(podOf(exported('services: {a: {command: a}}').text).terminationGracePeriodSeconds).toBe(9 + 3);
	});

	test('has no more rights than it needs', () => {
		expect(container['securityContext']).toEqual({
			allowPrivilegeEscalation: false, readOnlyRootFilesystem: true,
			capabilities: {drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'IPC_LOCK', 'KILL', 'SETGID', 'SETUID']},
		});
		expect(spec.securityContext).toEqual({
			runAsUser: 0, seccompProfile: {type: 'RuntimeDefault'}, sysctls: [{name: 'net.ipv4.ip_unprivileged_port_start', value: '0'}],
		});
		const plain = podOf(exported('services: {a: {command: a}}', {user: 1000}).text);
		expect(plain.securityContext).toEqual({
			runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, seccompProfile: {type: 'RuntimeDefault'},
		});
		expect(plain.containers[0]?.['securityContext']).toEqual({
			allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: ['ALL']},
		});
		expect(podOf(exported('services: {a: {command: a}}').text).securityContext).toMatchObject({runAsNonRoot: true});
	});

	test('has the one user that all services have, and then no rights', () => {
		const [services, mixed] = ['services: {a: {command: a, user: "7:8"}, b: {command: b, user: "7:8"}', 'services: {a: {command: a, user: "7:8"}, b: {command: b}}'];
		const pod = podOf(exported(`${services}}`).text);
		expect(pod.securityContext).toMatchObject({runAsNonRoot: true, runAsUser: 7, runAsGroup: 8, fsGroup: 8});
		expect(pod.containers[0]?.['securityContext']).toMatchObject({capabilities: {drop: ['ALL']}});
		expect(podOf(exported(`${services}, c: {command: c, user: app}}`).text).securityContext).toMatchObject({runAsUser: 0});
		expect(podOf(exported(mixed).text).securityContext).toMatchObject({runAsUser: 0});
		expect(exported(mixed, {user: 7}).notes).toEqual([]);
		expect(exported('services: {a: {command: a, user: app}}', {user: 7}).notes)
			.toEqual(['as --user 7 archon cannot run services as app, unless that is the same user']);
	});

	test('has its config at /etc/archon as it is written', () => {
		const map = manifestsIn(exported(ALL).text).find(({kind}) => kind === 'ConfigMap');
		expect(map).toMatchObject({metadata: {name: 'shop-1-config'}, data: {'archon.yaml': ALL}});
		expect(container['volumeMounts']).toContainEqual({name: 'config', mountPath: '/etc/archon', readOnly: true});
		expect(exported(ALL, {isInImage: true}).text).not.toContain('ConfigMap\n');
	});

	test('has variables and secrets as references, and values only where they were given and are no secrets', () => {
		expect(container.env).toEqual([
			{name: 'API_TOKEN', valueFrom: {secretKeyRef: {name: 'shop-1-secrets', key: 'API_TOKEN', optional: true}}},
			{name: 'DB_PASSWORD', valueFrom: {secretKeyRef: {name: 'shop-1-secrets', key: 'DB_PASSWORD', optional: true}}},
			{name: 'HOST', valueFrom: {configMapKeyRef: {name: 'shop-1-env', key: 'HOST', optional: true}}},
		]);
		expect(container['volumeMounts']).toContainEqual({name: 'secrets', mountPath: '/keys/db', subPath: 'db', readOnly: true});
		const given = manifestsIn(exported(ALL, {}, {HOST: 'here', DB_PASSWORD: 'hunter22'}).text);
		expect(given.filter(({kind}) => kind === 'ConfigMap').map(each => each['data'])).toContainEqual({HOST: 'here'});
	});

	test('has volumes for what is written, and a StatefulSet keeps what lasts', () => {
		expect(spec.volumes.map(({name}) => name)).toEqual(['run', 'tmp', 'var-lib-archon', 'var-lib-db', 'var-log', 'config', 'secrets']);
		const stateful = manifestsIn(exported(ALL, {kind: 'statefulset'}).text).find(({kind}) => kind === 'StatefulSet');
		expect(stateful).toMatchObject({
			spec: {volumeClaimTemplates: [{metadata: {name: 'var-lib-archon'}}, {metadata: {name: 'var-lib-db'}}]},
		});
	});

	test('has the ports that are known, each with a name of its own, and a Service', () => {
		expect(container['ports']).toEqual([
			{name: 'http', containerPort: 80, protocol: 'TCP'}, {name: 'a-name-that-is', containerPort: 8443, protocol: 'TCP'},
			{name: 'dns', containerPort: 53, protocol: 'UDP'}, {name: 'in', containerPort: 7000, protocol: 'TCP'},
		]);
		expect(one('services: {a: {command: a, ports: ["127.0.0.1:8080:80", "90/udp"], expose: [9000]}}')['ports']).toEqual([
			{name: 'port-80', containerPort: 80, protocol: 'TCP'}, {name: 'udp-90', containerPort: 90, protocol: 'UDP'},
			{name: 'port-9000', containerPort: 9000, protocol: 'TCP'},
		]);
	});

	test('has limits only where each service has one', () => {
		expect(container['resources']).toEqual({requests: {memory: '144Mi'}});
		expect(one('services: {a: {command: a, mem_limit: 64m, cpus: 0.5}, b: {command: b, mem_limit: 32m, cpus: 1}}')['resources'])
			.toEqual({limits: {cpu: '1500m', memory: '112Mi'}});
	});

	test('says why it ended as archon does', () => {
		expect(container).toMatchObject({terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'FallbackToLogsOnError'});
	});

	test('is scraped where web shows metrics to others', () => {
		const web = (listen: string, show: string): string => exported(`web: {listen: "${listen}", show: [${show}]}\nservices: {a: {command: a}}`).text;
		const shown = web('0.0.0.0:9180', 'health, metrics');
		expect(manifestsIn(shown)[0]).toMatchObject({spec: {template: {metadata: {annotations: {
			'prometheus.io/scrape': 'true', 'prometheus.io/port': '9180', 'prometheus.io/path': '/metrics',
		}}}}});
		expect(podOf(shown).containers[0]?.['ports']).toEqual([{name: 'web', containerPort: 9180, protocol: 'TCP'}]);
		for (const other of [web('0.0.0.0:9180', 'health'), web('127.0.0.1:9180', 'metrics')]) expect(other).not.toContain('prometheus.io');
	});

	test('without a daemon is a pod that runs once', () => {
		const {text, notes} = exported('services: {a: {type: oneshot, command: a}}', {kind: 'pod'});
		expect(manifestsIn(text)[0]?.['spec']).toMatchObject({restartPolicy: 'OnFailure'});
		expect(podOf(text).containers[0]?.readinessProbe).toBeUndefined();
		expect(notes).toEqual(['nothing but oneshots: write shutdown: {when_idle: always}, or the pod stays when they are done']);
	});
});

describe('a container for each service', () => {
	test('has no metrics of archon, and says so', () => {
		const {text: split, notes: told} = exported('web: {listen: "0.0.0.0:9180", show: metrics}\nservices: {a: {command: a}}', {isSplit: true});
		expect(split).not.toContain('prometheus.io');
		expect(told).toEqual(['web: there is no archon in a pod that is split']);
	});

	const {text, notes} = exported(CONFIGS['all'] ?? '', {isSplit: true, image: 'shop:1'});
	const spec = podOf(text);
	const byName = (name: string): Container =>
		[...spec.initContainers ?? [], ...spec.containers].find(each => each.name === name) ?? expect.fail(`no ${name}`);

	test('oneshots and what others need come before, in order; what is needed stays beside them', () => {
		expect(spec.initContainers?.map(({name, restartPolicy}) => [name, restartPolicy])).toEqual([
			['cache', 'Always'], ['db', 'Always'], ['migrate', undefined], ['web-before-1', undefined],
		]);
		expect(spec.containers.map(({name, restartPolicy}) => [name, restartPolicy]))
			.toEqual([['web', undefined], ['worker-0', undefined], ['worker-1', undefined]]);
	});

	test('ready and healthcheck are probes', () => {
		expect(byName('cache')).toMatchObject({startupProbe: {tcpSocket: {port: 6379}}, readinessProbe: {tcpSocket: {port: 6379}}});
		expect(byName('db')).toMatchObject({
			readinessProbe: {exec: {command: ['pg_isready']}, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 4},
			livenessProbe: {exec: {command: ['pg_isready']}, failureThreshold: 4},
		});
		expect(byName('web').readinessProbe).toMatchObject({httpGet: {path: '/up?a=b', port: 80}});
		expect(byName('web').livenessProbe).toBeUndefined();
	});

	test('commands are as they were meant, and secrets are names', () => {
		expect(byName('migrate')).toMatchObject({
			command: ['sh', '-c', 'migrate $$(cat x) $(DB_PASSWORD)'],
			env: [{name: 'DB_PASSWORD', valueFrom: {secretKeyRef: {name: 'shop-1-secrets'}}}, {name: 'TZ', value: 'UTC'}],
		});
		expect(byName('web').env).toEqual([
			{name: 'TZ', value: 'UTC'},
			{name: 'DB_PASSWORD', valueFrom: {secretKeyRef: {name: 'shop-1-secrets', key: 'DB_PASSWORD', optional: true}}},
			{name: 'HOST', value: 'all'}, {name: 'URL', value: 'db://u:$(DB_PASSWORD)@db'},
		]);
	});

	test('images, users, rights and hooks are each one\'s own', () => {
		expect([byName('db').image, byName('web').image]).toEqual(['postgres:17', 'shop:1']);
		expect(byName('cache')).toMatchObject({
			workingDir: '/data',
			securityContext: {runAsNonRoot: true, runAsUser: 999, runAsGroup: 998, capabilities: {drop: ['ALL'], add: ['IPC_LOCK']}},
		});
		expect(byName('web')['lifecycle']).toEqual({postStart: {exec: {command: ['greet']}}, preStop: {exec: {command: ['drain']}}});
		expect(byName('web')['resources']).toEqual({requests: {memory: '128Mi'}, limits: {cpu: '500m', memory: '512Mi'}});
	});

	test('the clock has jobs of its own', () => {
		expect(manifestsIn(text).find(({kind}) => kind === 'CronJob')).toMatchObject({
			metadata: {name: 'shop-1-nightly'}, spec: {schedule: '0 3 * * *', concurrencyPolicy: 'Forbid'},
		});
	});

	test('what has no words there is said', () => {
		expect(notes).toMatchInlineSnapshot(`
			[
			  "services.spare: what starts on demand has no place in a pod that is split",
			  "/var/lib/archon, /var/lib/db: what is kept there ends with the pod: --kind statefulset claims volumes for it",
			  "services.web: not expressed: logging (its output is the container's)",
			  "services.web: config app: mount a ConfigMap at /run/app.conf, with what the config says",
			  "services.web.healthcheck: kubelet asks at the pod's address: the service must listen there, and not at localhost alone",
			  "services.worker:0: not expressed: sockets (it must bind them itself)",
			  "services.worker:1: not expressed: sockets (it must bind them itself)",
			  "services.cache.ready: kubelet asks at the pod's address: the service must listen there, and not at 127.0.0.1 alone",
			  "services.db: not expressed: stop_signal SIGINT (write STOPSIGNAL into its image)",
			  "services.db.ready: not expressed: a line of its output; give it tcp, http, exec or a healthcheck",
			  "services.web.pre_start: it runs before the first start alone",
			  "secrets are yours to make: kubectl create secret generic shop-1-secrets --from-literal=DB_PASSWORD=… --from-file=db=… --from-file=api=…",
			  "services.hourly.schedule: not expressed: a CronJob runs by a cron expression",
			]
		`);
	});
});

describe('the examples', () => {
	const text = readFileSync(join(ROOT, 'examples/kubernetes/archon.yaml'), 'utf8');

	test.each<readonly [file: string, asked: Partial<Asked>]>([
		['pod.yaml', {kind: 'pod'}], ['deployment.yaml', {}], ['split.yaml', {isSplit: true}],
	])('%s is what archon makes of archon.yaml', async (file, asked) => {
		const made = exported(text, {image: 'shop:1', user: 1000, ...asked}).text;
		await expect(made).toMatchFileSnapshot(join(ROOT, 'examples/kubernetes', file));
		for (const manifest of manifestsIn(made)) expect(await faultsOf(manifest)).toEqual([]);
	});
});

test('problems are those that archon check tells, all together', () => {
	const made = exportKubernetes([{file: 'f', text: 'services: {a: {comand: a}, b: {command: b, restart: x}}'}], around(), PLAIN, null);
	expect(made.ok ? [] : made.error.map(({line, column}) => [line, column])).toEqual([[1, 16], [1, 53]]);
});
