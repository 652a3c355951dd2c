/**
 * A manifest in the core: when its files are read again, and the passes that start what is missing. A config without a manifest
 * never loads what that takes.
 */
import {byNeed} from '../../../core/by-need.ts';
import type {Feature} from '../../../core/feature.ts';
import {NEVER} from '../../../core/time.ts';
import {isUnread, type Kept, NAME} from './kept.ts';

const passing = byNeed(() => import('./passes.ts'));

/** Null: there is no manifest, and there was none. */
export const manifest: Feature<Kept | null> = {
	name: NAME,
	initial: null,
	reconcile: (own, event, view) => passing().reconcile(own, event, view),
	triggered: (own, view) => (own || isUnread(view.state) ? passing().trigger(own, view) : own),
	isBusy: own => own?.isTriggered === true,
	changed: (own, change, view) => own && passing().changed(own, change, view),
	stalled: (own, millis) => own && passing().stalled(own, millis),
	nextDeadline: own => own?.dueAt ?? NEVER,
	due: (own, view) => own && passing().due(own, view),
};
