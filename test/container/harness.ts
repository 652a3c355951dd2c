/**
 * Boots the executable as PID 1 of a real container, and looks at it from outside. What archon's log and
 * status say is read here, in one place; tests speak of services, pids and exit statuses.
 */
import {GenericContainer, getContainerRuntimeClient, type StartedTestContainer, type WaitStrategy} from 'testcontainers';
import {expect} from 'vitest';
import {CHARACTERS, LABEL} from './places.ts';

export interface Boot {
	/** The folder in packaging/images/. */
	readonly image: 'archon' | 'probed' | 'tiny' | 'web' | 'plain' | 'stack' | 'bare' | 'pool';
	/** The content of /etc/archon/archon.yaml, instead of the image's. */
	readonly config?: string;
	/** The content of /etc/archon/conf.d/more.yaml: what is merged over the image's config. */
	readonly more?: string;
	/** The content of /etc/archon/rules.lua. */
	readonly rules?: string;
	/** Behind the entrypoint, as after the image's name in `docker run`. */
	readonly command?: readonly string[];
	readonly entrypoint?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	readonly user?: string;
	readonly readOnly?: boolean;
	/** `--cap-drop ALL --security-opt no-new-privileges`. */
	readonly powerless?: boolean;
	readonly tmpfs?: readonly string[];
	/** Files of this machine that are mounted, by their path in the container. */
	readonly mounts?: Readonly<Record<string, string>>;
	/** `--memory`, in bytes, and no swap beyond it. */
	readonly memory?: number;
	/** `--pids-limit`: processes and threads. */
	readonly pids?: number;
	/** `--init`: docker's own init is PID 1. */
	readonly init?: boolean;
	/** `--pid container:ID`: the processes of another container are seen, and see these. */
	readonly pidsOf?: Box;
	/** `--network container:ID`: addresses and ports are those of another container. */
	readonly networkOf?: Box;
	/** System calls that the container may not make: each is refused with EPERM. */
	readonly forbidden?: readonly string[];
	/** A port to publish on 127.0.0.1. */
	readonly port?: number;
	/** `--stop-signal`: what an image's STOPSIGNAL says. */
	readonly stopSignal?: string;
	/** `-t`: a terminal, at which archon is. */
	readonly tty?: boolean;
}

export interface Service {
	readonly name: string;
	readonly status: string;
	readonly pid: number | null;
	readonly restarts: number;
	readonly since: unknown;
	readonly note: string;
}

export interface Said {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** A container that runs. It is removed when it goes out of scope: `await using box = await boot(…)`. */
export interface Box extends AsyncDisposable {
	readonly id: string;
	/** Runs a program in the container, as `docker exec` does. */
	exec(...command: readonly string[]): Promise<Said>;
	/** What a shell script in the container prints; it must succeed. */
	sh(script: string): Promise<string>;
	/** All services, or the one that is named, by `archonctl status --json`. */
	services(): Promise<readonly Service[]>;
	service(name: string): Promise<Service>;
	/** The pid of a service that must be running. */
	pid(name: string): Promise<number>;
	/** Waits until a service has this status. */
	comesTo(name: string, status: string): Promise<Service>;
	/** What the container printed so far, stdout and stderr in one. */
	log(): Promise<string>;
	/** Waits for a line of the log. */
	says(line: RegExp): Promise<void>;
	/** GET on the published port, from this machine. */
	get(path?: string): Promise<{readonly status: number; readonly text: string}>;
	/** Where the published port is on this machine: `127.0.0.1:32768`. */
	published(): string;
	/** `docker kill --signal`. */
	signal(name: string): Promise<void>;
	/** The window of its terminal gets another size. */
	resize(rows: number, columns: number): Promise<void>;
	/** `docker stop`: TERM, and after this many seconds KILL. The exit status of the container. */
	stop(seconds?: number): Promise<number>;
	/** The exit status of the container, once it has ended; it has a minute to do so. */
	ended(): Promise<number>;
	/** `docker start` after its end: the same container with what it left behind. */
	again(): Promise<void>;
}

/** The wording of archon's own log, as far as tests read it. */
export const SAYS = {
	started: (name: string) => new RegExp(`archon +\\| started ${name} \\(pid \\d+\\)`),
	stopping: (name: string) => new RegExp(`archon +\\| stopping ${name} \\(pid \\d+\\)`),
	stopped: (name: string) => new RegExp(`archon +\\| stopped ${name} `),
	killed: (name: string) => new RegExp(`archon +\\| .*killing ${name} .*SIGKILL`),
	anyKill: /SIGKILL/,
	dropped: /archon +\| .*(dropped|lost)/,
};

/** Starts a container and waits for nothing: what a test needs to have happened, it waits for itself. */
export async function boot(wanted: Boot): Promise<Box> {
	const container = await new Container(wanted).start();
	return new Running(container, wanted);
}

/** Boots, waits for the end, and tells it: for what does its work and is over. */
export async function runOnce(wanted: Boot): Promise<{readonly status: number; readonly log: string}> {
	await using box = await boot(wanted);
	return {status: await box.ended(), log: await box.log()};
}

/** The order in which things appear in a text; what does not appear fails the test. */
export function order(text: string, things: Readonly<Record<string, RegExp>>): string[] {
	const places = Object.entries(things).map(([name, thing]) => ({name, at: text.search(thing)}));
	for (const {name, at} of places) expect(at, `${name} in the log:\n${text}`).toBeGreaterThanOrEqual(0);
	return places.sort((a, b) => a.at - b.at).map(({name}) => name);
}

const AT_ONCE: WaitStrategy = {
	waitUntilReady: async () => {},
	withStartupTimeout: () => AT_ONCE,
	isStartupTimeoutSet: () => true,
	getStartupTimeout: () => 60_000,
};

/** A class because what testcontainers has no method for is protected in it. */
class Container extends GenericContainer {
	constructor(wanted: Boot) {
		super(wanted.image === 'archon' ? 'archon' : `archon-${wanted.image}`);
		this.withLabels({[LABEL]: 'yes'}).withWaitStrategy(AT_ONCE);
		const mounts = Object.entries(wanted.mounts ?? {}).map(([target, source]) => ({source, target, mode: 'rw' as const}));
		this.withBindMounts([{source: CHARACTERS, target: '/characters', mode: 'ro'}, ...mounts]);
		const files = {'archon.yaml': wanted.config, 'conf.d/more.yaml': wanted.more, 'rules.lua': wanted.rules};
		this.withCopyContentToContainer(Object.entries(files).flatMap(([name, content]) =>
			content === undefined ? [] : [{content, target: `/etc/archon/${name}`, mode: 0o644}]));
		if (wanted.command) this.withCommand([...wanted.command]);
		if (wanted.entrypoint) this.withEntrypoint([...wanted.entrypoint]);
		if (wanted.environment) this.withEnvironment({...wanted.environment});
		if (wanted.user !== undefined) this.withUser(wanted.user);
		if (wanted.powerless) this.withDroppedCapabilities('ALL').withSecurityOpt('no-new-privileges');
		if (wanted.tmpfs) this.withTmpFs(Object.fromEntries(wanted.tmpfs.map(folder => [folder, 'rw'])));
		this.hostConfig.ReadonlyRootfs = wanted.readOnly ?? false;
		if (wanted.memory !== undefined) this.hostConfig.Memory = this.hostConfig.MemorySwap = wanted.memory;
		if (wanted.pids !== undefined) this.hostConfig.PidsLimit = wanted.pids;
		if (wanted.init !== undefined) this.hostConfig.Init = wanted.init;
		if (wanted.pidsOf) this.hostConfig.PidMode = `container:${wanted.pidsOf.id}`;
		if (wanted.networkOf) this.withNetworkMode(`container:${wanted.networkOf.id}`);
		if (wanted.forbidden) this.withSecurityOpt(`seccomp=${allBut(wanted.forbidden)}`);
		if (wanted.stopSignal !== undefined) this.createOpts.StopSignal = wanted.stopSignal;
		if (wanted.tty) this.createOpts.Tty = true;
		if (wanted.port !== undefined) {
			this.withExposedPorts(wanted.port);
			this.hostConfig.PortBindings = {[`${wanted.port}/tcp`]: [{HostIp: '127.0.0.1', HostPort: '0'}]};
		}
	}
}

/** A seccomp profile as docker reads it. */
const allBut = (names: readonly string[]): string =>
	JSON.stringify({defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names, action: 'SCMP_ACT_ERRNO', errnoRet: 1}]});

class Running implements Box {
	readonly #container: StartedTestContainer;
	readonly #port: number | undefined;

	constructor(container: StartedTestContainer, {port}: Boot) {
		this.#container = container;
		this.#port = port;
	}

	get id(): string {
		return this.#container.getId();
	}

	async exec(...command: readonly string[]): Promise<Said> {
		const {exitCode, stdout, stderr} = await this.#container.exec([...command]);
		return {status: exitCode, stdout, stderr};
	}

	async sh(script: string): Promise<string> {
		const {status, stdout, stderr} = await this.exec('sh', '-c', script);
		expect(status, `${script}\n${stdout}${stderr}`).toBe(0);
		return stdout;
	}

	async services(): Promise<readonly Service[]> {
		const {status, stdout, stderr} = await this.exec('archonctl', 'status', '--json');
		expect(status, stderr).toBe(0);
		return JSON.parse(stdout) as Service[];
	}

	async service(name: string): Promise<Service> {
		const service = (await this.services()).find(one => one.name === name);
		return service ?? expect.fail(`no service ${name}`);
	}

	async pid(name: string): Promise<number> {
		const {pid} = await this.comesTo(name, 'running');
		return pid ?? expect.fail(`${name} runs without a pid`);
	}

	async comesTo(name: string, status: string): Promise<Service> {
		let last: Service | undefined;
		await expect.poll(async () => {
			// Until the socket is there, archonctl cannot connect.
			last = await this.service(name).catch(() => undefined);
			return last?.status;
		}, {message: `status of ${name}`}).toBe(status);
		return last ?? expect.fail(`no service ${name}`);
	}

	async log(): Promise<string> {
		const {container: {dockerode}} = await getContainerRuntimeClient();
		const bytes = await dockerode.getContainer(this.#container.getId())
			.logs({stdout: true, stderr: true, follow: false});
		return demultiplex(bytes);
	}

	async says(line: RegExp): Promise<void> {
		await expect.poll(() => this.log()).toMatch(line);
	}

	published(): string {
		return `127.0.0.1:${this.#container.getMappedPort(this.#port ?? 0)}`;
	}

	async get(path = '/'): Promise<{readonly status: number; readonly text: string}> {
		const port = this.#port ?? expect.fail('no port was published');
		const url = `http://127.0.0.1:${this.#container.getMappedPort(port)}${path}`;
		try {
			// A connection of its own: one that is kept may be closed by the server just when it is used again.
			const response = await fetch(url, {signal: AbortSignal.timeout(10_000), headers: {connection: 'close'}});
			return {status: response.status, text: await response.text()};
		} catch {
			// The server does not listen yet, or has stopped.
			return {status: 0, text: ''};
		}
	}

	async signal(name: string): Promise<void> {
		await (await this.#docker()).kill({signal: name});
	}

	async resize(rows: number, columns: number): Promise<void> {
		await (await this.#docker()).resize({h: rows, w: columns});
	}

	async stop(seconds = 20): Promise<number> {
		await (await this.#docker()).stop({t: seconds});
		return this.ended();
	}

	async ended(): Promise<number> {
		const result: unknown = await (await this.#docker()).wait({abortSignal: AbortSignal.timeout(60_000)});
		return (result as {readonly StatusCode: number}).StatusCode;
	}

	async again(): Promise<void> {
		await (await this.#docker()).start();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await (await this.#docker()).remove({force: true, v: true});
	}

	async #docker() {
		const {container: {dockerode}} = await getContainerRuntimeClient();
		return dockerode.getContainer(this.#container.getId());
	}
}

/** Docker's log of both streams: frames of a header of 8 bytes, the length in its last four, and the text. */
function demultiplex(bytes: Buffer): string {
	const texts: Buffer[] = [];
	for (let at = 0; at + 8 <= bytes.length;) {
		const length = bytes.readUInt32BE(at + 4);
		texts.push(bytes.subarray(at + 8, at + 8 + length));
		at += 8 + length;
	}
	return Buffer.concat(texts).toString();
}
