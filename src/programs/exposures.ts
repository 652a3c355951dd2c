/** Files of a config that others than root may change, while archon runs what they say as root. */
import {fileProblem, type Problem, type Source} from '../config/problems.ts';
import {exposureOf} from '../os/writers.ts';

/** `place`: where a file lies on this machine. */
export function exposures(files: readonly Source[], place: (file: string) => string = file => file): readonly Problem[] {
	return files.flatMap(({file}) => {
		const exposure = exposureOf(file, place(file));
		return exposure ? fileProblem(file, exposure.why, exposure.hint) : [];
	});
}
