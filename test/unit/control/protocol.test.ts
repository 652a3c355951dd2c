/** Requests and their checks, replies, and rows. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Launch} from '../../../src/control/launch.ts';
import {decodeReply, encodeReply, encodeRow, type Reply} from '../../../src/control/protocol.ts';
import {createReader, type Fields} from '../../../src/control/records.ts';
import {decodeRequest, type Request} from '../../../src/control/registry.ts';
import {STATUS_ROW} from '../../../src/control/requests/status/wire.ts';
import {TREE_ROW} from '../../../src/control/requests/tree/wire.ts';

/** The one record of a line. */
function fieldsOf(line: string): Fields {
	const [reading] = createReader().read(new TextEncoder().encode(line));
	if (reading?.kind !== 'record') throw new Error(`not a record: ${JSON.stringify(reading)}`);
	return reading.fields;
}

const decode = (line: string): unknown => {
	const request = decodeRequest(fieldsOf(`${line}\n`));
	return request.ok ? request.value : request.error;
};

function launchOf(line: string): Launch {
	const request = decodeRequest(fieldsOf(`${line}\n`));
	if (!request.ok || !('launch' in request.value)) throw new Error(`no launch: ${JSON.stringify(request)}`);
	return request.value.launch;
}

describe('a command', () => {
	it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
		['Run,/bin/true', ['/bin/true'], {}],
		['Run,/bin/echo hello world', ['/bin/echo', 'hello', 'world'], {}],
		['Run,/bin/echo \'hello world\'', ['/bin/echo', 'hello world'], {}],
		['Run,"/bin/echo ""a b"" c"', ['/bin/echo', 'a b', 'c'], {}],
		['Run,"/bin/sh -c \'echo $A,$B\'",A=1,"B=x,y"', ['/bin/sh', '-c', 'echo $A,$B'], {A: '1', B: 'x,y'}],
		['Run,/bin/sh -c \'kill -9 $$\'', ['/bin/sh', '-c', 'kill -9 $$'], {}],
		['Run,"printf \'a\nb\'"', ['printf', 'a\nb'], {}],
		['Run,a \'\' b', ['a', '', 'b'], {}],
		['Run,a $B *;|>~', ['a', '$B', '*;|>~'], {}],
		['RunV,3,/bin/echo,a b,"c,d",K=v', ['/bin/echo', 'a b', 'c,d'], {K: 'v'}],
		['RunV,2,/bin/echo,K=v', ['/bin/echo', 'K=v'], {}],
		['StartDaemonV,1,sleep,A=,A=b=c', ['sleep'], {A: 'b=c'}],
		['StartDaemon,sleep 1,__proto__=x', ['sleep', '1'], Object.fromEntries([['__proto__', 'x']])],
	])('of %j has its words and its environment', (line, argv, environment) => {
		const launch = launchOf(line);
		expect(launch.argv).toEqual(argv);
		expect(Object.entries(launch.environment)).toEqual(Object.entries(environment));
	});

	it('chooses nothing by itself', () => {
		expect(launchOf('Run,/bin/true')).toMatchObject({
			name: null, cwd: null, user: null, umask: null, restart: {policy: 'no', attempts: null}, stdio: 'log',
		});
	});

	it.each<[string, Partial<Launch>]>([
		['archon.name=z', {name: 'z'}],
		['archon.name=a-b_c.1', {name: 'a-b_c.1'}],
		['archon.cwd=/srv', {cwd: '/srv'}],
		['archon.user=nobody', {user: {user: 'nobody', group: null}}],
		['archon.user=1000:www', {user: {user: '1000', group: 'www'}}],
		['archon.umask=022', {umask: 0o22}],
		['archon.umask=0777', {umask: 0o777}],
		['archon.restart=always', {restart: {policy: 'always', attempts: null}}],
		['archon.restart=on-failure:3', {restart: {policy: 'on-failure', attempts: 3}}],
	])('takes the option %s', (option, choice) => {
		expect(launchOf(`StartDaemon,sleep 1,A=1,${option}`)).toMatchObject({...choice, environment: {A: '1'}});
	});

	it('may bring its own standard streams', () => {
		expect(launchOf('Run,cat,archon.stdio=passed').stdio).toBe('passed');
	});
});

describe('a request that is wrong', () => {
	it.each([
		['frobnicate', 'unknown request: frobnicate'],
		['run,/bin/true', 'unknown request: run'],
		['constructor', 'unknown request: constructor'],
		['x'.repeat(1000), `unknown request: ${'x'.repeat(61)}...`],
		['Run', 'Run: args missing'],
		['StartDaemon', 'StartDaemon: args missing'],
		['Run,', 'Run: args are empty'],
		['Run,"  "', 'Run: args are empty'],
		['Run,echo \'a', 'Run: a single quote is not closed'],
		['Run,/bin/true,NOEQ', 'Run: env field 1 is not key=value'],
		['Run,/bin/true,A=1,', 'Run: env field 2 is not key=value'],
		['Run,/bin/true,=1', 'Run: env field 1 has no valid name: letters, digits and _, no digit first'],
		['Run,/bin/true,1A=1', 'Run: env field 1 has no valid name: letters, digits and _, no digit first'],
		['RunV', 'RunV: argc missing'],
		['RunV,x,a', 'RunV: argc is not a positive number: x'],
		['RunV,0', 'RunV: argc is not a positive number: 0'],
		['RunV,1', 'RunV: argc is 1, but 0 fields follow'],
		['RunV,3,a', 'RunV: argc is 3, but 1 field follows'],
		['RunV,1,a,b', 'RunV: env field 1 is not key=value'],
		['Run,a,archon.name=all', 'Run: archon.name takes up to 64 letters, digits, _, - and ., not a number and not all'],
		['Run,a,archon.name=17', 'Run: archon.name takes up to 64 letters, digits, _, - and ., not a number and not all'],
		['Run,a,archon.cwd=srv', 'Run: archon.cwd takes an absolute path'],
		['Run,a,archon.user=a:b:c', 'Run: archon.user takes a user, or user:group'],
		['Run,a,archon.umask=8', 'Run: archon.umask takes an octal number up to 0777'],
		['Run,a,archon.umask=1000', 'Run: archon.umask takes an octal number up to 0777'],
		['Run,a,archon.restart=always', 'Run: archon.restart is not for this request'],
		['StartDaemon,a,archon.restart=maybe', 'StartDaemon: archon.restart takes no, always, on-failure, on-failure:N or unless-stopped'],
		['StartDaemon,a,archon.stdio=passed', 'StartDaemon: archon.stdio is not for this request'],
		['Run,a,archon.stdio=tty', 'Run: archon.stdio takes passed: three descriptors come with the request'],
		['Run,a,archon.nmae=x', 'Run: unknown option archon.nmae; did you mean archon.name?'],
		['Run,a,x.y=1', 'Run: unknown option x.y; did you mean '
			+ 'archon.name or archon.cwd or archon.user or archon.umask or archon.stdio or archon.terminal?'],
		['StopDaemon', 'StopDaemon: name or pid missing'],
		['StopDaemon,z,NOSUCH', 'StopDaemon: NOSUCH is not a signal'],
		['StopDaemon,z,TERM,soon', 'StopDaemon: soon is not a number of seconds'],
		['StopDaemon,z,TERM,1,2', 'StopDaemon: takes no more than 3 fields: name or pid, signal, seconds'],
		['Start', 'Start: name missing'],
		['Stop,web,', 'Stop: name 2 is empty'],
		[`Restart${',a'.repeat(1001)}`, 'Restart: more than 1000 names'],
		['Signal,web', 'Signal: signal missing'],
		['Signal', 'Signal: name or pid missing'],
		['Signal,web,db', 'Signal: db is not a signal'],
		['Shutdown,now', 'Shutdown: takes no fields'],
		['Tree,web', 'Tree: web is not all'],
		['Upgrade,archon', 'Upgrade: archon is not an absolute path'],
		['Upgrade,/a,/b', 'Upgrade: takes one path'],
		['Attach', 'Attach: name missing'],
		['Attach,a,b', 'Attach: takes one name'],
	])('is told so: %s', (line, error) => {
		expect(decode(line)).toBe(error);
	});
});

describe('a request that is right', () => {
	it.each<[string, Request]>([
		['Status', {kind: 'status', names: []}],
		['Status,web,db*', {kind: 'status', names: ['web', 'db*']}],
		['Tree', {kind: 'tree', which: null}],
		['Tree,all', {kind: 'tree', which: 'all'}],
		['Usage', {kind: 'usage'}],
		['Start,web', {kind: 'start', names: ['web']}],
		['Stop,all', {kind: 'stop', names: ['all']}],
		['Restart,a,b', {kind: 'restart', names: ['a', 'b']}],
		['Signal,web,17,HUP', {kind: 'signal', targets: ['web', '17'], signal: 1}],
		['Shutdown', {kind: 'shutdown'}],
		['Version', {kind: 'version'}],
		['Upgrade', {kind: 'upgrade', path: null}],
		['Upgrade,/a b', {kind: 'upgrade', path: '/a b'}],
		['Attach,run-1', {kind: 'attach', name: 'run-1'}],
		['StopDaemon,z', {kind: 'stop-daemon', target: 'z', signal: null, grace: null}],
		['StopDaemon,17,sigint,0.5', {kind: 'stop-daemon', target: '17', signal: 2, grace: 500}],
		['StopDaemon,z,,3', {kind: 'stop-daemon', target: 'z', signal: null, grace: 3000}],
	])('is understood: %s', (line, request) => {
		expect(decode(line)).toEqual(request);
	});

	it('or wrong, is never too much for the decoder', () => {
		const verb = fc.constantFrom('Run', 'RunV', 'StartDaemon', 'StartDaemonV', 'StopDaemon', 'Start', 'Signal', 'Status', 'x');
		const field = fc.oneof(fc.string(), fc.constantFrom('2', 'a=b', 'archon.name=', 'archon.umask=7', '"', '\''));
		fc.assert(fc.property(verb, fc.array(field), (first, rest) => {
			const request = decodeRequest([first, ...rest]);
			expect(request.ok || request.error.length > 0).toBe(true);
		}));
	});
});

describe('a reply', () => {
	it.each<[Reply, string | null, string]>([
		[{kind: 'Ok'}, null, 'Ok\n'],
		[{kind: 'Ok'}, '8', '@8,Ok\n'],
		[{kind: 'ExitStatus', code: 137}, null, 'ExitStatus,137\n'],
		[{kind: 'Error', reason: 'unknown request: frobnicate'}, null, 'Error,unknown request: frobnicate\n'],
		[{kind: 'Error', reason: 'a, b'}, null, 'Error,"a, b"\n'],
		[{kind: 'Error', reason: 'one\ntwo'}, null, 'Error,one; two\n'],
	])('%j is one line, and is read as it was meant', (reply, tag, line) => {
		expect(encodeReply(reply, tag)).toBe(line);
		if (reply.kind !== 'Error' || !reply.reason.includes('\n')) expect(decodeReply(fieldsOf(line))).toEqual(reply);
	});

	it.each<[Fields]>([[['Row', 'Ok']], [['Hello']], [['ExitStatus']], [['ExitStatus', 'x']]])('is not what %j is', fields => {
		expect(decodeReply(fields)).toBeNull();
	});
});

describe('a row', () => {
	const status = {
		name: 'web', status: 'running', pid: 1234, since: 1_700_000_000_123, restarts: 2, exit: null, type: 'daemon', note: '',
		groups: ['backend', 'all-of-it'], wanted: true, by: 'test', ruled: 1_700_000_000_100, next: 1_700_000_060_000,
	};
	const process = {service: 'web', pid: 12, parent: 1, zombie: false, command: 'nginx: master, a "process"', kind: 'main', started: 1_700_000_000_123, cpu: 40, memory: 4096};

	it('of a service begins with name, status and pid', () => {
		expect(encodeRow(STATUS_ROW.encode(status), '7')).toBe('@7,Row,web,running,1234,1700000000123,2,,daemon,,backend all-of-it,yes,test,1700000000100,1700000060000\n');
	});

	it.each([
		status, {...status, pid: null, exit: 0, note: 'exit status 0', groups: [], wanted: false, by: 'operator', ruled: null, next: null}, {...status, note: 'waiting for db (failed), cache (starting)'},
	])('of a service is read as it was meant: %j', row => {
		const [, ...fields] = fieldsOf(encodeRow(STATUS_ROW.encode(row), null));
		expect(STATUS_ROW.decode(fields)).toEqual(row);
	});

	it.each([process, {...process, service: null}, {...process, zombie: true}])('of a process is read as it was meant: %j', row => {
		const [, ...fields] = fieldsOf(encodeRow(TREE_ROW.encode(row), null));
		expect(TREE_ROW.decode(fields)).toEqual(row);
	});
});
