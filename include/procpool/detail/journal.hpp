#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/slices.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// What a call with a journal knows of the types of its items and results. The rest of it sees
// bytes: src/face/journal_call.hpp.

/// How the bytes of a result arrive.
enum class JournalForm : std::uint8_t {
    value,      ///< as they are
    accounted,  ///< behind an Account
    finding,    ///< of a search: Finding
};

struct JournalTerms {
    const std::type_info* result = nullptr;
    std::size_t result_size = 0;  ///< bytes of its values; 0: it varies, or there are none
    bool is_void = false;
    bool is_run = false;  ///< its length comes first, where it stands behind something
    JournalForm form = JournalForm::value;
    std::size_t item_size = 0;  ///< bytes of each item; 0: they follow a table, or are fed
    /// Writes zeros over those bytes of an item that are no part of its value.
    void (*clear_padding)(std::byte* item) = nullptr;
};

/// Opens the journal, for the job's starter. Throws as Journal says.
void open_journal(JobSpec& spec, const Journal& journal, const JournalTerms& terms);
/// Hashes of the items, where the job does not have their bytes.
void set_journal_items(JobSpec& spec, std::vector<std::uint64_t> hashes);
/// The hash of an item by its bytes. Never 0.
[[nodiscard]] std::uint64_t journal_hash(std::span<const std::byte> item);
/// Throws std::invalid_argument if there is one: this call cannot have it.
void refuse_journal(const Journal& journal, const char* call);
/// The same, as its items hold a shared_span.
[[noreturn]] void refuse_journal_of_slices();

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define PROCPOOL_CLEARS_PADDING 1
#endif
#endif

/// How to clear the padding of a T that travels as it lies in memory; null if it has none.
template <class T>
constexpr auto padding_of() -> void (*)(std::byte*) {
#if defined(PROCPOOL_CLEARS_PADDING)
    if constexpr (FixedSize<T> && std::is_class_v<T> && std::is_trivially_copyable_v<T> &&
                  !std::is_empty_v<T> && !std::has_unique_object_representations_v<T>) {
        if constexpr (Codec<T>::fixed_size == sizeof(T)) {
            return [](std::byte* bytes) {
                alignas(T) std::byte item[sizeof(T)];
                std::memcpy(item, bytes, sizeof item);
                __builtin_clear_padding(reinterpret_cast<T*>(item));
                std::memcpy(bytes, item, sizeof item);
            };
        }
    }
#endif
    return nullptr;
}

/// The hash of an item, as if it travelled.
template <Encodable T>
std::uint64_t journal_hash_of(const T& item) {
    std::vector<std::byte> frame(detail::frame_size<T>(item));
    Writer to(frame, typeid(T));
    detail::write_frame<T>(to, item);
    constexpr auto clear = padding_of<T>();
    if constexpr (clear != nullptr) {
        clear(frame.data());
    }
    return journal_hash(frame);
}

template <class R>
JournalTerms journal_terms(JournalForm form) {
    JournalTerms terms;
    terms.result = &typeid(R);
    terms.form = form;
    terms.is_void = std::is_void_v<R>;
    if constexpr (!std::is_void_v<R>) {
        terms.result_size = Codec<R>::fixed_size;
        terms.is_run = OneRun<R> && !FixedSize<R>;
    }
    return terms;
}

/// Of a call on items of type T whose results are R's.
template <class T, class R>
void set_journal(JobSpec& spec, const Journal& journal, JournalForm form) {
    if (journal.file.empty()) [[likely]] {
        return;
    }
    if constexpr (has_slice<T, false>()) {
        refuse_journal_of_slices();
    } else {
        JournalTerms terms = detail::journal_terms<R>(form);
        terms.item_size = Codec<T>::fixed_size;
        terms.clear_padding = padding_of<T>();
        open_journal(spec, journal, terms);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
