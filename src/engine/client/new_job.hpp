#pragma once

#include <memory>
#include <span>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/job.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A new job, on its way to a page: what takes time is done before the pool is locked. The spec
/// must outlive it.
class NewJob {
public:
    /// Moves out of the spec what that owns. Throws std::invalid_argument for too many items,
    /// std::bad_alloc.
    [[gnu::hot]] explicit NewJob(JobSpec& spec);
    /// The same job for each of these sinks.
    [[nodiscard]] static std::vector<NewJob> each(JobSpec& spec,
                                                  std::span<const std::shared_ptr<Sink>> sinks);

    /// How many positions its page has to have: as many as it has items, or may be fed.
    [[nodiscard]] std::uint64_t positions() const {
        return job_->feed ? Feed::most_items : job_->count;
    }

    /// Fills a free page with what workers are told, and small closures and inputs.
    [[gnu::hot]] JobHandle fill(JobPage& page);

private:
    JobSpec& spec_;
    JobHandle job_;
    std::size_t inputs_at_;  // on the page, behind the closure if that lies there too
    Block closure_;          // empty: on the page
    Block inputs_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
