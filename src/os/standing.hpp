#pragma once

#include <array>
#include <cstdint>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// What a process may do, and where it stands. Plain data: one process tells another one.
struct Standing {
    static constexpr std::size_t most_groups = 256;
    static constexpr std::size_t most_limits = 16;

    std::array<uid_t, 3> users{};   // real, effective, saved
    std::array<gid_t, 3> groups{};  // the same
    std::uint32_t group_count = 0;  // supplementary ones; the first of them, sorted
    std::array<gid_t, most_groups> more_groups{};
    std::uint64_t group_hash = 0;                 // of all of them
    std::array<std::uint64_t, 4> capabilities{};  // effective, permitted, inheritable, bounding
    int no_new_privileges = 0;
    int seccomp = 0;
    int seccomp_filters = -1;  // -1: not known
    FileIdentity root;
    FileIdentity working_directory;
    std::array<FileIdentity, 7> namespaces{};

    int umask = -1;  // -1: not known
    int nice = 0;
    std::array<std::array<std::uint64_t, 2>, most_limits> limits{};  // soft, hard
    std::array<std::uint64_t, 16> cpus{};
    std::uint64_t ignored_signals = 0;  // a bit each, signal 1 the lowest
};

/// That of this process, now. Throws std::bad_alloc.
[[nodiscard]] Standing own_standing();

/// Gives up what a set-user-ID, set-group-ID or file capability bit of this program gave to this
/// process beyond the rights of whoever started it. False if that could not be done.
[[nodiscard]] bool give_up_raised_rights() noexcept;

/// In a process that is about to work for another one: takes its standing as far as that goes.
/// `root` and `working_directory`: descriptors of those of the other one, if this process did not
/// inherit them. What differs from it still, in words; null if nothing does that matters. Throws
/// std::bad_alloc.
[[nodiscard]] const char* take_standing(const Standing& wanted, const Fd& root,
                                        const Fd& working_directory);

/// A descriptor of a directory, to be sent. Empty and errno on failure.
[[nodiscard]] Fd open_directory(const char* path) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
