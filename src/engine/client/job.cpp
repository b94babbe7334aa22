#include "engine/client/job.hpp"

#include <algorithm>
#include <utility>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void Job::drop(std::uint64_t first, std::uint64_t last, const Failure& why) {
    for (const IntervalSet::Interval gap : done.missing(first, last)) {
        receiver.make_room();
        Failure copy = why;
        done.insert(gap.begin, gap.end);
        receiver.dropped(gap.begin, gap.end, std::move(copy));
    }
}

void Job::note_watch(bool rung) {
    constexpr int most_unwatched = 63;
    if (rung) {
        next_unwatched_waits_ = 0;
        called = Called::few;
    } else {
        unwatched_waits_ = next_unwatched_waits_;
        next_unwatched_waits_ =
            static_cast<std::uint8_t>(std::min(2 * next_unwatched_waits_ + 1, most_unwatched));
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
