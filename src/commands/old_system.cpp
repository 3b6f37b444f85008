// What newer systems link otherwise than glibc 2.34 and GCC 11's libstdc++ offer it: MAMBASYNTH_OLD_SYSTEMS
// (src/commands/CMakeLists.txt) has the linker redirect calls to here. x86-64 alone.

/// glibc 2.35 has a version of hypot that leaves errno alone.
extern "C" double hypot_of_old_glibc(double x, double y);
__asm__(".symver hypot_of_old_glibc,hypot@GLIBC_2.2.5");
extern "C" double __wrap_hypot(double x, double y);
double __wrap_hypot(double x, double y) { return hypot_of_old_glibc(x, y); }

/// std::condition_variable::wait(std::unique_lock<std::mutex>&), which GCC 12 declares noexcept no longer.
extern "C" void wait_of_old_libstdcxx(void* condition, void* lock);
__asm__(".symver wait_of_old_libstdcxx,_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");
extern "C" void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(void* condition, void* lock);
void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(void* condition, void* lock) {
  wait_of_old_libstdcxx(condition, lock);
}
