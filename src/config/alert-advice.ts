/** What is said where something is to tell people, and no one would hear of it. */
export const NO_ONE = 'tells no one, as alerts has no receiver';
export const HOW_TO_HEAR = 'write alerts: {receivers: {mail: ops@example.com}}';
