#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// A shared library that this program can do without: loaded while it runs, if it is installed.
/// It stays loaded.
class SharedLibrary {
public:
    /// `file`: as the dynamic linker looks it up, "libdw.so.1". Never loads it into a program
    /// without a dynamic linker (linked with -static): it would bring a libc of its own, and crash.
    explicit SharedLibrary(const char* file) noexcept;

    /// Whether it is loaded.
    explicit operator bool() const { return handle_ != nullptr; }

    /// The address of a function; null when the library has none of that name or is not loaded.
    [[nodiscard]] void* function(const char* name) const noexcept;

private:
    void* handle_ = nullptr;
};

}  // namespace os
PROCPOOL_END_NAMESPACE
