/** Whether a person is there: to type, and to see it. */
import {sys} from './sys.ts';

export const isPersonThere = (): boolean => sys.isTerminal(0) && sys.isTerminal(1);
