#pragma once

#include <procpool/detail/namespace.hpp>

// What g++ (--coverage, -fprofile-generate) and clang++ (-fprofile-instr-generate) link into a
// program or module that they count in. Null in others. libgcov is an archive: of its functions
// only those that something refers to are there, and __gcov_exit always is.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier)
[[gnu::weak]] void __gcov_dump();
[[gnu::weak]] void __gcov_exit();
[[gnu::weak]] void __gcov_reset();
[[gnu::weak]] int __llvm_profile_write_file();
[[gnu::weak]] void __llvm_profile_reset_counters();
// NOLINTEND(bugprone-reserved-identifier)
}

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// How a module writes what was counted in it, and forgets it; null where there is nothing to do.
class Coverage {
public:
    Coverage(void (*write)(), void (*forget)()) noexcept;
    ~Coverage();
    Coverage(const Coverage&) = delete;
    Coverage& operator=(const Coverage&) = delete;

    /// Of every module: what was counted in this process. Once, right before it ends.
    static void write_all() noexcept;
    /// Of every module: what its parent counted is not counted again by a forked child.
    static void forget_all() noexcept;

private:
    void (*write_)();
    void (*forget_)();
};

inline void write_llvm_profile() { static_cast<void>(__llvm_profile_write_file()); }

/// A module has its own: it is hidden from others.
[[gnu::visibility("hidden")]] inline const Coverage coverage_of_module{
    __gcov_dump != nullptr                 ? __gcov_dump
    : __gcov_exit != nullptr               ? __gcov_exit
    : __llvm_profile_write_file != nullptr ? write_llvm_profile
                                           : nullptr,
    __gcov_reset != nullptr ? __gcov_reset : __llvm_profile_reset_counters};

}  // namespace detail
PROCPOOL_END_NAMESPACE
