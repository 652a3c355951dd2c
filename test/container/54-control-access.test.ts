/** Who may what in a container: each role with each request, as real users; and a job that may restart one service and nothing else. */
import {expect, it} from 'vitest';
import {ABOUT} from '../../scripts/docs/requests.ts';
import {REQUESTS} from '../../src/control/registry.ts';
import {includes, type Role} from '../../src/core/access.ts';
import {boot, type Box} from './harness.ts';

const USERS: Readonly<Record<number, Role | null>> = {2000: null, 2001: 'observe', 2002: 'operate', 2003: 'admin'};
/** Who has a role for one service, and who has one by a group. */
const [LIMITED, MEMBER] = [2004, 2005];

const config = `
access:
  - {user: 2001, role: observe}
  - {user: 2002, role: operate}
  - {user: 2003, role: admin}
  - {user: ${LIMITED}, role: admin, services: [web]}
  - {group: staff, role: operate, services: ["d*"]}
services:
  web: {command: sleep 1000000, reload: CONT}
  db: {command: sleep 1000000}
  job: {command: sh -c 'exit 3', type: oneshot, restart: "no"}
`;

/** A well-formed request of the verb, that leaves archon as it is as long as it is neither Shutdown nor Reboot. */
function sampleOf(verb: string): string {
	const examples = ABOUT.find(about => about.verb === verb)?.examples ?? [];
	const [request] = examples.find(([, ...answer]) => !answer.at(-1)?.startsWith(`Error,${verb}: `)) ?? [`${verb},/no/such`];
	return request;
}

const quoted = (word: string): string => `'${word.replaceAll('\'', '\'\\\'\'')}'`;

/** The last line of the answer to each, as a user: `Ok`, `Error,…`, `ExitStatus,…`. */
async function ask(box: Box, user: number, requests: readonly string[], groups = '--clear-groups'): Promise<readonly string[]> {
	const words = requests.map(request => `setpriv --reuid=${user} --regid=${user} ${groups} archonctl raw ${quoted(request)} 2>&1 | tail -n 1`);
	return (await box.sh(words.join('\n'))).trim().split('\n');
}

const isRefused = (line: string): boolean => line.includes('request refused: ');

async function ready(): Promise<Box> {
	const box = await boot({image: 'plain', config});
	await box.pid('web');
	await box.pid('db');
	return box;
}

it('each role may what each request says, and no more', async () => {
	await using box = await ready();
	const verbs = REQUESTS.filter(({verb}) => verb !== 'Shutdown' && verb !== 'Reboot');
	const samples = verbs.map(({verb}) => sampleOf(verb));
	for (const [user, role] of Object.entries(USERS)) {
		const answers = await ask(box, Number(user), samples);
		const refused = verbs.map(({verb}, index) => [verb, isRefused(answers[index] ?? '')]);
		expect(refused, answers.join('\n')).toEqual(verbs.map(wire => [wire.verb, role === null || !includes(role, wire.role)]));
	}
	for (const user of [2000, 2001, 2002, LIMITED]) {
		for (const answer of await ask(box, user, ['Shutdown', 'Reboot'])) expect(answer).toMatch(/request refused: /);
	}
	await box.says(/warn: request refused: uid 2000 has no role; see access in the config/);
	// It may be killed with the container before it has said what came of it.
	await box.exec('setpriv', '--reuid=2003', '--regid=2003', '--clear-groups', 'archonctl', 'shutdown');
	expect(await box.ended()).toBe(0);
});

it('who has a role for one service sees and steers this one', async () => {
	await using box = await ready();
	const as = (user: number, ...words: readonly string[]) =>
		box.exec('setpriv', `--reuid=${user}`, `--regid=${user}`, '--groups=50', 'archonctl', ...words);
	const names = async (user: number): Promise<readonly string[]> => (await as(user, 'status')).stdout.trim().split('\n').slice(1).map(line => line.split(' ')[0] ?? '');
	expect(await names(LIMITED)).toEqual(['web', 'db']);
	expect(await names(MEMBER)).toEqual(['db']);
	const [web, db] = [await box.pid('web'), await box.pid('db')];
	expect(await as(LIMITED, 'restart', 'web')).toMatchObject({status: 0});
	expect(await as(MEMBER, 'restart', 'web')).toMatchObject({
		status: 1, stderr: expect.stringContaining('Restart of web takes the role operate, uid 2005 has it for d* only; see access in the config'),
	});
	expect(await as(MEMBER, 'tree')).toMatchObject({stdout: expect.not.stringContaining('web')});
	expect(await box.pid('web')).not.toBe(web);
	expect(await box.pid('db')).toBe(db);
});

it('a job restarts the service that it may restart, and nothing else', async () => {
	const job = 'until test -e /tmp/go; do sleep 0.1; done; archonctl restart web && echo one; archonctl restart db || echo two; '
		+ 'archonctl shutdown || echo three; setpriv --reuid=33 --regid=33 --clear-groups archonctl restart web && echo four; exec sleep 1000000';
	await using box = await boot({image: 'plain', config: `
services:
  web: {command: sleep 1000000}
  db: {command: sleep 1000000}
  cron:
    control: {role: operate, services: [web]}
    command: ["sh", "-c", "${job}"]
  other:
    user: www-data
    command: ["sh", "-c", "until test -e /tmp/go; do sleep 0.1; done; archonctl status || echo five; exec sleep 1000000"]
`});
	const [web, db] = [await box.pid('web'), await box.pid('db')];
	await box.sh('touch /tmp/go');
	for (const word of ['cron +\\| one', 'cron +\\| two', 'cron +\\| three', 'cron +\\| four', 'other +\\| five']) await box.says(new RegExp(word));
	await box.says(/warn: request refused: Restart of db takes the role operate, service cron has it for web only; see access in the config/);
	await box.says(/warn: request refused: Shutdown takes the role admin, service cron has operate; see access in the config/);
	await box.says(/warn: request refused: uid 33 has no role; see access in the config/);
	expect(await box.pid('web')).not.toBe(web);
	expect(await box.pid('db')).toBe(db);
	expect(await box.service('web')).toMatchObject({restarts: 2});
	expect(await box.sh('stat -c "%a" /run/archon /run/archon/archon.sock')).toBe('711\n666\n');
});
