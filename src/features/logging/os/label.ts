/** The name before a line on one of archon's own descriptors: in colour where that is a terminal. */
import {label} from '../../../core/label.ts';
import {env} from '../../../os/environment.ts';
import {sys} from '../../../os/sys.ts';

/** `width`: of the column of names. */
export const labelOf = (name: string, width: number, fd: number): string => label(name, width, sys.isTerminal(fd) && !env()['NO_COLOR']);
