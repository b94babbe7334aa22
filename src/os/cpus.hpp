#pragma once

#include <optional>
#include <string>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// CPUs: what the files of the system say about them, and which ones this thread uses. `root` is
/// put before every path: empty, or a directory of a test.
namespace os {

/// The numbers in a list like "0-3,8,10-11"; empty when it is not one.
[[nodiscard]] std::vector<int> parse_cpu_list(const std::string& text);

/// How many CPUs the quotas of this process's control group and of the groups above it pay for,
/// rounded up; nothing without a quota. Control groups of version 1 and 2, wherever they are
/// mounted.
[[nodiscard]] std::optional<int> quota_cpus(const std::string& root);

/// The CPUs that are online; empty when the system does not tell.
[[nodiscard]] std::vector<int> online_cpus(const std::string& root);

/// The cores to which these CPUs belong, each as a list of CPUs: of those that were given, the ones
/// that are hardware threads of it. A CPU about which the system says nothing is a core of its own.
[[nodiscard]] std::vector<std::vector<int>> cores_of(const std::string& root,
                                                     const std::vector<int>& cpus);

/// The first CPU of each core, then the second ones, and so on.
[[nodiscard]] std::vector<int> one_per_core_first(const std::vector<std::vector<int>>& cores);

/// The CPUs this thread may run on; empty when the kernel does not tell.
[[nodiscard]] std::vector<int> cpus_by_affinity();
/// The same, one per core first.
[[nodiscard]] std::vector<int> cpus_to_bind();

/// The public functions of these names; procpool/cpu.hpp describes them.
[[nodiscard]] int usable_cpus();
[[nodiscard]] int logical_cpus();
[[nodiscard]] int physical_cores();

/// The CPU this thread runs on; -1 if unknown. No system call.
[[gnu::hot]] [[nodiscard]] int own_cpu() noexcept;
/// Moves this thread off the CPU it runs on, if it may use another one.
void leave_cpu(int cpu) noexcept;
/// Binds this process to one CPU; without effect where that cannot be.
void run_on(int cpu) noexcept;
/// Lets another thread that waits for this CPU run.
[[gnu::hot]] void yield() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
