#include "os/kept_file.hpp"

#include <cerrno>
#include <new>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

struct flock whole_file(short type) noexcept {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

Fd open_kept(const char* path) noexcept {
    constexpr mode_t mode = 0666;  // less the umask
    // Not O_CREAT alone: without O_NONBLOCK a device or a pipe may block.
    Fd file(call_through_signals(Call::open_file, [&] {
        return ::open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);
    }));
    struct stat status{};
    if (file && (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))) {
        errno = EINVAL;
        return {};
    }
    return file ? above_standard_streams(std::move(file)) : Fd();
}

FileIdentity identity_at(const char* path) noexcept {
    struct stat status{};
    if (::stat(path, &status) != 0) {
        return {};
    }
    return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

int lock_for_process(const Fd& file) noexcept {
    struct flock lock = whole_file(F_WRLCK);
    const int locked =
        call_through_signals(Call::lock_file, [&] { return ::fcntl(file.get(), F_SETLK, &lock); });
    return locked == 0 ? 0 : errno;
}

pid_t holder_of_lock(const Fd& file) noexcept {
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) {
        return 0;
    }
    return lock.l_pid;
}

int write_at(const Fd& file, std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
    const std::uint64_t limit = file_size_limit();
    if (offset > limit || bytes.size() > limit - offset) {
        return EFBIG;
    }
    while (!bytes.empty()) {
        const ssize_t written = call_through_signals(Call::write_file, [&] {
            return ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        });
        if (written < 0) {
            return errno;
        }
        if (written == 0) {
            return ENOSPC;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return 0;
}

int cut_to(const Fd& file, std::uint64_t size) noexcept {
    const int cut = call_through_signals(
        Call::resize_file, [&] { return ::ftruncate(file.get(), static_cast<off_t>(size)); });
    return cut == 0 ? 0 : errno;
}

int sync_data(const Fd& file) noexcept {
    const int synced =
        call_through_signals(Call::sync_file, [&] { return ::fdatasync(file.get()); });
    return synced == 0 || errno == EINVAL || errno == ENOSYS ? 0 : errno;
}

void sync_entry_of(const std::string& path) noexcept {
    try {
        const std::size_t slash = path.rfind('/');
        const std::string directory = slash == std::string::npos ? "."
                                      : slash == 0               ? "/"
                                                                 : path.substr(0, slash);
        const Fd opened(call_through_signals(Call::open_file, [&] {
            return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }));
        if (opened) {
            static_cast<void>(::fsync(opened.get()));
        }
    } catch (const std::bad_alloc&) {
        // The kernel writes it down some seconds later.
    }
}

}  // namespace os
PROCPOOL_END_NAMESPACE
