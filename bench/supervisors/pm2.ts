/** pm2: pm2-runtime with one JSON file. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Job, numbers, type Supervisor} from './supervisor.ts';

const home = ({folder}: Job): string => join(folder, 'pm2');

export const pm2: Supervisor = {
	name: 'pm2',
	packages: [],
	programs: [],
	manner: 'pm2-runtime, fork mode, restart_delay 0',
	most: Infinity,
	start(job) {
		const file = join(job.folder, 'pm2.json');
		const apps = numbers(job).map(number => ({
			name: `s${number}`, script: job.program, args: [String(number)], interpreter: 'none', exec_mode: 'fork', cwd: job.folder,
			autorestart: true, restart_delay: 0, max_restarts: 1_000_000, min_uptime: 0, kill_timeout: 5000,
			vizion: false, pmx: false, out_file: '/dev/null', error_file: '/dev/null',
		}));
		writeFileSync(file, JSON.stringify({apps}));
		return {command: [job.node, join(job.pm2, 'bin', 'pm2-runtime'), 'start', file], environment: {PM2_HOME: home(job)}};
	},
	status: job => ['env', `PM2_HOME=${home(job)}`, job.node, join(job.pm2, 'bin', 'pm2'), 'ls'],
	end: {signal: 'SIGTERM'},
	logs: ['pipe'],
};
