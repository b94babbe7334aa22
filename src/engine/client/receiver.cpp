#include "engine/client/receiver.hpp"

#include <new>

#include "engine/client/sized_entries.hpp"
#include "failure/bytes.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// The memory of larger copies is not kept for the next one.
constexpr std::size_t largest_spare = std::size_t{1} << 20U;

void tell_nothing(Sink& sink, std::uint64_t first, std::uint64_t last) noexcept {
    if (first < last) {
        sink.results(first, last - first, {});
    }
}

void tell_sized(Sink& sink, std::uint64_t first, std::uint64_t count,
                Receiver::Bytes payload) noexcept {
    std::uint64_t told = 0;
    for (SizedEntries entries(count, payload); entries.next();) {
        tell_nothing(sink, first + told, first + entries.index());
        sink.result(first + entries.index(), entries.result());
        told = entries.index() + 1;
    }
    tell_nothing(sink, first + told, first + count);
}

}  // namespace

void Receiver::result(std::uint64_t item, std::vector<std::byte>&& bytes) {
    if (keeps()) {
        keep(What::result, item, 1, std::move(bytes));
    } else if (sink_ != nullptr) {
        sink_->result(item, bytes);
    }
}

void Receiver::result(std::uint64_t item, Bytes bytes) {
    if (keeps()) {
        keep_copy(What::result, item, 1, bytes);
    } else if (sink_ != nullptr) {
        sink_->result(item, bytes);
    }
}

void Receiver::failed(std::uint64_t item, Failure&& failure) {
    if (keeps()) {
        keep(What::failed, item, 1, std::move(failure));
    } else if (sink_ != nullptr) {
        sink_->failed(item, std::move(failure));
    }
}

void Receiver::dropped(std::uint64_t first, std::uint64_t last, Failure&& why) {
    if (keeps()) {
        keep(What::dropped, first, last - first, std::move(why));
    } else if (sink_ != nullptr) {
        sink_->dropped(first, last, why);
    }
}

void Receiver::sized(std::uint64_t first, std::uint64_t count, Bytes payload) {
    if (keeps()) {
        keep_copy(What::sized, first, count, payload);
    } else if (sink_ != nullptr) {
        tell_sized(*sink_, first, count, payload);
    }
}

void Receiver::keep_copy(What what, std::uint64_t first, std::uint64_t count, Bytes bytes) {
    std::vector<std::byte> copy = std::move(mail_->spare);
    try {
        copy.assign(bytes.begin(), bytes.end());
    } catch (const std::bad_alloc&) {
        keep(What::dropped, first, count, out_of_memory("no memory here for a copy of its result"));
        return;
    }
    keep(what, first, count, std::move(copy));
}

void Receiver::keep(What what, std::uint64_t first, std::uint64_t count,
                    std::variant<std::vector<std::byte>, Failure>&& content) {
    mail_->kept.push_back({what, first, count, std::move(content)});
    mail_->untold += count;
}

void Receiver::tell_one(Sink& sink, Kept& kept) noexcept {
    if (auto* const failure = std::get_if<Failure>(&kept.content)) {
        if (kept.what == What::failed) {
            sink.failed(kept.first, std::move(*failure));
        } else {
            sink.dropped(kept.first, kept.first + kept.count, *failure);
        }
        return;
    }
    const Bytes bytes = *std::get_if<std::vector<std::byte>>(&kept.content);
    if (kept.what == What::results) {
        sink.results(kept.first, kept.count, bytes);
    } else if (kept.what == What::sized) {
        tell_sized(sink, kept.first, kept.count, bytes);
    } else {
        sink.result(kept.first, bytes);
    }
}

bool Receiver::tell(std::unique_lock<std::mutex>& lock) {
    if (mail_ == nullptr) {
        return true;
    }
    Mail& mail = *mail_;
    while (!mail.telling && !mail.kept.empty()) {
        std::vector<Kept> batch = std::exchange(mail.kept, {});
        mail.telling = true;
        lock.unlock();
        std::uint64_t told = 0;
        std::vector<std::byte> spare;
        for (Kept& kept : batch) {
            tell_one(*sink_, kept);
            told += kept.count;
            if (auto* const bytes = std::get_if<std::vector<std::byte>>(&kept.content);
                bytes != nullptr && bytes->capacity() <= largest_spare) {
                spare = std::move(*bytes);
            }
        }
        batch.clear();
        lock.lock();
        mail.telling = false;
        mail.untold -= told;
        mail.spare = std::move(spare);
        if (mail.kept.empty()) {
            mail.kept = std::move(batch);
        }
        mail.told.notify_all();
    }
    return mail.untold == 0;
}

bool Receiver::tell(std::unique_lock<std::mutex>& lock, Clock::time_point deadline) {
    while (!tell(lock)) {
        if (mail_->told.wait_until(lock, deadline) == std::cv_status::timeout) {
            return tell(lock);
        }
    }
    return true;
}

std::shared_ptr<Sink> Receiver::forget(std::unique_lock<std::mutex>& lock) {
    if (mail_ != nullptr) {
        mail_->told.wait(lock, [this] { return !mail_->telling; });
        mail_->untold = 0;
        mail_->kept.clear();
        mail_->spare = {};
    }
    return std::move(sink_);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
