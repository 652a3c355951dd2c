/** s6: a directory for each service, whose `run` is the program itself, with no shell in between. */
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Job, numbers, type Supervisor} from './supervisor.ts';

const folderOf = ({folder}: Job): string => join(folder, 'services');

export const s6: Supervisor = {
	name: 's6',
	packages: ['s6'],
	programs: ['s6-svscan', 's6-supervise', 's6-svstat', 's6-log'],
	manner: '`run` is the program itself, without a shell; s6-supervise waits a second before each restart; '
		+ 'status is s6-svstat for one directory after the other',
	most: Infinity,
	start(job) {
		const folder = folderOf(job);
		mkdirSync(join(folder, '.s6-svscan'), {recursive: true});
		symlinkSync('/bin/true', join(folder, '.s6-svscan', 'finish'));
		for (const number of numbers(job)) {
			const service = join(folder, String(number));
			mkdirSync(service);
			symlinkSync(job.program, join(service, 'run'));
			if (job.log?.kind !== 'file') continue;
			mkdirSync(join(service, 'log'));
			const {files, size} = job.log;
			writeFileSync(join(service, 'log', 'run'), `#!/bin/sh\nexec s6-log -b n${files} s${size} ${job.log.folder}\n`, {mode: 0o755});
		}
		// Room for each service and its logger.
		return {command: ['s6-svscan', '-c', String(2 * job.count + 10), folder]};
	},
	status: job => ['sh', '-c', 'for service in "$0"/*; do s6-svstat "$service"; done', folderOf(job)],
	end: {signal: 'SIGTERM'},
	logs: ['file'],
};
