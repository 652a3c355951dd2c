/** The config of overseer's daemon: every file with jobs in its folder, and what the daemon itself adds to them. */
import {escaped} from '../config/formats/translation.ts';
import type {Files} from '../config/planning.ts';
import {fileProblem, type Problem, type Source} from '../config/problems.ts';
import {type Found, readFolder, readShared, SIZE_MAX} from '../config/read.ts';
import {type Homes, isConfig} from '../features/overseer/core/homes.ts';

/** How many files the folder may have. */
const FILES_MAX = 1000;

/** In the order of their names. Without any there are no jobs, until there are some when it is read again. */
export function findJobs({config, data}: Homes, logsToFiles: boolean, files: Files): Found {
	const listed = readFolder(config, files);
	const names = listed.ok ? listed.value.filter(isConfig).sort() : [];
	const problems: Problem[] = listed.ok ? [] : [listed.error.problem];
	if (names.length > FILES_MAX) problems.push(fileProblem(config, `cannot read ${config}: more than ${FILES_MAX} files`));
	const found: Source[] = [];
	for (const name of names.slice(0, FILES_MAX)) {
		const file = `${config}/${name}`;
		const read = readShared(file, files);
		if (!read.ok) problems.push(read.error.problem);
		else if (read.value.isOfOthers) problems.push(ofOthers(file));
		else found.push(read.value);
	}
	if (found.reduce((sum, {text}) => sum + text.length, 0) > SIZE_MAX) {
		problems.push(fileProblem(config, `cannot read ${config}: together larger than 1 MiB`));
	}
	const own: Source = {file: 'overseerd', text: JSON.stringify(ownConfig(data, logsToFiles, found.length === 0))};
	return {origin: 'default', files: [...found, own], dotenv: {}, problems, notes: []};
}

const ofOthers = (file: string): Problem =>
	fileProblem(file, `${file} may be written by others, who could say what runs`, `chmod go-w ${file}`);

/** Laid over the jobs, in archon's own format. */
function ownConfig(data: string, logsToFiles: boolean, isEmpty: boolean): object {
	const file = (name: string): object => ({driver: 'file', options: {path: `${escaped(data)}/${name}`, format: 'timestamps'}});
	return {
		shutdown: {when_idle: 'never'},
		archon: {state_dir: escaped(data), ...logsToFiles && {logging: file('logs/{name}.log'), events: file('overseer.log')}},
		...isEmpty && {services: {}},
	};
}
