#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <procpool/detail/journal.hpp>

#include "face/journal_call.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

std::uint64_t journal_hash(std::span<const std::byte> item) {
    return std::max<std::uint64_t>(1, JournalHash::of(JournalHash::Of::item, item));
}

void open_journal(JobSpec& spec, const Journal& journal, const JournalTerms& terms) {
    spec.journal = std::make_shared<JournalCall>(journal, terms);
}

void set_journal_items(JobSpec& spec, std::vector<std::uint64_t> hashes) {
    spec.journal->set_items(std::move(hashes));
}

void refuse_journal(const Journal& journal, const char* call) {
    if (!journal.file.empty()) {
        throw std::invalid_argument(
            std::string("procpool: ") + call +
            " takes no journal, as its results do not travel one by one: use map or try_map");
    }
}

void refuse_journal_of_slices() {
    throw std::invalid_argument(
        "procpool: a journal knows an item by its bytes, and those of a shared_span are a place in "
        "memory, another one in the next run: pass an index, or a std::vector of the elements");
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
