/** A master for tests: a folder with a release in either form, signed as minisign signs. */
import {createHash, generateKeyPairSync, randomBytes, sign} from 'node:crypto';
import {chmodSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

export interface Master {
	readonly folder: string;
	/** As a config has it. */
	readonly key: string;
	/** Files by their paths, in a release with a trusted comment. */
	publish(comment: string, files: Readonly<Record<string, string | Buffer>>): void;
	/** The same in quesofiesta's form, with a version. */
	publishManifest(version: string, files: Readonly<Record<string, string | Buffer>>): void;
}

const hash = (name: string, text: string | Buffer): string => createHash(name).update(text).digest('hex');

export function createMaster(folder: string): Master {
	const {publicKey, privateKey} = generateKeyPairSync('ed25519');
	const id = randomBytes(8);
	const raw = publicKey.export({format: 'der', type: 'spki'}).subarray(-32);
	const key = Buffer.concat([Buffer.from('Ed'), id, raw]).toString('base64');
	const place = (files: Readonly<Record<string, string | Buffer>>): void => {
		rmSync(folder, {recursive: true, force: true});
		mkdirSync(folder, {recursive: true});
		for (const [path, content] of Object.entries(files)) {
			mkdirSync(join(folder, dirname(path)), {recursive: true});
			writeFileSync(join(folder, path), content);
		}
		chmodSync(folder, 0o755);
	};
	return {
		folder, key,
		publish(comment, files) {
			place(files);
			const list = Object.entries(files).map(([path, content]) => `${hash('sha256', content)}  ${path}\n`).join('');
			const own = sign(null, createHash('blake2b512').update(list).digest(), privateKey);
			const global = sign(null, Buffer.concat([own, Buffer.from(comment)]), privateKey);
			writeFileSync(join(folder, 'SHA256SUMS'), list);
			writeFileSync(join(folder, 'SHA256SUMS.minisig'), [
				'untrusted comment: a test', Buffer.concat([Buffer.from('ED'), id, own]).toString('base64'), `trusted comment: ${comment}`,
				global.toString('base64'), '',
			].join('\n'));
		},
		publishManifest(version, files) {
			place(files);
			writeFileSync(join(folder, 'manifest.txt'), `${version}\n${Object.entries(files).map(([path, content]) => `${path}|${hash('md5', content)}\n`).join('')}`);
		},
	};
}
