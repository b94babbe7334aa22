#include "os/file.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/memory.hpp"

namespace procpool::os {

Fd open_regular(const char* path) noexcept {
    Fd file(call_through_signals(Call::open_file,
                                 [&] { return ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return {};
    }
    return file;
}

bool read_at(const Fd& file, std::uint64_t offset, std::span<std::byte> buffer) noexcept {
    while (!buffer.empty()) {
        const ssize_t got = call_through_signals(Call::read, [&] {
            return ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
        });
        if (got <= 0) {
            return false;
        }
        buffer = buffer.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::uint64_t>(got);
    }
    return true;
}

std::uint64_t size_of(const Fd& file) noexcept {
    struct stat status{};
    return ::fstat(file.get(), &status) == 0 && status.st_size > 0
               ? static_cast<std::uint64_t>(status.st_size)
               : 0;
}

Fd copy_of(const Fd& file, std::uint64_t most) noexcept {
    const std::uint64_t size = size_of(file);
    if (size == 0 || size > most || size > file_size_limit()) {
        return {};
    }
    Fd copy = above_standard_streams(
        Fd(call(Call::make_memfd, [] { return ::memfd_create("procpool-code", MFD_CLOEXEC); })));
    off_t at = 0;
    while (copy && static_cast<std::uint64_t>(at) < size) {
        const ssize_t got = call_through_signals(Call::write, [&] {
            return ::sendfile(copy.get(), file.get(), &at, size - static_cast<std::uint64_t>(at));
        });
        if (got < 0) {
            return {};
        }
        if (got == 0) {
            break;  // it was cut meanwhile
        }
    }
    return copy;
}

}  // namespace procpool::os
