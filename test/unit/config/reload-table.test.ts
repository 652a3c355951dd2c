/** What a reload makes of each key: the page says what is so (npm run docs), and this what was meant. */
import {expect, test} from 'vitest';
import {fatesOf, IN_WORDS, SERVICE_SAMPLES, TOP_SAMPLES, topFatesOf} from '../../../scripts/docs/reloads.ts';
import {SERVICE} from '../../../src/config/schema/service.ts';
import {TOP} from '../../../src/config/schema/top.ts';

/** Keys that the process itself is made with. All others hold for one that runs, or before and after its next start. */
const MAKING: ReadonlySet<string> = new Set(`type command entrypoint shell environment env_file env_dir env_from environment_base secrets_from_files
	configs secrets working_dir user umask ulimits nice ionice oom_score_adj group_add cap_add cap_drop no_new_privileges security_opt cgroup
	cpuset cpus cpu_shares mem_limit mem_reservation memswap_limit pids_limit tty
	stdin_open stdout stderr runtime_directory state_directory cache_directory logs_directory ports sockets fd_store_max`.split(/\s+/));

test.each(Object.keys(SERVICE.keys).filter(key => !(key in IN_WORDS)))('%s: added, removed and changed', key => {
	const sample = SERVICE_SAMPLES[key];
	if (!sample) throw new Error(`add a sample of ${key} to scripts/docs/reloads.ts`);
	const fates = fatesOf(key, sample).filter(fate => fate !== 'nothing');
	expect(new Set(fates)).toEqual(new Set(key === 'labels' ? [] : [MAKING.has(key) ? 'restarted' : 'kept']));
});

test.each(Object.keys(TOP.keys).filter(key => !(key in IN_WORDS) && !(`${key} (top)` in IN_WORDS)))('%s at the top', key => {
	const sample = TOP_SAMPLES[key];
	if (!sample) throw new Error(`add a sample of ${key} to scripts/docs/reloads.ts`);
	const fates = new Set(topFatesOf(key, sample).filter(fate => fate !== 'nothing'));
	// A service that comes to load the library, or to do without, is started again; another rule holds for the next bind(2).
	const both = key === 'bind' ? ['restarted', 'kept'] : null;
	expect(fates).toEqual(new Set(both ?? (key === 'name' || key === 'version' ? [] : [key === 'environment' || key === 'pools' ? 'restarted' : 'kept'])));
});
