/*
 * The first steps of an executable that has its C library with it in one file, for where there is none: what the
 * kernel does with PT_INTERP is done here, since no path leads to the loader. The kernel has mapped the program itself.
 *
 * Nothing of a C library is there yet: system calls only, and no relocations.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/*
 * FIRST_FD is the build's word: the program needs its libraries as /proc/self/fd/<FIRST_FD + number>. They stay open
 * for as long as it runs, so that no descriptor that it keeps for the next life (guard.c) ever has one of these numbers.
 */
#define PARTS_MAX 16

struct part {
	uint64_t offset;
	uint64_t size;
};

/* capsule.ts fills this in, and finds it by its magic. */
struct table {
	char magic[8];
	uint64_t entry; /* where the program itself begins */
	uint64_t start; /* where this begins, which the file names as its entry */
	uint64_t interp; /* the loader's path in the program */
	uint64_t count;
	struct part parts[PARTS_MAX]; /* the loader, and the libraries */
};

/* Here, because a compiler that saw its zeros would reckon with them. */
__asm__(".text\n.balign 8\n.hidden table\n.globl table\ntable:\n.ascii \"capsule\\0\"\n.zero 288\n");
extern const struct table table __attribute__((visibility("hidden")));
_Static_assert(sizeof(struct table) == 8 + 288, "the room for the table");

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n"
	"mov %rsp, %rbx\nmov %rsp, %rdi\nand $-16, %rsp\ncall capsule\n"
	"mov %rbx, %rsp\nxor %edx, %edx\njmp *%rax\n");

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n"
	"mov x0, sp\nbl capsule\nmov x16, x0\nmov x0, #0\nbr x16\n");

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}
#endif

/* The system failed archon itself, with the status that main.ts has for it. */
static _Noreturn void give_up(const char *text, long length)
{
	call(SYS_write, 2, (long)text, length, 0, 0, 0);
	call(SYS_exit_group, 111, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}
#define TOO_MANY "cannot open so many files (ulimit -n)"
#define FAIL(text) give_up("archon: " text "\n", sizeof("archon: " text))

/* What the loader needs to open must be a file of its own. */
static void unpack(int file, int number)
{
	long memory = call(SYS_memfd_create, (long)"archon", 1 /* MFD_CLOEXEC */, 0, 0, 0, 0);
	if (memory < 0)
		FAIL("cannot make room for its C library in memory");
	int64_t from = (int64_t)table.parts[number].offset;
	for (uint64_t left = table.parts[number].size; left > 0;) {
		long count = call(SYS_sendfile, memory, file, (long)&from, (long)left, 0, 0);
		if (count <= 0)
			FAIL("cannot copy its C library into memory");
		left -= (uint64_t)count;
	}
	if (memory == FIRST_FD + number)
		return;
	if (call(SYS_dup3, memory, FIRST_FD + number, O_CLOEXEC, 0, 0, 0) < 0)
		FAIL(TOO_MANY);
	call(SYS_close, memory, 0, 0, 0, 0, 0);
}

/*
 * A PID 1 is deaf to what comes before it has handlers; what is blocked waits for them. The library of early.c, which
 * is loaded with the others, sees to the rest; a fault that is blocked would end even PID 1 (signal(7)).
 */
static void wait_for_handlers(void)
{
	uint64_t blocked = ~(uint64_t)0;
	static const char faults[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
	for (unsigned i = 0; i < sizeof faults; i++)
		blocked &= ~((uint64_t)1 << (faults[i] - 1));
	if (call(SYS_getpid, 0, 0, 0, 0, 0, 0) == 1)
		call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&blocked, 0, sizeof blocked, 0, 0);
}

static long map(uint64_t address, uint64_t length, long protection, long flags, int file, uint64_t offset)
{
	long result = call(SYS_mmap, (long)address, (long)length, protection, flags, file, (long)offset);
	if (result < 0 && result > -4096)
		FAIL("cannot map its loader");
	return result;
}

/* Maps the segments of the loader as the kernel would; where it begins. `base` becomes where it is. */
static uint64_t load(int file, uint64_t page, uint64_t *base)
{
	uint64_t origin = table.parts[0].offset;
	const Elf64_Ehdr *head = (void *)map(0, table.parts[0].size, PROT_READ, MAP_PRIVATE, file, origin);
	const Elf64_Phdr *segments = (void *)((const char *)head + head->e_phoff);
	uint64_t span = 0;
	for (int i = 0; i < head->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD)
			span = segments[i].p_vaddr + segments[i].p_memsz;
	*base = (uint64_t)map(0, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < head->e_phnum; i++) {
		const Elf64_Phdr *segment = &segments[i];
		if (segment->p_type != PT_LOAD)
			continue;
		long protection = (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0)
			| (segment->p_flags & PF_X ? PROT_EXEC : 0);
		uint64_t slack = segment->p_vaddr % page;
		uint64_t filled = *base + segment->p_vaddr + segment->p_filesz;
		uint64_t end = *base + segment->p_vaddr + segment->p_memsz;
		uint64_t next = (filled + page - 1) / page * page;
		map(*base + segment->p_vaddr - slack, segment->p_filesz + slack, protection, MAP_PRIVATE | MAP_FIXED, file,
			origin + segment->p_offset - slack);
		if (end > next)
			map(next, end - next, protection, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
		/* The rest of the last page is the file's, and has to be zero. */
		for (volatile char *byte = (char *)filled; segment->p_memsz > segment->p_filesz && (uint64_t)byte < next; byte++)
			*byte = 0;
	}
	uint64_t entry = *base + head->e_entry;
	call(SYS_munmap, (long)head, (long)table.parts[0].size, 0, 0, 0, 0);
	return entry;
}

/*
 * The loader insists on a program that names it. In memory, the segment of these first steps becomes that name: nothing
 * else needs to know of it.
 */
static void name_loader(Elf64_Phdr *segments, uint64_t count, uint64_t page)
{
	uint64_t from = (uint64_t)segments / page * page;
	if (call(SYS_mprotect, (long)from, (long)((uint64_t)(segments + count) - from), PROT_READ | PROT_WRITE, 0, 0, 0) < 0)
		FAIL("cannot change its segments");
	for (uint64_t i = 0; i < count; i++) {
		Elf64_Phdr *segment = &segments[i];
		if (segment->p_type == PT_LOAD && segment->p_vaddr <= table.start && table.start < segment->p_vaddr + segment->p_memsz) {
			segment->p_type = PT_INTERP;
			segment->p_vaddr = table.interp;
		}
	}
}

/* With the stack as the kernel has made it: arguments, environment, and the auxiliary vector. Where to go on. */
__attribute__((visibility("hidden"), used)) uint64_t capsule(uint64_t *stack)
{
	wait_for_handlers();
	uint64_t *end = stack + 1 + stack[0] + 1;
	while (*end)
		end++;
	Elf64_auxv_t *auxiliary = (Elf64_auxv_t *)(end + 1), *base = NULL, *entry = NULL;
	Elf64_Phdr *segments = NULL;
	uint64_t page = 4096, count = 0;
	for (Elf64_auxv_t *each = auxiliary; each->a_type != AT_NULL; each++) {
		if (each->a_type == AT_BASE)
			base = each;
		else if (each->a_type == AT_ENTRY)
			entry = each;
		else if (each->a_type == AT_PHDR)
			segments = (void *)each->a_un.a_val;
		else if (each->a_type == AT_PHNUM)
			count = each->a_un.a_val;
		else if (each->a_type == AT_PAGESZ)
			page = each->a_un.a_val;
	}
	if (!base || !entry || !segments)
		FAIL("the kernel does not say where it was loaded");
	long file = call(SYS_openat, AT_FDCWD, (long)"/proc/self/exe", O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (file < 0)
		FAIL("cannot read itself: /proc is missing");
	/* Where everything below is taken, it would stand where a library goes. */
	if (file >= FIRST_FD)
		file = call(SYS_fcntl, file, F_DUPFD_CLOEXEC, FIRST_FD + (long)table.count, 0, 0, 0);
	if (file < 0)
		FAIL(TOO_MANY);
	for (uint64_t number = 1; number < table.count; number++)
		unpack((int)file, (int)number);
	uint64_t start = load((int)file, page, &base->a_un.a_val);
	entry->a_un.a_val += table.entry - table.start;
	name_loader(segments, count, page);
	call(SYS_close, file, 0, 0, 0, 0, 0);
	return start;
}
