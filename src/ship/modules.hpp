#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The program and the shared libraries of a process, and where code of one process lies in
/// another. An address means the same as (module, offset) when both processes know the module, by
/// its build-id.
namespace ship {

using Address = std::uintptr_t;

/// Addresses [begin, end).
struct AddressRange {
    Address begin = 0;
    Address end = 0;

    [[nodiscard]] bool contains(Address address) const { return address >= begin && address < end; }
};

/// The program or a shared library. Its range is from the begin of its first segment to the end of
/// its last one.
struct Module : AddressRange {
    Address base = 0;                      ///< what the linker added to the addresses in the file
    std::array<std::byte, 20> build_id{};  ///< zeroes if it has none
    std::string name;                      ///< the file; empty for the program itself

    /// Whether both are the same file, wherever it is loaded.
    [[nodiscard]] bool same_file(const Module& other) const;
};

/// The modules of this process at the moment. Any thread. Throws std::bad_alloc.
[[nodiscard]] std::vector<Module> loaded_modules();

/// The same, kept from one call to the next until a module is loaded or unloaded. Any thread.
/// Throws std::bad_alloc.
[[nodiscard]] std::shared_ptr<const std::vector<Module>> known_modules();

/// Changes whenever a module is loaded or unloaded. Any thread; tens of nanoseconds.
[[nodiscard]] std::uint64_t modules_version() noexcept;

/// Code and data of the program itself. Any thread.
[[nodiscard]] AddressRange program() noexcept;

[[nodiscard]] std::vector<std::byte> encode(const std::vector<Module>& modules);
/// Throws DecodeError.
[[nodiscard]] std::vector<Module> decode_modules(std::span<const std::byte> bytes);

/// From now on this process, and those that it forks, run code for another process of the same
/// program, which refers to it by its own addresses: `relocated` translates them. `theirs` are the
/// modules of that process. For each of them: whether it is here. Throws std::bad_alloc.
std::vector<bool> run_for(const std::vector<Module>& theirs);

}  // namespace ship
PROCPOOL_END_NAMESPACE
