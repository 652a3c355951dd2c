/* assert(3) that holds with NDEBUG too, which turns off more of the engine than its assertions. */
#undef assert
#define assert(what) ((void)((what) || (__assert_fail(#what, __FILE__, __LINE__, __func__), 0)))

#ifndef ASSERTING
#define ASSERTING
#define static_assert _Static_assert
#ifdef __GLIBC__
_Noreturn void __assert_fail(const char *, const char *, unsigned, const char *) __attribute__((__nothrow__, __leaf__));
#else
_Noreturn void __assert_fail(const char *, const char *, int, const char *);
#endif
#endif
