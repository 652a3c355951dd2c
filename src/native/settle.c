/*
 * Gives back what only a start or a storm needed: pages of programs that were read from files, and freed memory.
 */
#define _GNU_SOURCE
#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/*
 * What nobody may write is as it is in its file: it leaves this process, and comes back from the kernel's cache page
 * by page as it is used (madvise(2), MADV_DONTNEED).
 */
static int let_go(struct dl_phdr_info *object, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
		uintptr_t start = (object->dlpi_addr + part->p_vaddr + page - 1) & ~(page - 1);
		uintptr_t end = (object->dlpi_addr + part->p_vaddr + part->p_filesz) & ~(page - 1);
		if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

EXPORT void archon_settle(void)
{
	malloc_trim(0);
	dl_iterate_phdr(let_go, NULL);
}
