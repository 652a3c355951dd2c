/**
 * The signature of the checksums, by minisign, whose trusted comment says the version: so that `sync` of archon takes a release as well.
 * The secret key is never in the repository; `packaging/archon.pub` is where its public key belongs.
 */
import {access} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';

/** Signs a list as `FILE.minisig`. What there is to say of it, if anything. Throws where the key is not that of `archon.pub`. */
export async function sign(root: string, list: string, version: string): Promise<string | null> {
	const key = process.env['ARCHON_SIGN_KEY'];
	if (!key) return 'not signed: $ARCHON_SIGN_KEY names no file with a secret key of minisign';
	// A key with a password asks for it at the terminal.
	await execa('minisign', ['-S', '-s', key, '-m', list, '-t', `version=${version}`, '-c', `signature of archon ${version}`], {
		stdin: 'inherit', stderr: 'inherit',
	});
	const publicKey = join(root, 'packaging', 'archon.pub');
	if (await access(publicKey).then(() => false, () => true)) return 'packaging/archon.pub is not there: nobody can know whose signature this is';
	await execa('minisign', ['-V', '-q', '-p', publicKey, '-m', list]);
	return null;
}
