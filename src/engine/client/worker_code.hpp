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

/// Which code the workers of a pool have: a callable that leads into any other is refused, for it
/// would be a jump into nothing. Any thread may check.
class WorkerCode {
public:
    /// Workers that are forked from this process have what it has now.
    void is_that_of_this_process();
    /// They have these modules of this process. `relocated`: at other addresses.
    void is(std::vector<ship::Module> modules, bool relocated);

    /// Throws NotShippable when the callable leads into a module that the workers do not have, or
    /// have elsewhere where nobody can translate.
    [[gnu::hot]] void check(const JobSpec& spec);
    /// The same for functions, and words among which there are addresses of code. `theirs`: the
    /// modules of the workers.
    void check(std::span<const void* const> functions, const CodeWords& words,
               const std::vector<ship::Module>& theirs, bool relocated);

private:
    const ship::AddressRange program_ = ship::program();
    std::shared_ptr<const std::vector<ship::Module>> modules_;
    bool relocated_ = false;
    std::atomic<std::uint64_t> version_{0};  // when they were last seen to be all of this process
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
