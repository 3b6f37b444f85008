// What glibc 2.28 and GCC 8's libstdc++ lack of what compilers on newer systems use; x86-64 alone
// (src/python/CMakeLists.txt).
#include <sstream>

/// Newer headers expect some members of these in libstdc++.so.
template class std::basic_stringbuf<char>;
template class std::basic_ostringstream<char>;
template class std::basic_stringstream<char>;

/// libstdc++'s shared pointers skip atomic operations while this says that there is one thread (glibc 2.32).
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;

/// The linker redirects calls of exp here: since 2.29, it has a version that leaves errno alone.
extern "C" double exp_of_old_glibc(double);
__asm__(".symver exp_of_old_glibc,exp@GLIBC_2.2.5");
extern "C" __attribute__((visibility("hidden"))) double __wrap_exp(double x);
double __wrap_exp(double x) { return exp_of_old_glibc(x); }
