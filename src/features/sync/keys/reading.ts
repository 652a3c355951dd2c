/** What `sync` may say: where a master is, how it is trusted, and the bounds of what is pulled. */
import {textLike} from '../../../config/accepts.ts';
import {list, optional, value} from '../../../config/key.ts';
import {refuse, refuseKind} from '../../../config/readers.ts';
import {duration, fault, lapse, oneOf, parser, whole} from '../../../config/scalars.ts';
import {type Context, isMissing, readShape, REQUIRED, shape, within} from '../../../config/shape.ts';
import type {Account} from '../../../config/group.ts';
import type {Lookups} from '../../../config/planning.ts';
import type {Report} from '../../../config/problems.ts';
import {isNothing, type Mapping, type Value} from '../../../config/values.ts';
import {normalize} from '../../../core/path.ts';
import {ok} from '../../../core/result.ts';
import {type Form, FORMS, type Sync, SYNC_USER} from '../../../core/sync.ts';
import {size} from '../../logging/keys/scalars.ts';
import {readPublicKey} from '../core/minisign.ts';

const KEY = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3';

const HOST = String.raw`([A-Za-z0-9._-]+|\[([0-9A-Fa-f.]*:){2,}[0-9A-Fa-f.]*\])(:(\d{1,4}|[1-5]\d{4}))?`;
const SOURCE = String.raw`^(https?://${HOST}(/[!-"$->@-~]*)?|file:///[^?#]*[^?#/]/*)$`;
const DEST = String.raw`^(/+(?!\.{1,2}(/|$))[^/]+)+/*$`;

const source = parser<string>(() => textLike(SOURCE, 'https://master/app', 'file:///mnt/app'), text => {
	if (new RegExp(SOURCE).test(text)) return ok(text.replace(/\/+$/, ''));
	if (/^https?:\/\/[^/]*@/.test(text)) {
		return fault('has a password, which every user would see in the list of processes', 'let the master do without: what it has is signed');
	}
	if (/[?#]/.test(text)) return fault('has a query or a fragment', 'name the folder of the list');
	return fault('is not the URL of a folder, of https, http or file', 'write https://master/app or file:///mnt/app');
});

const dest = parser<string>(() => textLike(DEST, '/opt/app'), text => {
	if (new RegExp(DEST).test(text)) return ok(normalize(text).replace(/\/$/, ''));
	if (!text.startsWith('/')) return fault('is not an absolute path', 'begin it with /');
	return fault('is not the path of a folder without . and ..', 'write /opt/app');
});

const publicKey = parser<string>(() => textLike('^RW[Q-T][A-Za-z0-9+/]{53}$', KEY), text => (readPublicKey(text) === null
	? fault('is not a public key of minisign', 'write the second line of the file .pub') : ok(text)));

export const SYNC = shape({
	source: optional(source, 'URL', REQUIRED, 'the folder of the master that has the list; https, http or file', 'https://master/app'),
	dest: optional(dest, 'path', REQUIRED, 'the folder that releases are pulled into; dest/current is the one in force', '/opt/app'),
	every: value(lapse, 'duration', '5m', 'from one look at the master to the next'),
	keys: list(publicKey, 'key | list of keys', 'public keys of minisign, one of which must have signed the list', KEY),
	form: optional<Form>(
		oneOf(FORMS), FORMS.join(' | '), 'signed where there are keys',
		'SHA256SUMS with a signature, or a manifest.txt of path|md5, which nothing vouches for', 'quesofiesta',
	),
	ready_timeout: value(duration, 'duration', '60s', 'for the services of a new release to be ready; else the one before comes back'),
	max_size: value(size('1k', '1024g'), 'size', '1g', 'of a release in all'),
	max_files: value(whole(1, 100_000), '1 to 100000', '10000', 'of a release'),
	keep: value(whole(2, 100), '2 to 100', '3', 'how many releases stay, with the one in force'),
}, {words: () => ({names: {
	source: 'url master from upstream', dest: 'destination path target to folder', every: 'interval period', keys: 'key pubkey public_key',
	form: 'format', keep: 'keep_releases releases',
}})});

export function readSync(from: Value, context: Context): Sync | null | undefined {
	if (isNothing(from)) return null;
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with source and dest');
	const settings = readShape(SYNC, from, context);
	const {source, dest, every, keys, form, ready_timeout: readyTimeout, max_size: maxSize, max_files: maxFiles, keep} = settings;
	const isSigned = form === 'signed' || (form === null && isThere(from, 'keys'));
	if (isMissing(['source'], from, SYNC)) refuse(from, context, 'does not say what to pull', 'write source: https://master/app');
	if (isMissing(['dest'], from, SYNC)) refuse(from, context, 'does not say where to pull it to', 'write dest: /opt/app');
	if (isSigned && !isThere(from, 'keys')) {
		refuse(from, context, 'needs keys by which it is signed', 'write keys: and the second line of the file .pub of minisign');
	}
	if (form === 'quesofiesta' && isThere(from, 'keys')) {
		const place = from.entries.get('keys')?.value ?? from;
		refuse(place, within(context, 'keys'), 'does not go with form: quesofiesta, in which nothing is signed', 'leave out form or keys');
	}
	if (source === null || dest === null || (isSigned && keys.length === 0)) return undefined;
	return {source, dest, every, keys, form: isSigned ? 'signed' : 'quesofiesta', readyTimeout, maxSize, maxFiles, keep};
}

const isThere = ({entries}: Mapping, name: string): boolean => {
	const entry = entries.get(name);
	return entry !== undefined && !isNothing(entry.value);
};

/** Whether another one has the number of archon.sync. `path`: the service. */
export function judgeOwners(path: string, accounts: readonly Account[], note: Report): void {
	for (const {spec: {user}, key, at} of accounts) {
		if (Number(user) !== Number(SYNC_USER.user)) continue;
		note(at, `${path}.${key} has the number of archon.sync: it can alter what is pulled, and so what root executes`, 'take another number');
	}
}

/** What the image lacks, and what may surprise. `at`: where `sync` stands. */
export function judgeSync({source, form}: Sync, at: Value, {hasProgram}: Lookups, report: Report, note: Report): void {
	const place = (at.kind === 'map' ? at.entries.get('source')?.value : null) ?? at;
	if (source.startsWith('https:') && hasProgram && !hasProgram('curl')) {
		report(
			place, 'sync.source is https, which needs curl, and it is not here',
			'install curl in the image, or use http with keys: what is signed needs no TLS',
		);
	}
	if (form === 'quesofiesta') {
		note(
			at, 'sync has no keys: who is taken for the master decides what runs here, and MD5 finds damage only; '
				+ 'sign with minisign and name the key',
		);
	}
}
