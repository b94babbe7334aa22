#include "ship/modules.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include <elf.h>
#include <link.h>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/run.hpp>
#include <procpool/errors.hpp>

#include "os/loaded_objects.hpp"
#include "os/own.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace ship {
namespace {

/// The build-id in the notes of a module, if it has one.
void read_build_id(const dl_phdr_info& info, Module& module) {
    for (int i = 0; i < info.dlpi_phnum; ++i) {
        const auto& segment = info.dlpi_phdr[i];
        if (segment.p_type != PT_NOTE) {
            continue;
        }
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the linker gives the address as a number
        const auto* at = reinterpret_cast<const std::byte*>(info.dlpi_addr + segment.p_vaddr);
        const std::byte* const end = at + segment.p_memsz;
        const std::size_t align = segment.p_align == 8 ? 8 : 4;
        const auto padded = [align](std::size_t size) {
            return (size + align - 1) / align * align;
        };
        while (static_cast<std::size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
            ElfW(Nhdr) note;
            std::memcpy(&note, at, sizeof note);
            const std::size_t name = sizeof note;
            const std::size_t value = name + padded(note.n_namesz);
            const std::size_t next = value + padded(note.n_descsz);
            if (next > static_cast<std::size_t>(end - at)) {
                break;
            }
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                std::memcmp(at + name, "GNU", 4) == 0) {
                std::memcpy(module.build_id.data(), at + value,
                            std::min<std::size_t>(note.n_descsz, module.build_id.size()));
                return;
            }
            at += next;
        }
    }
}

Module describe(const dl_phdr_info& info) {
    Module module;
    module.base = info.dlpi_addr;
    module.name = info.dlpi_name != nullptr ? info.dlpi_name : "";
    module.begin = ~Address{0};
    for (int i = 0; i < info.dlpi_phnum; ++i) {
        const auto& segment = info.dlpi_phdr[i];
        if (segment.p_type == PT_LOAD) {
            const Address begin = info.dlpi_addr + segment.p_vaddr;
            module.begin = std::min(module.begin, begin);
            module.end = std::max(module.end, begin + segment.p_memsz);
        }
    }
    read_build_id(info, module);
    return module;
}

/// Calls `use` with each module, until it returns false.
template <class Use>
void for_each_module(Use use) {
    os::for_each_object([](dl_phdr_info* info, std::size_t,
                           void* data) { return (*static_cast<Use*>(data))(*info) ? 0 : 1; },
                        &use);
}

/// A module of the process that this one works for, and how far from there it lies here.
struct Move {
    AddressRange theirs;
    Address delta = 0;  // modulo 2^64
};
std::vector<Move> moves;  // set once, in a process with one thread, and inherited by its children

}  // namespace

bool Module::same_file(const Module& other) const {
    constexpr std::array<std::byte, 20> none{};
    if (build_id != none || other.build_id != none) {
        return build_id == other.build_id;
    }
    return name == other.name && end - begin == other.end - other.begin;
}

std::vector<Module> loaded_modules() {
    std::vector<Module> modules;
    for_each_module([&](const dl_phdr_info& info) {
        if (Module module = describe(info); module.begin < module.end) {
            modules.push_back(std::move(module));
        }
        return true;
    });
    return modules;
}

std::shared_ptr<const std::vector<Module>> known_modules() {
    struct Kept {
        std::mutex mutex;
        std::uint64_t version = 0;
        std::shared_ptr<const std::vector<Module>> modules;
    };
    Kept& kept = os::own<Kept>();
    const std::scoped_lock lock(kept.mutex);
    if (const std::uint64_t version = modules_version();
        kept.modules == nullptr || version != kept.version) {
        kept.modules = std::make_shared<const std::vector<Module>>(loaded_modules());
        kept.version = version;
    }
    return kept.modules;
}

std::uint64_t modules_version() noexcept {
    std::uint64_t version = 0;
    for_each_module([&](const dl_phdr_info& info) {
        version = info.dlpi_adds + info.dlpi_subs;
        return false;
    });
    return version;
}

namespace {

// Made before main. In a child that was forked while another thread makes it, the first use would
// wait for that thread for ever.
[[maybe_unused]] const AddressRange made_early = program();

}  // namespace

AddressRange program() noexcept {
    static const AddressRange only = [] {
        AddressRange range;
        for_each_module([&](const dl_phdr_info& info) {
            const Module first = describe(info);
            range = {first.begin, first.end};
            return false;
        });
        return range;
    }();
    return only;
}

std::vector<std::byte> encode(const std::vector<Module>& modules) {
    std::vector<std::byte> bytes;
    const auto append = [&bytes](const void* data, std::size_t size) {
        const auto* const from = static_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), from, from + size);
    };
    for (const Module& module : modules) {
        const std::array<Address, 4> numbers{module.base, module.begin, module.end,
                                             module.name.size()};
        append(numbers.data(), sizeof numbers);
        append(module.build_id.data(), module.build_id.size());
        append(module.name.data(), module.name.size());
    }
    return bytes;
}

std::vector<Module> decode_modules(std::span<const std::byte> bytes) {
    std::vector<Module> modules;
    const auto take = [&bytes](void* to, std::size_t size) {
        if (size > bytes.size()) {
            throw DecodeError("procpool: the list of modules is cut short");
        }
        std::memcpy(to, bytes.data(), size);
        bytes = bytes.subspan(size);
    };
    while (!bytes.empty()) {
        Module module;
        std::array<Address, 4> numbers{};
        take(numbers.data(), sizeof numbers);
        module.base = numbers[0];
        module.begin = numbers[1];
        module.end = numbers[2];
        take(module.build_id.data(), module.build_id.size());
        module.name.resize(std::min<std::size_t>(numbers[3], bytes.size() + 1));
        take(module.name.data(), module.name.size());
        modules.push_back(std::move(module));
    }
    return modules;
}

std::vector<bool> run_for(const std::vector<Module>& theirs) {
    const std::vector<Module> ours = loaded_modules();
    std::vector<bool> here;
    for (const Module& module : theirs) {
        const auto same = std::find_if(ours.begin(), ours.end(), [&](const Module& candidate) {
            return candidate.same_file(module);
        });
        here.push_back(same != ours.end());
        if (same != ours.end()) {
            moves.push_back({{module.begin, module.end}, same->base - module.base});
        }
    }
    return here;
}

}  // namespace ship
PROCPOOL_END_NAMESPACE

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

std::uintptr_t relocated(std::uintptr_t address) noexcept {
    for (const ship::Move& move : ship::moves) {
        if (move.theirs.contains(address)) {
            return address + move.delta;
        }
    }
    return address;
}

std::uintptr_t as_in_client(std::uintptr_t address) noexcept {
    for (const ship::Move& move : ship::moves) {
        if (move.theirs.contains(address - move.delta)) {
            return address - move.delta;
        }
    }
    return address;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
