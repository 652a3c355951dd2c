/** runit: a directory for each service under runsvdir, whose `run` is the program itself. */
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Job, numbers, type Supervisor} from './supervisor.ts';

const folderOf = ({folder}: Job): string => join(folder, 'services');
const services = (job: Job): readonly string[] => numbers(job).map(number => join(folderOf(job), String(number)));

export const runit: Supervisor = {
	name: 'runit',
	packages: ['runit'],
	programs: ['runsvdir', 'runsv', 'sv', 'svlogd'],
	manner: 'runsvdir is PID 1, `run` is the program itself, without a shell; stopped by `sv force-stop` and SIGHUP, '
		+ 'because runsvdir itself waits for no service',
	// MAXSERVICES of runsvdir.c.
	most: 1000,
	start(job) {
		mkdirSync(folderOf(job));
		for (const service of services(job)) {
			mkdirSync(service);
			symlinkSync(job.program, join(service, 'run'));
			if (job.log?.kind !== 'file') continue;
			mkdirSync(join(service, 'log'));
			writeFileSync(join(service, 'log', 'run'), `#!/bin/sh\nexec svlogd -b 65536 ${job.log.folder}\n`, {mode: 0o755});
			writeFileSync(join(job.log.folder, 'config'), `s${job.log.size}\nn${job.log.files}\n`);
		}
		return {command: ['runsvdir', '-P', folderOf(job)]};
	},
	status: job => ['sv', 'status', ...services(job)],
	end: {command: job => ['sv', '-w', '10', 'force-stop', ...services(job)], signal: 'SIGHUP'},
	logs: ['file'],
};
