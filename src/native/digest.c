/*
 * Checksums of bytes and files, and signatures of Ed25519 (RFC 8032), by libsodium; for what is pulled from a master. MD5
 * (RFC 1321), which old manifests have, is here: it finds damage, and nothing that was meant to deceive.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <crypto_generichash_blake2b.h>
#include <crypto_hash_sha256.h>
#include <crypto_sign_ed25519.h>
#include "call.h"
#include "functions.h"

/* As sys.ts has them. */
enum { SHA256 = 1, MD5 = 2, BLAKE2B = 3 };

#define DIGEST_MAX 64
#define MD5_BLOCK 64
#define READ_SIZE (64 << 10)

/* libsodium calls these of parts that are not linked: where it is misused, and to make keys. Neither can happen here. */
void sodium_misuse(void);
void randombytes_buf(void *bytes, size_t length);

void sodium_misuse(void)
{
	abort();
}

void randombytes_buf(void *bytes, size_t length)
{
	(void)bytes, (void)length;
	abort();
}

struct md5 { uint32_t sums[4]; uint64_t length; uint8_t block[MD5_BLOCK]; };

struct digest {
	int kind;
	struct md5 md5;
	crypto_hash_sha256_state sha256;
	crypto_generichash_blake2b_state blake2b;
};

static uint32_t turned(uint32_t value, int bits)
{
	return value << bits | value >> (32 - bits);
}

/* The whole parts of 2^32 times the sines of 1 to 64. */
static const uint32_t SINES[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
static const uint8_t TURNS[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static void md5_block(struct md5 *md5)
{
	uint32_t words[16], a = md5->sums[0], b = md5->sums[1], c = md5->sums[2], d = md5->sums[3];
	memcpy(words, md5->block, sizeof words);
	for (int i = 0; i < 64; i++) {
		uint32_t mixed;
		int word;
		switch (i / 16) {
		case 0: mixed = (b & c) | (~b & d); word = i; break;
		case 1: mixed = (d & b) | (~d & c); word = 5 * i + 1; break;
		case 2: mixed = b ^ c ^ d; word = 3 * i + 5; break;
		default: mixed = c ^ (b | ~d); word = 7 * i; break;
		}
		uint32_t sum = b + turned(a + mixed + SINES[i] + words[word % 16], TURNS[i / 16][i % 4]);
		a = d, d = c, c = b, b = sum;
	}
	md5->sums[0] += a, md5->sums[1] += b, md5->sums[2] += c, md5->sums[3] += d;
}

static void md5_add(struct md5 *md5, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		size_t at = md5->length % MD5_BLOCK, part = MD5_BLOCK - at < length ? MD5_BLOCK - at : length;
		memcpy(md5->block + at, bytes, part);
		md5->length += part;
		if (md5->length % MD5_BLOCK == 0)
			md5_block(md5);
		bytes += part;
		length -= part;
	}
}

static void md5_end(struct md5 *md5, uint8_t *out)
{
	static const uint8_t padding[MD5_BLOCK] = {0x80};
	uint64_t bits = md5->length * 8;
	size_t at = md5->length % MD5_BLOCK;
	md5_add(md5, padding, at < 56 ? 56 - at : 120 - at);
	md5_add(md5, (const uint8_t *)&bits, sizeof bits);
	memcpy(out, md5->sums, sizeof md5->sums);
}

static void begin(struct digest *digest, int kind)
{
	digest->kind = kind;
	digest->md5 = (struct md5){.sums = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
	crypto_hash_sha256_init(&digest->sha256);
	crypto_generichash_blake2b_init(&digest->blake2b, NULL, 0, 64);
}

static void add(struct digest *digest, const uint8_t *bytes, size_t length)
{
	switch (digest->kind) {
	case SHA256: crypto_hash_sha256_update(&digest->sha256, bytes, length); break;
	case MD5: md5_add(&digest->md5, bytes, length); break;
	case BLAKE2B: crypto_generichash_blake2b_update(&digest->blake2b, bytes, length); break;
	}
}

static void give(struct call *call, struct digest *digest)
{
	uint8_t out[DIGEST_MAX];
	switch (digest->kind) {
	case SHA256: crypto_hash_sha256_final(&digest->sha256, out); return give_bytes(call, out, 32);
	case MD5: md5_end(&digest->md5, out); return give_bytes(call, out, 16);
	case BLAKE2B: crypto_generichash_blake2b_final(&digest->blake2b, out, 64); return give_bytes(call, out, 64);
	default: return give_number(call, -EINVAL);
	}
}

/* digest(kind, bytes) */
void sys_digest(struct call *call)
{
	size_t length;
	struct digest digest;
	const uint8_t *bytes = arg_memory(call, 1, &length);
	begin(&digest, arg_int(call, 0));
	if (length > 0)
		add(&digest, bytes, length);
	give(call, &digest);
}

/* digestFile(kind, fd): of all that is in the file, wherever it is read otherwise. */
void sys_digestFile(struct call *call)
{
	int fd = arg_int(call, 1);
	struct digest digest;
	uint8_t bytes[READ_SIZE];
	off_t at = 0;
	begin(&digest, arg_int(call, 0));
	for (;;) {
		ssize_t count = pread(fd, bytes, sizeof bytes, at);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return give_number(call, -errno);
		if (count == 0)
			return give(call, &digest);
		add(&digest, bytes, count);
		at += count;
	}
}

/* verifySignature(key, message, signature) */
void sys_verifySignature(struct call *call)
{
	size_t key_length, length, signature_length;
	const uint8_t *key = arg_memory(call, 0, &key_length), *message = arg_memory(call, 1, &length);
	const uint8_t *signature = arg_memory(call, 2, &signature_length);
	give_flag(call, key_length == crypto_sign_ed25519_PUBLICKEYBYTES && signature_length == crypto_sign_ed25519_BYTES
		&& crypto_sign_ed25519_verify_detached(signature, length > 0 ? message : (const uint8_t *)"", length, key) == 0);
}
