/** dinit: a file for each service, in container mode. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Job, numbers, type Supervisor} from './supervisor.ts';

const socket = ({folder}: Job): string => join(folder, 'dinit.sock');

export const dinit: Supervisor = {
	name: 'dinit',
	packages: ['dinit'],
	programs: ['dinit', 'dinitctl'],
	manner: 'container mode; smooth-recovery without delay or limit',
	most: Infinity,
	start(job) {
		const folder = join(job.folder, 'dinit.d');
		const wanted = join(folder, 'boot.d');
		mkdirSync(wanted, {recursive: true});
		writeFileSync(join(folder, 'boot'), 'type = internal\nwaits-for.d = boot.d\n');
		for (const number of numbers(job)) {
			writeFileSync(join(folder, `s${number}`), `type = process
command = ${job.program} ${number}
restart = true
smooth-recovery = true
restart-delay = 0
restart-limit-count = 0
`);
			writeFileSync(join(wanted, `s${number}`), '');
		}
		return {command: ['dinit', '--container', '--quiet', '--services-dir', folder, '--socket-path', socket(job), 'boot']};
	},
	status: job => ['dinitctl', '--socket-path', socket(job), 'list'],
	end: {signal: 'SIGTERM'},
	logs: [],
};
