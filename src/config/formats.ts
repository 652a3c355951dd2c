/** The formats of configs other than archon's own. A new one is a file in `formats/`, and is added here and nowhere else. */
import {taskmaster} from './formats/taskmaster.ts';
import type {Format} from './planning.ts';

export const FORMATS: readonly Format[] = [taskmaster];
