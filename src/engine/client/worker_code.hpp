#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/interface.hpp"
#include "ship/modules.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Which code the workers of a pool have. A callable that leads into other code is refused: a
/// worker would jump to an address where nothing is. Any thread may call check().
class WorkerCode {
public:
    /// Workers that are forked from this process have what it has now.
    void is_that_of_this_process();
    /// They have these modules of this process. `relocated`: at other addresses.
    void is(std::vector<ship::Module> modules, bool relocated);

    /// Throws NotShippable if the callable leads into a module that the workers do not have, or
    /// have at another address where nobody can translate.
    [[gnu::hot]] void check(const JobSpec& spec);
    /// The same for functions, and for words that may be addresses of code. `theirs`: the modules
    /// of the workers.
    void check(std::span<const void* const> functions, const CodeWords& words,
               const std::vector<ship::Module>& theirs, bool relocated);

private:
    const ship::AddressRange program_ = ship::program();
    std::shared_ptr<const std::vector<ship::Module>> modules_;
    bool relocated_ = false;
    std::atomic<std::uint64_t> version_{0};  // of the last modules that the workers all have
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
