/**
 * Whether a service may start (`only_if`): its variables, paths and a command, one after the other up to the first that does
 * not hold. Nothing here waits: a path on a file system that does not answer holds up its own service only.
 */
import {duration} from '../../core/duration.ts';
import type {News} from '../../core/event.ts';
import type {Id, Run} from '../../core/ids.ts';
import {dirname} from '../../core/path.ts';
import type {Command, Service, StartConditions} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import {after} from '../clock.ts';
import {errnoText} from '../errno.ts';
import type {EffectOf, Owner} from '../owners.ts';
import {ERRNO} from '../sys.ts';
import {adoptHelperCommand, runHelperCommand, type HelperParts} from './helper-command.ts';
import {createAsking} from './slow-files.ts';
import {variableOf} from './spawner.ts';
import type {Sources} from './variable-sources.ts';

type Verdict = Omit<Extract<News, {kind: 'examined'}>, 'kind'>;
type Told = (verdict: Verdict) => void;

const MET: Verdict = {verdict: 'met', why: ''};
const unmet = (why: string): Verdict => ({verdict: 'unmet', why});
const unknown = (why: string): Verdict => ({verdict: 'unknown', why});

/** How long a file system may take. */
const PATH_PATIENCE: Millis = 2000;
/** Of access(2). */
const F_OK = 0;

/** Its variables are those that its sources hold now. */
export function ownConditions(parts: HelperParts, sources: Pick<Sources, 'glimpse'>): Owner<'examine'> {
	const ask = createAsking(PATH_PATIENCE);
	/** Gives up what is under way for a run. */
	const underWay = new Map<Run, () => void>();

	function look(path: string, isWanted: boolean, told: Told): () => void {
		return ask(dirname(path), 'access', {text: path, numbers: [F_OK]}, done => {
			if (!done) return told(unknown(`${path} does not answer within ${duration(PATH_PATIENCE)}`));
			const errno = Math.max(0, -done.result);
			const isMissing = errno === ERRNO.ENOENT || errno === ERRNO.ENOTDIR;
			if (errno !== 0 && !isMissing) return told(unknown(`${path}: ${errnoText(errno)}`));
			told(isMissing !== isWanted ? MET : unmet(isWanted ? `${path} does not exist` : `${path} exists`));
		});
	}

	/** One after the other; the result gives up the rest. */
	function lookAll({pathExists, pathMissing}: StartConditions, told: Told): () => void {
		const paths = [...pathExists.map(path => [path, true] as const), ...pathMissing.map(path => [path, false] as const)];
		let stop = (): void => {};
		const next = (index: number): void => {
			const [path, isWanted] = paths[index] ?? [];
			if (path === undefined || isWanted === undefined) return told(MET);
			stop = look(path, isWanted, verdict => (verdict.verdict === 'met' ? next(index + 1) : told(verdict)));
		};
		next(0);
		return () => stop();
	}

	function begin({id, run, conditions, timeout}: EffectOf<'examine'>, service: Service): void {
		const absent = variableAbsent(conditions, service);
		let stop = (): void => {};
		const end: Told = verdict => {
			if (underWay.get(run) !== giveUp) return;
			giveUp();
			parts.tell(id, run, {kind: 'examined', ...verdict});
		};
		const forgetTime = after(timeout, () => end(unknown(`it took longer than ${duration(timeout)}`)));
		const giveUp = (): void => {
			forgetTime();
			underWay.delete(run);
			stop();
		};
		underWay.set(run, giveUp);
		if (absent !== null) return end(unmet(absent));
		const {command} = conditions;
		stop = lookAll(conditions, verdict => {
			if (verdict.verdict !== 'met' || command === null) return end(verdict);
			parts.pace(() => {
				if (underWay.get(run) === giveUp) stop = runCommand(command, {id, run, service}, end, parts);
			});
		});
		if (underWay.get(run) !== giveUp) stop();
	}

	return {
		arms: {
			examine(effect) {
				const {run} = effect;
				const waits = (): void => void underWay.delete(run);
				underWay.get(run)?.();
				underWay.set(run, waits);
				sources.glimpse(effect, service => {
					if (underWay.get(run) === waits) begin(effect, service);
				});
			},
		},
		ended: (_id, run) => underWay.get(run)?.(),
	};
}

/** The first variable that does not hold, in words that do not tell its value, which may be a secret. */
function variableAbsent({envSet}: StartConditions, service: Service): string | null {
	for (const {name, value} of envSet) {
		const found = variableOf(service, name) ?? '';
		if (found === '') return `$${name} is not set`;
		if (value !== null && found !== value) return `$${name} has another value`;
	}
	return null;
}

/** Its exit status decides; that it could not be run, or was killed, decides nothing. The result ends it. */
function runCommand(
	command: Command, {id, run, service}: {readonly id: Id; readonly run: Run; readonly service: Service}, told: Told,
	{reaper, output, poller, handoff}: HelperParts,
): () => void {
	const key = `condition ${run}`;
	// What the previous instance has begun is not heard by this one.
	const before = Number(handoff.past.get(key) ?? 0);
	if (before > 0) adoptHelperCommand(before, 0, reaper, () => {})?.stop();
	const wiring = output.wireHelper(id, service);
	if (!wiring.ok) {
		told(unknown(`${wiring.error.stage}: ${wiring.error.reason ?? errnoText(wiring.error.errno)}`));
		return () => {};
	}
	// It is not one of the run's own processes: no run is known by it.
	const {streams} = wiring.value;
	const helper = runHelperCommand({run: 0, service, command, streams, isTidy: true}, reaper, failure => poller.whole(() => {
		handoff.delete(key);
		if (failure === null) told(MET);
		else told((/^exit status \d+$/.test(failure) ? unmet : unknown)(`${command[0]}: ${failure}`));
	}));
	wiring.value.release();
	if (helper.pid > 0) handoff.put(key, String(helper.pid));
	return () => {
		helper.stop();
		handoff.delete(key);
	};
}
