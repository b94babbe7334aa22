#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <link.h>

#include <procpool/detail/closure_check.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/errors.hpp>

#include "memory/region.hpp"
#include "os/address_space.hpp"
#include "os/cancellation.hpp"
#include "os/loaded_objects.hpp"
#include "ship/modules.hpp"

// Only in programs with AddressSanitizer. Its shadow is a private mapping of terabytes: many
// integers look like addresses in it, and no pointer is one.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" [[gnu::weak]] void __asan_get_shadow_mapping(std::size_t* scale, std::size_t* offset);

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

using ship::Address;
using ship::AddressRange;

/// No address that is mapped is below this one (vm.mmap_min_addr), or has more bits.
constexpr Address lowest_address = 64 * 1024;
#if defined(__x86_64__)
constexpr int address_bits = 47;
#else
constexpr int address_bits = 52;
#endif

Address page_below(Address address) {
    return address / os::kernel_page_size() * os::kernel_page_size();
}
Address page_above(Address address) { return page_below(address + os::kernel_page_size() - 1); }

/// The part of a module's segment that nobody can write: code, constants, and data that is made
/// read-only after relocation.
AddressRange read_only_part(const dl_phdr_info& module, const ElfW(Phdr) & segment) {
    const Address begin = module.dlpi_addr + segment.p_vaddr;
    const Address end = begin + segment.p_memsz;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0) {
        return {page_below(begin), page_above(end)};
    }
    if (segment.p_type == PT_GNU_RELRO) {
        return {page_above(begin), page_below(end)};
    }
    return {};
}

std::span<const ElfW(Phdr)> segments_of(const dl_phdr_info& module) {
    return {module.dlpi_phdr, module.dlpi_phnum};
}

/// The read-only segments of the program itself, which is never unloaded.
class ProgramText {
public:
    ProgramText() {
        os::for_each_object(
            [](dl_phdr_info* program, std::size_t, void* self) {
                static_cast<ProgramText*>(self)->note(*program);
                return 1;  // the program comes first
            },
            this);
    }

    [[nodiscard]] bool contains(Address address) const {
        return std::any_of(
            ranges_.begin(), ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
            [address](const AddressRange& range) { return range.contains(address); });
    }

private:
    void note(const dl_phdr_info& program) {
        for (const auto& segment : segments_of(program)) {
            const AddressRange range = read_only_part(program, segment);
            if (range.begin < range.end && count_ < ranges_.size()) {
                ranges_[count_++] = range;
            }
        }
    }

    std::array<AddressRange, 16> ranges_{};
    std::size_t count_ = 0;
};

const ProgramText& program_text() {
    static const ProgramText only;
    return only;
}
// Made before main. In a child that was forked while another thread makes it, the first use would
// wait for that thread for ever.
[[maybe_unused]] const ProgramText& made_early = program_text();

/// What an address is in the loaded modules.
struct ModuleLookup {
    Address address = 0;
    bool read_only = false;
    bool writable = false;
    std::string_view name;  // with `writable`: the module, empty for the program

    explicit ModuleLookup(Address wanted) : address(wanted) {
        os::for_each_object(
            [](dl_phdr_info* module, std::size_t, void* self) {
                return static_cast<ModuleLookup*>(self)->look(*module) ? 1 : 0;
            },
            this);
    }

private:
    bool look(const dl_phdr_info& module) {
        for (const auto& segment : segments_of(module)) {
            const Address begin = module.dlpi_addr + segment.p_vaddr;
            read_only = read_only || read_only_part(module, segment).contains(address);
            if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0 &&
                AddressRange{begin, begin + segment.p_memsz}.contains(address)) {
                writable = true;
                name = module.dlpi_name;
            }
        }
        return read_only || writable;
    }
};

bool in_sanitizer_shadow(Address address) {
    if (__asan_get_shadow_mapping == nullptr) {
        return false;
    }
    std::size_t scale = 0;
    std::size_t offset = 0;
    __asan_get_shadow_mapping(&scale, &offset);
    return address >= offset && address - offset < (Address{1} << address_bits >> scale);
}

bool in_address_range(Address word) {
    return word >= lowest_address && word >> address_bits == 0 && !in_sanitizer_shadow(word);
}

/// A cheap test. False when the word is certainly no address, or one that a worker may use.
bool suspicious(Address word) {
    if (!in_address_range(word) || program_text().contains(word)) {
        return false;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): it is only compared
    const auto* const pointer = reinterpret_cast<const std::byte*>(word);
    if (memory::Region::current().contains(pointer, 1)) {
        return false;
    }
    return os::may_be_mapped(word) && !ModuleLookup(word).read_only;
}

/// The bytes of a closure, as words.
class Words {
public:
    explicit Words(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::size_t size() const { return bytes_.size() / sizeof(Address); }
    [[nodiscard]] Address operator[](std::size_t i) const {
        Address word = 0;
        std::memcpy(&word, bytes_.data() + i * sizeof word, sizeof word);
        return word;
    }

private:
    std::span<const std::byte> bytes_;
};

std::string place_of(Address address, const os::MappedRange& range) {
    const auto here = reinterpret_cast<Address>(__builtin_frame_address(0));
    if (range.name == "[stack]" || (here >= range.begin && here < range.end)) {
        return "the stack";
    }
    if (range.name == "[heap]") {
        return "the heap";
    }
    if (const ModuleLookup module(address); module.writable) {
        return "the variables of " +
               (module.name.empty() ? "the program" : std::string(module.name));
    }
    if (range.name.empty()) {
        return "the heap or the stack of a thread";
    }
    return "a private mapping of " + std::string(range.name);
}

constexpr std::string_view cures =
    ". Capture numbers and plain structs by value; pass strings, containers and other objects with "
    "bind_back(f, object); or use fork_map, whose workers inherit this process's memory. If that "
    "word is no address, or the worker does not use it, say so with trust(f)";

std::string what_is_wrong(const std::type_info& type, std::size_t word) {
    return "procpool: " + readable_name(type) + " cannot be shipped to a worker: at byte " +
           std::to_string(word * sizeof(Address)) + " it holds ";
}

/// Refuses the closure if a word of it, from the first suspicious one on, points into writable
/// memory that a worker does not share.
void check_against_mappings(const Words& words, std::size_t first_suspicious,
                            const std::type_info& type) {
    std::size_t found = words.size();
    std::string place;
    os::MapsReader maps;
    while (const auto range = maps.next()) {
        if (!range->writable || range->shared) {
            continue;
        }
        for (std::size_t i = first_suspicious; i < found; ++i) {
            const Address word = words[i];
            if (word >= range->begin && word < range->end && in_address_range(word)) {
                found = i;
                place = place_of(word, *range);
            }
        }
    }
    if (maps.error() != 0 && found == words.size()) {
        throw NotShippable(what_is_wrong(type, first_suspicious) +
                           "what looks like an address, and what is mapped there is not known: "
                           "/proc/self/maps cannot be read (" +
                           std::generic_category().message(maps.error()) + ")" +
                           std::string(cures));
    }
    if (found < words.size()) {
        throw NotShippable(what_is_wrong(type, found) + "an address in " + place +
                           " of this process, which a worker does not share" + std::string(cures));
    }
}

}  // namespace

void check_closure(std::span<const std::byte> bytes, const std::type_info& type) {
    const os::CancellationBlock whole;
    const Words words(bytes);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (suspicious(words[i])) {
            return check_against_mappings(words, i, type);
        }
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
