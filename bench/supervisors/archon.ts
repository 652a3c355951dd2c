/** archon: one YAML file. */
import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Job, type Log, numbers, type Supervisor} from './supervisor.ts';

const socket = ({folder}: Job): string => join(folder, 'archon.sock');

export const archon: Supervisor = {
	name: 'archon',
	packages: [],
	programs: [],
	manner: 'one YAML file, as it comes; the first restart is at once',
	most: Infinity,
	start(job) {
		const file = join(job.folder, 'archon.yaml');
		const services = numbers(job).map(number =>
			`  s${number}:\n    command: ${job.program} ${number}\n    restart: always\n${job.log ? logging(job.log) : ''}`);
		writeFileSync(file, `services:\n${services.join('')}`);
		if (job.log) {
			const {status, stdout, stderr} = spawnSync(job.archonHere, ['check', file], {encoding: 'utf8'});
			if (status !== 0) return `refused: ${`${stdout}${stderr}`.replaceAll(`${file}:`, '').split('\n')[0]}`;
		}
		return {command: [job.archon, '-c', file, '--socket', socket(job)]};
	},
	status: job => [`${job.archonHere}ctl`, '--socket', socket(job), 'status'],
	requests: {path: socket, record: ({count}) => `Status,s${count - 1}\n`},
	end: {signal: 'SIGTERM'},
	logs: ['file', 'pipe'],
};

const logging = (log: Log): string => (log.kind === 'pipe'
	? '    logging: {driver: prefix}\n'
	: `    logging:
      driver: file
      options: {path: ${join(log.folder, 'log')}, max-size: ${log.size}, max-file: "${log.files}"}
`);
