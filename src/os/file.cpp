#include "os/file.hpp"

#include <array>
#include <climits>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/mapping.hpp"
#include "os/text.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

long read_file(const char* path, char* buffer, std::size_t size) noexcept {
    const Fd file(
        call_through_signals(Call::open_file, [&] { return ::open(path, O_RDONLY | O_CLOEXEC); }));
    if (!file) {
        return -1;
    }
    std::size_t length = 0;
    while (length < size) {
        const auto got = call_through_signals(
            Call::read, [&] { return ::read(file.get(), buffer + length, size - length); });
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        length += static_cast<std::size_t>(got);
    }
    return static_cast<long>(length);
}

std::optional<std::string> contents(const std::string& path) {
    for (std::string text(4096, '\0');; text.resize(2 * text.size())) {
        const long length = read_file(path.c_str(), text.data(), text.size());
        if (length < 0) {
            return std::nullopt;
        }
        if (static_cast<std::size_t>(length) < text.size()) {
            text.resize(static_cast<std::size_t>(length));
            return text;
        }
    }
}

std::optional<long long> number_in(const std::string& path) {
    const auto text = contents(path);
    return text ? number<long long>(trimmed(*text)) : std::nullopt;
}

Fd open_regular(const char* path) noexcept {
    Fd file(call_through_signals(Call::open_file,
                                 [&] { return ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return {};
    }
    return file;
}

std::string program_path() {
    std::array<char, PATH_MAX> path{};
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    return {path.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
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

}  // namespace os
PROCPOOL_END_NAMESPACE
