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
/// The program and the shared libraries in a process, and where code of one process lies in
/// another: an address is as good as (module, offset) when both know the module by its build-id.
namespace ship {

using Address = std::uintptr_t;

/// Addresses [begin, end).
struct AddressRange {
    Address begin = 0;
    Address end = 0;

    [[nodiscard]] bool contains(Address address) const { return address >= begin && address < end; }
};

/// From the begin of its first segment to the end of its last.
struct Module : AddressRange {
    Address base = 0;                      ///< what its addresses in the file are moved by
    std::array<std::byte, 20> build_id{};  ///< zeroes if it has none
    std::string name;                      ///< the file; empty for the program itself

    /// The same file, wherever it lies.
    [[nodiscard]] bool same_file(const Module& other) const;
};

/// Those of this process at the moment. Any thread. Throws std::bad_alloc.
[[nodiscard]] std::vector<Module> loaded_modules();

/// The same, kept from the last call while nothing was loaded or unloaded.
[[nodiscard]] std::shared_ptr<const std::vector<Module>> known_modules();

/// Changes whenever a module is loaded or unloaded. Any thread; tens of nanoseconds.
[[nodiscard]] std::uint64_t modules_version() noexcept;

/// Code and data of the program itself. Any thread.
[[nodiscard]] AddressRange program() noexcept;

[[nodiscard]] std::vector<std::byte> encode(const std::vector<Module>& modules);
/// Throws DecodeError.
[[nodiscard]] std::vector<Module> decode_modules(std::span<const std::byte> bytes);

/// From now on this process, and those it forks, run code that `theirs`, another process of the
/// same program, refers to by its own addresses: `relocated` translates. For each of their modules,
/// is it here?
std::vector<bool> run_for(const std::vector<Module>& theirs);

}  // namespace ship
PROCPOOL_END_NAMESPACE
