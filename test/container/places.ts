/** What set-up and harness agree on. */
import {dirname, join} from 'node:path';

export const ROOT = dirname(dirname(import.meta.dirname));

/** The compiled characters; containers see them as /characters. */
export const CHARACTERS = join(ROOT, 'dist', 'characters');

/** The executable by the name that docker's daemon knows for `--init`. */
export const DOCKER_INIT = join(ROOT, 'dist', 'docker-init');

/** Every container of a test carries this label, so that none outlives the tests; a soak has another, and outlives theirs. */
export const LABEL = process.env['SOAK'] ? 'archon.soak' : 'archon.test';
