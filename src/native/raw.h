/*
 * System calls without the C library, for a child between clone and exec: in a copy of a process that may have threads
 * the library's own state is not to be trusted. The result is the kernel's: -errno where it failed.
 */
#ifndef RAW_H
#define RAW_H
#include <sys/syscall.h>

static inline long raw(long number, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__)
	register long fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
		: "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long eighth __asm__("x8") = number;
	register long first __asm__("x0") = a;
	register long second __asm__("x1") = b;
	register long third __asm__("x2") = c;
	register long fourth __asm__("x3") = d;
	register long fifth __asm__("x4") = e;
	__asm__ volatile("svc 0" : "+r"(first) : "r"(eighth), "r"(second), "r"(third), "r"(fourth), "r"(fifth) : "memory");
	return first;
#else
#error "archon knows the system calls of x86-64 and arm64 only"
#endif
}

/*
 * clone(2) without the C library, which would do more in the child: that one calls the function on its own stack, of which
 * this is the end, and never returns from it. The pid, or -errno.
 */
static inline long raw_clone(unsigned long flags, void *stack, int (*function)(void *), void *argument)
{
#if defined(__x86_64__)
	register long fourth __asm__("r10") = 0;
	register long fifth __asm__("r8") = 0;
	long result;
	__asm__ volatile(
		"syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\tmov %[argument], %%rdi\n\tcall *%[function]\n\tud2\n1:"
		: "=a"(result)
		: "0"(SYS_clone), "D"(flags), "S"(stack), "d"(0L), "r"(fourth), "r"(fifth), [function] "r"(function), [argument] "r"(argument)
		: "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long eighth __asm__("x8") = SYS_clone;
	register long first __asm__("x0") = (long)flags;
	register void *second __asm__("x1") = stack;
	register long third __asm__("x2") = 0, fourth __asm__("x3") = 0, fifth __asm__("x4") = 0;
	__asm__ volatile(
		"svc 0\n\tcbnz x0, 1f\n\tmov x0, %[argument]\n\tblr %[function]\n\tbrk 1\n1:"
		: "+r"(first)
		: "r"(eighth), "r"(second), "r"(third), "r"(fourth), "r"(fifth), [function] "r"(function), [argument] "r"(argument)
		: "memory");
	return first;
#endif
}

#define RAW_PADDED(number, a, b, c, d, e, ...) raw(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define RAW(...) RAW_PADDED(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

#endif
