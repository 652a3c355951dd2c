/** All keys at the top of a config of archon's own format, group by group, in the order in which people read of them. */
import {byNeed} from '../../core/by-need.ts';
import {composeTop} from '../compose.ts';
import {joined} from '../glossary.ts';
import {keysOf, mergesOf, type Group} from '../group.ts';
import {groups} from '../keys/groups.ts';
import {services} from '../keys/services.ts';
import {late} from '../late.ts';
import type {Rules} from '../merge.ts';
import {shape} from '../shape.ts';
import {SERVICE_GROUPS} from './service.ts';
import {WHOLE_GROUPS} from './whole.ts';

const loadElsewhere = byNeed(() => import('../keys/elsewhere.ts'));
const loadFiles = byNeed(() => import('../keys/files.ts'));
const loadPools = byNeed(() => import('../../features/pools/keys.ts'));
const loadReactions = byNeed(() => import('../../features/reactions/keys/on.ts'));

const including = late(loadElsewhere, 'including', {include: null});
const definedFiles = late(loadFiles, 'definedFiles', {configs: new Map(), secrets: new Map()});
const pools = late(loadPools, 'pools', {pools: new Map()});
const reactionsOfAll = late(loadReactions, 'reactionsOfAll', {on: null});

const GROUPS = [services, pools, groups, including, definedFiles, reactionsOfAll, ...WHOLE_GROUPS, composeTop] as const;

/** The first of them holds all services. */
export const TOP_GROUPS: readonly [Group, ...Group[]] = [...GROUPS];

export const TOP = shape(keysOf(GROUPS), {
	foreign: composeTop.foreign, words: () => joined(TOP_GROUPS),
});

/** How a text is laid over another. */
export const MERGE_RULES: Rules = {ofService: mergesOf(SERVICE_GROUPS), ofTop: mergesOf(TOP_GROUPS)};
