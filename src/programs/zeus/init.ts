/** `archon zeus init`: writes a first zeus.json and its plan, and never over what is there. */
import {errnoText} from '../../os/errno.ts';
import {ERRNO, O, sys} from '../../os/sys.ts';
import {refuse, say, USAGE, write} from '../streams.ts';
import {STARTERS} from './starters.ts';

const FAILED = 1;
const MODE = 0o644;
const FOLDER_MAX = 10_000;

/** Without a word it is Ruby where there is a Gemfile. */
export function init(args: readonly string[]): number {
	const names = sys.readFolder('.', FOLDER_MAX);
	if (typeof names === 'number') return refuse(`zeus: this folder cannot be read: ${errnoText(-names)}`, FAILED);
	const [language = names.some(name => name.endsWith('Gemfile')) ? 'ruby' : 'python', ...others] = args;
	const starter = STARTERS.get(language);
	if (!starter || others.length > 0) return refuse('usage: archon zeus init [python|ruby]', USAGE);
	let status = 0;
	for (const [path, text] of starter.files) {
		const fd = sys.open(path, O.WRONLY | O.CREAT | O.EXCL | O.NOCTTY, MODE);
		if (fd === -ERRNO.EEXIST) {
			say(`exists ${path}\n`);
		} else if (fd < 0) {
			status = refuse(`zeus: cannot write ${path}: ${errnoText(-fd)}`, FAILED);
		} else {
			write(fd, text);
			sys.close(fd);
			say(`wrote ${path}\n`);
		}
	}
	const {worker} = starter;
	if (sys.access(worker, 0) < 0) say(`note: there is no ${worker} here: archon's image has it, and zeus.json can name another\n`);
	return status;
}
