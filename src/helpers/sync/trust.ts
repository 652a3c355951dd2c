/** Whether a list is what one of the keys has signed, by minisign: Ed25519 over the list or its BLAKE2b, and over the trusted comment. */
import {err, type Result} from '../../core/result.ts';
import {readComment, readPublicKey, readSignature, type Trusted} from '../../features/sync/core/minisign.ts';
import {bytesOf, concat, textOf} from '../../os/bytes.ts';
import {DIGEST, sys} from '../../os/sys.ts';

/** What the trusted comment says, where all is as it should be; else why the list must not be used, behind the name of the signature. */
export function verify(list: Uint8Array, signature: Uint8Array, keys: readonly string[]): Result<Trusted, string> {
	if (!sys.isUtf8(signature, 0, signature.length)) return err('is not a signature of minisign');
	const read = readSignature(textOf(signature));
	if (!read.ok) return read;
	const {isHashed, id, comment, global, signature: own} = read.value;
	const key = keys.map(readPublicKey).find(each => each?.id === id);
	if (!key) return err(`is by the key ${id}, which is not among sync.keys`);
	const message = isHashed ? sys.digest(DIGEST.blake2b, list) : list;
	if (typeof message === 'number' || !sys.verifySignature(key.key, message, own)) return err('is not a signature of the list');
	if (!sys.verifySignature(key.key, concat([own, bytesOf(comment)]), global)) return err('has a trusted comment that was not signed');
	return readComment(comment);
}
