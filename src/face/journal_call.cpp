#include "face/journal_call.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/thunk.hpp>
#include <procpool/outcome.hpp>

#include "face/journal_items.hpp"
#include "face/journal_sink.hpp"
#include "face/journal_thunk.hpp"
#include "failure/describe.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// What has come is written so often, and is on the disk so soon after it came.
constexpr std::uint64_t between_writes_ns = 5 * os::ms;
constexpr std::uint64_t between_syncs_ns = 500 * os::ms;
/// What comes later than that behind the last write is written at once.
constexpr std::uint64_t quiet_ns = 2 * os::ms;

std::span<const std::byte> bytes_of(const auto& value) {
    return std::as_bytes(std::span{&value, 1});
}

JournalType type_of(const JournalTerms& terms) {
    const char* const name = terms.result->name();
    JournalHash hash(JournalHash::Of::type);
    const std::uint64_t size = terms.result_size;
    hash.add(bytes_of(size));
    hash.add(std::as_bytes(std::span(name, std::strlen(name))));
    return {hash.get(), readable_name(*terms.result)};
}

/// The exception in flight. Only inside a catch block.
Failure failure_here(std::uint64_t item) noexcept {
    return decode_failure(encode_current_exception(item, 0));
}

/// What a job keeps in memory for its workers, and what it kept before.
struct KnownBits {
    Block bits;
    std::shared_ptr<const void> others;
};

}  // namespace

bool is_reported(const JournalRecord& record, const Journal& options) {
    return record.kind == JournalKind::quarantine && !options.retry_failed;
}

JournalCall::JournalCall(const Journal& options, const JournalTerms& terms)
    : options_(options),
      terms_(terms),
      nothing_(std::max<std::size_t>(1, terms.result_size), std::byte{0}) {
    file_.emplace(options.file, type_of(terms), options.sync);
}

// Before the job --------------------------------------------------------------------------------

void JournalCall::attach(JobSpec& spec) {
    const std::shared_ptr<JournalCall> self = spec.journal;
    const std::scoped_lock lock(self->mutex_);
    self->stride_ = spec.result_stride;
    self->fail_fast_ = spec.fail_fast;
    if (spec.window == 0) {
        self->add_items(spec);
        self->note_count(spec.count);
        self->count_ = spec.count;
        self->skip_known(spec);
    } else if (!self->file_->known().empty()) {
        leave_out_known(spec, nullptr, self->closure_, self->code_);
    }
    if (self->options_.sync) {
        spec.eager = true;
    }
    spec.sink = std::make_shared<JournalSink>(self, std::move(spec.sink));
    self->file_->check();
    if (self->has_all()) {  // there are none
        self->file_.reset();
    }
}

void JournalCall::add_items(const JobSpec& spec) {
    const PackedItems items(spec, terms_.item_size);
    ItemHash hash(terms_);
    for (std::uint64_t i = 0; i < spec.count; ++i) {
        Entry entry;
        entry.input = hashes_.empty() ? hash(items.at(i)) : hashes_[i];
        entry.known = find(i, entry.input);
        entries_.push_back(entry);
    }
    const auto ends = [this](const Entry& entry) {
        return entry.known != nullptr && is_reported(entry.known->record, options_);
    };
    if (fail_fast_ && std::any_of(entries_.begin(), entries_.end(), ends)) {
        for (Entry& entry : entries_) {
            entry.is_cancelled = entry.known == nullptr;
        }
    }
}

/// What is known of an item that is not run for it.
const JournalFile::Known* JournalCall::find(std::uint64_t index, std::uint64_t input) const {
    const JournalFile::Known* const known = file_->find(index, input);
    const bool is_used = known != nullptr && (known->record.kind == JournalKind::value ||
                                              is_reported(known->record, options_));
    return is_used ? known : nullptr;
}

void JournalCall::skip_known(JobSpec& spec) {
    const auto is_left_out = [](const Entry& entry) {
        return entry.known != nullptr || entry.is_cancelled;
    };
    if (std::none_of(entries_.begin(), entries_.end(), is_left_out)) {
        return;
    }
    auto kept = std::make_shared<KnownBits>();
    kept->bits = Block(entries_.size() / 8 + 1);
    std::byte* const bits = kept->bits.data();
    std::memset(bits, 0, entries_.size() / 8 + 1);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (is_left_out(entries_[i])) {
            bits[i / 8] |= std::byte{1} << (i % 8);
        }
    }
    kept->others = std::move(spec.keep);
    spec.keep = std::move(kept);
    leave_out_known(spec, bits, closure_, code_);
}

JournalCall::Item JournalCall::add(std::span<const std::byte> bytes) {
    const std::scoped_lock lock(mutex_);
    Entry entry;
    entry.input = ItemHash(terms_)(bytes);
    entry.known = find(first_ + entries_.size(), entry.input);
    entries_.push_back(entry);
    if (entry.known == nullptr) {
        return Item::runs;
    }
    return fail_fast_ && is_reported(entry.known->record, options_) ? Item::ends : Item::known;
}

void JournalCall::note_end() noexcept {
    const std::scoped_lock lock(mutex_);
    note_count(first_ + entries_.size());
}

void JournalCall::note_count(std::uint64_t count) noexcept {
    if (file_ && file_->last_count() != count) {
        JournalRecord record;
        record.kind = JournalKind::call;
        record.index = count;
        static_cast<void>(file_->append(record, {}));
    }
}

// While it runs ---------------------------------------------------------------------------------

bool JournalCall::tend() noexcept {
    const std::scoped_lock lock(mutex_);
    if (!file_) {
        return true;
    }
    const std::uint64_t now = os::now_ns();
    if (!file_->is_written() && now - file_->flushed_ns() >= quiet_ns) {
        file_->flush();
    }
    if (const std::uint64_t since = file_->unsynced_since_ns();
        since != 0 && now - since >= between_syncs_ns) {
        file_->sync();
    }
    return !file_->has_failed();
}

Clock::time_point JournalCall::due() const {
    return Clock::now() + std::chrono::nanoseconds(between_writes_ns);
}

void JournalCall::settle() {
    const std::scoped_lock lock(mutex_);
    if (file_) {
        file_->sync();
        try {
            file_->check();
        } catch (...) {
            file_.reset();
            throw;
        }
        file_.reset();
    }
}

const JournalCall::Entry* JournalCall::entry(std::uint64_t item) const {
    return item >= first_ && item - first_ < entries_.size() ? &entries_[item - first_] : nullptr;
}

JournalCall::Fate JournalCall::fate_of(std::uint64_t item) const {
    const std::scoped_lock lock(mutex_);
    const Entry* const found = entry(item);
    if (found == nullptr || (found->known == nullptr && !found->is_cancelled)) {
        return Fate::runs;
    }
    return found->is_cancelled ? Fate::cancelled : Fate::known;
}

/// A failure if something could not be written. Before the last item of all is told what came of it
/// all is on the disk, so that a failure to write is that of an item; and another call may have the
/// journal when this one has its results.
std::optional<Failure> JournalCall::done(std::uint64_t item) noexcept {
    if (const Entry* const found = entry(item); found != nullptr && !found->is_told) {
        entries_[item - first_].is_told = true;
        ++told_;
    }
    while (!entries_.empty() && entries_.front().is_told) {
        entries_.pop_front();
        ++first_;
    }
    if (!file_) {
        return std::nullopt;
    }
    if (has_all()) {
        file_->sync();
    } else if (os::now_ns() - file_->flushed_ns() >= quiet_ns) {
        file_->flush();
    }
    std::optional<Failure> failure;
    if (file_->has_failed()) {
        try {
            file_->check();
        } catch (...) {
            failure = failure_here(item);
        }
    }
    if (has_all()) {
        file_.reset();
    }
    return failure;
}

std::optional<Failure> JournalCall::record(std::uint64_t item,
                                           std::span<const std::byte> bytes) noexcept {
    const std::scoped_lock lock(mutex_);
    JournalRecord record;
    record.index = item;
    if (const Entry* const found = entry(item)) {
        record.input = found->input;
    }
    const bool is_short = terms_.form == JournalForm::accounted && bytes.size() < sizeof(Account);
    if (terms_.form == JournalForm::accounted && !is_short) {
        const auto account = load_bytes<Account>(bytes.data());
        record.duration_ns = account.duration_ns;
        record.attempts = account.attempts;
        bytes = bytes.subspan(sizeof(Account));
        if (terms_.is_run) {
            bytes = bytes.subspan(std::min(bytes.size(), sizeof(std::uint64_t)));
        }
    } else if (terms_.form == JournalForm::finding && bytes.empty()) {
        bytes = nothing_;
    }
    if (file_ && !is_short) {  // else the sink finds out what it is
        static_cast<void>(file_->append(record, bytes));
    }
    return done(item);
}

void JournalCall::record(std::uint64_t item, const Failure& failure) noexcept {
    const std::scoped_lock lock(mutex_);
    const bool is_quarantined =
        failure.kind == Failure::Kind::died || failure.kind == Failure::Kind::timed_out;
    const Entry* const found = entry(item);
    if (file_ && found != nullptr && (is_quarantined || failure.kind == Failure::Kind::thrown)) {
        JournalRecord record;
        record.kind = is_quarantined ? JournalKind::quarantine : JournalKind::failed;
        record.index = item;
        record.input = found->input;
        record.duration_ns = failure.duration.count();
        record.attempts = static_cast<std::uint32_t>(failure.tries);
        try {
            Failure named = failure;
            named.trace = trace_of(failure).text;  // addresses mean nothing to the next program
            named.stack.clear();
            static_cast<void>(file_->append(record, encode_failure(named)));
        } catch (const std::bad_alloc&) {
            // It is missing: it runs again.
        }
    }
    done(item);
}

void JournalCall::forget(std::uint64_t first, std::uint64_t last) noexcept {
    const std::scoped_lock lock(mutex_);
    for (std::uint64_t item = first; item < last; ++item) {
        done(item);
    }
}

// What is known ---------------------------------------------------------------------------------

JournalCall::Told JournalCall::tell(std::uint64_t item) noexcept {
    const std::scoped_lock lock(mutex_);
    Told told;
    try {
        const Entry* const found = entry(item);
        if (!file_ || found == nullptr || found->known == nullptr) {
            throw std::logic_error("procpool: an item of a journal came twice");
        }
        const JournalFile::Known& known = *found->known;
        if (known.record.kind == JournalKind::value) {
            told.bytes = as_it_arrives(known);
        } else {
            told.failure = failure_of(known);
            told.failure->index = item;
        }
    } catch (...) {
        told.failure = failure_here(item);
    }
    done(item);
    return told;
}

std::vector<std::byte> JournalCall::as_it_arrives(const JournalFile::Known& known) const {
    std::vector<std::byte> value = file_->payload(known);
    if (terms_.form == JournalForm::accounted) {
        const Account account{known.record.duration_ns, known.record.attempts, 0};
        std::vector<std::byte> both(bytes_of(account).begin(), bytes_of(account).end());
        if (terms_.is_run) {
            const std::uint64_t size = value.size();
            both.insert(both.end(), bytes_of(size).begin(), bytes_of(size).end());
        }
        both.insert(both.end(), value.begin(), value.end());
        return both;
    }
    if (terms_.form == JournalForm::finding) {
        value.resize(stride_ != 0 ? stride_ : value.size());
        if (stride_ == 0 && !value.empty() && value[0] == std::byte{0}) {
            value.clear();
        }
    }
    return value;
}

Failure JournalCall::failure_of(const JournalFile::Known& known) const {
    Failure failure = decode_failure(file_->payload(known));
    failure.message += (failure.message.empty() ? "" : "; ") +
                       std::string("in quarantine, by the journal '") + options_.file +
                       "', since an earlier call: not run again without Journal::retry_failed";
    return failure;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
