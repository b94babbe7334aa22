#pragma once

#include <cstddef>
#include <utility>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Telling clients that results are there (docs/protocol.md, part 6). After a publication the
/// worker owes the bell. It rings when all items of the job are claimed, which it finds out at its
/// next claim anyway.
class Bells {
public:
    explicit Bells(const Seat& seat) : seat_(seat), owed_job_(seat.layout.jobs()) {}

    /// Something of the job was published.
    void owe(std::size_t job) { owed_job_ = job; }
    /// Rings the bell that is owed, unless items of the job are left to claim: then the worker that
    /// publishes after the last claim rings.
    [[gnu::hot]] void pay();
    /// As pay, if the bell of another job is owed.
    void pay_unless_for(std::size_t job) {
        if (owed_job_ != job) {
            pay();
        }
    }
    [[gnu::hot]] void ring(std::size_t job);
    /// The ring of results is full: calls every waiting client thread, since any can empty it.
    void ring_all();

    /// This worker was parked, and a client that may be on this CPU woke it.
    void note_woken() { just_woken_ = true; }
    /// Was a client woken since the last call of this?
    [[nodiscard]] bool take_woke_client() { return std::exchange(woke_client_, false); }
    /// Was this worker woken, and did it answer, since the last call of this?
    [[nodiscard]] bool take_answered_after_rest() {
        return std::exchange(answered_after_rest_, false);
    }

private:
    const Seat& seat_;
    std::size_t owed_job_;  // jobs(): none
    bool woke_client_ = false;
    bool just_woken_ = false;
    bool answered_after_rest_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
