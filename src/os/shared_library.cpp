#include "os/shared_library.hpp"

#include <algorithm>
#include <span>

#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

bool has_dynamic_linker() {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives the address as a number
    const std::span headers(reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR)),
                            ::getauxval(AT_PHNUM));
    return std::ranges::any_of(
        headers, [](const ElfW(Phdr) & header) { return header.p_type == PT_INTERP; });
}

}  // namespace

SharedLibrary::SharedLibrary(const char* file) noexcept
    : handle_(has_dynamic_linker() ? ::dlopen(file, RTLD_LAZY | RTLD_LOCAL) : nullptr) {}

void* SharedLibrary::function(const char* name) const noexcept {
    return handle_ != nullptr ? ::dlsym(handle_, name) : nullptr;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
