#include "face/journal_sink.hpp"

#include <utility>

#include "face/journal_call.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

JournalSink::JournalSink(std::shared_ptr<JournalCall> call, std::shared_ptr<Sink> next)
    : call_(std::move(call)), next_(std::move(next)) {}
JournalSink::~JournalSink() = default;

/// False, and nothing done, if the item was not left out.
bool JournalSink::tell_left_out(std::uint64_t item) noexcept {
    const JournalCall::Fate fate = call_->fate_of(item);
    if (fate == JournalCall::Fate::runs) {
        return false;
    }
    if (fate == JournalCall::Fate::cancelled) {
        call_->forget(item, item + 1);
        next_->dropped(item, item + 1, Failure{.kind = Failure::Kind::cancelled});
        return true;
    }
    JournalCall::Told told = call_->tell(item);
    const JournalTerms& terms = call_->terms();
    const bool found_nothing = terms.form == JournalForm::finding && told.bytes.empty();
    if (told.failure) {
        next_->failed(item, std::move(*told.failure));
    } else if (call_->stride() != 0 || terms.is_void || found_nothing) {
        next_->results(item, 1, told.bytes);
    } else {
        next_->result(item, told.bytes);
    }
    return true;
}

/// Only results that have the bytes they should have are written down. Of the others the next sink
/// finds out what they are.
void JournalSink::results(std::uint64_t first, std::uint64_t count,
                          std::span<const std::byte> bytes) noexcept {
    const std::size_t stride = call_->stride();
    const JournalTerms& terms = call_->terms();
    const bool may_be_empty = stride == 0 && (terms.is_void || terms.form == JournalForm::finding);
    const bool is_right = bytes.size() == count * stride && (stride != 0 || may_be_empty);
    const auto of = [&](std::uint64_t item, std::uint64_t items) {
        return stride != 0 && is_right ? bytes.subspan((item - first) * stride, items * stride)
                                       : std::span<const std::byte>();
    };
    std::uint64_t passed = first;  // all before was passed on
    const auto pass = [&](std::uint64_t end) {
        if (passed < end) {
            next_->results(passed, end - passed, of(passed, end - passed));
        }
        passed = end;
    };
    for (std::uint64_t item = first; item < first + count; ++item) {
        if (call_->fate_of(item) != JournalCall::Fate::runs) {
            pass(item);
            tell_left_out(item);
            passed = item + 1;
        } else if (!is_right) {
            call_->forget(item, item + 1);
        } else if (auto failure = call_->record(item, of(item, 1))) {
            pass(item);
            next_->failed(item, std::move(*failure));
            passed = item + 1;
        }
    }
    pass(first + count);
}

void JournalSink::result(std::uint64_t item, std::span<const std::byte> bytes) noexcept {
    if (tell_left_out(item)) {
        return;
    }
    if (auto failure = call_->record(item, bytes)) {
        next_->failed(item, std::move(*failure));
    } else {
        next_->result(item, bytes);
    }
}

/// A worker may also be killed while it passes over an item that is known.
void JournalSink::failed(std::uint64_t item, Failure failure) noexcept {
    if (tell_left_out(item)) {
        return;
    }
    call_->record(item, failure);
    next_->failed(item, std::move(failure));
}

void JournalSink::dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept {
    std::uint64_t passed = first;
    const auto pass = [&](std::uint64_t end) {
        if (passed < end) {
            call_->forget(passed, end);
            next_->dropped(passed, end, why);
        }
    };
    for (std::uint64_t item = first; item < last; ++item) {
        if (call_->fate_of(item) != JournalCall::Fate::runs) {
            pass(item);
            tell_left_out(item);
            passed = item + 1;
        }
    }
    pass(last);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
