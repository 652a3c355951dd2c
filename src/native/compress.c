/* Files compressed by gzip (RFC 1952) and zstd (RFC 8878), by a thread of jobs.c; and their content, as a client of archon reads it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include "call.h"
#include "functions.h"
#include "places.h"

enum { GZIP = 1, ZSTD = 2 };

/* As gzip(1) and zstd(1) have them. */
#define GZIP_LEVEL 6
#define ZSTD_LEVEL 3
/* The format of gzip, with the largest window. */
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8
#define CHUNK (64 << 10)

struct chunks { uint8_t in[CHUNK], out[CHUNK]; };

/* The errno that tells of an error of the libraries: there was no memory, for nothing else can go wrong in compressing. */
#define NO_MEMORY (errno = ENOMEM, -1)

static ssize_t read_chunk(int fd, uint8_t *bytes)
{
	ssize_t count;
	do
		count = read(fd, bytes, CHUNK);
	while (count < 0 && errno == EINTR);
	return count;
}

static int write_all(int fd, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, bytes, length);
		if (count < 0 && errno != EINTR)
			return -1;
		bytes += count > 0 ? count : 0;
		length -= count > 0 ? count : 0;
	}
	return 0;
}

static int gzip(int from, int to, struct chunks *chunks)
{
	z_stream stream = {0};
	if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return NO_MEMORY;
	int result;
	ssize_t count;
	do {
		result = (count = read_chunk(from, chunks->in)) < 0 ? -1 : 0;
		stream.next_in = chunks->in;
		stream.avail_in = result < 0 ? 0 : count;
		do {
			stream.next_out = chunks->out;
			stream.avail_out = CHUNK;
			if (result == 0) {
				deflate(&stream, count == 0 ? Z_FINISH : Z_NO_FLUSH);
				result = write_all(to, chunks->out, CHUNK - stream.avail_out);
			}
		} while (result == 0 && stream.avail_out == 0);
	} while (result == 0 && count > 0);
	int error = errno;
	deflateEnd(&stream);
	errno = error;
	return result;
}

static int zstd(int from, int to, struct chunks *chunks)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	if (!context)
		return NO_MEMORY;
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	int result;
	ssize_t count;
	do {
		result = (count = read_chunk(from, chunks->in)) < 0 ? -1 : 0;
		ZSTD_inBuffer in = {chunks->in, result < 0 ? 0 : count, 0};
		size_t left = 1;
		while (result == 0 && (count == 0 ? left > 0 : in.pos < in.size)) {
			ZSTD_outBuffer out = {chunks->out, CHUNK, 0};
			left = ZSTD_compressStream2(context, &out, &in, count == 0 ? ZSTD_e_end : ZSTD_e_continue);
			result = ZSTD_isError(left) ? NO_MEMORY : write_all(to, out.dst, out.pos);
		}
	} while (result == 0 && count > 0);
	int error = errno;
	ZSTD_freeCCtx(context);
	errno = error;
	return result;
}

/* `to` is made, with the owner and the permissions of `from`, and is not there where it could not be finished. */
long compress_file(int folder, const char *from, const char *to, int kind, double *inode)
{
	struct chunks *chunks = malloc(sizeof *chunks);
	struct opening opening = {.flags = O_RDONLY, .owner = -1};
	struct doubt doubt;
	int in = open_in(folder, from, &opening, &doubt), out = -1, result = -1;
	struct stat about;
	if (chunks && in >= 0 && fstat(in, &about) == 0 && (unlinkat(folder, to, 0) == 0 || errno == ENOENT)) {
		*inode = about.st_ino;
		out = openat(folder, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	}
	if (out >= 0) {
		result = kind == GZIP ? gzip(in, out, chunks) : zstd(in, out, chunks);
		/* Without root, archon may have been given a group's file that it cannot give away. */
		if (result == 0 && fchown(out, about.st_uid, about.st_gid) < 0 && errno != EPERM)
			result = -1;
		if (result == 0)
			result = fchmod(out, about.st_mode & 0777);
	}
	if (out >= 0 && close(out) < 0 && result == 0)
		result = -1;
	int error = errno;
	if (out >= 0 && result < 0)
		unlinkat(folder, to, 0);
	if (in >= 0)
		close(in);
	free(chunks);
	errno = error;
	return result;
}

/* ── Reading ── Memory that grows, up to one byte more than wanted. */

struct grown { uint8_t *bytes; size_t length, room, most; };

/* 0, or an errno. */
static int grow(struct grown *grown)
{
	if (grown->length > grown->most)
		return EFBIG;
	size_t room = grown->room < CHUNK ? CHUNK : grown->room * 2;
	room = room <= grown->most ? room : grown->most + 1;
	uint8_t *larger = realloc(grown->bytes, room);
	if (!larger)
		return ENOMEM;
	grown->bytes = larger;
	grown->room = room;
	return 0;
}

/* A file may have several parts; what comes behind them and is not a part is left out. */
static int ungzip(struct grown *grown, const uint8_t *bytes, size_t length)
{
	z_stream stream = {.next_in = (uint8_t *)bytes, .avail_in = length};
	if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return ENOMEM;
	int error = 0;
	for (bool is_over = false; !error && !is_over;) {
		if (grown->length == grown->room && (error = grow(grown)))
			break;
		stream.next_out = grown->bytes + grown->length;
		stream.avail_out = grown->room - grown->length;
		int result = inflate(&stream, Z_NO_FLUSH);
		grown->length = grown->room - stream.avail_out;
		bool has_more = stream.avail_in >= 2 && stream.next_in[0] == 0x1f && stream.next_in[1] == 0x8b;
		is_over = result == Z_STREAM_END && !has_more;
		if (result == Z_STREAM_END && has_more)
			result = inflateReset(&stream);
		if (result != Z_OK && result != Z_STREAM_END)
			error = result == Z_MEM_ERROR ? ENOMEM : EINVAL;
	}
	inflateEnd(&stream);
	return error;
}

static int unzstd(struct grown *grown, const uint8_t *bytes, size_t length)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	if (!context)
		return ENOMEM;
	ZSTD_inBuffer in = {bytes, length, 0};
	int error = 0;
	for (size_t left = 1; !error && (left > 0 || in.pos < in.size);) {
		if (grown->length == grown->room && (error = grow(grown)))
			break;
		ZSTD_outBuffer out = {grown->bytes, grown->room, grown->length};
		left = ZSTD_decompressStream(context, &out, &in);
		bool is_stuck = !ZSTD_isError(left) && left > 0 && in.pos == in.size && out.pos < out.size;
		grown->length = out.pos;
		if (ZSTD_isError(left) || is_stuck)
			error = EINVAL;
	}
	ZSTD_freeDCtx(context);
	return error;
}

/* decompress(bytes, kind, most): the content, or -EINVAL where it is broken, -EFBIG where it is more than `most` bytes. */
void sys_decompress(struct call *call)
{
	size_t length;
	const uint8_t *bytes = arg_memory(call, 0, &length);
	double most = arg_number(call, 2);
	struct grown grown = {.most = most < PTRDIFF_MAX ? (size_t)most : PTRDIFF_MAX};
	int error = arg_int(call, 1) == GZIP ? ungzip(&grown, bytes, length) : unzstd(&grown, bytes, length);
	if (!error && grown.length > grown.most)
		error = EFBIG;
	if (error)
		give_number(call, -error);
	else
		give_bytes(call, grown.bytes, grown.length);
	free(grown.bytes);
}
