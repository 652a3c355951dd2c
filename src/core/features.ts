/** The registry of the features that have a part of the core's state: they are told of changes and deadlines in this order. */
import type {Event} from './event.ts';
import type {Feature, Reconfigured} from './feature.ts';
import type {State} from './state.ts';
import {type Instant, type Millis, NEVER} from './time.ts';
import {type Change, type Turn} from './turn.ts';
import {idle} from '../features/idle/core.ts';
import {manifest} from '../features/manifest/core/feature.ts';
import {ports} from '../features/ports/core/feature.ts';
import {progress} from '../features/progress/core.ts';
import {monitor} from '../features/monitor/core/feature.ts';
import {reactions} from '../features/reactions/core/feature.ts';
import {runTest} from '../features/run-test/core/feature.ts';
import {schedule} from '../features/schedule/core/feature.ts';
import {rollback} from '../features/rollback/core/feature.ts';
import {arrival} from '../features/service-manager/core.ts';
import {sockets} from '../features/sockets/core/feature.ts';
import {keeping} from '../features/state/core.ts';

type Reconcile = Extract<Event, {kind: 'reconcile'}>;
type Tested = Extract<Event, {kind: 'tested'}>;

const FEATURES = [
	bind(progress), bind(arrival), bind(rollback), bind(schedule), bind(sockets), bind(keeping), bind(manifest), bind(runTest),
	bind(reactions), bind(ports),
	bind(monitor),
	// What the others know decides whether anything will start.
	bind(idle),
];

/** A feature with its part of the state looked up. */
function bind<Own>(feature: Feature<Own>) {
	const {
		name, initial, changed, staged, reconfigured, triggered, tested, resumed, isBusy, reconcile, settled, stalled, nextDeadline, due,
	} = feature;
	const own = (turn: Turn): Own => partOf(turn.state, feature);
	const keep = (turn: Turn, after: Own): void => {
		if (after !== own(turn)) turn.state = {...turn.state, slices: {...turn.state.slices, [name]: after}};
	};
	return {
		name, initial,
		changed: changed && ((turn: Turn, change: Change) => keep(turn, changed(own(turn), change, turn))),
		staged: staged && ((turn: Turn) => keep(turn, staged(own(turn), turn))),
		reconfigured: reconfigured && ((turn: Turn, what: Reconfigured) => keep(turn, reconfigured(own(turn), turn, what))),
		reconcile: reconcile && ((turn: Turn, event: Reconcile) => keep(turn, reconcile(own(turn), event, turn))),
		triggered: triggered && ((turn: Turn, since?: number) => keep(turn, triggered(own(turn), turn, since))),
		tested: tested && ((turn: Turn, event: Tested) => keep(turn, tested(own(turn), event, turn))),
		resumed: resumed && ((turn: Turn) => keep(turn, resumed(own(turn), turn))),
		isBusy: isBusy && ((state: State) => isBusy(partOf(state, feature))),
		settled: settled && ((turn: Turn) => keep(turn, settled(own(turn), turn))),
		stalled: stalled && ((turn: Turn, millis: Millis) => keep(turn, stalled(own(turn), millis))),
		nextDeadline: nextDeadline && ((state: State) => nextDeadline(partOf(state, feature))),
		due: due && ((turn: Turn) => keep(turn, due(own(turn), turn))),
	};
}

/** Each step asks these, and most features have few of them. */
const CHANGED = FEATURES.flatMap(({changed}) => changed ?? []);
const SETTLED = FEATURES.flatMap(({settled}) => settled ?? []);
const DEADLINES = FEATURES.flatMap(({nextDeadline}) => nextDeadline ?? []);

/** A feature's part of the state. */
export const partOf = <Own>({slices}: Pick<State, 'slices'>, {name}: Feature<Own>): Own => slices[name] as Own;

/** The initial parts of all features. */
export const initialSlices = (): State['slices'] => Object.fromEntries(FEATURES.map(({name, initial}) => [name, initial]));

/** Whether a feature is still busy with what a trigger has asked it for. */
export const isBusy = (state: State): boolean => FEATURES.some(({isBusy}) => isBusy?.(state));

/** Tells all features that a service is in another phase. */
export function tellOfChange(turn: Turn, change: Change): void {
	for (const changed of CHANGED) changed(turn, change);
}

/** Tells all features of an occasion; `since`: of a trigger. */
export function tell(turn: Turn, occasion: 'staged' | 'triggered' | 'resumed', since?: number): void {
	for (const feature of FEATURES) feature[occasion]?.(turn, since);
}

/** Tells all features that nothing moves any more. */
export function tellOfRest(turn: Turn): void {
	for (const settled of SETTLED) settled(turn);
}

/** Tells all features that the lists of a manifest were read. */
export function tellOfLists(turn: Turn, event: Reconcile): void {
	for (const {reconcile} of FEATURES) reconcile?.(turn, event);
}

/** Tells all features that the test of a service has ended. */
export function tellOfTest(turn: Turn, event: Tested): void {
	for (const {tested} of FEATURES) tested?.(turn, event);
}

/** Tells all features that a new config is in force. */
export function tellOfConfig(turn: Turn, what: Reconfigured): void {
	for (const {reconfigured} of FEATURES) reconfigured?.(turn, what);
}

/** Tells all features that archon itself did not run for so long. */
export function tellOfStall(turn: Turn, millis: Millis): void {
	for (const {stalled} of FEATURES) stalled?.(turn, millis);
}

/** The earliest deadline of all features. */
export const featureDeadline = (state: State): Instant =>
	DEADLINES.reduce((least, nextDeadline) => Math.min(least, nextDeadline(state)), NEVER);

/** Calls `due` of every feature whose deadline has passed. */
export function wakeFeatures(turn: Turn): void {
	for (const {nextDeadline, due} of FEATURES) if ((nextDeadline?.(turn.state) ?? NEVER) <= turn.now) due?.(turn);
}
