#include "engine/client/job.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void Job::drop(std::uint64_t first, std::uint64_t last, const Failure& why) {
    for (const IntervalSet::Interval gap : done.missing(first, last)) {
        receiver.make_room();
        done.insert(gap.begin, gap.end);
        receiver.dropped(gap.begin, gap.end, why);
    }
}

void Job::release_memory() {
    block = Block();
    keep.reset();
    keep_output.reset();
    more_blocks.clear();
    feed.release();
    parts.clear();
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
