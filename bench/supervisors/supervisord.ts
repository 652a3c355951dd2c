/** supervisord: one ini file. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Job, type Log, numbers, type Supervisor} from './supervisor.ts';

const file = ({folder}: Job): string => join(folder, 'supervisord.conf');

export const supervisord: Supervisor = {
	name: 'supervisord',
	packages: ['supervisor'],
	programs: ['supervisord', 'supervisorctl'],
	manner: 'startsecs=0, autorestart=true; its loop looks at its children once a second',
	most: Infinity,
	start(job) {
		const {folder, program, log} = job;
		const programs = numbers(job).map(number => `[program:s${number}]
command=${program} ${number}
autorestart=true
startsecs=0
stopwaitsecs=5
${log ? logging(log) : 'stdout_logfile=NONE\nstderr_logfile=NONE\n'}`);
		writeFileSync(file(job), `[supervisord]
nodaemon=true
user=root
minfds=${4 * job.count + 1024}
logfile=/dev/null
logfile_maxbytes=0
pidfile=${join(folder, 'supervisord.pid')}
childlogdir=${folder}
[unix_http_server]
file=${join(folder, 'supervisor.sock')}
[supervisorctl]
serverurl=unix://${join(folder, 'supervisor.sock')}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
${programs.join('')}`);
		return {command: ['supervisord', '-c', file(job)]};
	},
	status: job => ['supervisorctl', '-c', file(job), 'status'],
	end: {signal: 'SIGTERM'},
	logs: ['file', 'pipe'],
};

const logging = (log: Log): string => (log.kind === 'pipe'
	? 'stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nstderr_logfile=NONE\n'
	: `stdout_logfile=${join(log.folder, 'log')}
stdout_logfile_maxbytes=${log.size}
stdout_logfile_backups=${log.files}
stderr_logfile=NONE
`);
