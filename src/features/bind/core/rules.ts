/** Rules for what services bind: which of them are given a socket of archon's in place of their own. */
import {fits} from '../../../core/name-pattern.ts';
import type {Protocol} from '../../ports/core/spec.ts';

/** What is given. */
export type Given =
	/** A socket that archon binds for the rule; null: as it was asked for. */
	| {readonly kind: 'address'; readonly host: string | null; readonly port: number | null}
	/** One of those of a service (`sockets`). */
	| {readonly kind: 'socket'; readonly service: string; readonly name: string};

export interface BindRule {
	/** A name of a service, or a pattern for names. */
	readonly service: string;
	readonly protocol: Protocol;
	/** An address in figures; null: any. */
	readonly address: string | null;
	readonly port: number;
	readonly give: Given;
	/** Where nothing can be given, bind(2) fails with EADDRINUSE; else the program binds for itself. */
	readonly isStrict: boolean;
}

export interface BindRules {
	readonly rules: readonly BindRule[];
	/** The library that services load; null: that which came with archon. */
	readonly library: string | null;
}

export const NO_BIND: BindRules = {rules: [], library: null};

/** What a program asks for by bind(2). */
export interface Asked {
	readonly protocol: Protocol;
	readonly address: string;
	readonly port: number;
	/** Of IPv6: whether it takes no connections of IPv4. */
	readonly isSixOnly: boolean;
}

/** Whether some rule is for a service: its processes load the library. */
export const isForService = ({rules}: BindRules, service: string): boolean => rules.some(rule => fits(rule.service, baseOf(service)));

/** The first rule that is for it; undefined: none is, and the program binds for itself. */
export const ruleFor = ({rules}: BindRules, service: string, {protocol, address, port}: Asked): BindRule | undefined =>
	rules.find(rule => rule.protocol === protocol && rule.port === port && (rule.address === null || rule.address === address)
		&& fits(rule.service, baseOf(service)));

/** Instances of a service are called by its name, too. */
const baseOf = (service: string): string => service.replace(/:\d+$/, '');
