/** Where the config comes from: it is read there at the start and again for each reload, or made again of what was read once. */
import {judgeConfig, type Root} from '../config/plan.ts';
import type {Problem} from '../config/problems.ts';
import type {Files} from '../config/planning.ts';
import {type Recorder, recording, replaying} from '../config/kept.ts';
import {type Found, findConfig} from '../config/read.ts';
import {needsOf} from '../config/yaml/parse.ts';
import type {Config} from '../core/config.ts';
import {withHelpers} from '../core/helpers.ts';
import {type Leaving, withShell} from '../core/shell-service.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {Environment} from '../core/variables.ts';
import {env} from '../os/environment.ts';
import {files} from '../os/files.ts';
import {helperUser} from '../os/helper-user.ts';
import {type Loaded, loadFor, lookupsBy} from './lookups.ts';

/** What was asked for on the command line. */
export interface Asked {
	readonly named: readonly string[];
	/** Of variables for the config's texts. */
	readonly envFiles: readonly string[];
	readonly profiles: readonly string[];
	/** Of the service main; empty: no command was given. */
	readonly command: readonly string[];
	/** With a shell on archon's terminal, whose archonctl is to use this socket. */
	readonly shell?: {readonly leaving: Leaving; readonly socket: string | null} | null;
	/** Finds the files of the config in place of `findConfig`; `named` and `envFiles` say nothing then. */
	readonly find?: (files: Files) => Found;
	/** Without services it waits until there are some. */
	readonly mayBeEmpty?: boolean;
}

/** One reading of the config. */
export interface Reading {
	/** With the helpers that it takes. */
	readonly config: Result<Config, readonly Problem[]>;
	/** All texts as one value, and the variables that they may name; null: nothing can be made of them. */
	readonly root: (Root & {readonly variables: Environment}) | null;
	/** What is worth a line and is no problem of what the files say. */
	readonly notes: readonly Problem[];
	/** All that was read for it, for `replay`. */
	readonly kept: string;
}

export interface ConfigSource {
	/** Reads the files as they are, and calls `done`; at once where all that their texts need is loaded. */
	read(done: (reading: Reading) => void): void;
	/** Makes the config again of what a reading has kept. */
	replay(kept: string, done: (reading: Reading) => void): void;
}

/** What was found, before it is judged: nothing has been loaded for it yet. */
export interface Finding {
	readonly found: Found;
	readonly recorder: Recorder;
}

/** `loaded`: what the texts at the start need. */
export function createConfigSource(asked: Asked, loaded: Loaded): ConfigSource {
	let known = loaded;

	function make(from: Files, done: (reading: Reading) => void): void {
		const recorder = recording(from);
		const {named, envFiles, find} = asked;
		const found = find ? find(recorder.files) : findConfig({named, env: env(), envFiles, files: recorder.files});
		const more = needsOf(found.files);
		const needs = {
			yaml: known.needs.yaml || more.yaml, expansion: known.needs.expansion || more.expansion,
			formats: [...new Set([...known.needs.formats, ...more.formats])],
		};
		const tell = (): void => done(judgeOrTell({found, recorder}, asked, known));
		const isLoaded = needs.yaml === known.needs.yaml && needs.expansion === known.needs.expansion
			&& needs.formats.length === known.needs.formats.length;
		if (isLoaded) return tell();
		void loadFor(needs).then(loaded => {
			known = loaded;
			tell();
		});
	}

	return {
		read: done => make(files, done),
		replay: (kept, done) => make(replaying(kept), done),
	};
}

/** The same as `judge`; a bug in what reads configs is a problem of this reading, and what is in force stays. */
function judgeOrTell(finding: Finding, asked: Asked, loaded: Loaded): Reading {
	try {
		return judge(finding, asked, loaded);
	} catch (error) {
		const [{file} = {file: ''}] = finding.found.files;
		const problem: Problem = {file, line: 0, column: 0, message: `a bug in archon: ${String(error)}`, hint: null};
		return {config: err([problem]), root: null, notes: [], kept: finding.recorder.kept()};
	}
}

/** What the texts mean. */
export function judge({found, recorder}: Finding, {command, profiles, shell, mayBeEmpty = false}: Asked, loaded: Loaded): Reading {
	const {files, dotenv, problems, notes} = found;
	recorder.found();
	const around = {...lookupsBy(recorder.files, loaded), dotenv, profiles, mayBeEmpty};
	const judged = problems.length > 0 ? null : judgeConfig(files, command.length > 0 ? command : null, around);
	const kept = recorder.kept();
	if (!judged?.plan) return {config: err(judged?.problems ?? problems), root: null, notes, kept};
	const config = withHelpers(judged.plan, helperUser);
	return {
		config: ok(shell ? withShell(config, shell.leaving, shell.socket) : config),
		root: judged.root && {...judged.root, variables: {...dotenv, ...env()}},
		notes: [...notes, ...judged.notes], kept,
	};
}
