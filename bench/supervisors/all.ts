/** All who are measured, in the order of the table. */
import {archon} from './archon.ts';
import {dinit} from './dinit.ts';
import {dumbInit} from './dumb-init.ts';
import {pm2} from './pm2.ts';
import {runit} from './runit.ts';
import {s6} from './s6.ts';
import type {Supervisor} from './supervisor.ts';
import {supervisord} from './supervisord.ts';
import {tini} from './tini.ts';

export const SUPERVISORS: readonly Supervisor[] = [archon, dinit, s6, runit, supervisord, pm2, tini, dumbInit];
