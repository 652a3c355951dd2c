/** What fields of several requests may be. */
import {signalNumber, type SignalNumber} from '../../core/signal-numbers.ts';
import type {Millis} from '../../core/time.ts';
import type {Type} from '../wire.ts';

export const TARGET: Type<string> = {
	takes: 'a name, a pattern with * and ?, all, or the pid of a main process', read: text => text === '' ? null : text,
};

export const SIGNAL: Type<SignalNumber> = {takes: 'a signal', bounds: 'its name with or without SIG, or its number', read: signalNumber};

export const SECONDS: Type<Millis> = {
	takes: 'a number of seconds',
	bounds: 'up to 9999999.999',
	read: text => /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : null,
};
