#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Has a job leave out items of which it is known what comes: a worker passes over them. Those are
/// the ones with a bit in `known` (memory of the region, which the job keeps), or if that is null,
/// as the job is fed, those whose entry has no data. Of such an item nothing comes but that it is
/// done. `closure` and `code` are for the spec to point to, until the job is started.
void leave_out_known(JobSpec& spec, const std::byte* known, std::vector<std::byte>& closure,
                     std::vector<std::byte>& code);

}  // namespace detail
PROCPOOL_END_NAMESPACE
