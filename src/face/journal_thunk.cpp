#include "face/journal_thunk.hpp"

#include <bit>
#include <cstring>
#include <span>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// What lies before the closure, which stays aligned to 64.
struct alignas(64) Head {
    std::uintptr_t thunk = 0;  // addresses in the client
    std::uintptr_t open = 0;
    const std::byte* known = nullptr;
};
static_assert(sizeof(Head) == 64);

Head head_of(const std::byte* closure) { return load_bytes<Head>(closure); }

bool is_known(const Head& head, const Run& run, std::uint64_t item) {
    if (head.known == nullptr) {
        return run.item(item).data() == nullptr;
    }
    return (std::to_integer<unsigned>(head.known[item / 8]) >> (item % 8) & 1U) != 0;
}

/// The closure of the thunk beneath, while that runs.
class Uncovered {
public:
    explicit Uncovered(Run& run) : run_(run) {
        run_.closure += sizeof(Head);
        run_.closure_size -= sizeof(Head);
    }
    Uncovered(const Uncovered&) = delete;
    Uncovered& operator=(const Uncovered&) = delete;
    ~Uncovered() {
        run_.closure -= sizeof(Head);
        run_.closure_size += sizeof(Head);
    }

private:
    Run& run_;
};

/// Passes over what is known. What is left over when it returns, behind the first stretch that it
/// ran, the engine calls it for again: only the engine knows by then where the claim ends.
void journal_thunk(Run& run) {
    const Head head = head_of(run.closure);
    while (run.next < run.last && is_known(head, run, run.next)) {
        run.begin(run.next);
        run.end(run.next);
        ++run.next;
    }
    if (run.next >= run.last) {
        return;
    }
    std::uint64_t end = run.next + 1;
    while (end < run.last && !is_known(head, run, end)) {
        ++end;
    }
    run.last = end;
    const Uncovered uncovered(run);
    std::bit_cast<Thunk>(relocated(head.thunk))(run);
}

void* open_covered(std::span<const std::byte> closure) {
    using Open = void* (*)(std::span<const std::byte>);
    return std::bit_cast<Open>(relocated(head_of(closure.data()).open))(
        closure.subspan(sizeof(Head)));
}

}  // namespace

void leave_out_known(JobSpec& spec, const std::byte* known, std::vector<std::byte>& closure,
                     std::vector<std::byte>& code) {
    Head head;
    head.thunk = std::bit_cast<std::uintptr_t>(spec.thunk);
    head.open = std::bit_cast<std::uintptr_t>(spec.prepare.open);
    head.known = known;
    closure.resize(sizeof head + spec.closure.size());
    std::memcpy(closure.data(), &head, sizeof head);
    write_bytes(closure.data() + sizeof head, spec.closure);

    // Whole words, as those of the callable behind them.
    code.resize(2 * sizeof(std::uintptr_t) + spec.code.all.size());
    std::memcpy(code.data(), &head.thunk, sizeof head.thunk);
    std::memcpy(code.data() + sizeof head.thunk, &head.open, sizeof head.open);
    write_bytes(code.data() + 2 * sizeof(std::uintptr_t), spec.code.all);

    spec.closure = closure;
    spec.code.all = code;
    spec.thunk = &journal_thunk;
    if (spec.prepare.open != nullptr) {
        spec.prepare.open = &open_covered;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
