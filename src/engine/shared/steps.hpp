#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The steps of docs/protocol.md at which tests stop or kill a process. They compile to nothing in
/// a normal build.
namespace engine {

enum class Step {
    worker_starts,
    claim_idle,        // 3.1 done
    claim_evidence,    // 3.3 done
    claim_written,     // 3.4 done
    claim_intent,      // 3.5 done
    claim_swapped,     // 3.6 done
    claim_taken,       // 3.7 done
    claim_inherited,   // the same for what a dead worker left
    frame_opened,      // 4.1 done
    item_written,      // 4.5: the results of a frame are written, `current` is past them
    header_written,    // 4.6 done
    frame_published,   // 4.7 done
    bell_rung,         // 4.8 done
    claim_released,    // 4.9 done
    single_written,    // a frame of one item is written
    single_marked,     // frame_first moved past it
    single_published,  // and it is published
    part_published,    // a piece of a large result is published
    theft_proposed,    // stealing, 5 done
    theft_checked,     // 7 done
    theft_decided,     // 8 done
    theft_recorded,    // 9 done
    theft_refused,     // the victim's 3 done
    theft_word_shut,   // nothing is stolen from here on
    closing,           // evidence for the last taker is written, the job is about to be closed
    closed,            // and is
    preparing,         // an item has begun, its callable is about to be decoded
    prepared,          // and is
    retiring,          // the last item is published, the phase is about to say so
    retired,           // and does
    token_taken,
    token_returned,
    parking,
};
inline constexpr int step_count = static_cast<int>(Step::parking) + 1;

#if defined(PROCPOOL_INSTRUMENTED)
/// Called in the worker at each step. It may kill the process, stop it, or let it go on.
using StepHook = void (*)(Step, int worker);
inline StepHook step_hook = nullptr;
inline void reach(Step step, int worker) {
    if (step_hook != nullptr) {
        step_hook(step, worker);
    }
}
#else
inline void reach(Step /*step*/, int /*worker*/) {}
#endif

}  // namespace engine
PROCPOOL_END_NAMESPACE
