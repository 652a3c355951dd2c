/** Loads the translators of foreign formats, each when a config is met that needs it. */
import type {FormatName} from '../formats.ts';
import type {ForeignFormat} from '../planning.ts';

const LOADERS: Readonly<Record<FormatName, () => Promise<ForeignFormat>>> = {
	dinit: async () => (await import('./dinit.ts')).dinit,
	supervisord: async () => (await import('./supervisord.ts')).supervisord,
	s6: async () => (await import('./s6.ts')).s6,
	systemd: async () => (await import('./systemd.ts')).systemd,
	'process-compose': async () => (await import('./process-compose.ts')).processCompose,
	pebble: async () => (await import('./pebble.ts')).pebble,
	pm2: async () => (await import('./pm2.ts')).pm2,
	procfile: async () => (await import('./procfile.ts')).procfile,
	taskmaster: async () => (await import('./taskmaster.ts')).taskmaster,
	overseer: async () => (await import('./overseer.ts')).overseer,
	zeus: async () => (await import('./zeus.ts')).zeus,
};

/** All of them. */
export const NAMES = Object.keys(LOADERS) as readonly FormatName[];

export const loadFormats = async (names: readonly FormatName[]): Promise<ReadonlyMap<FormatName, ForeignFormat>> =>
	new Map(await Promise.all(names.map(async name => [name, await LOADERS[name]()] as const)));
