/** Zones by their rules, so that tests need no files of the system. */
import type {Zone} from '../../../../src/features/schedule/core/zone.ts';

export const zone = (name: string, rule: string): Zone => ({name, initial: 0, transitions: [], rule});

export const BERLIN = zone('Europe/Berlin', 'CET-1CEST,M3.5.0,M10.5.0/3');
export const NEW_YORK = zone('America/New_York', 'EST5EDT,M3.2.0,M11.1.0');
/** Its summer time is half an hour. */
export const LORD_HOWE = zone('Australia/Lord_Howe', '<+1030>-10:30<+11>-11,M10.1.0,M4.1.0');
